import Dispatch

/// Where the present time comes from; tests bring their own.
public protocol WallClock: Sendable {
    func now() -> WallTime
}

/// The machine's clock.
public struct SystemWallClock: WallClock {
    public init() {}

    public func now() -> WallTime {
        let spec = DispatchWallTime.now().rawValue
        // Dispatch keeps wall times as negative nanoseconds since the Unix epoch.
        return WallTime(unixMilliseconds: Int64(bitPattern: 0 &- spec) / 1_000_000)
    }
}
