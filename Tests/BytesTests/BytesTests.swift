import Bytes
import Testing

@Suite struct BytesTests {
    @Test func `a slice counts from its own start and shares the memory`() {
        let bytes: Bytes = [1, 2, 3, 4, 5]
        let slice = bytes[1..<4]
        #expect(slice.count == 3)
        #expect(slice[0] == 2)
        #expect(slice.dropFirst(1) == [3, 4])
        #expect(slice.prefix(9) == slice)
        #expect(slice.array == [2, 3, 4])
    }

    @Test func `what the writer writes the reader reads`() throws {
        var writer = ByteWriter(capacity: 1)
        writer.write(UInt8(1))
        writer.write(UInt16(0x0203))
        writer.writeUInt24(0x040506)
        writer.write(UInt32(0x0708_090A))
        writer.writeUInt32LittleEndian(0x0B0C_0D0E)
        writer.write(UInt64.max - 1)
        writer.write(utf8: "é")
        writer.write(repeating: 9, count: 3)
        writer.overwrite(0xFFFF_FFFF, at: 6)
        var reader = ByteReader(writer.finish())
        #expect(try reader.readUInt8() == 1)
        #expect(try reader.readUInt16() == 0x0203)
        #expect(try reader.readUInt24() == 0x040506)
        #expect(try reader.readUInt32() == 0xFFFF_FFFF)
        #expect(try reader.readUInt32LittleEndian() == 0x0B0C_0D0E)
        #expect(try reader.readUInt64() == UInt64.max - 1)
        #expect(try reader.readBytes(2).string == "é")
        #expect(reader.rest == [9, 9, 9])
        #expect(throws: OutOfBytes(needed: 4, available: 3)) { try reader.readUInt32() }
        #expect(reader.remaining == 3)
    }

    @Test func `exp-golomb codes read as the standard's table has them`() throws {
        // 1 | 010 | 011 | 00100 | 00101 -> 0 1 2 3 4, then se: 00110 -> code 5 -> 3
        var bits = BitReader([0b1010_0110, 0b0100_0010, 0b1001_1000])
        for expected in [UInt32](0...4) { #expect(try bits.readUnsignedExpGolomb() == expected) }
        #expect(try bits.readSignedExpGolomb() == 3)
    }

    @Test func `a run of zeros is no exp-golomb code`() {
        var bits = BitReader(Bytes([UInt8](repeating: 0, count: 8)))
        #expect(throws: OutOfBytes.self) { try bits.readUnsignedExpGolomb() }
    }

    @Test(arguments: 1...7) func `the accumulator gives back what it got, however it was cut`(size: Int) {
        let all = Bytes([UInt8](0..<50))
        var accumulator = ByteAccumulator()
        var out: [UInt8] = []
        var at = 0
        while at < all.count {
            accumulator.append(all[at..<min(at + size, all.count)])
            at += size
            while accumulator.count >= 3 { out += accumulator.consume(3).array }
        }
        out += accumulator.consume(accumulator.count).array
        #expect(out == all.array)
    }
}
