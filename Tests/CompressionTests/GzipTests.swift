import Bytes
import CZlib
import Compression
import Testing

@Suite struct GzipTests {
    /// What a browser does with it.
    private func decompressed(_ bytes: Bytes, capacity: Int) throws -> Bytes {
        var stream = z_stream()
        try #require(inflateInit2_(&stream, 15 + 16, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { inflateEnd(&stream) }
        var input = bytes.array
        var output = [UInt8](repeating: 0, count: capacity + 1)
        let status = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { destination in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = destination.baseAddress
                stream.avail_out = UInt32(destination.count)
                return inflate(&stream, Z_FINISH)
            }
        }
        try #require(status == Z_STREAM_END)
        return Bytes(Array(output.prefix(Int(stream.total_out))))
    }

    @Test(arguments: [0, 1, 100, 499, 10_000, 300_000]) func `what was compressed comes back`(count: Int) throws {
        let text = Bytes(Array("#EXTINF:2.00000,\nsegment-17.m4s\n".utf8))
        var writer = ByteWriter()
        while writer.count < count { writer.write(text.prefix(min(text.count, count - writer.count))) }
        let bytes = writer.finish()
        let compressed = try #require(Gzip.compress(bytes))
        #expect(compressed[0] == 0x1F && compressed[1] == 0x8B && compressed[2] == 8)
        #expect(try decompressed(compressed, capacity: count) == bytes)
        if count >= 499 { #expect(compressed.count < count / 4) }
    }

    /// Incompressible bytes grow by the header and little else, and are never cut off.
    @Test func `noise comes back too`() throws {
        var state: UInt64 = 7
        let noise = Bytes(
            (0..<100_000).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 56)
            })
        let compressed = try #require(Gzip.compress(noise))
        #expect(compressed.count < noise.count + 200)
        #expect(try decompressed(compressed, capacity: noise.count) == noise)
    }

    /// Replicas give the same bytes the same entity tag.
    @Test func `the same bytes are compressed to the same bytes`() {
        let bytes = Bytes(utf8: String(repeating: "segment ", count: 200))
        #expect(Gzip.compress(bytes) == Gzip.compress(bytes))
        #expect(Gzip.compress(bytes[8..<1600]) == Gzip.compress(Bytes(bytes[8..<1600].array)))
    }
}
