import StreamingCore
import Testing

@testable import APIService

@Suite struct RateLimitsTests {
    private let start = WallTime(unixMilliseconds: 1_795_435_200_000)

    @Test func `an address has its share of each minute`() {
        var limits = RateLimits()
        let standings = (0..<4).map { limits.requested(by: "192.0.2.1", limit: 3, at: start.adding(milliseconds: $0)) }
        #expect(standings.map(\.remaining) == [2, 1, 0, 0])
        #expect(standings.map(\.isExceeded) == [false, false, false, true])
        let later = limits.requested(by: "192.0.2.1", limit: 3, at: start.adding(milliseconds: 60_000))
        #expect(later == .init(limit: 3, remaining: 2, resetSeconds: 60, isExceeded: false))
    }

    @Test func `the time to wait is what is left of the minute`() {
        var limits = RateLimits()
        _ = limits.requested(by: "a", limit: 1, at: start)
        #expect(limits.requested(by: "a", limit: 1, at: start.adding(milliseconds: 20_500)).resetSeconds == 40)
    }

    @Test func `addresses do not use up each other's share`() {
        var limits = RateLimits()
        _ = limits.requested(by: "192.0.2.1", limit: 1, at: start)
        #expect(!limits.requested(by: "192.0.2.2", limit: 1, at: start).isExceeded)
    }

    @Test func `a network of IPv6 is one address`() {
        var limits = RateLimits()
        _ = limits.requested(by: "2001:db8:1:2::1", limit: 1, at: start)
        #expect(limits.requested(by: "2001:db8:1:2:3:4:5:6", limit: 1, at: start).isExceeded)
        #expect(!limits.requested(by: "2001:db8:1:3::1", limit: 1, at: start).isExceeded)
        _ = limits.requested(by: "2001:db8::1", limit: 1, at: start)
        #expect(limits.requested(by: "2001:db8::2", limit: 1, at: start).isExceeded)
    }

    @Test func `a clock that is set back begins a new minute`() {
        var limits = RateLimits()
        _ = limits.requested(by: "a", limit: 1, at: start)
        #expect(!limits.requested(by: "a", limit: 1, at: start.adding(milliseconds: -1)).isExceeded)
    }

    @Test func `what is remembered is bounded`() {
        var limits = RateLimits()
        for number in 0..<RateLimits.addressesMax + 2 { _ = limits.requested(by: "\(number)", limit: 1, at: start) }
        // The last ones are remembered.
        #expect(limits.requested(by: "\(RateLimits.addressesMax + 1)", limit: 1, at: start).isExceeded)
    }
}
