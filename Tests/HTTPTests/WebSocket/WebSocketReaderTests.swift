import Bytes
@testable import HTTP
import Testing

@Suite struct WebSocketReaderTests {
    static func text(_ string: String) -> WebSocketEvent { .message(.text(Bytes(utf8: string))) }

    /// Two messages in fragments, with control frames between these, and a goodbye.
    static let conversation = WebSocketHarness.joined([
        WebSocketHarness.frame(0x01, Array("Hällo".utf8.prefix(2))),
        WebSocketHarness.frame(0x89, Array("ping".utf8)),
        WebSocketHarness.frame(0x00, Array("Hällo".utf8.dropFirst(2))),
        WebSocketHarness.frame(0x8A),
        WebSocketHarness.frame(0x80),
        WebSocketHarness.frame(0x82, (0..<200).map { UInt8($0) }),
        WebSocketHarness.frame(0x81),
        WebSocketHarness.frame(0x88, [0x03, 0xE8] + Array("done".utf8)),
        WebSocketHarness.frame(0x81, Array("not looked at".utf8)),
    ])
    static let events: [WebSocketEvent] = [
        .ping(Bytes(utf8: "ping")), .pong(Bytes()), text("Hällo"),
        .message(.binary(Bytes((0..<200).map { UInt8($0) }))),
        text(""), .close(WebSocketClose(.normal, "done")),
    ]

    @Test func `control frames come between the fragments of a message`() {
        #expect(WebSocketHarness.read([Self.conversation]) == WebSocketOutcome(events: Self.events))
    }

    @Test func `however the bytes are cut, the events are the same`() {
        let bytes = Self.conversation
        let whole = WebSocketOutcome(events: Self.events)
        #expect(WebSocketHarness.read((0..<bytes.count).map { bytes[$0..<$0 + 1] }) == whole)
        for cut in 0...bytes.count {
            #expect(WebSocketHarness.read([bytes.prefix(cut), bytes.dropFirst(cut)]) == whole)
        }
        for size in 2...40 {
            let pieces = stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<min($0 + size, bytes.count)] }
            #expect(WebSocketHarness.read(pieces) == whole)
        }
    }

    @Test func `a stream that breaks off gives what was whole and waits`() {
        for length in 0..<Self.conversation.count {
            let outcome = WebSocketHarness.read([Self.conversation.prefix(length)])
            #expect(outcome.failure == nil)
            #expect(Self.events.starts(with: outcome.events))
        }
    }

    static let mistakes: [(Bytes, WebSocketFailure)] = [
        (WebSocketHarness.frame(0xC1), .reservedBits(4)), (WebSocketHarness.frame(0x91), .reservedBits(1)),
        (WebSocketHarness.frame(0x83), .reservedOpcode(3)), (WebSocketHarness.frame(0x8B), .reservedOpcode(11)),
        (WebSocketHarness.frame(0x09), .controlFragmented), (WebSocketHarness.frame(0x08), .controlFragmented),
        (WebSocketHarness.frame(0x89, [UInt8](repeating: 0, count: 126)), .controlTooLong(126)),
        (WebSocketHarness.frame(0x81, mask: nil), .maskingWrong),
        (WebSocketHarness.frame(0x81, [1], lengthBytes: 2), .lengthMalformed),
        (WebSocketHarness.frame(0x81, [UInt8](repeating: 97, count: 300), lengthBytes: 8), .lengthMalformed),
        (Bytes([0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]), .lengthMalformed),
        (WebSocketHarness.frame(0x80), .continuationUnexpected),
        (
            WebSocketHarness.joined([WebSocketHarness.frame(0x01, [97]), WebSocketHarness.frame(0x81)]),
            .continuationMissing
        ),
        (WebSocketHarness.frame(0x81, [0xC0]), .textInvalid), (WebSocketHarness.frame(0x81, [0xC3]), .textInvalid),
        (WebSocketHarness.frame(0x88, [3]), .closeTruncated),
        (WebSocketHarness.frame(0x88, [0x03, 0xE8, 0xFF]), .textInvalid),
        (WebSocketHarness.frame(0x88, [0x03, 0xE8, 0xC3]), .textInvalid),
    ]

    @Test(arguments: mistakes.indices) func `a mistake ends it, whole or cut`(index: Int) {
        let (bytes, failure) = Self.mistakes[index]
        #expect(WebSocketHarness.read([bytes]).failure == failure)
        #expect(WebSocketHarness.read((0..<bytes.count).map { bytes[$0..<$0 + 1] }).failure == failure)
        let good = WebSocketHarness.frame(0x81, [97])
        let behind = WebSocketHarness.read([WebSocketHarness.joined([good, bytes])])
        #expect(behind == WebSocketOutcome(events: [Self.text("a")], failure: failure))
    }

    @Test func `a reader that has failed fails the same way again`() {
        var reader = WebSocketReader(from: .client)
        reader.receive(WebSocketHarness.frame(0xC1))
        for _ in 0..<3 {
            do throws(WebSocketFailure) {
                _ = try reader.next()
                Issue.record("it goes on")
            } catch {
                #expect(error == .reservedBits(4))
            }
            reader.receive(WebSocketHarness.frame(0x81, [97]))
        }
    }

    @Test func `a server that masks is as wrong as a client that does not`() {
        #expect(WebSocketHarness.read([WebSocketHarness.frame(0x81)], from: .server).failure == .maskingWrong)
    }

    @Test func `bytes that cannot become a text are refused before the rest of it has come`() {
        let frame = WebSocketHarness.frame(0x81, [97, 98, 0xE0, 0x80] + [UInt8](repeating: 97, count: 50))
        #expect(WebSocketHarness.read([frame.prefix(2 + 4 + 3)]).failure == nil)
        #expect(WebSocketHarness.read([frame.prefix(2 + 4 + 4)]).failure == .textInvalid)
    }

    @Test func `a message is refused as soon as a length tells that it is too long`() {
        let limits = WebSocketLimits(messageBytesMax: 200)
        let tooBig = WebSocketFailure.messageTooBig(limit: 200)
        let header = WebSocketHarness.frame(0x82, [UInt8](repeating: 0, count: 201)).prefix(8)
        #expect(WebSocketHarness.read([header], limits: limits).failure == tooBig)
        let huge = Bytes([0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
        #expect(WebSocketHarness.read([huge], limits: limits).failure == tooBig)
        let fitting = (0..<4).map { WebSocketHarness.frame($0 == 0 ? 0x02 : 0x00, [UInt8](repeating: 1, count: 50)) }
        #expect(WebSocketHarness.read(fitting, limits: limits).failure == nil)
        #expect(
            WebSocketHarness.read(fitting + [WebSocketHarness.frame(0x80, [1])], limits: limits).failure == tooBig)
        let whole = WebSocketHarness.read(fitting + [WebSocketHarness.frame(0x80)], limits: limits)
        #expect(whole.events == [.message(.binary(Bytes([UInt8](repeating: 1, count: 200))))])
    }

    @Test func `only close codes that may travel are taken`() {
        for value in UInt16.min...5_100 {
            let frame = WebSocketHarness.frame(0x88, [UInt8(value >> 8), UInt8(value & 0xFF)])
            let outcome = WebSocketHarness.read([frame])
            let may =
                (1000...1014).contains(value) && ![1004, 1005, 1006].contains(value) || (3000...4999).contains(value)
            #expect(outcome.failure == (may ? nil : .closeCodeInvalid(value)))
        }
        #expect(WebSocketHarness.read([WebSocketHarness.frame(0x88)]).events == [.close(nil)])
    }

    @Test func `mutated conversations never do worse than fail`() {
        var random = Mutations(seed: 6455)
        for _ in 0..<5_000 {
            var bytes = Self.conversation.array
            for _ in 0...random.next(4) { bytes[random.next(bytes.count)] = UInt8(random.next(256)) }
            let whole = Bytes(bytes)
            let cut = random.next(bytes.count)
            #expect(
                WebSocketHarness.read([whole]) == WebSocketHarness.read([whole.prefix(cut), whole.dropFirst(cut)]))
        }
    }
}

/// A reproducible source of small numbers (xorshift).
private struct Mutations {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }
}
