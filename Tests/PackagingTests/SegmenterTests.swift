import Media
import Packaging
import Testing

@Suite struct SegmenterTests {
    /// Where segments begin, in seconds, when key frames come at an interval.
    static func boundaries(
        interval: Double, until end: Double, start: Double = 0, target: Int64 = 2000, frame: Double = 0.04,
        jitterSeed: UInt64? = nil
    ) -> [Double] {
        var segmenter = Segmenter(targetMilliseconds: target, firstNumber: 1)
        var random = Random(state: jitterSeed ?? 1)
        var found: [Double] = []
        let framesInGroup = Int((interval / frame).rounded())
        segmenter.runBegan(at: Int64(start * 90_000))
        for index in 0..<Int((end - start) / frame) {
            let off = jitterSeed == nil || index == 0 ? 0 : Double(Int(random.next() % 11) - 5) / 1000
            let time = Int64((start + Double(index) * frame + off) * 90_000)
            if index == 0 {
                segmenter.opened(withKeyframeAt: time)
            } else if segmenter.videoReached(
                time, isKeyframe: index % framesInGroup == 0, frameDuration: Int64(frame * 90_000))
            {
                #expect(segmenter.start == time)
                found.append((Double(time) / 90_000 * 100).rounded() / 100)
            }
        }
        return found
    }

    @Test(arguments: [
        (interval: 2.0, expected: [2, 4, 6, 8]),
        (interval: 1.0, expected: [2, 4, 6, 8]),
        (interval: 4.0, expected: [4, 8]),
        (interval: 0.4, expected: [2, 4, 6, 8]),
        (interval: 0.04, expected: [2, 4, 6, 8]),
        (interval: 3.0, expected: [3, 6, 9]),
    ])
    func `cuts at the key frames nearest to multiples of the target`(interval: Double, expected: [Double]) {
        #expect(Self.boundaries(interval: interval, until: 9.5) == expected)
    }

    @Test(arguments: [2.0, 1.0, 2.0 / 3, 1.9, 10, 0.5], [0, 1.0, 0.37, 100_000.5])
    func `a few milliseconds of jitter change no decision`(interval: Double, start: Double) {
        let frame = interval == 2.0 / 3 ? 1.0 / 30 : interval == 1.9 ? 0.05 : 0.04
        let expected = Self.boundaries(interval: interval, until: start + 120, start: start, frame: frame)
        for seed in 1...20 {
            let found = Self.boundaries(
                interval: interval, until: start + 120, start: start, frame: frame, jitterSeed: UInt64(seed))
            #expect(found.count == expected.count)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 0.02 })
        }
    }

    @Test func `an interval just below the target never makes a segment of two groups`() {
        let found = [0] + Self.boundaries(interval: 1.9, until: 200, frame: 0.05)
        #expect(zip(found, found.dropFirst()).allSatisfy { abs($1 - $0 - 1.9) < 0.011 })
    }

    private static func cuts(_ segmenter: inout Segmenter, at seconds: Int64) -> Bool {
        segmenter.videoReached(seconds * 90_000, isKeyframe: true, frameDuration: 3600)
    }

    @Test func `the declared duration is the first segment's when that is longer`() {
        var segmenter = Segmenter(targetMilliseconds: 2000, firstNumber: 1)
        segmenter.runBegan(at: 0)
        #expect(segmenter.targetDurationSeconds == nil)
        #expect(Self.cuts(&segmenter, at: 8))
        #expect(segmenter.targetDurationSeconds == 8)
        #expect(segmenter.number == 2)
        #expect(Self.cuts(&segmenter, at: 12))
        #expect(segmenter.targetDurationSeconds == 8)
    }

    @Test func `without a key frame the declared duration cuts`() {
        // The first group lasts 2 s, all others 7 s.
        var segmenter = Segmenter(targetMilliseconds: 2000, firstNumber: 1)
        segmenter.runBegan(at: 0)
        var lengths: [Double] = []
        var last: Int64 = 0
        for index in 1..<1000 {
            let time = Int64(index) * 3600
            let isKeyframe = index == 50 || index > 50 && (index - 50) % 175 == 0
            guard segmenter.videoReached(time, isKeyframe: isKeyframe, frameDuration: 3600) else { continue }
            lengths.append(Double(time - last) / 90_000)
            last = time
        }
        #expect(lengths.count > 15)
        #expect(lengths.allSatisfy { $0 < 2.5 })
    }

    @Test func `without any key frame the first segment ends all the same`() {
        let found = Self.boundaries(interval: 1000, until: 30)
        #expect(found.first == 11.96)
    }

    @Test func `audio alone is cut at the grid`() {
        var segmenter = Segmenter(targetMilliseconds: 2000, firstNumber: 1)
        segmenter.runBegan(at: 0)
        var found: [Double] = []
        for index in 1..<500 {
            let cuts = segmenter.audioReached(Int64(index) * 1920, frameDuration: 1920)
            if cuts { found.append(Double(index) * 1024 / 48_000) }
        }
        #expect(found.count == 5)
        for (line, time) in found.enumerated() { #expect(abs(time - Double(line + 1) * 2) <= 0.0107) }
    }
}
