import StreamingCore

/// When the next attempt to connect is made, for all workers of a pool together.
///
/// While the server answers, everyone connects as he likes. After a failure one worker at a time tries, later and
/// later, and the others wait for what it finds out: a server that comes back is not met by thirty at once.
struct ReconnectBackoff {
    enum State: Equatable {
        /// Becomes `failing` with the first failure.
        case healthy
        /// The newest attempts failed. Becomes `healthy` with the first success.
        case failing(notBefore: ContinuousClock.Instant, isProbed: Bool)
    }

    /// What a worker without a connection does.
    enum Decision: Equatable {
        /// It tries. `isProbe`: and the others wait for it.
        case connect(isProbe: Bool)
        case wait(until: ContinuousClock.Instant)
        /// It waits until the one that tries knows more.
        case waitForOther
    }

    /// The bounds of the time between two attempts, in milliseconds (`RetryDelay`): less than half of what calls wait,
    /// so that whoever comes when the server is back is served.
    static let delayMilliseconds: ClosedRange<Int64> = 100...2000

    private(set) var state = State.healthy
    private var delay = RetryDelay(
        firstMilliseconds: delayMilliseconds.lowerBound, millisecondsMax: delayMilliseconds.upperBound)

    mutating func wanted(at now: ContinuousClock.Instant) -> Decision {
        switch state {
        case .healthy: return .connect(isProbe: false)
        case .failing(_, isProbed: true): return .waitForOther
        case .failing(let notBefore, isProbed: false):
            guard now >= notBefore else { return .wait(until: notBefore) }
            state = .failing(notBefore: notBefore, isProbed: true)
            return .connect(isProbe: true)
        }
    }

    /// - Returns: Whether that ends an outage.
    mutating func connected() -> Bool {
        defer {
            state = .healthy
            delay.reset()
        }
        return state != .healthy
    }

    /// - Parameter random: As `RetryDelay` has it.
    /// - Returns: Whether that begins an outage.
    mutating func failed(isProbe: Bool, at now: ContinuousClock.Instant, random: UInt64) -> Bool {
        let isFirst = state == .healthy
        // Others had begun before the first failure was known: they say nothing new.
        guard isFirst || isProbe else { return false }
        state = .failing(notBefore: now + delay.next(random: random), isProbed: false)
        return isFirst
    }
}
