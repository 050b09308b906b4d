import Bytes
import HTTP

/// Feeds the HTTP/1 parser with hostile bytes: whole, and cut at points that the input itself chooses. Both must give
/// the same events and the same failure, and every request must keep the promises of its type.
///
/// The first two bytes of the input choose the cut; the rest is what a peer sends.
@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size > 2 else { return 0 }
    let wire = Bytes(copying: UnsafeRawBufferPointer(start: data + 2, count: size - 2))
    let cut = (Int(data[0]) << 8 | Int(data[1])) % (wire.count + 1)
    let whole = outcome(of: [wire])
    precondition(outcome(of: [wire.prefix(cut), wire.dropFirst(cut)]) == whole, "the cut changed what was understood")
    if wire.count <= 256 {
        let single = outcome(of: (0..<wire.count).map { wire[$0..<$0 + 1] })
        precondition(single == whole, "single bytes changed what was understood")
    }
    return 0
}

/// Small enough that a fuzzer reaches every one of them.
private let limits: HTTP1Limits = {
    var limits = HTTP1Limits()
    limits.requestLineBytesMax = 64
    limits.headerBytesMax = 256
    limits.fieldCountMax = 8
    limits.bodyBytesMax = 128
    limits.chunkExtensionBytesMax = 16
    return limits
}()

private struct Outcome: Equatable {
    var requests: [String] = []
    var failure: HTTP1Failure?
}

private func outcome(of pieces: [Bytes]) -> Outcome {
    var parser = HTTP1RequestParser(limits: limits)
    var outcome = Outcome()
    for piece in pieces {
        parser.receive(piece)
        do throws(HTTP1Failure) {
            while let event = try parser.next() {
                switch event {
                case .head(let head):
                    precondition(head.framing != .none && head.request.body.isEmpty, "a head announces a body")
                    outcome.requests.append("head \(check(head))")
                case .request(let request):
                    outcome.requests.append(check(request))
                }
            }
        } catch {
            outcome.failure = error
            return outcome
        }
    }
    return outcome
}

private func check(_ received: HTTP1Request) -> String {
    let request = received.request
    precondition(request.path.hasPrefix("/") || request.path == "*", "a path is absolute")
    let segments = request.path.utf8.split(separator: UInt8(ascii: "/"))
    precondition(!segments.contains { $0.elementsEqual("..".utf8) || $0.elementsEqual(".".utf8) }, "no dot segments")
    precondition(request.path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "no controls in a path")
    precondition(request.body.count <= limits.bodyBytesMax, "a body is bounded")
    // An absolute target may add a Host to a request of HTTP/1.0, which needs none.
    precondition(request.fields.count <= limits.fieldCountMax + 1, "fields are bounded")
    for field in request.fields {
        precondition(!field.value.utf8.contains { $0 == 0 || $0 == 10 || $0 == 13 }, "no value splits a message")
    }
    // What handlers do with it must not crash either.
    let representation = HTTPRepresentation(
        body: [request.body], contentType: MediaType.octetStream, etag: EntityTag("a"), lastModifiedUnixSeconds: 0)
    let plan = HTTP1ResponsePlan(representation.response(to: request), to: received, date: "")
    _ = AcceptEncoding.choose(request.fields.list("accept-encoding"), offered: [.gzip])
    let parameters = request.parameters.map { "\($0.name)=\($0.value)" }
    return "\(request.method) \(request.path) \(request.query) \(request.fields.map { "\($0.name):\($0.value)" }) "
        + "\(request.body.array) \(received.keepsAlive) \(received.expectsContinue) \(received.framing) \(parameters) "
        + plan.head.string
}
