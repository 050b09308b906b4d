import Bytes
import CFFmpeg
import Foundation
import Media
import TestKit
import Testing

@testable import Codecs

@Suite struct PictureTests {
    @Test func `a picture of the right size is not touched`() throws {
        let picture = try Pictures.moving(1)[0]
        #expect(try Scaler(to: picture.size).scale(picture) === picture)
        #expect(try PictureNormalizer().normalize(picture).first === picture)
    }

    @Test(arguments: [(854, 480), (640, 360), (426, 240), (2, 2), (1280, 720)])
    func `scaling keeps the time and makes samples square where it can`(width: Int, height: Int) throws {
        let picture = try Pictures.moving(1, from: 12_345)[0]
        let scaled = try Scaler(to: PictureSize(width: width, height: height)).scale(picture)
        #expect(scaled.size == PictureSize(width: width, height: height))
        #expect(scaled.presentationTime == 12_345)
        #expect(scaled.sampleAspectRatio == .one)
    }

    @Test func `the shape of what is shown stays`() throws {
        func ratio(_ from: (Int, Int), _ sample: Ratio?, _ to: (Int, Int)) throws -> Ratio {
            Scaler.sampleAspectRatio(
                of: PictureSize(width: from.0, height: from.1), sample: try #require(sample),
                scaledTo: PictureSize(width: to.0, height: to.1))
        }
        #expect(try ratio((1920, 1080), .one, (854, 480)) == .one)
        #expect(try ratio((1080, 1920), .one, (404, 720)) == .one)
        #expect(try ratio((720, 576), Ratio(64, 45), (1024, 576)) == .one)
        #expect(try ratio((720, 576), Ratio(64, 45), (640, 480)) == Ratio(4, 3))
        #expect(try ratio((1440, 1080), Ratio(4, 3), (960, 720)) == Ratio(4, 3))
        #expect(try ratio((1920, 1080), .one, (1080, 1080)) == Ratio(16, 9))
    }

    @Test func `a scaled picture looks like the one that FFmpeg scales`() throws {
        let large = try Pictures.moving(index: 3, size: PictureSize(width: 640, height: 360), presentationTime: 0)
        let small = try Scaler(to: PictureSize(width: 320, height: 180)).scale(large)
        let back = try Scaler(to: large.size).scale(small)
        #expect(Pictures.luma(of: back, against: large) > 15)
    }

    @Test(arguments: ["yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "gray", "yuvj420p"])
    func `every format of H.264 becomes 8-bit 4 to 2 to 0`(format: String) async throws {
        let directory = try TemporaryDirectory()
        let source = ["-f", "lavfi", "-i", "testsrc2=size=322x182:rate=25:duration=0.4"]
        let clip = try await Pictures.clip(
            source + ["-c:v", "libx264", "-pix_fmt", format, "-qp", format.contains("10") ? "4" : "1"], in: directory)
        let plain = try await Pictures.clip(
            source + ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-qp", "1"], in: directory)
        let pictures = try Self.normalized(clip)
        let expected = try Self.normalized(plain)
        #expect(pictures.count == 10)
        for (a, b) in zip(pictures, expected) {
            #expect(a.format == AV_PIX_FMT_YUV420P)
            #expect(!a.isFullRange)
            #expect(a.presentationTime == b.presentationTime)
            #expect(Pictures.luma(of: a, against: b) > 38)
        }
        // And the encoder takes them.
        let settings = VideoEncoderSettings(
            size: PictureSize(width: 322, height: 182), frameRate: Pictures.thirty, bitRate: 500_000)
        #expect(try VideoEncoder(settings).encodeAll(pictures).count == 10)
    }

    @Test func `interlaced pictures become progressive at the same rate`() async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Pictures.clip(
            [
                "-f", "lavfi", "-i", "testsrc2=size=320x192:rate=50:duration=2", "-vf", "interlace", "-c:v", "libx264",
                "-pix_fmt", "yuv420p", "-flags", "+ilme+ildct",
            ], in: directory)
        let decoder = try VideoDecoder(try #require(clip.videoConfiguration), threadCount: 1)
        let decoded = try decoder.decodeAll(clip.video)
        #expect(decoded.count == 50)
        #expect(decoded.allSatisfy { $0.isInterlaced })
        let normalizer = PictureNormalizer()
        var pictures: [Picture] = []
        for (index, picture) in decoded.enumerated() {
            pictures += try normalizer.normalize(picture)
            #expect(pictures.count >= index)
        }
        pictures += normalizer.finish()
        #expect(pictures.map(\.presentationTime) == decoded.map(\.presentationTime))
        #expect(!pictures.contains { $0.isInterlaced })
    }

    @Test func `a picture that lies on its side is turned`() async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Pictures.clip(
            [
                "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=0.4", "-c:v", "libx264", "-pix_fmt",
                "yuv420p", "-g", "1", "-bsf:v", "h264_metadata=rotate=90:display_orientation=insert",
            ], in: directory)
        let pictures = try Self.normalized(clip)
        #expect(pictures.count == 10)
        #expect(Set(pictures.map(\.size)) == [PictureSize(width: 180, height: 320)])
    }

    @Test func `a change of size or format in the middle loses no picture`() throws {
        let normalizer = PictureNormalizer()
        var count = 0
        for size in [PictureSize(width: 64, height: 48), PictureSize(width: 48, height: 64)] {
            for picture in try Pictures.moving(5, size: size) { count += try normalizer.normalize(picture).count }
        }
        count += normalizer.finish().count
        #expect(count == 10)
    }

    @Test(arguments: [(320, 180, 160, 160, 90), (180, 320, 90, 90, 160), (320, 180, 640, 320, 180)])
    func `a still picture is a JPEG of the wanted width`(
        width: Int, height: Int, wanted: Int, jpegWidth: Int, jpegHeight: Int
    ) async throws {
        let directory = try TemporaryDirectory()
        let picture = try Pictures.moving(1, size: PictureSize(width: width, height: height))[0]
        let best = try StillImage.jpeg(of: picture, width: wanted, quality: 95)
        let worst = try StillImage.jpeg(of: picture, width: wanted, quality: 5)
        #expect(worst.count < best.count)
        let file = directory.url.appending(path: "still.jpg")
        try Data(best.array).write(to: file)
        let command = [
            "ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", file.path,
        ]
        let probe = try await ChildProcess.run(command, in: directory.url, seconds: 20)
        #expect(probe.output.trimmingCharacters(in: .whitespacesAndNewlines) == "mjpeg,\(jpegWidth),\(jpegHeight)")
    }

    private static func normalized(_ clip: SourceClip) throws -> [Picture] {
        let decoder = try VideoDecoder(try #require(clip.videoConfiguration), threadCount: 1)
        let normalizer = PictureNormalizer()
        var pictures: [Picture] = []
        for picture in try decoder.decodeAll(clip.video) { pictures += try normalizer.normalize(picture) }
        return pictures + normalizer.finish()
    }
}
