import Bytes
import Media
import Packaging
import Testing

@Suite struct CMAFTests {
    static let samples = (0..<4).map { index in
        CMAFSample(
            decodeTime: 90_000 + Int64(index) * 3600, duration: 3600,
            compositionOffset: [0, 7200, -3600, -3600][index], isKeyframe: index == 0,
            payload: Bytes([UInt8](repeating: UInt8(index), count: 10 + index)))
    }

    @Test(arguments: MediaKind.allCases) func `a chunk reads back as it was written`(kind: MediaKind) throws {
        let samples = Self.samples.map { sample in
            var sample = sample
            if kind == .audio {
                sample.compositionOffset = 0
                sample.isKeyframe = true
            }
            return sample
        }
        let chunk = CMAFChunk.bytes(
            sequenceNumber: 5, kind: kind, samples: samples, receivedUnixMilliseconds: 1_700_000_000_500)
        #expect(try CMAFReader.samples(in: chunk) == samples)
    }

    @Test func `a chunk is the bytes of the specification`() {
        let sample = CMAFSample(
            decodeTime: 0x1_0000_0002, duration: 3600, compositionOffset: -2, isKeyframe: true, payload: [0xAA, 0xBB])
        let chunk = CMAFChunk.bytes(
            sequenceNumber: 0x705, kind: .video, samples: [sample], receivedUnixMilliseconds: 1500)
        let expected: [UInt8] =
            [0, 0, 0, 32] + Array("prft".utf8) + [1, 0, 0, 24, 0, 0, 0, 1]
            + [0x83, 0xAA, 0x7E, 0x81, 0x80, 0, 0, 0] + [0, 0, 0, 1, 0, 0, 0, 0]
            + [0, 0, 0, 104] + Array("moof".utf8)
            + [0, 0, 0, 16] + Array("mfhd".utf8) + [0, 0, 0, 0, 0, 0, 7, 5]
            + [0, 0, 0, 80] + Array("traf".utf8)
            + [0, 0, 0, 16] + Array("tfhd".utf8) + [0, 2, 0, 0, 0, 0, 0, 1]
            + [0, 0, 0, 20] + Array("tfdt".utf8) + [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]
            + [0, 0, 0, 36] + Array("trun".utf8) + [1, 0, 0x0F, 0x01, 0, 0, 0, 1, 0, 0, 0, 112]
            + [0, 0, 0x0E, 0x10, 0, 0, 0, 2, 2, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFE]
            + [0, 0, 0, 10] + Array("mdat".utf8) + [0xAA, 0xBB]
        var bytes = expected
        // The media time is the presentation's.
        bytes[24..<32] = [0, 0, 0, 1, 0, 0, 0, 0]
        #expect(chunk.array == bytes)
    }

    @Test(arguments: [Tracks.video, Tracks.audio, Tracks.audio44])
    func `the track comes back from the initialisation segment`(track: Track) throws {
        let bytes = InitializationSegment.bytes(for: track)
        let found = try CMAFReader.track(in: bytes)
        #expect(found.configuration == track.configuration)
        #expect(bytes == InitializationSegment.bytes(for: track))
    }

    @Test func `truncated media is refused`() throws {
        let chunk = CMAFChunk.bytes(sequenceNumber: 1, kind: .video, samples: Self.samples)
        let initialization = InitializationSegment.bytes(for: Tracks.audio)
        for length in 1..<chunk.count {
            // Without its last box, the moof refers to bytes that are not there.
            #expect(throws: CMAFFailure.self) { try CMAFReader.samples(in: chunk.prefix(length)) }
        }
        for length in 0..<initialization.count {
            #expect(throws: CMAFFailure.self) { try CMAFReader.track(in: initialization.prefix(length)) }
        }
    }

    @Test func `mutated media is refused or harmless`() {
        var random = Random(state: 3)
        let chunk = CMAFChunk.bytes(sequenceNumber: 1, kind: .video, samples: Self.samples).array
        let initializations = [Tracks.video, Tracks.audio].map { InitializationSegment.bytes(for: $0).array }
        for _ in 0..<20_000 {
            var bytes = chunk
            for _ in 0...Int(random.next() % 3) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if let source = try? TransportStream.Source(track: Tracks.video, segment: Bytes(bytes)) {
                _ = try? TransportStream.segment(video: source, audio: nil)
            }
            var initialization = initializations[Int(random.next() % 2)]
            initialization[Int(random.next() % UInt64(initialization.count))] = UInt8(truncatingIfNeeded: random.next())
            _ = try? CMAFReader.track(in: Bytes(initialization))
        }
    }
}
