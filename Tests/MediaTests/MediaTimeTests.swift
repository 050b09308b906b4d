import Media
import Testing

@Suite struct MediaTimeTests {
    @Test func `rounds to the nearest tick, halves away from zero`() {
        #expect(MediaTime(ticks: 1, timescale: 2000).milliseconds == 1)
        #expect(MediaTime(ticks: -1, timescale: 2000).milliseconds == -1)
        #expect(MediaTime(ticks: 1, timescale: 3000).milliseconds == 0)
        #expect(MediaTime(ticks: 44_100, timescale: 44_100).ticks(in: 90_000) == 90_000)
    }

    @Test func `does not overflow over a thousand years`() {
        let time = MediaTime(ticks: 31_557_600_000 * 90_000, timescale: 90_000)
        #expect(time.ticks(in: 96_000) == 31_557_600_000 * 96_000)
    }

    @Test func `compares without rounding`() {
        #expect(MediaTime(ticks: 1, timescale: 3) < MediaTime(ticks: 33_334, timescale: 100_000))
        #expect(!(MediaTime(ticks: 1, timescale: 3) < MediaTime(ticks: 33_333, timescale: 100_000)))
        #expect(MediaTime(ticks: -1, timescale: 3) < MediaTime(ticks: 0, timescale: 1))
    }

    @Test func `a ratio is in lowest terms, and none with a zero`() {
        #expect(Ratio(60_000, 2002)?.numerator == 30_000)
        #expect(Ratio(60_000, 2002)?.denominator == 1001)
        #expect(Ratio(0, 1) == nil && Ratio(1, 0) == nil)
    }
}
