import StreamingCore
import Synchronization

/// The side of a connection that callers see: what they handed over for its thread, and how they wake it.
///
/// What waits here is bounded by the pool (``RedisLimits/callsMax``).
final class RedisConnection: Sendable {
    /// What the thread finds.
    struct Work {
        var requests: [RedisRequest] = []
        /// Another connection got no answer: an idle one must prove that the server lives.
        var mustProve = false
        var isClosing = false
    }

    private struct State {
        var work = Work()
        var isOpen = false
        /// The thread waits, or is about to, and must be woken.
        var isParked = false

        /// - Returns: Whether the thread must be woken, which one caller does.
        mutating func unpark() -> Bool {
            defer { isParked = false }
            return isParked
        }
    }

    let wakeUp = WakeUp()
    private let state = Mutex(State())

    /// Hands a request over.
    ///
    /// - Returns: False when the connection has just been lost; the request is then still the caller's.
    func append(_ request: RedisRequest) -> Bool {
        let (isTaken, mustWake) = state.withLock { state in
            guard state.isOpen else { return (false, false) }
            state.work.requests.append(request)
            return (true, state.unpark())
        }
        if mustWake { wakeUp.signal() }
        return isTaken
    }

    /// Asks an idle connection whether the server lives.
    func prove() {
        let mustWake = state.withLock { state in
            state.work.mustProve = true
            return state.unpark()
        }
        if mustWake { wakeUp.signal() }
    }

    /// Ends the thread.
    func close() {
        state.withLock { $0.work.isClosing = true }
        wakeUp.signal()
    }

    // MARK: The thread's side

    var isClosing: Bool { state.withLock { $0.work.isClosing } }

    /// From now on requests are taken.
    func open() { state.withLock { $0.isOpen = true } }

    /// - Returns: What was handed over since the last time.
    func takeWork() -> Work {
        state.withLock { state in
            state.isParked = false
            defer { state.work = Work(isClosing: state.work.isClosing) }
            return state.work
        }
    }

    /// - Returns: Whether the thread may wait, because nothing was handed over.
    func park() -> Bool {
        state.withLock { state in
            state.isParked = state.work.requests.isEmpty && !state.work.mustProve && !state.work.isClosing
            return state.isParked
        }
    }

    /// From now on no request is taken.
    ///
    /// - Returns: Those that were handed over and not taken.
    func refuse() -> [RedisRequest] {
        state.withLock { state in
            state.isOpen = false
            state.isParked = false
            defer { state.work = Work(isClosing: state.work.isClosing) }
            return state.work.requests
        }
    }
}
