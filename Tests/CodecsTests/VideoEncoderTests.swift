import Bytes
import TestKit
import Testing

@testable import Codecs
@testable import Media

@Suite struct VideoEncoderTests {
    static let size = PictureSize(width: 320, height: 180)

    static func settings(
        _ preset: X264Preset = .veryfast, size: PictureSize = size, bitRate: Int = 500_000, threadCount: Int = 1
    ) -> VideoEncoderSettings {
        VideoEncoderSettings(
            preset: preset, size: size, frameRate: Pictures.thirty, bitRate: bitRate, threadCount: threadCount)
    }

    @Test func `what is encoded decodes to the same pictures at the same times`() throws {
        let pictures = try Pictures.moving(40)
        let encoder = try VideoEncoder(Self.settings(bitRate: 2_000_000))
        let encoded = try encoder.encodeAll(pictures)
        #expect(encoded.count == pictures.count)
        let configuration = try #require(encoder.track.avc)
        #expect(configuration.size == Self.size)
        #expect(configuration.sequence.frameRate == Pictures.thirty)
        #expect(configuration.sequence.profileIDC == 100)
        let decoded = try VideoDecoder(configuration, threadCount: 1)
            .decodeAll(encoded.map { $0.frame(of: encoder.track) })
        #expect(decoded.map(\.presentationTime) == pictures.map(\.presentationTime))
        for (a, b) in zip(decoded, pictures) { #expect(Pictures.luma(of: a, against: b) > 30) }
    }

    @Test(arguments: [X264Preset.ultrafast, .superfast, .veryfast, .fast, .medium], [1, 2])
    func `the delay is the same number of pictures throughout`(preset: X264Preset, threads: Int) throws {
        let encoder = try VideoEncoder(Self.settings(preset, threadCount: threads))
        #expect(encoder.delayFrames <= 8 + threads)
        for (index, picture) in try Pictures.moving(60).enumerated() {
            let made = try encoder.encode(picture, isKeyframe: index % 20 == 0)
            #expect(made.count == (index < encoder.delayFrames ? 0 : 1), "picture \(index)")
        }
        #expect(encoder.finish().count == encoder.delayFrames)
    }

    @Test(arguments: [X264Preset.ultrafast, .superfast, .veryfast, .medium])
    func `key frames are where they are ordered and nowhere else`(preset: X264Preset) throws {
        let ordered: Set<Int> = [0, 1, 2, 30, 31, 47, 90, 149]
        // Every tenth picture is another scene.
        var pictures: [Picture] = []
        for index in 0..<150 {
            let luma = UInt8(index / 10 * 53 % 200 + 20)
            pictures.append(
                index / 10 % 2 == 0
                    ? try Pictures.moving(index: index, size: Self.size, presentationTime: Int64(index) * 3000)
                    : try Picture.plain(size: Self.size, presentationTime: Int64(index) * 3000, luma: luma))
        }
        let encoder = try VideoEncoder(Self.settings(preset))
        let encoded = try encoder.encodeAll(pictures) { ordered.contains($0) }
        let keys = encoded.filter(\.isKeyframe).map { Int($0.presentationTime / 3000) }
        #expect(keys == ordered.sorted())
        // Closed: nothing behind a key frame is shown before it.
        var newestKey: Int64 = -1
        for picture in encoded {
            if picture.isKeyframe { newestKey = picture.presentationTime }
            #expect(picture.presentationTime >= newestKey)
        }
    }

    @Test func `decode times rise and never pass presentation times, also at uneven rates`() throws {
        var times: [Int64] = []
        var time: Int64 = 1_000_000
        for index in 0..<90 {
            times.append(time)
            time += [3000, 1500, 9000, 3003, 45_000, 1][index % 6]
        }
        let encoder = try VideoEncoder(Self.settings())
        let pictures = try times.enumerated().map {
            try Pictures.moving(index: $0.offset, size: Self.size, presentationTime: $0.element)
        }
        let encoded = try encoder.encodeAll(pictures) { $0 % 30 == 0 }
        #expect(encoded.map(\.presentationTime).sorted() == times)
        for (a, b) in zip(encoded, encoded.dropFirst()) { #expect(a.decodeTime < b.decodeTime) }
        for picture in encoded { #expect(picture.decodeTime <= picture.presentationTime) }
    }

    @Test func `the same pictures give the same times, and with one thread the same bytes`() throws {
        for threads in [1, 2] {
            let pictures = try Pictures.moving(50)
            let runs = try (0..<2).map { _ in
                try VideoEncoder(Self.settings(threadCount: threads)).encodeAll(pictures) { $0 % 25 == 0 }
            }
            // With two, how a picture is coded depends on how far the other thread is.
            if threads == 1 { #expect(runs[0].map(\.payload) == runs[1].map(\.payload)) }
            #expect(runs[0].map(\.decodeTime) == runs[1].map(\.decodeTime))
        }
    }

    @Test func `a payload has no parameter sets and no delimiters`() throws {
        let encoder = try VideoEncoder(Self.settings())
        for picture in try encoder.encodeAll(try Pictures.moving(20), isKeyframe: { $0 % 10 == 0 }) {
            var walk = LengthPrefixedNALUnits(picture.payload, lengthSize: 4)
            while let unit = try walk.next() {
                #expect(unit.type.isPicture || unit.type == .sei)
            }
        }
    }

    @Test func `a new bit rate holds from the next pictures on`() throws {
        let size = PictureSize(width: 640, height: 360)
        let encoder = try VideoEncoder(Self.settings(size: size, bitRate: 2_000_000))
        var bytes = [0, 0]
        for index in 0..<240 {
            if index == 120 { encoder.setBitRate(300_000) }
            let picture = try Pictures.moving(index: index, size: size, presentationTime: Int64(index) * 3000)
            for made in try encoder.encode(picture, isKeyframe: index % 60 == 0) {
                // The last second of each half, when the buffer has adapted.
                let place = Int(made.presentationTime / 3000)
                if 60..<120 ~= place { bytes[0] += made.payload.count }
                if 180..<240 ~= place { bytes[1] += made.payload.count }
            }
        }
        #expect(bytes[1] * 3 < bytes[0], "\(bytes)")
    }

    @Test func `the average and every second keep to the bit rate`() throws {
        let size = PictureSize(width: 640, height: 360)
        let encoder = try VideoEncoder(Self.settings(size: size, bitRate: 600_000))
        var perSecond = [Int](repeating: 0, count: 10)
        let pictures = try Pictures.moving(300, size: size)
        for made in try encoder.encodeAll(pictures, isKeyframe: { $0 % 60 == 0 }) {
            perSecond[Int(made.presentationTime / 90_000)] += made.payload.count * 8
        }
        let average = Double(perSecond.reduce(0, +)) / 10
        #expect(average > 500_000 && average < 660_000, "\(perSecond)")
        // 1.1 times the rate and what the buffer of 1.5 s had saved.
        for second in perSecond { #expect(second < 660_000 + 900_000) }
    }

    @Test func `a picture at no later time is put a tick behind the last`() throws {
        let encoder = try VideoEncoder(Self.settings())
        let times: [Int64] = [0, 3000, 3000, 100, 9000]
        let pictures = try times.enumerated().map {
            try Pictures.moving(index: $0.offset, size: Self.size, presentationTime: $0.element)
        }
        let encoded = try encoder.encodeAll(pictures)
        #expect(encoded.map(\.presentationTime).sorted() == [0, 3000, 3001, 3002, 9000])
    }

    @Test func `a picture of another size is refused and changes nothing`() throws {
        let encoder = try VideoEncoder(Self.settings())
        #expect(throws: CodecFailure.self) {
            _ = try encoder.encode(
                try Pictures.moving(1, size: PictureSize(width: 160, height: 90))[0], isKeyframe: true)
        }
        #expect(try encoder.encodeAll(try Pictures.moving(5)).count == 5)
    }

    @Test(arguments: [(1920, 1080, 8_000_000, 40), (1280, 720, 5_000_000, 31), (854, 480, 2_000_000, 31)])
    func `the level and the colours are right`(width: Int, height: Int, bitRate: Int, level: Int) throws {
        var settings = Self.settings(size: PictureSize(width: width, height: height), bitRate: bitRate)
        settings.colour = VideoUsability.ColourDescription(primaries: 6, transfer: 6, matrix: 6)
        settings.sampleAspectRatio = try #require(Ratio(4, 3))
        let sequence = try #require(try VideoEncoder(settings).track.avc).sequence
        #expect(Int(sequence.levelIDC) == level)
        #expect(sequence.usability?.colour == settings.colour)
        #expect(sequence.sampleAspectRatio == settings.sampleAspectRatio)
        #expect(sequence.usability?.isFixedFrameRate == false)
    }

    @Test func `settings that make no sense are refused`() {
        for settings in [
            Self.settings(size: PictureSize(width: 321, height: 180)),
            Self.settings(size: PictureSize(width: 0, height: 0)), Self.settings(bitRate: 0),
            Self.settings(size: PictureSize(width: 1 << 20, height: 2)),
        ] {
            #expect(throws: CodecFailure.self) { _ = try VideoEncoder(settings) }
        }
    }

    @Test func `without hardware it is libx264`() {
        #expect(VideoEncoderKind.working(.libx264) == .libx264)
        let chosen = VideoEncoderKind.working(nil)
        #expect(VideoEncoderKind.working(chosen) == chosen)
    }
}
