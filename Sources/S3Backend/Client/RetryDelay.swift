/// How long to wait before the next attempt: twice as long each time up to a most, and at random below that, so that
/// those who failed together do not come back together.
struct RetryDelay: Sendable, Equatable {
    private let firstMilliseconds: Int64
    private let millisecondsMax: Int64
    private var bound: Int64

    init(firstMilliseconds: Int64, millisecondsMax: Int64) {
        precondition(firstMilliseconds > 0 && millisecondsMax >= firstMilliseconds, "a delay has a length")
        self.firstMilliseconds = firstMilliseconds
        self.millisecondsMax = millisecondsMax
        bound = firstMilliseconds
    }

    /// - Parameter random: Any number; half of the time is waited in any case, the other half as it says.
    mutating func next(random: UInt64) -> Duration {
        let half = bound / 2
        let milliseconds = bound - half + Int64(random % UInt64(half + 1))
        bound = min(millisecondsMax, bound * 2)
        return .milliseconds(milliseconds)
    }

    /// An attempt succeeded.
    mutating func reset() { bound = firstMilliseconds }
}
