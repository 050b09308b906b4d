import StreamingCore
import Testing

@Suite struct RetryDelayTests {
    /// Numbers that leave nothing, and everything, of the half that chance decides about.
    private static let least: UInt64 = 0

    private func delays(_ count: Int, first: Int64, most: Int64, random: (Int64) -> UInt64) -> [Int64] {
        var delay = RetryDelay(firstMilliseconds: first, millisecondsMax: most)
        var bound = first
        return (0..<count).map { _ in
            defer { bound = min(most, bound * 2) }
            return delay.nextMilliseconds(random: random(bound))
        }
    }

    @Test func `delays double up to the most`() {
        #expect(delays(8, first: 50, most: 1000) { UInt64($0 / 2) } == [50, 100, 200, 400, 800, 1000, 1000, 1000])
        #expect(delays(4, first: 300, most: 300) { UInt64($0 / 2) } == [300, 300, 300, 300])
    }

    @Test func `chance takes up to half of it away`() {
        #expect(delays(8, first: 50, most: 1000) { _ in Self.least } == [25, 50, 100, 200, 400, 500, 500, 500])
        var seen: Set<Int64> = []
        for number in UInt64(0)..<500 {
            var delay = RetryDelay(firstMilliseconds: 100, millisecondsMax: 1000)
            let milliseconds = delay.nextMilliseconds(random: number &* 0x9E37_79B9_7F4A_7C15)
            #expect(50...100 ~= milliseconds)
            seen.insert(milliseconds)
        }
        #expect(seen.count > 40)
    }

    @Test func `behind a success it begins anew`() {
        var delay = RetryDelay(firstMilliseconds: 50, millisecondsMax: 1000)
        for _ in 0..<5 { _ = delay.next(random: 7) }
        delay.reset()
        #expect(delay.next(random: 0) == .milliseconds(25))
        #expect(delay.next(random: .max) <= .milliseconds(100))
    }

    @Test func `the shortest and the longest delay have no room for mistakes`() {
        #expect(delays(3, first: 1, most: 1) { _ in .max } == [1, 1, 1])
        var delay = RetryDelay(firstMilliseconds: .max, millisecondsMax: .max)
        for _ in 0..<3 { #expect(delay.nextMilliseconds(random: .max) > .max / 2) }
    }
}
