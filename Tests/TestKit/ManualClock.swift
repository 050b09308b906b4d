public import StreamingCore
import Synchronization

/// A wall clock that moves when a test says so.
public final class ManualClock: WallClock {
    private let time: Mutex<WallTime>

    public init(unixMilliseconds: Int64 = 1_800_000_000_000) {
        time = Mutex(WallTime(unixMilliseconds: unixMilliseconds))
    }

    public func now() -> WallTime { time.withLock { $0 } }

    public func advance(milliseconds: Int64) { time.withLock { $0 = $0.adding(milliseconds: milliseconds) } }
}
