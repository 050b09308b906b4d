import Bytes
import Media
import TestKit
import Testing

@testable import Codecs

@Suite struct VideoDecoderTests {
    private static let source = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=3"]

    /// B-frames, pyramids, several references; with and without a word about reordering in the stream.
    @Test(arguments: [
        ["-bf", "3", "-x264-params", "b-pyramid=normal:ref=4"], ["-bf", "0"], ["-profile:v", "baseline"],
        ["-bf", "2", "-bsf:v", "h264_metadata=level=4"],
    ]) func `each picture has the time of its frame, in the order of presentation`(options: [String]) async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Pictures.clip(
            Self.source + ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "25"] + options, in: directory)
        let decoder = try VideoDecoder(try #require(clip.videoConfiguration), threadCount: 1)
        let pictures = try decoder.decodeAll(clip.video)
        #expect(pictures.map(\.presentationTime) == clip.video.map(\.presentationTime).sorted())
        #expect(pictures.allSatisfy { $0.size == PictureSize(width: 320, height: 180) && !$0.isInterlaced })
    }

    @Test func `it goes on at the next keyframe after the end`() async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Pictures.clip(
            Self.source + ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "25", "-bf", "2"], in: directory)
        let decoder = try VideoDecoder(try #require(clip.videoConfiguration), threadCount: 2)
        let second = try #require(clip.video.indices.filter { clip.video[$0].isKeyframe }.dropFirst().first)
        let first = try decoder.decodeAll(Array(clip.video[..<second]))
        let rest = try decoder.decodeAll(Array(clip.video[second...]))
        #expect(first.count == second)
        #expect(rest.count == clip.video.count - second)
    }

    @Test func `what is broken throws or is skipped, and the next keyframe is right again`() async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Pictures.clip(
            Self.source + ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "25", "-bf", "2"], in: directory)
        let decoder = try VideoDecoder(try #require(clip.videoConfiguration), threadCount: 1)
        let last = try #require(clip.video.lastIndex { $0.isKeyframe })
        let whole = try VideoDecoder(try #require(clip.videoConfiguration), threadCount: 1)
            .decodeAll(Array(clip.video[last...]))
        var random = SplitMix64(seed: 7)
        var failures = 0
        for round in 0..<20 {
            for frame in clip.video[..<last] {
                var bytes = frame.payload.array
                for _ in 0..<1 + round % 5 {
                    bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
                }
                if round % 4 == 3 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
                var broken = frame
                broken.payload = Bytes(bytes)
                do throws(CodecFailure) { _ = try decoder.decode(broken) } catch { failures += 1 }
            }
        }
        #expect(failures > 0)
        _ = decoder.finish()
        let pictures = try decoder.decodeAll(Array(clip.video[last...]))
        #expect(pictures.map(\.presentationTime) == whole.map(\.presentationTime))
        for (a, b) in zip(pictures, whole) { #expect(Pictures.luma(of: a, against: b) == 100) }
    }

    @Test func `nothing but noise never crashes`() async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Pictures.clip(
            Self.source + ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-t", "0.2"], in: directory)
        let decoder = try VideoDecoder(try #require(clip.videoConfiguration), threadCount: 1)
        var random = SplitMix64(seed: 11)
        var frame = try #require(clip.video.first)
        for index in 0..<400 {
            let length = Int(random.next() % 300) + 1
            frame.payload = Bytes((0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) })
            frame.decodeTime = Int64(index) * 3600
            // Noise throws or gives nothing; both are right.
            _ = try? decoder.decode(frame)
        }
        #expect(try decoder.decodeAll(clip.video).count == clip.video.count)
    }
}

/// A small generator with a fixed seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
