import Packaging
import StreamingCore

/// Knows how much of a stream other processes may have told players that this one has not heard of yet.
///
/// A process that stood still, or did not get at the timeline log, finds requests for what the others have offered
/// meanwhile. All that it can go by is its own silence, and what it hears at the end of one is old news for a while.
/// When it is the encoder that is silent, the others know no more: requests for what is far ahead are then held in
/// vain instead of being refused, which does no harm.
struct TimelinePulse {
    /// The most segments that others are thought to be ahead: who is further behind is of no use to players anyway.
    static let segmentsMissedMax: Int64 = 16
    /// How long behind a silence what was missed may still be on its way, in target durations.
    static let catchUpTargets: Int64 = 2

    /// When the newest event came.
    private var heardAt: WallTime?
    /// The last silence of more than a target duration: how long it was, and when it ended.
    private var silence: (milliseconds: Int64, endedAt: WallTime)?

    /// An event of the timeline came.
    ///
    /// - Parameter targets: Those of the window; while there are none nothing is told to players.
    mutating func heard(at now: WallTime, _ targets: Targets?) {
        defer { heardAt = now }
        guard let heardAt, let target = targets?.durationMilliseconds else { return }
        if let lasting = lastingSilence(since: heardAt, at: now, target) { silence = (lasting, now) }
    }

    /// How many segments behind the newest one here may be known to others; 0 when nothing speaks for it.
    func segmentsMissed(at now: WallTime, _ targets: Targets?) -> Int64 {
        guard let heardAt, let target = targets?.durationMilliseconds,
            let missed = lastingSilence(since: heardAt, at: now, target) ?? recentSilence(at: now, target)
        else { return 0 }
        // One that had begun, and one because segments may be shorter than the target.
        return min(missed / target + 2, Self.segmentsMissedMax)
    }

    /// How long it has been silent; `nil` when that is nothing special. A silence that is interrupted by a little of
    /// the old news goes on.
    private func lastingSilence(since heardAt: WallTime, at now: WallTime, _ target: Int64) -> Int64? {
        let milliseconds = heardAt.milliseconds(to: now)
        guard milliseconds > target else { return nil }
        return milliseconds + (recentSilence(at: heardAt, target) ?? 0)
    }

    private func recentSilence(at now: WallTime, _ target: Int64) -> Int64? {
        guard let silence, silence.endedAt.milliseconds(to: now) <= target * Self.catchUpTargets else { return nil }
        return silence.milliseconds
    }
}

extension Targets {
    fileprivate var durationMilliseconds: Int64 { Int64(max(durationSeconds, 1)) * 1000 }
}

extension WallTime {
    /// At most a day, so that sums of it do not overflow.
    fileprivate func milliseconds(to later: WallTime) -> Int64 {
        let (milliseconds, overflows) = later.unixMilliseconds.subtractingReportingOverflow(unixMilliseconds)
        return overflows ? 0 : min(milliseconds, 86_400_000)
    }
}
