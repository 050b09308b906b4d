import Bytes
import Testing

@testable import RTMP

@Suite struct ChunkTests {
    static func read(_ bytes: Bytes, pieceSize: Int = 1 << 20) throws -> [RawMessage] {
        var reader = ChunkReader()
        var messages: [RawMessage] = []
        for piece in pieces(of: bytes, size: pieceSize) {
            reader.receive(piece)
            while let message = try reader.next() { messages.append(message) }
        }
        return messages
    }

    static func failure(_ bytes: Bytes) -> RTMPFailure? {
        do {
            _ = try read(bytes)
            return nil
        } catch {
            return error as? RTMPFailure
        }
    }

    // Format 0 on chunk stream 3: time 1000, 4 bytes, type 8, stream 1; then formats 1, 2 and 3.
    static let fourFormats = Bytes(
        hex: """
            03 0003E8 000004 08 01000000 AABBCCDD
            43 000010 000002 09 EEFF
            83 000020 1122
            C3 3344
            """)

    @Test(arguments: 1...40) func `all four header formats read, however they are cut`(size: Int) throws {
        let messages = try Self.read(Self.fourFormats, pieceSize: size)
        #expect(
            messages == [
                RawMessage(type: 8, timestamp: 1000, streamID: 1, payload: [0xAA, 0xBB, 0xCC, 0xDD]),
                RawMessage(type: 9, timestamp: 1016, streamID: 1, payload: [0xEE, 0xFF]),
                RawMessage(type: 9, timestamp: 1048, streamID: 1, payload: [0x11, 0x22]),
                RawMessage(type: 9, timestamp: 1080, streamID: 1, payload: [0x33, 0x44]),
            ])
    }

    @Test(arguments: 0..<35) func `a truncated stream waits for the rest`(length: Int) throws {
        let whole = try Self.read(Self.fourFormats)
        let messages = try Self.read(Self.fourFormats.prefix(length))
        #expect(messages == Array(whole.prefix(messages.count)))
        #expect(messages.count < 4)
    }

    @Test(arguments: [
        ("3F", 63), ("00 00", 64), ("00 FF", 319), ("01 00 01", 320), ("01 FF FF", 65_599), ("01 02 00", 66),
    ])
    func `chunk stream ids of one, two and three bytes`(header: String, id: Int) throws {
        let bytes = Bytes(hex: header + "000000 000001 12 00000000 7F")
        #expect(try Self.read(bytes) == [RawMessage(type: 18, payload: [0x7F])])
        guard header != "01 02 00" else { return }
        // The writer makes the same bytes, except that it never uses three where two do.
        var writer = ChunkWriter()
        var output = ByteWriter()
        writer.write(RawMessage(type: 18, payload: [0x7F]), on: id, into: &output)
        #expect(output.finish() == bytes)
    }

    /// 130 bytes in chunks of 128, with an extended timestamp.
    static func extended(repeated: Bool) -> Bytes {
        let payload = Bytes([UInt8](repeating: 0x5A, count: 130))
        return Samples.join(
            Bytes(hex: "04 FFFFFF 000082 09 01000000 01020304"), payload.prefix(128), [0xC4],
            repeated ? Bytes(hex: "01020304") : Bytes(), payload.dropFirst(128),
            // The next message, format 3 again, and one in format 0 so that nothing waits.
            [0xC4], repeated ? Bytes(hex: "01020304") : Bytes(), payload.prefix(128), [0xC4],
            repeated ? Bytes(hex: "01020304") : Bytes(), payload.dropFirst(128),
            Bytes(hex: "04 000000 000001 09 01000000 00"))
    }

    @Test(arguments: [true, false], [1, 3, 1000])
    func `format 3 with and without the extended timestamp`(repeated: Bool, size: Int) throws {
        let messages = try Self.read(Self.extended(repeated: repeated), pieceSize: size)
        #expect(messages.map(\.timestamp) == [0x0102_0304, 0x0102_0304, 0])
        #expect(messages.map(\.payload.count) == [130, 130, 1])
        #expect(messages[0].payload == messages[1].payload)
    }

    @Test func `format 3 that repeats the absolute time behind an extended delta`() throws {
        let payload = Bytes([UInt8](repeating: 0x5A, count: 130))
        let bytes = Samples.join(
            Bytes(hex: "04 000001 000001 09 01000000 00"),
            Bytes(hex: "44 FFFFFF 000082 09 01000000"), payload.prefix(128), Bytes(hex: "C4 01000001"),
            payload.dropFirst(128))
        let messages = try Self.read(bytes)
        #expect(messages.map(\.timestamp) == [1, 0x0100_0001])
        #expect(messages[1].payload == payload)
    }

    @Test func `times wrap at 32 bits`() throws {
        let bytes = Bytes(hex: "04 FFFFFF 000001 09 01000000 FFFFFFF0 00  84 000020 00")
        #expect(try Self.read(bytes).map(\.timestamp) == [0xFFFF_FFF0, 0x10])
    }

    @Test func `format 3 as the first chunk of a message adds nothing behind format 0, the delta behind format 1`()
        throws
    {
        let bytes = Bytes(
            hex: "04 000064 000001 08 01000000 AA  C4 AB  44 000005 000001 08 AC  C4 AD  C4 AE")
        #expect(try Self.read(bytes).map(\.timestamp) == [100, 100, 105, 110, 115])
    }

    @Test func `a fresh chunk stream may begin with format 1`() throws {
        // librtmp's ping on chunk stream 2.
        let bytes = Bytes(hex: "42 000007 000006 04 0006 00000001")
        #expect(
            try Self.read(bytes) == [
                RawMessage(type: 4, timestamp: 7, streamID: 0, payload: [0, 6, 0, 0, 0, 1])
            ])
    }

    @Test(arguments: [2, 3] as [UInt8]) func `a fresh chunk stream in format 2 or 3 is refused`(format: UInt8) {
        #expect(
            Self.failure([format << 6 | 5, 0, 0, 0])
                == .chunkStreamWithoutHeader(chunkStreamID: 5, format: format))
    }

    @Test func `messages of different chunk streams interleave`() throws {
        let video = Bytes([UInt8](repeating: 1, count: 200))
        let audio = Bytes([UInt8](repeating: 2, count: 150))
        let bytes = Samples.join(
            Bytes(hex: "06 000000 0000C8 09 01000000"), video.prefix(128), Bytes(hex: "04 000000 000096 08 01000000"),
            audio.prefix(128), [0xC6], video.dropFirst(128), [0xC4], audio.dropFirst(128))
        #expect(try Self.read(bytes, pieceSize: 11).map(\.payload) == [video, audio])
    }

    @Test func `a chunk stream that begins anew before its message is complete is refused`() {
        let bytes = Samples.join(
            Bytes(hex: "06 000000 0000C8 09 01000000"), Bytes([UInt8](repeating: 1, count: 128)),
            Bytes(hex: "06 000000 000001 09 01000000 00"))
        #expect(Self.failure(bytes) == .messageInterrupted(chunkStreamID: 6, missing: 72))
    }

    @Test func `a new chunk size counts from the next chunk on, also within a message`() throws {
        let video = Bytes([UInt8](repeating: 1, count: 300))
        let bytes = Samples.join(
            Bytes(hex: "06 000000 00012C 09 01000000"), video.prefix(128),
            Bytes(hex: "02 000000 000004 01 00000000 00000010"), [0xC6], video[128..<144],
            // With the top bit set, which counts for nothing.
            Bytes(hex: "02 000000 000004 01 00000000 80000200"), [0xC6], video.dropFirst(144))
        #expect(try Self.read(bytes, pieceSize: 9).map(\.payload) == [video])
    }

    @Test func `a chunk size of one works, zero is refused`() throws {
        let bytes = Bytes(hex: "02 000000 000004 01 00000000 00000001 03 000000 000003 08 00000000 AA C3 BB C3 CC")
        #expect(try Self.read(bytes).map(\.payload) == [[0xAA, 0xBB, 0xCC]])
        #expect(Self.failure(Bytes(hex: "02 000000 000004 01 00000000 80000000")) == .chunkSizeZero)
    }

    @Test func `control messages may come on any chunk stream`() throws {
        let bytes = Bytes(hex: "05 000000 000004 01 00000000 00001000 03 000000 000001 08 00000000 AA")
        #expect(try Self.read(bytes).map(\.payload) == [[0xAA]])
    }

    @Test func `abort drops the message of its chunk stream and no other`() throws {
        let half = Bytes([UInt8](repeating: 1, count: 128))
        let bytes = Samples.join(
            Bytes(hex: "06 000000 0000C8 09 01000000"), half, Bytes(hex: "04 000000 000081 08 01000000"), half,
            Bytes(hex: "02 000000 000004 02 00000000 00000006"),
            Bytes(hex: "02 000000 000004 02 00000000 000000FF"), [0xC4, 7],
            Bytes(hex: "C6"), half, [0xC6], Bytes([UInt8](repeating: 3, count: 72)))
        let messages = try Self.read(bytes)
        #expect(messages.map(\.type) == [8, 9])
        #expect(messages.map(\.payload.count) == [129, 200])
    }

    @Test func `a control message that is too short is refused, an empty one ignored`() throws {
        #expect(
            Self.failure(Bytes(hex: "02 000000 000002 01 00000000 0000"))
                == .controlMessageTooShort(type: 1, length: 2))
        #expect(try Self.read(Bytes(hex: "02 000000 000000 01 00000000")).isEmpty)
    }

    @Test func `messages above their limit are refused at the header`() {
        #expect(
            Self.failure(Bytes(hex: "06 000000 A00001 09 01000000"))
                == .messageTooLong(type: 9, length: (10 << 20) + 1, limit: 10 << 20))
        #expect(
            Self.failure(Bytes(hex: "06 000000 040001 14 01000000"))
                == .messageTooLong(type: 20, length: (256 << 10) + 1, limit: 256 << 10))
        #expect(Self.failure(Bytes(hex: "06 000000 A00000 09 01000000")) == nil)
    }

    @Test func `more chunk streams than the limit are refused, by count and not by id`() {
        var output = ByteWriter()
        var writer = ChunkWriter()
        for index in 0..<64 { writer.write(RawMessage(type: 8, payload: [1]), on: 300 + index * 500, into: &output) }
        let full = output.finish()
        #expect(Self.failure(full) == nil)
        #expect(
            Self.failure(Samples.join(full, Bytes(hex: "03 000000 000001 08 00000000 01")))
                == .tooManyChunkStreams(limit: 64))
    }

    @Test func `unfinished messages are bounded together`() throws {
        var reader = ChunkReader()
        reader.receive(Bytes(hex: "02 000000 000004 01 00000000 00800000"))
        let part = Bytes([UInt8](repeating: 0, count: 0x80_0000))
        #expect(throws: RTMPFailure.tooManyPartialBytes(3 * 0x80_0000, limit: 16 << 20)) {
            for id in 3..<6 {
                reader.receive(Samples.join([UInt8(id)], Bytes(hex: "000000 A00000 09 01000000"), part))
                while try reader.next() != nil {}
            }
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `what the writer writes the reader reads`(seed: UInt64) throws {
        var random = SeededGenerator(seed)
        var writer = ChunkWriter()
        var output = ByteWriter()
        var sent: [RawMessage] = []
        var time = UInt32.random(in: 0...UInt32.max, using: &random)
        for _ in 0..<60 {
            if Int.random(in: 0..<10, using: &random) == 0 {
                writer.setChunkSize(UInt32.random(in: 1...5000, using: &random), into: &output)
            }
            time &+= [0, 0, 20, 40, 0xFF_FFFE, 0xFF_FFFF, 0x0100_0000].randomElement(using: &random) ?? 0
            let message = RawMessage(
                type: [8, 9, 18, 20].randomElement(using: &random) ?? 8, timestamp: time,
                streamID: UInt32.random(in: 0...1, using: &random),
                payload: random.bytes([0, 1, 3, 128, 129, 700].randomElement(using: &random) ?? 0))
            sent.append(message)
            let id = [2, 3, 63, 64, 319, 320, 65_599].randomElement(using: &random) ?? 3
            writer.write(message, on: id, into: &output)
        }
        let wire = output.finish()
        #expect(try Self.read(wire) == sent)
        #expect(try Self.read(wire, pieceSize: Int.random(in: 1...50, using: &random)) == sent)
    }
}
