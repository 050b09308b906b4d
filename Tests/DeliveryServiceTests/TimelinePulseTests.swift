import Packaging
import StreamingCore
import Testing

@testable import DeliveryService

@Suite struct TimelinePulseTests {
    private static let targets = Targets(durationSeconds: 2, partMilliseconds: 334)

    /// A pulse that heard events at these times, in milliseconds.
    private func pulse(_ times: [Int64]) -> TimelinePulse {
        var pulse = TimelinePulse()
        for time in times { pulse.heard(at: WallTime(unixMilliseconds: time), Self.targets) }
        return pulse
    }

    private func missed(_ pulse: TimelinePulse, at time: Int64) -> Int64 {
        pulse.segmentsMissed(at: WallTime(unixMilliseconds: time), Self.targets)
    }

    @Test(
        arguments: [
            // Nothing was heard ever, and events that come as they should.
            ([], 9000, 0), ([0], 0, 0), ([0, 330, 660], 700, 0), ([0, 2000], 4000, 0),
            // Silence until now.
            ([0], 2001, 3), ([0, 330], 10_330, 7), ([0], 20_000, 12), ([0], 1_000_000, 16), ([0], .max, 16),
            // What comes behind a silence is old for a while.
            ([0, 10_000], 10_000, 7), ([0, 10_000, 10_001, 10_002], 12_000, 7),
            ([0, 10_000, 10_001, 10_002], 14_000, 8), ([0, 10_000, 12_000, 14_000], 14_001, 0),
            // It comes in two pieces.
            ([0, 10_000, 12_500], 12_500, 8), ([0, 10_000, 12_500, 14_400, 16_300], 16_501, 0),
            ([0, 10_000, 14_100], 14_100, 9),
            // A clock that was set back.
            ([10_000, 0], 0, 0), ([10_000], 0, 0), ([10_000, 0, 330], 400, 0),
        ] as [([Int64], Int64, Int64)])
    func `others may know more behind a silence of more than a target duration`(
        times: [Int64], now: Int64, segments: Int64
    ) {
        #expect(missed(pulse(times), at: now) == segments)
    }

    @Test func `before players are told anything nothing can be missed`() {
        var pulse = TimelinePulse()
        pulse.heard(at: WallTime(unixMilliseconds: 0), nil)
        pulse.heard(at: WallTime(unixMilliseconds: 60_000), nil)
        #expect(pulse.segmentsMissed(at: WallTime(unixMilliseconds: 90_000), nil) == 0)
        #expect(pulse.segmentsMissed(at: WallTime(unixMilliseconds: 60_000), Self.targets) == 0)
    }
}
