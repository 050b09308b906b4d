/// When the next attempt to connect is made, for all workers of a pool together.
///
/// While the server answers, everyone connects as he likes. After a failure one worker at a time tries, later and
/// later, and the others wait for what it finds out: a server that comes back is not met by thirty at once.
struct ReconnectBackoff {
    enum State: Equatable {
        /// Becomes `failing` with the first failure.
        case healthy
        /// `failures` attempts in a row failed. Becomes `healthy` with the first success.
        case failing(failures: Int, notBefore: ContinuousClock.Instant, isProbed: Bool)
    }

    /// What a worker without a connection does.
    enum Decision: Equatable {
        /// It tries. `isProbe`: and the others wait for it.
        case connect(isProbe: Bool)
        case wait(until: ContinuousClock.Instant)
        /// It waits until the one that tries knows more.
        case waitForOther
    }

    static let firstDelayMilliseconds = 100
    /// Less than half of what calls wait, so that whoever comes when the server is back is served.
    static let delayMillisecondsMax = 2_000

    private(set) var state = State.healthy

    mutating func wanted(at now: ContinuousClock.Instant) -> Decision {
        switch state {
        case .healthy: return .connect(isProbe: false)
        case .failing(_, _, isProbed: true): return .waitForOther
        case .failing(let failures, let notBefore, isProbed: false):
            guard now >= notBefore else { return .wait(until: notBefore) }
            state = .failing(failures: failures, notBefore: notBefore, isProbed: true)
            return .connect(isProbe: true)
        }
    }

    /// - Returns: Whether that ends an outage.
    mutating func connected() -> Bool {
        defer { state = .healthy }
        return state != .healthy
    }

    /// - Parameter jitter: 0 to 1, at random: it takes up to half of the delay away, so that processes that lost the
    ///   server together do not return together.
    /// - Returns: Whether that begins an outage.
    mutating func failed(isProbe: Bool, at now: ContinuousClock.Instant, jitter: Double) -> Bool {
        switch state {
        case .healthy:
            state = .failing(failures: 1, notBefore: now + Self.delay(after: 1, jitter: jitter), isProbed: false)
            return true
        case .failing(let failures, _, _):
            // Others had begun before the first failure was known: they say nothing new.
            guard isProbe else { return false }
            state = .failing(
                failures: failures + 1, notBefore: now + Self.delay(after: failures + 1, jitter: jitter),
                isProbed: false)
            return false
        }
    }

    static func delay(after failures: Int, jitter: Double) -> Duration {
        // Five doublings pass the maximum.
        let doubled = firstDelayMilliseconds << min(failures - 1, 5)
        return .milliseconds(Double(min(doubled, delayMillisecondsMax)) * (1 - jitter / 2))
    }
}
