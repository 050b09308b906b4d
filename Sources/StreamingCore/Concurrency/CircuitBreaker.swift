/// Decides whether something that keeps failing is to be tried again: a value, without clock and without chance of its
/// own.
///
/// Closed, everything is tried. After ``Settings/failuresMax`` failures in a row it opens: nothing is tried for a
/// while, which doubles from one opening to the next. Then one attempt is let through (half open): its success closes
/// the breaker, its failure opens it again.
public struct CircuitBreaker: Sendable {
    /// When it opens, and for how long.
    public struct Settings: Sendable {
        /// Failures in a row that open it, 1 or more.
        public var failuresMax = 3
        /// How long it is open the first time, in milliseconds; chance takes up to half of it away (``RetryDelay``).
        public var firstPauseMilliseconds: Int64 = 300
        /// How long it is open at most, in milliseconds.
        public var pauseMillisecondsMax: Int64 = 15_000
        /// When an attempt that was let through while half open counts as failed although nobody said so, in
        /// milliseconds.
        public var attemptMillisecondsMax: Int64 = 30_000

        public init() {}
    }

    /// What it lets through.
    public enum State: Sendable, Equatable {
        /// Everything. Becomes `open` with too many failures in a row.
        case closed(failures: Int)
        /// Nothing before a time. Becomes `halfOpen` with the first attempt after it.
        case open(until: Int64)
        /// The one attempt that began at a time, and nothing else. Becomes `closed` or `open` with its outcome.
        case halfOpen(since: Int64)
    }

    /// What an outcome changed, for logs and metrics.
    public enum Change: Sendable, Equatable {
        /// Attempts are refused from now on, for so many milliseconds at first.
        case opened(pauseMilliseconds: Int64)
        /// Everything is let through again.
        case closed
    }

    private let settings: Settings
    public private(set) var state = State.closed(failures: 0)
    /// How long the next opening lasts.
    private var pause: RetryDelay

    public init(_ settings: Settings = Settings()) {
        self.settings = settings
        pause = RetryDelay(
            firstMilliseconds: settings.firstPauseMilliseconds, millisecondsMax: settings.pauseMillisecondsMax)
    }

    /// Whether it refuses attempts, or lets only one through.
    public var isOpen: Bool {
        switch state {
        case .closed: false
        case .open, .halfOpen: true
        }
    }

    /// Asks for an attempt. Whoever is let through says how it went.
    ///
    /// - Parameter now: Milliseconds of a clock that never goes back.
    public mutating func admits(at now: Int64) -> Bool {
        switch state {
        case .closed: return true
        case .open(let until):
            guard now >= until else { return false }
            state = .halfOpen(since: now)
            return true
        case .halfOpen(let since):
            guard now - since >= settings.attemptMillisecondsMax else { return false }
            state = .halfOpen(since: now)
            return true
        }
    }

    /// How long an attempt would be refused for sure, in milliseconds; 0 when it may be let through.
    public func pauseLeft(at now: Int64) -> Int64 {
        switch state {
        case .closed: 0
        case .open(let until): max(0, until - now)
        case .halfOpen(let since): max(0, since + settings.attemptMillisecondsMax - now)
        }
    }

    /// Something worked, whether it was asked for or not.
    public mutating func succeeded() -> Change? {
        defer {
            state = .closed(failures: 0)
            pause.reset()
        }
        return isOpen ? .closed : nil
    }

    /// Something failed.
    ///
    /// - Parameters:
    ///   - now: Milliseconds of a clock that never goes back.
    ///   - random: A random number; all its bits count.
    /// - Returns: What that changed; `nil` also when it was open already.
    public mutating func failed(at now: Int64, random: UInt64) -> Change? {
        switch state {
        case .closed(let failures):
            guard failures + 1 >= settings.failuresMax else {
                state = .closed(failures: failures + 1)
                return nil
            }
            return .opened(pauseMilliseconds: open(at: now, random))
        case .open: return nil
        case .halfOpen:
            _ = open(at: now, random)
            return nil
        }
    }

    private mutating func open(at now: Int64, _ random: UInt64) -> Int64 {
        let milliseconds = pause.nextMilliseconds(random: random)
        state = .open(until: now + milliseconds)
        return milliseconds
    }
}
