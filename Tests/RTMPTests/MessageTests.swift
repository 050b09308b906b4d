import Bytes
import Testing

@testable import RTMP

@Suite struct MessageTests {
    static func message(_ type: UInt8, _ hex: String) throws -> Message {
        try Message(RawMessage(type: type, payload: Bytes(hex: hex)))
    }

    static let connect = "02 0007 636F6E6E656374 00 3FF0000000000000"

    @Test(
        arguments: [
            (3, "0000ABCD", Message.acknowledgement(0xABCD)), (5, "002625A0", .windowAcknowledgementSize(2_500_000)),
            (4, "0006 00000007", .userControl(.pingRequest(7))), (4, "0007 00000007", .userControl(.pingResponse(7))),
            (4, "0000 00000001", .userControl(.streamBegin(1))), (8, "AF00", .audio([0xAF, 0])),
            (9, "17", .video([0x17])),
            (20, connect, .command(Command(name: "connect", transactionID: 1, values: []))),
            (17, "00" + connect, .command(Command(name: "connect", transactionID: 1, values: []))),
            (17, connect, .command(Command(name: "connect", transactionID: 1, values: []))),
            (18, "02 0001 61", .data([.string("a")])), (15, "00 02 0001 61", .data([.string("a")])),
        ] as [(UInt8, String, Message)])
    func `messages that matter read`(type: UInt8, hex: String, expected: Message) throws {
        #expect(try Self.message(type, hex) == expected)
    }

    @Test(arguments: 0...255 as ClosedRange<UInt8>) func `an empty message of any type is ignored`(type: UInt8) throws {
        #expect(try Self.message(type, "") == .ignored)
    }

    @Test(arguments: [0, 6, 7, 10, 13, 14, 16, 19, 21, 23, 255] as [UInt8])
    func `unknown types, bandwidth and shared objects are ignored`(type: UInt8) throws {
        #expect(try Self.message(type, "0102030405") == .ignored)
    }

    @Test(arguments: ["001F 00000001", "0020 00", "FFFF 00000000", "00", "0006 0000"])
    func `unknown or short user control events are ignored`(hex: String) throws {
        #expect(try Self.message(4, hex) == .ignored)
    }

    @Test(arguments: [(3, 3), (5, 1)] as [(UInt8, Int)])
    func `control messages that are too short are refused`(type: UInt8, length: Int) {
        #expect(throws: RTMPFailure.controlMessageTooShort(type: type, length: length)) {
            try Message(RawMessage(type: type, payload: Bytes([UInt8](repeating: 0, count: length))))
        }
    }

    @Test func `a command without a name is refused, one without a transaction id is not`() throws {
        #expect(throws: RTMPFailure.malformedCommand(nil)) { try Self.message(20, "05") }
        #expect(throws: RTMPFailure.malformedCommand(.truncated)) { try Self.message(20, "02 0005 61") }
        #expect(
            try Self.message(20, "02 0001 61 05")
                == .command(Command(name: "a", transactionID: 0, values: [.null])))
    }

    @Test func `data that cannot be decoded is ignored`() throws {
        #expect(try Self.message(18, "02 0005 61") == .ignored)
    }

    static func part(_ type: UInt8, _ time: UInt32, _ payload: Bytes, backPointer: Bool = true) -> Bytes {
        var writer = ByteWriter()
        writer.write(type)
        writer.writeUInt24(UInt32(payload.count))
        writer.writeUInt24(time & 0xFF_FFFF)
        writer.write(UInt8(time >> 24))
        writer.writeUInt24(0)
        writer.write(payload)
        if backPointer { writer.write(UInt32(payload.count + 11)) }
        return writer.finish()
    }

    @Test func `the parts of an aggregate take their times from the outer one`() throws {
        let payload = Samples.join(
            Self.part(8, 0x7FFF_FFF0, [1]), Self.part(9, 0x10, [2, 2]), Self.part(22, 0x10, [9]),
            Self.part(8, 0x7FFF_FFE0, [3], backPointer: false))
        let raw = RawMessage(type: 22, timestamp: 0xFFFF_FFF8, streamID: 1, payload: payload)
        #expect(
            try Message(raw)
                == .aggregate([
                    RawMessage(type: 8, timestamp: 0xFFFF_FFF8, streamID: 1, payload: [1]),
                    RawMessage(type: 9, timestamp: 0x18, streamID: 1, payload: [2, 2]),
                    RawMessage(type: 8, timestamp: 0xFFFF_FFE8, streamID: 1, payload: [3]),
                ]))
        // Whatever is cut off, the parts before it stand.
        for length in 1..<payload.count {
            let cut = RawMessage(type: 22, payload: payload.prefix(length))
            guard case .aggregate(let parts) = try Message(cut) else {
                Issue.record("no aggregate")
                continue
            }
            #expect(parts.count == (length < 12 ? 0 : length < 29 ? 1 : 2))
        }
    }

    @Test func `acknowledgements count all bytes, modulo 2^32, each half window`() {
        var window = AcknowledgementWindow(window: 1000)
        func due(after count: Int) -> UInt32? {
            window.bytesReceived(count)
            return window.acknowledgementDue()
        }
        #expect(due(after: 499) == nil)
        #expect(due(after: 1) == 500)
        #expect(due(after: 0) == nil)
        #expect(due(after: 0xFFFF_FFFF) == 499)
        // A tiny window is taken for 4096 bytes.
        window.windowAnnounced(1)
        #expect(due(after: 2047) == nil)
        #expect(due(after: 1) == 2547)
        // Zero says nothing: the server's own window counts.
        window.windowAnnounced(0)
        #expect(due(after: 500) == 3047)
    }

    @Test func `one ping in each silence`() {
        var watch = SilenceWatch(pingAfterMilliseconds: 60_000)
        var pings = [1_000_000, 1_059_999, 1_060_000, 1_200_000].map { watch.timePassed(to: $0) }
        #expect(pings == [false, false, true, false])
        #expect(watch.silence(at: 1_200_000) == 200_000)
        watch.heard()
        #expect(watch.silence(at: 1_200_000) == 0)
        pings = [1_200_000, 1_260_000].map { watch.timePassed(to: $0) }
        #expect(pings == [false, true])
    }
}

extension Message: CustomTestStringConvertible {
    public var testDescription: String { "message" }
}
