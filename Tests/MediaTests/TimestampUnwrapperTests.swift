import Media
import Testing

@Suite struct TimestampUnwrapperTests {
    @Test(arguments: [UInt64(1) << 32, 1 << 31, 1 << 24]) func `goes on over a wrap`(period: UInt64) {
        var unwrapper = TimestampUnwrapper()
        let start = period - 50_000
        for step in stride(from: UInt64(0), to: 100_000, by: 97) {
            let time = unwrapper.unwrap(UInt32((start + step) % period))
            #expect(time == Int64(start + step))
        }
    }

    @Test func `goes back over a wrap`() {
        var unwrapper = TimestampUnwrapper()
        _ = unwrapper.unwrap(5)
        #expect(unwrapper.unwrap(UInt32.max) == -1)
        #expect(unwrapper.unwrap(7) == 7)
    }

    @Test func `keeps a jump that is no wrap`() {
        var unwrapper = TimestampUnwrapper()
        _ = unwrapper.unwrap(1_000_000)
        #expect(unwrapper.time(of: 0) == 0)
        #expect(unwrapper.time(of: 8_000_000) == 8_000_000)
        #expect(unwrapper.reference == 1_000_000)
    }

    @Test func `three wraps make 149 days`() {
        var unwrapper = TimestampUnwrapper()
        for time in stride(from: Int64(0), to: 3 * (1 << 32), by: 7_000_000) {
            #expect(unwrapper.unwrap(UInt32(truncatingIfNeeded: time)) == time)
        }
    }

    @Test func `stays a time that exists`() {
        var random = SplitMix64(state: 1)
        var unwrapper = TimestampUnwrapper()
        for _ in 0..<2000 {
            let timestamp = UInt32.random(in: 0...UInt32.max, using: &random)
            let time = unwrapper.unwrap(timestamp)
            #expect((time - Int64(timestamp)) % (1 << 24) == 0)
        }
    }
}
