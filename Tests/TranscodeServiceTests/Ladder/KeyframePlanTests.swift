import Media
import Packaging
import Testing

@testable import TranscodeService

@Suite struct KeyframePlanTests {
    static let rates: [(UInt32, UInt32)] = [
        (24_000, 1001), (24, 1), (25, 1), (30_000, 1001), (30, 1), (50, 1), (60_000, 1001), (60, 1), (15, 1), (10, 1),
        (144, 1), (5, 1),
    ]

    /// The times of a constant frame rate in 1/90,000 s.
    ///
    /// - Parameter isRounded: Whether they went through whole milliseconds, as in RTMP.
    static func times(
        _ rate: (UInt32, UInt32), seconds: Int, start: Int64 = 0, isRounded: Bool = false, jitter: Int64 = 0,
        seed: UInt64 = 1
    ) -> [Int64] {
        var random = SeededRandom(state: seed)
        let count = seconds * Int(rate.0) / Int(rate.1)
        return (0..<count).map { index in
            let ticks = Int64(index) * 90_000 * Int64(rate.1) / Int64(rate.0)
            let off = jitter == 0 || index == 0 ? 0 : Int64.random(in: -jitter...jitter, using: &random)
            return start + (isRounded ? (ticks + 45) / 90 * 90 : ticks) + off
        }
    }

    static func keyframes(_ times: [Int64], anchor: Int64? = nil, target: Int64 = 2000) -> [Int64] {
        var plan = KeyframePlan(anchor: anchor ?? times[0], targetMilliseconds: target)
        return times.filter { plan.reached($0) }
    }

    /// Where the segmenter cuts, and where it had to without a key frame.
    static func cuts(
        _ times: [Int64], keyframes: [Int64], target: Int64 = 2000, runBegins: Int64? = nil
    ) -> (all: [Int64], withoutKeyframe: [Int64]) {
        var segmenter = Segmenter(targetMilliseconds: target, firstNumber: 1)
        segmenter.runBegan(at: runBegins ?? times[0])
        segmenter.opened(withKeyframeAt: times[0])
        let keyframes = Set(keyframes)
        var found: (all: [Int64], withoutKeyframe: [Int64]) = ([times[0]], [])
        for (previous, time) in zip(times, times.dropFirst()) {
            let isKeyframe = keyframes.contains(time)
            // The packager knows as a frame's duration that of the one before.
            guard segmenter.videoReached(time, isKeyframe: isKeyframe, frameDuration: time - previous) else { continue }
            found.all.append(time)
            if !isKeyframe { found.withoutKeyframe.append(time) }
        }
        return found
    }

    @Test(arguments: rates, [Int64(1000), 2000, 4000, 6000])
    func `there is one key frame at each line and the segmenter cuts there`(rate: (UInt32, UInt32), target: Int64) {
        for start in [Int64(0), 12_345, 9_000_000_001] {
            for (isRounded, jitter) in [(false, Int64(0)), (true, 0), (true, 450)] {
                let times = Self.times(
                    rate, seconds: 120, start: start, isRounded: isRounded, jitter: rate.0 / rate.1 > 70 ? 0 : jitter)
                let keyframes = Self.keyframes(times, target: target)
                #expect(keyframes.count == Int((times[times.count - 1] - start) / (target * 90)) + 1)
                let frame = 90_000 * Int64(rate.1) / Int64(rate.0)
                for (line, time) in keyframes.enumerated() {
                    let distance = time - start - Int64(line) * target * 90
                    #expect(distance >= -frame / 2 - 500 && distance <= frame + 1000)
                }
                let cuts = Self.cuts(times, keyframes: keyframes, target: target)
                #expect(cuts.all == keyframes)
                #expect(cuts.withoutKeyframe.isEmpty)
            }
        }
    }

    /// The grid of a run may begin with its sound.
    @Test(arguments: [Int64(-80_000), -45_000, -4000, -1, 1, 4000, 45_000, 80_000])
    func `the segmenter's grid may begin elsewhere`(offset: Int64) {
        let times = Self.times((30, 1), seconds: 60, start: 1_000_000, isRounded: true, jitter: 450)
        let keyframes = Self.keyframes(times)
        let cuts = Self.cuts(times, keyframes: keyframes, runBegins: times[0] + offset)
        #expect(cuts.all == keyframes)
    }

    /// From 7 to 120 frames per second, changing every now and then, with single long pictures.
    static func variableTimes(seed: UInt64, longest: Int64 = 200) -> [Int64] {
        var random = SeededRandom(state: seed)
        var time = Int64.random(in: 0...10_000_000, using: &random)
        var step: Int64 = 33
        return (0..<6000).map { _ in
            if Int.random(in: 0..<100, using: &random) == 0 { step = .random(in: 8...140, using: &random) }
            defer {
                let isLong = Int.random(in: 0..<60, using: &random) == 0
                time += (isLong ? longest : step) * 90 + .random(in: -300...300, using: &random)
            }
            return time
        }
    }

    @Test(arguments: 1...40) func `a variable frame rate is cut at key frames only`(seed: UInt64) {
        let times = Self.variableTimes(seed: seed)
        let keyframes = Self.keyframes(times)
        let cuts = Self.cuts(times, keyframes: keyframes)
        #expect(cuts.all == keyframes)
        #expect(cuts.withoutKeyframe.isEmpty)
        let lengths = zip(keyframes, keyframes.dropFirst()).map { $1 - $0 }
        #expect(lengths.allSatisfy { $0 <= 2370 * 90 })
    }

    @Test(arguments: 1...40) func `who resumes at any key frame finds the same ones`(seed: UInt64) {
        let times = Self.variableTimes(seed: seed, longest: seed % 2 == 0 ? 3300 : 200)
        let whole = Self.keyframes(times)
        for (index, keyframe) in whole.enumerated() where index % 7 == 3 {
            let resumed = Self.keyframes(times.filter { $0 >= keyframe }, anchor: times[0])
            #expect(resumed == Array(whole[index...]))
        }
    }

    /// Holes that are too short for the packager to cut in them, or to begin a run behind.
    @Test(arguments: 1...40) func `behind a hole the next lines are found again`(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var times: [Int64] = []
        var time: Int64 = 0
        for _ in 0..<40 {
            for _ in 0..<Int.random(in: 30...300, using: &random) {
                times.append(time)
                time += 3000
            }
            time += Int64.random(in: 0...30_000, using: &random)
        }
        let keyframes = Self.keyframes(times)
        let cuts = Self.cuts(times, keyframes: keyframes)
        #expect(cuts.all == keyframes && cuts.withoutKeyframe.isEmpty)
    }

    @Test func `a long hole costs one key frame`() {
        let times = Self.times((25, 1), seconds: 4) + Self.times((25, 1), seconds: 4, start: 9_022_500)
        let keyframes = Self.keyframes(times).map { Double($0) / 90_000 }
        #expect(keyframes == [0, 2, 100.25, 102.01, 104.01])
    }

    @Test func `an ordered key frame does not move the grid`() {
        var plan = KeyframePlan(anchor: 0, targetMilliseconds: 2000)
        var found: [Int64] = []
        var times: [Int64] = []
        for index in 0..<1500 {
            let time = Int64(index) * 3600
            times.append(time)
            // At 10.4, 21 and 31.6 s.
            if [260, 525, 790].contains(index) { plan.needsKeyframe() }
            if plan.reached(time) { found.append(time) }
        }
        for ordered in [260, 525, 790] as [Int64] { #expect(found.contains(ordered * 3600)) }
        let cuts = Self.cuts(times, keyframes: found)
        #expect(cuts.withoutKeyframe.isEmpty, "segments end at key frames, though not at all")
        #expect(found.filter { $0 > 50 * 90_000 }.allSatisfy { $0 % 180_000 == 0 }, "back at the grid")
        #expect(zip(cuts.all, cuts.all.dropFirst()).allSatisfy { $1 - $0 < 2370 * 90 })
    }

    /// What a copy dictates: the others have their key frames where the source has them.
    @Test(arguments: [1, 7, 10, 25, 33, 50, 75, 90])
    func `the segmenter cuts at key frames of a copied source`(interval: Int) {
        for jitter in [Int64(0), 450] {
            let times = Self.times((25, 1), seconds: 60, isRounded: true, jitter: jitter)
            let keyframes = times.enumerated().filter { $0.offset % interval == 0 }.map(\.element)
            let cuts = Self.cuts(times, keyframes: keyframes)
            #expect(Set(cuts.all).isSubset(of: keyframes))
        }
    }
}
