/// A point or a span on a timeline: a number of ticks and how many of them make a second. Never a `Double`.
public struct MediaTime: Sendable, Hashable {
    /// The timescale of all video tracks.
    public static let videoTimescale: Int32 = 90_000

    public var ticks: Int64
    /// Ticks per second, above zero.
    public var timescale: Int32

    @inlinable public init(ticks: Int64, timescale: Int32) {
        self.ticks = ticks
        self.timescale = timescale
    }

    public init(milliseconds: Int64) { self.init(ticks: milliseconds, timescale: 1000) }

    /// The same time in another timescale, rounded to the nearest tick (halves away from zero).
    ///
    /// Split into whole seconds and a rest, so that it cannot overflow for any time below 10¹² seconds.
    public func ticks(in other: Int32) -> Int64 {
        guard other != timescale else { return ticks }
        let scale = Int64(timescale)
        let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: scale)
        let scaled = rest * Int64(other)
        let half = scaled < 0 ? -scale / 2 : scale / 2
        return seconds * Int64(other) + (scaled + half) / scale
    }

    public var milliseconds: Int64 { ticks(in: 1000) }
}

extension MediaTime: Comparable {
    /// Compares exactly, without rounding either side.
    public static func < (left: MediaTime, right: MediaTime) -> Bool {
        let a = left.ticks.multipliedFullWidth(by: Int64(right.timescale))
        let b = right.ticks.multipliedFullWidth(by: Int64(left.timescale))
        return a.high == b.high ? a.low < b.low : a.high < b.high
    }
}
