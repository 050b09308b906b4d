import Bytes
import Media
import Testing

@testable import TranscodeService

/// A random generator with a fixed seed, so that a failure can be repeated (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

enum Rungs {
    static let usual = [
        Rung(name: "1080p", height: 1080, bitRate: 8_000_000), Rung(name: "720p", height: 720, bitRate: 5_000_000),
        Rung(name: "480p", height: 480, bitRate: 2_000_000),
    ]
}

@Suite struct LadderPlanTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var source: (Int, Int)
        var aspect: (UInt32, UInt32) = (1, 1)
        /// As `name widthxheight`.
        var renditions: [String]
        var copy: String?

        var testDescription: String { "\(source.0)x\(source.1) with samples of \(aspect.0):\(aspect.1)" }
    }

    static let examples = [
        Example(source: (1920, 1080), renditions: ["1080p 1920x1080", "720p 1280x720", "480p 854x480"], copy: "1080p"),
        Example(source: (1920, 1088), renditions: ["1080p 1920x1088", "720p 1270x720", "480p 848x480"], copy: "1080p"),
        Example(source: (1600, 900), renditions: ["1080p 1600x900", "720p 1280x720", "480p 854x480"], copy: "1080p"),
        Example(source: (1280, 720), renditions: ["720p 1280x720", "480p 854x480"], copy: "720p"),
        Example(source: (960, 540), renditions: ["720p 960x540", "480p 854x480"], copy: "720p"),
        Example(source: (854, 480), renditions: ["480p 854x480"], copy: "480p"),
        Example(source: (640, 360), renditions: ["480p 640x360"], copy: "480p"),
        Example(source: (2560, 1440), renditions: ["1080p 1920x1080", "720p 1280x720", "480p 854x480"], copy: nil),
        Example(source: (7680, 4320), renditions: ["1080p 1920x1080", "720p 1280x720", "480p 854x480"], copy: nil),
        // Wide and square ones.
        Example(
            source: (2560, 1080), renditions: ["1080p 2560x1080", "720p 1706x720", "480p 1138x480"], copy: "1080p"),
        Example(source: (1440, 1080), renditions: ["1080p 1440x1080", "720p 960x720", "480p 640x480"], copy: "1080p"),
        Example(source: (1080, 1080), renditions: ["1080p 1080x1080", "720p 720x720", "480p 480x480"], copy: "1080p"),
        // Upright.
        Example(source: (1080, 1920), renditions: ["1080p 1080x1920", "720p 720x1280", "480p 480x854"], copy: "1080p"),
        Example(source: (720, 1280), renditions: ["720p 720x1280", "480p 480x854"], copy: "720p"),
        Example(source: (886, 1920), renditions: ["1080p 886x1920", "720p 720x1560", "480p 480x1040"], copy: "1080p"),
        // Odd.
        Example(source: (1921, 1081), renditions: ["1080p 1920x1080", "720p 1280x720", "480p 852x480"], copy: "1080p"),
        Example(source: (853, 481), renditions: ["720p 852x480", "480p 852x480"], copy: "720p"),
        Example(source: (321, 181), renditions: ["480p 320x180"], copy: "480p"),
        // Samples that are not square.
        Example(
            source: (1440, 1080), aspect: (4, 3),
            renditions: ["1080p 1920x1080", "720p 1280x720", "480p 854x480"], copy: "1080p"),
        Example(source: (720, 576), aspect: (64, 45), renditions: ["720p 1024x576", "480p 854x480"], copy: "720p"),
        Example(source: (720, 480), aspect: (10, 11), renditions: ["480p 654x480"], copy: "480p"),
        Example(
            source: (1920, 1080), aspect: (65535, 1),
            renditions: ["1080p 1920x1080", "720p 1280x720", "480p 854x480"], copy: "1080p"),
        // Extremes.
        Example(source: (32, 32), renditions: ["480p 32x32"], copy: "480p"),
        Example(source: (1, 1), renditions: ["480p 2x2"], copy: "480p"),
        Example(source: (16, 4000), renditions: ["480p 16x1920"], copy: nil),
        Example(source: (16384, 16), renditions: ["480p 1920x16"], copy: nil),
        Example(
            source: (16384, 16384), renditions: ["1080p 1080x1080", "720p 720x720", "480p 480x480"], copy: nil),
        Example(
            source: (10_000, 2000), renditions: ["1080p 4320x1080", "720p 2880x720", "480p 1920x480"], copy: nil),
    ]

    @Test(arguments: examples) func `a source gets the rungs below it and the one that holds it`(example: Example) {
        let source = SourcePicture(
            size: PictureSize(width: example.source.0, height: example.source.1),
            sampleAspectRatio: Ratio(example.aspect.0, example.aspect.1) ?? .one)
        // The order of the configuration does not matter.
        for rungs in [Rungs.usual, Rungs.usual.reversed()] {
            let plan = LadderPlan(source: source, rungs: rungs)
            #expect(plan.renditions.map { "\($0.name) \($0.size.width)x\($0.size.height)" } == example.renditions)
            #expect(plan.copyCandidate?.name == example.copy)
        }
    }

    @Test func `every picture is even, keeps its look, and is not larger than the source`() {
        var random = SeededRandom(state: 3)
        let aspects: [(UInt32, UInt32)] = [(1, 1), (4, 3), (10, 11), (64, 45), (3, 2), (1, 2), (65535, 65534)]
        for _ in 0..<2000 {
            let size = PictureSize(
                width: .random(in: 2...4096, using: &random), height: .random(in: 2...4096, using: &random))
            let aspect = aspects.randomElement(using: &random) ?? (1, 1)
            let shape = Double(aspect.0) / Double(aspect.1)
            let width = Double(size.width) * shape
            let source = SourcePicture(size: size, sampleAspectRatio: Ratio(aspect.0, aspect.1) ?? .one)
            let plan = LadderPlan(source: source, rungs: Rungs.usual)
            #expect(!plan.renditions.isEmpty)
            for rendition in plan.renditions {
                #expect(rendition.size.width % 2 == 0 && rendition.size.height % 2 == 0)
                #expect(rendition.size.width >= 2 && rendition.size.height >= 2)
                #expect(Double(rendition.size.width) <= max(2, width) && rendition.size.height <= max(2, size.height))
                #expect(min(rendition.size.width, rendition.size.height) <= rendition.rung.height + 8)
                #expect(max(rendition.size.width, rendition.size.height) <= rendition.rung.height * 4)
                let sample = rendition.sampleAspectRatio
                let shown =
                    Double(rendition.size.width) * Double(sample.numerator)
                    / Double(sample.denominator) / Double(rendition.size.height)
                #expect(abs(shown / (width / Double(size.height)) - 1) < 0.0055, "\(source) \(rendition)")
            }
            #expect(zip(plan.renditions, plan.renditions.dropFirst()).allSatisfy { $0.rung.height > $1.rung.height })
        }
    }

    @Test func `samples are square unless that would show`() {
        let hd = LadderPlan(source: SourcePicture(size: PictureSize(width: 1920, height: 1080)), rungs: Rungs.usual)
        #expect(hd.renditions.allSatisfy { $0.sampleAspectRatio == .one })
        let tower = LadderPlan(source: SourcePicture(size: PictureSize(width: 16, height: 4000)), rungs: Rungs.usual)
        #expect(tower.renditions.map(\.sampleAspectRatio) == [Ratio(12, 25)])
        let tiny = LadderPlan(source: SourcePicture(size: PictureSize(width: 17, height: 16)), rungs: Rungs.usual)
        #expect(tiny.renditions.map(\.sampleAspectRatio) == [Ratio(17, 16)])
    }

    private func halved(_ rate: (UInt32, UInt32)?, maxima: [Int?]) -> [String] {
        let source = SourcePicture(
            size: PictureSize(width: 1920, height: 1080), frameRate: rate.flatMap { Ratio($0.0, $0.1) })
        let rungs = zip(Rungs.usual, maxima).map { rung, frameRateMax in
            var rung = rung
            rung.frameRateMax = frameRateMax
            return rung
        }
        return LadderPlan(source: source, rungs: rungs).renditions.filter(\.halvesFrameRate).map(\.name)
    }

    @Test func `a frame rate above a rung's maximum is halved`() {
        for rate in [(60, 1), (60_000, 1001), (50, 1), (48, 1), (144, 1)] as [(UInt32, UInt32)] {
            #expect(halved(rate, maxima: [nil, nil, 30]) == ["480p"])
            #expect(halved(rate, maxima: [nil, nil, nil]).isEmpty)
            #expect(
                halved(rate, maxima: [60, 30, 30]) == (rate.0 == 144 ? Rungs.usual.map(\.name) : ["720p", "480p"]))
        }
        for rate in [(30, 1), (30_000, 1001), (25, 1), (24_000, 1001), (1000, 33), (1, 1)] as [(UInt32, UInt32)] {
            #expect(halved(rate, maxima: [nil, nil, 30]).isEmpty)
        }
        #expect(halved(nil, maxima: [30, 30, 30]).isEmpty)
    }

    @Test func `a source is described by its parameter sets`() throws {
        // From x264 through FFmpeg: 720x576 with samples of 64:45.
        let sequence: Bytes = [
            0x67, 0x64, 0x00, 0x1E, 0xAC, 0xD9, 0x40, 0xB4, 0x12, 0x6F, 0xFC, 0x01, 0x00, 0x00, 0xB4, 0x40, 0x00, 0x00,
            0x03, 0x00, 0x40, 0x00, 0x00, 0x0C, 0x83, 0xC5, 0x8B, 0x65, 0x80,
        ]
        let source = SourcePicture(
            try AVCConfiguration(
                sequenceParameterSets: [sequence], pictureParameterSets: [[0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0]]))
        #expect(
            source
                == SourcePicture(
                    size: PictureSize(width: 720, height: 576), sampleAspectRatio: Ratio(64, 45) ?? .one,
                    frameRate: Ratio(25, 1)))
    }

    @Test func `a smaller picture never gets more bits than the source has`() {
        let plan = LadderPlan(source: SourcePicture(size: PictureSize(width: 1280, height: 720)), rungs: Rungs.usual)
        #expect(plan.renditions.map { $0.cappedBitRate(sourceBitRate: 20_000_000) } == [5_000_000, 2_000_000])
        #expect(plan.renditions.map { $0.cappedBitRate(sourceBitRate: 1_500_000) } == [5_000_000, 1_500_000])
        #expect(plan.renditions.map { $0.cappedBitRate(sourceBitRate: 10) } == [5_000_000, 64_000])
    }

    @Test func `without usable rungs nothing is planned`() {
        let source = SourcePicture(size: PictureSize(width: 1280, height: 720))
        let useless = [
            Rung(name: "a", height: 0, bitRate: 1000), Rung(name: "b", height: 480, bitRate: 0),
            Rung(name: "c", height: .max, bitRate: 1000),
        ]
        for rungs in [[], useless] {
            let plan = LadderPlan(source: source, rungs: rungs)
            #expect(plan.renditions.isEmpty && plan.copyCandidate == nil)
        }
    }
}
