import Bytes
import HTTP

/// What a parser made of a stream, in a form that can be compared.
struct Outcome: Equatable {
    var events: [String] = []
    var failure: HTTP1Failure?

    var status: Int? { failure?.status.code }
}

enum ParserHarness {
    /// Feeds the pieces one by one and asks for all events behind each.
    static func parse(_ pieces: [Bytes], limits: HTTP1Limits = HTTP1Limits()) -> Outcome {
        var parser = HTTP1RequestParser(limits: limits)
        var outcome = Outcome()
        for piece in pieces {
            parser.receive(piece)
            do throws(HTTP1Failure) {
                while let event = try parser.next() { outcome.events.append(describe(event)) }
            } catch {
                outcome.failure = error
                return outcome
            }
        }
        return outcome
    }

    static func parse(_ text: String, limits: HTTP1Limits = HTTP1Limits()) -> Outcome {
        parse([Bytes(utf8: text)], limits: limits)
    }

    /// One byte at a time.
    static func parseBytewise(_ bytes: Bytes, limits: HTTP1Limits = HTTP1Limits()) -> Outcome {
        parse((0..<bytes.count).map { bytes[$0..<$0 + 1] }, limits: limits)
    }

    /// The only request in a text.
    static func request(_ text: String) throws -> HTTP1Request {
        var parser = HTTP1RequestParser()
        parser.receive(Bytes(utf8: text))
        while let event = try parser.next() {
            if case .request(let request) = event { return request }
        }
        throw HTTP1Failure.requestLineMalformed
    }

    static func describe(_ event: HTTP1Event) -> String {
        switch event {
        case .head(let request): "head \(describe(request))"
        case .request(let request): "request \(describe(request))"
        }
    }

    private static func describe(_ request: HTTP1Request) -> String {
        let fields = request.request.fields.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
        let flags = "\(request.version) \(request.framing) keep \(request.keepsAlive) \(request.expectsContinue)"
        return "\(request.request.method) \(request.target.string) \(request.request.path) ?\(request.request.query) "
            + "[\(fields)] \(flags) \(request.request.body.array)"
    }
}

/// A generator with a fixed seed (SplitMix64), so that a failure repeats.
struct FixedRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
