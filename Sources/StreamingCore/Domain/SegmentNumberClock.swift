/// Segment numbers that rise with the wall clock, the same whatever database gives them out.
public enum SegmentNumberClock {
    /// 2024-01-01T00:00:00Z.
    static let epoch = WallTime(unixMilliseconds: 1_704_067_200_000)
    /// A quarter of a second: no stream makes more segments than that on average.
    static let millisecondsPerNumber: Int64 = 250

    /// How many quarters of a second have passed since the epoch; 0 before it.
    public static func number(at time: WallTime) -> Int64 {
        max(0, time.unixMilliseconds - epoch.unixMilliseconds) / millisecondsPerNumber
    }
}
