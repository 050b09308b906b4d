import StreamingCore

/// The requests that wait for a stream to have something to play, as a machine without clock and lock.
struct HeldRequests {
    /// What became of a wait.
    enum Outcome: Sendable {
        /// There may be something to play now.
        case changed
        /// The time to wait is over.
        case timedOut
        /// Too many wait already.
        case refused
        /// The viewer has gone.
        case cancelled
    }

    private struct Held {
        let deadline: WallTime
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private var held: [UInt64: Held] = [:]

    var count: Int { held.count }

    /// Holds a request, unless there are ``DeliveryLimits/heldRequestsPerStreamMax``.
    ///
    /// - Returns: What to resume the continuation with at once, if it is not held.
    mutating func hold(_ id: UInt64, until deadline: WallTime, _ continuation: CheckedContinuation<Outcome, Never>)
        -> Outcome?
    {
        guard held.count < DeliveryLimits.heldRequestsPerStreamMax else { return .refused }
        held[id] = Held(deadline: deadline, continuation: continuation)
        return nil
    }

    mutating func cancelled(_ id: UInt64) -> CheckedContinuation<Outcome, Never>? {
        held.removeValue(forKey: id)?.continuation
    }

    /// Gives up all that wait.
    mutating func released() -> [CheckedContinuation<Outcome, Never>] {
        defer { held = [:] }
        return held.values.map(\.continuation)
    }

    /// Gives up those whose time is over.
    mutating func timePassed(_ now: WallTime) -> [CheckedContinuation<Outcome, Never>] {
        let over = held.filter { $0.value.deadline <= now }
        for id in over.keys { held[id] = nil }
        return over.values.map(\.continuation)
    }
}
