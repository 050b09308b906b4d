/// How long to wait before the next attempt: a bound that doubles with each failure up to a most, and at random between
/// half of it and all of it, so that those who failed together do not come back together.
///
/// A value, without clock and without chance of its own.
public struct RetryDelay: Sendable, Equatable {
    private let firstMilliseconds: Int64
    private let millisecondsMax: Int64
    private var bound: Int64

    /// - Parameters:
    ///   - firstMilliseconds: The bound of the first delay, 1 or more.
    ///   - millisecondsMax: What the bound grows to, at least as much.
    public init(firstMilliseconds: Int64, millisecondsMax: Int64) {
        precondition(firstMilliseconds > 0 && millisecondsMax >= firstMilliseconds, "a delay has a length")
        self.firstMilliseconds = firstMilliseconds
        self.millisecondsMax = millisecondsMax
        bound = firstMilliseconds
    }

    /// An attempt failed.
    ///
    /// - Parameter random: Any number, all of whose bits count: half of the bound is waited in any case, the other half
    ///   as it says.
    /// - Returns: How long to wait, in milliseconds.
    public mutating func nextMilliseconds(random: UInt64) -> Int64 {
        let half = bound / 2
        // Compared before it is doubled, which could overflow.
        defer { bound = bound > millisecondsMax / 2 ? millisecondsMax : bound * 2 }
        return bound - half + Int64(random % UInt64(half + 1))
    }

    /// An attempt failed; as ``nextMilliseconds(random:)``.
    public mutating func next(random: UInt64) -> Duration { .milliseconds(nextMilliseconds(random: random)) }

    /// An attempt succeeded: the next delay is as short as the first.
    public mutating func reset() { bound = firstMilliseconds }
}
