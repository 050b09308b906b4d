import Bytes
@testable import RedisBackend
import Testing

@Suite struct ReplyReaderTests {
    /// All kinds of answers, one behind the other.
    static let wire =
        "+OK\r\n:-42\r\n$5\r\nab\r\nc\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n-WRONGTYPE of 'secret'\r\n"
        + "*3\r\n:1\r\n*2\r\n$1\r\nx\r\n+y\r\n$-1\r\n"
    static let replies: [RedisReply] = [
        .status(Bytes(utf8: "OK")), .integer(-42), .string(Bytes(utf8: "ab\r\nc")), .string(Bytes()), .absent, .absent,
        .array([]), .error(code: "WRONGTYPE"),
        .array([.integer(1), .array([.string(Bytes(utf8: "x")), .status(Bytes(utf8: "y"))]), .absent]),
    ]

    private func read(_ wire: [UInt8], by size: Int) throws(RedisFailure) -> [RedisReply] {
        let reader = try ReplyReader()
        var replies: [RedisReply] = []
        for start in stride(from: 0, to: wire.count, by: size) {
            let piece = Array(wire[start..<min(start + size, wire.count)])
            try Bytes(piece).withUnsafeBytes { memory throws(RedisFailure) in try reader.feed(memory) }
            while let reply = try reader.next() { replies.append(reply) }
        }
        return replies
    }

    @Test(arguments: 1...40) func `answers are read however the network cuts them`(size: Int) throws {
        #expect(try read(Array(Self.wire.utf8), by: size) == Self.replies)
    }

    @Test func `a large value comes back whole`() throws {
        let value = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let wire = Array("$3000000\r\n".utf8) + value + Array("\r\n+OK\r\n".utf8)
        #expect(try read(wire, by: 65_536) == [.string(Bytes(value)), .status(Bytes(utf8: "OK"))])
    }

    @Test func `an answer that is cut short is no answer`() throws {
        let wire = Array("*2\r\n$5\r\nabcde\r\n:7\r\n".utf8)
        for length in 0..<wire.count { #expect(try read(Array(wire[..<length]), by: 7).isEmpty) }
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n", "$-2\r\n", "$x\r\n", ":\r\n", "*-2\r\n", "$99999999999999999999\r\n", "\0\0\0",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "*99999999\r\n",
        "*1048577\r\n", "*2\r\n:1\r\n?",
    ])
    func `what is not the protocol ends the connection`(_ text: String) {
        #expect(throws: RedisFailure.nonsense) { try read(Array(text.utf8), by: 5) }
    }

    @Test func `an array that announces much and holds little reserves nothing`() throws {
        #expect(try read(Array("*1048575\r\n:1\r\n".utf8), by: 64).isEmpty)
    }

    @Test func `an answer with too many elements in all ends the connection`() throws {
        let inner = "*400000\r\n" + String(repeating: ":1\r\n", count: 400_000)
        #expect(throws: RedisFailure.nonsense) {
            try read(Array(("*3\r\n" + inner + inner + inner).utf8), by: 1 << 20)
        }
    }

    @Test func `an answer that never ends ends the connection`() throws {
        let reader = try ReplyReader()
        let piece = [UInt8](repeating: 120, count: 1 << 20)
        let begin = Array("$500000000\r\n".utf8)
        try Bytes(begin).withUnsafeBytes { memory throws(RedisFailure) in try reader.feed(memory) }
        #expect(throws: RedisFailure.nonsense) {
            for _ in 0...(RedisLimits.replyBytesMax >> 20) {
                try Bytes(piece).withUnsafeBytes { memory throws(RedisFailure) in try reader.feed(memory) }
                #expect(try reader.next() == nil)
            }
        }
    }

    @Test func `mutated answers never crash the reader`() {
        var random = SplitMix(state: 20_261_123)
        for _ in 0..<20_000 {
            var wire = Array(Self.wire.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                wire[Int.random(in: wire.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? read(wire, by: Int.random(in: 1...80, using: &random))
        }
    }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
