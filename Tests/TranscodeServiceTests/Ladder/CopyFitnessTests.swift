import Media
import Testing

@testable import TranscodeService

@Suite struct CopyFitnessTests {
    /// A source at a constant frame rate. Times are in milliseconds, which is what RTMP carries.
    struct Source {
        var frameMilliseconds = 40.0
        var keyframeInterval = 50
        var bytesPerFrame = 20_000
        /// Added to each time, within this many milliseconds.
        var jitter = 0
        /// Two pictures between others that are decoded first.
        var isReordered = false

        func frames(from start: Double = 0, to end: Double) -> [(time: Int64, isKeyframe: Bool, bytes: Int)] {
            var random = SeededRandom(state: 11)
            return (0..<Int((end - start) / frameMilliseconds)).map { index in
                let place = index % keyframeInterval
                let offset = isReordered && place % 3 == 1 ? 2 : isReordered && place > 0 ? -1 : 0
                let milliseconds = start + Double(index + offset) * frameMilliseconds
                let off = jitter == 0 ? 0 : Int64.random(in: Int64(-jitter)...Int64(jitter), using: &random)
                return ((Int64(milliseconds) + off) * 90, place == 0, bytesPerFrame)
            }
        }
    }

    static let picture = SourcePicture(size: PictureSize(width: 1920, height: 1080), frameRate: Ratio(25, 1))

    static func fitness(
        _ source: SourcePicture = picture, policy: CopyPolicy = .auto, target: Int64 = 2000, frameRateMax: Int? = nil,
        resuming: CopyFitness.Decision? = nil
    ) -> CopyFitness {
        var rungs = Rungs.usual
        rungs[2].frameRateMax = frameRateMax
        let plan = LadderPlan(source: source, rungs: rungs)
        return CopyFitness(
            source: source, candidate: plan.copyCandidate, policy: policy, targetMilliseconds: target,
            resuming: resuming)
    }

    /// The decisions that were not the one before, with their times in seconds.
    @discardableResult
    static func decisions(
        _ fitness: inout CopyFitness, _ frames: [(time: Int64, isKeyframe: Bool, bytes: Int)]
    ) -> [(seconds: Double, decision: CopyFitness.Decision)] {
        var found: [(Double, CopyFitness.Decision)] = []
        for frame in frames {
            let before = fitness.decision
            fitness.append(presentationTime: frame.time, isKeyframe: frame.isKeyframe, byteCount: frame.bytes)
            if fitness.decision != before { found.append((Double(frame.time) / 90_000, fitness.decision)) }
        }
        return found
    }

    @Test(arguments: [(1, 1.8), (10, 2), (25, 2), (33, 2), (40, 2), (47, 1.88), (50, 2), (75, 3), (100, 4)])
    func `a source with frequent key frames is fit`(interval: Int, decided: Double) throws {
        for isReordered in [false, true] {
            for jitter in [0, 3] {
                var fitness = Self.fitness()
                let source = Source(keyframeInterval: interval, jitter: jitter, isReordered: isReordered)
                let found = Self.decisions(&fitness, source.frames(to: 60_000))
                #expect(found.count == 1)
                let first = try #require(found.first)
                #expect(abs(first.seconds - decided) < 0.13)
                guard case .fit(let bitRate) = first.decision else {
                    Issue.record("\(first)")
                    continue
                }
                #expect(abs(bitRate - 4_000_000) < 100_000)
                #expect(abs((fitness.measuredBitRate ?? 0) - 4_000_000) < 100_000)
            }
        }
    }

    @Test func `OBS's default of 250 pictures is too long`() throws {
        var fitness = Self.fitness()
        let found = Self.decisions(
            &fitness, Source(frameMilliseconds: 1000 / 30.0, keyframeInterval: 250).frames(to: 60_000))
        #expect(found.count == 2)
        let first = try #require(found.first)
        #expect(first.seconds > 4 && first.seconds < 4.1)
        #expect(first.decision == .unfit(.noKeyframe(milliseconds: 4066, max: 4000)))
        #expect(found.last?.decision == .unfit(.keyframesApart(milliseconds: 8333, max: 4000)))
        guard case .unfit(let refusal) = fitness.decision else { return }
        #expect("\(refusal)" == "keyframes are 8.3 s apart; at most 4 s allow a copy")
        #expect(fitness.measuredBitRate != nil, "what is not copied is measured too")
    }

    @Test func `groups of pictures that grow end a copy for good`() throws {
        var fitness = Self.fitness()
        let frames =
            Source().frames(to: 20_000) + Source(keyframeInterval: 150).frames(from: 20_000, to: 32_000)
            + Source().frames(from: 32_000, to: 90_000)
        let found = Self.decisions(&fitness, frames)
        #expect(found.count == 3)
        #expect(found[0].decision == .fit(bitRate: 4_000_000))
        #expect(abs(found[1].seconds - 24.08) < 0.01)
        #expect(found[2].decision == .unfit(.keyframesApart(milliseconds: 6000, max: 4000)))
        #expect(fitness.decision == found[2].decision)
    }

    @Test(arguments: [(48_000, true), (52_000, false)])
    func `too many bits are seen before the decision`(bytes: Int, isFit: Bool) {
        var fitness = Self.fitness()
        let found = Self.decisions(&fitness, Source(bytesPerFrame: bytes).frames(to: 4000))
        let bitRate = bytes * 8 * 25
        #expect(
            found.map(\.decision) == [
                isFit ? .fit(bitRate: bitRate) : .unfit(.bitRate(bitRate, max: 8_000_000))
            ])
    }

    @Test(arguments: [(58_000, true), (62_000, false)])
    func `too many bits over ten seconds end a copy`(bytes: Int, staysFit: Bool) {
        var fitness = Self.fitness()
        let frames =
            Source().frames(to: 30_000) + Source(bytesPerFrame: bytes).frames(from: 30_000, to: 41_000)
            + Source().frames(from: 41_000, to: 90_000)
        let found = Self.decisions(&fitness, frames)
        #expect(found.count == (staysFit ? 1 : 2))
        if !staysFit {
            #expect(found.last?.decision == .unfit(.bitRate(bytes * 200, max: 8_000_000)))
            #expect(found.last.map { $0.seconds >= 40 && $0.seconds < 40.1 } ?? false)
        }
    }

    @Test func `a short burst is forgiven`() {
        var fitness = Self.fitness()
        let frames =
            Source().frames(to: 30_000) + Source(bytesPerFrame: 100_000).frames(from: 30_000, to: 32_000)
            + Source().frames(from: 32_000, to: 60_000)
        #expect(Self.decisions(&fitness, frames).count == 1)
    }

    @Test func `a pause of the source is not a long group of pictures`() {
        var fitness = Self.fitness()
        // The pause is in the middle of a group.
        let frames = Source().frames(to: 21_000) + Source().frames(from: 27_000, to: 40_000)
        #expect(Self.decisions(&fitness, frames).map(\.decision) == [.fit(bitRate: 4_000_000)])
        var early = Self.fitness()
        let paused = Source().frames(to: 1000) + Source().frames(from: 9000, to: 20_000)
        let found = Self.decisions(&early, paused)
        #expect(found.count == 1)
        if case .fit = early.decision {} else { Issue.record("\(early.decision)") }
    }

    @Test func `an interrupted timeline says nothing about key frames`() {
        var fitness = Self.fitness()
        Self.decisions(&fitness, Source().frames(to: 21_000))
        fitness.interrupted()
        Self.decisions(&fitness, Source().frames(from: 30_000, to: 40_000))
        #expect(fitness.decision == .fit(bitRate: 4_000_000))
        // One that returns again and again before it has shown two key frames is decided about all the same.
        var restless = Self.fitness()
        for start in stride(from: 0.0, to: 9000, by: 1500) {
            Self.decisions(&restless, Source().frames(from: start, to: start + 1000))
            restless.interrupted()
        }
        #expect(restless.decision != .undecided)
    }

    @Test func `the frames before the first key frame are not counted`() {
        var fitness = Self.fitness()
        let late = Source().frames(to: 10_000).dropFirst(20)
        Self.decisions(&fitness, Array(late))
        #expect(fitness.decision == .fit(bitRate: 4_000_000))
    }

    @Test func `any source is decided about within a bounded number of pictures`() {
        for milliseconds in [1.0, 10, 40, 500, 1500, 60_000] {
            for interval in [1, 3, 1000] {
                var fitness = Self.fitness()
                let source = Source(frameMilliseconds: milliseconds, keyframeInterval: interval)
                Self.decisions(&fitness, source.frames(to: milliseconds * max(8, 5000 / milliseconds)))
                #expect(fitness.decision != .undecided, "\(milliseconds) ms, \(interval)")
            }
        }
    }

    @Test func `times that go back or stand still do no harm`() {
        var fitness = Self.fitness()
        for time in [0, 90_000, 90_000, 0, -90_000, 180_000, Int64(1) << 50] {
            fitness.append(presentationTime: time, isKeyframe: true, byteCount: 1000)
        }
        #expect(fitness.measuredBitRate != nil)
    }

    @Test func `a shorter target allows less`() {
        var fitness = Self.fitness(target: 1000)
        let found = Self.decisions(&fitness, Source(keyframeInterval: 75).frames(to: 10_000))
        #expect(found.last?.decision == .unfit(.keyframesApart(milliseconds: 3000, max: 2000)))
        var fit = Self.fitness(target: 1000)
        #expect(Self.decisions(&fit, Source(keyframeInterval: 50).frames(to: 10_000)).map(\.seconds) == [2])
    }

    static func source(_ change: (inout SourcePicture) -> Void) -> SourcePicture {
        var source = picture
        change(&source)
        return source
    }

    static let refused: [(SourcePicture, CopyRefusal, String)] = [
        (source { $0.isProgressive = false }, .interlaced, "the pictures are interlaced"),
        (
            source { $0.chromaFormat = 2 }, .chromaFormat(2),
            "the chroma format is 4:2:2; only 4:2:0 plays everywhere"
        ),
        (source { $0.bitDepth = 10 }, .bitDepth(10), "samples have 10 bits; only 8 play everywhere"),
        (
            source { $0.profileIDC = 88 }, .profile(88),
            "H.264 profile 88 does not play everywhere; 66, 77 and 100 do"
        ),
        (
            source { $0.size = PictureSize(width: 2560, height: 1440) },
            .pictureTooLarge(PictureSize(width: 2560, height: 1440)),
            "the picture of 2560x1440 is larger than any rung"
        ),
    ]

    @Test(arguments: refused) func `what players cannot show is refused at once, even by force`(
        source: SourcePicture, refusal: CopyRefusal, sentence: String
    ) {
        #expect(refusal.description == sentence)
        for policy in [CopyPolicy.auto, .copy] {
            var fitness = Self.fitness(source, policy: policy, resuming: .fit(bitRate: 1))
            #expect(fitness.decision == .unfit(refusal))
            #expect(Self.decisions(&fitness, Source().frames(to: 10_000)).isEmpty)
        }
    }

    @Test func `too many pictures per second are refused, but not by force`() {
        let source = SourcePicture(
            size: PictureSize(width: 854, height: 480), frameRate: Ratio(60_000, 1001))
        let refused = Self.fitness(source, frameRateMax: 30)
        guard case .unfit(let refusal) = refused.decision else {
            Issue.record("\(refused.decision)")
            return
        }
        #expect("\(refusal)" == "59.9 pictures per second are too many for 480p")
        #expect(Self.fitness(source, policy: .copy, frameRateMax: 30).decision == .fit(bitRate: 2_000_000))
        #expect(Self.fitness(source).decision == .undecided)
    }

    @Test func `the policy is obeyed`() {
        #expect(Self.fitness(policy: .encode).decision == .unfit(.policy))
        var forced = Self.fitness(policy: .copy)
        #expect(forced.decision == .fit(bitRate: 8_000_000))
        let wild = Source(keyframeInterval: 500, bytesPerFrame: 200_000).frames(to: 60_000)
        #expect(Self.decisions(&forced, wild).isEmpty)
        #expect(forced.measuredBitRate == 40_000_000)
    }

    @Test func `who resumes keeps the decision and comes to the same ones`() {
        let frames =
            Source().frames(to: 30_000) + Source(bytesPerFrame: 70_000).frames(from: 30_000, to: 60_000)
        var whole = Self.fitness()
        let found = Self.decisions(&whole, frames)
        var resumed = Self.fitness(resuming: .fit(bitRate: 4_000_000))
        let late = Self.decisions(&resumed, Array(frames.drop { $0.time < 14_000 * 90 }))
        #expect(late.map(\.seconds) == found.dropFirst().map(\.seconds))
        #expect(late.map(\.decision) == found.dropFirst().map(\.decision))
    }

    @Test func `a bit rate is told in words`() {
        #expect(
            "\(CopyRefusal.bitRate(12_440_000, max: 8_000_000))" == "the source has 12.4 Mbit/s; the rendition has 8")
        #expect("\(CopyRefusal.policy)" == "the configuration wants every rendition encoded")
        #expect(
            "\(CopyRefusal.noKeyframe(milliseconds: 4066, max: 4000))"
                == "no keyframe came for 4.1 s; at most 4 s allow a copy")
    }
}
