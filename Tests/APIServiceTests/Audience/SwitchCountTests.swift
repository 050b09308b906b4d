import StreamingCore
import Testing

@testable import APIService

@Suite struct SwitchCountTests {
    private func count(_ picks: [(Int64, String)]) -> SwitchCount {
        var count = SwitchCount()
        for (number, rendition) in picks { count.picked(.init(segmentNumber: number, rendition: rendition)) }
        return count
    }

    @Test func `a change from one segment to the next is a switch`() {
        let count = count([(1, "480p"), (2, "480p"), (3, "720p"), (4, "720p"), (5, "480p")])
        #expect(count.total == 2)
        #expect(count.rendition == "480p")
    }

    @Test func `segments that two processes know of are put in order`() {
        // One was asked for the odd ones, the other for the even ones, and tells later.
        let count = count([(1, "480p"), (3, "480p"), (5, "720p"), (2, "480p"), (4, "720p"), (6, "720p")])
        #expect(count.total == 1)
    }

    @Test func `what is told again counts once`() {
        let picks: [(Int64, String)] = [(1, "480p"), (2, "720p")]
        #expect(count(picks + picks + picks).total == 1)
    }

    @Test func `a segment of two renditions is a switch`() {
        #expect(count([(1, "720p"), (2, "720p"), (2, "480p"), (3, "480p")]).total == 1)
    }

    @Test func `the count does not depend on how many wait`() {
        // 200 segments, another rendition every five.
        let picks = (0..<200).map { (Int64($0), $0 / 5 % 2 == 0 ? "480p" : "720p") }
        #expect(count(picks).total == 39)
    }

    @Test(arguments: 1...8) func `any disorder that stays within what waits gives the same`(seed: UInt64) {
        var random = Generator(state: seed)
        var picks = (0..<300).map { (Int64($0), ["a", "b", "c"][Int(random.next() % 3)]) }
        let expected = count(picks).total
        for start in stride(from: 0, to: 300, by: SwitchCount.pendingMax / 2) {
            picks[start..<min(300, start + SwitchCount.pendingMax / 2)].shuffle(using: &random)
        }
        #expect(count(picks).total == expected)
    }

    @Test func `what comes too late is passed over`() {
        var picks = (100..<140).map { (Int64($0), "720p") }
        picks.append((3, "480p"))
        #expect(count(picks).total == 0)
    }
}

/// A generator that gives the same numbers in every run (SplitMix64).
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
