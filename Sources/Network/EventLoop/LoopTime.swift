internal import Glibc

/// An instant on the monotonic clock, which no change of the wall clock moves.
public struct LoopTime: Comparable, Hashable, Sendable {
    /// Nanoseconds since an arbitrary start.
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Later than every instant that a process lives to see: no deadline.
    public static let never = LoopTime(nanoseconds: .max)

    /// Reads the clock. On a loop, prefer `EventLoop.now`, which costs nothing.
    public static var current: LoopTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return LoopTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    @inlinable public static func < (left: LoopTime, right: LoopTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// An instant later by a duration; `never` when that overflows.
    public static func + (time: LoopTime, duration: Duration) -> LoopTime { time + duration.wholeNanoseconds }

    public static func - (left: LoopTime, right: LoopTime) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }

    /// The cheap form for paths that are walked once per read: nanoseconds in a plain integer.
    static func + (time: LoopTime, nanoseconds: Int64) -> LoopTime {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(nanoseconds)
        return LoopTime(nanoseconds: overflow ? .max : sum)
    }
}

extension Duration {
    /// The duration in nanoseconds, held within what 64 bits can say.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds > 0 ? .max : .min }
        return product.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
    }
}

extension Duration? {
    /// The duration in nanoseconds; none at all is the longest there is, so that adding it to an instant gives `never`.
    var wholeNanosecondsOrNever: Int64 { self?.wholeNanoseconds ?? .max }
}
