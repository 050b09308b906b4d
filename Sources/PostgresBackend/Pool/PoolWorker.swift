internal import CPostgres
internal import Dispatch
internal import Glibc
internal import Synchronization

/// What a worker is to do with its connection.
struct PoolJob: Sendable {
    /// Until when it waits for a connection.
    let deadline: ContinuousClock.Instant
    /// Whether it does no harm to do it twice, when the first time's answer was lost.
    let isRepeatable: Bool
    /// Does it and hands the result to the caller, or returns why it could not.
    let attempt: @Sendable (PostgresConnection) -> PostgresFailure?
    /// Hands the caller the failure. It or a successful attempt is the last that happens.
    let fail: @Sendable (PostgresFailure) -> Void
    /// Attempts that failed, and why the newest did.
    var failedAttempts = 0
    var newestFailure: PostgresFailure?

    /// Attempts, at most: the first, one on a connection that was lost without being noticed, one more.
    static let attemptsMax = 3

    /// Notes a failed attempt.
    ///
    /// - Returns: Whether there is to be another.
    mutating func failed(_ failure: PostgresFailure) -> Bool {
        failedAttempts += 1
        newestFailure = failure
        return failedAttempts < Self.attemptsMax && failure.mayBeRepeated(isRepeatable)
    }
}

/// A thread and its connection.
///
/// Unsafe code: the worker is handed to `pthread_create` as a pointer that owns one reference, taken back at once by
/// the new thread.
final class PoolWorker: Sendable {
    let number: Int
    private let pool: PostgresPool
    private let handed = Mutex<PoolJob?>(nil)
    private let wakeUp = DispatchSemaphore(value: 0)

    init(_ number: Int, of pool: PostgresPool) {
        self.number = number
        self.pool = pool
    }

    func start() {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let code = unsafe pthread_create(&thread, nil, runWorker, context)
        precondition(code == 0, "a thread cannot be made: errno \(code)")
        pthread_detach(thread)
    }

    /// Gives a worker that rests a job.
    func hand(_ job: PoolJob) {
        handed.withLock { $0 = job }
        wakeUp.signal()
    }

    /// Has a worker that rests look whether it is to end.
    func wake() { wakeUp.signal() }

    fileprivate func run() {
        // The kernel cuts a longer name itself; a thread without a name works as well.
        _ = unsafe sluice_pq_name_thread("sluice-pg-\(number)")
        while let connection = connect(), work(with: connection) {}
    }

    /// - Returns: `nil` when nobody waits for a connection any more.
    private func connect() -> PostgresConnection? {
        while true {
            let failure: PostgresFailure
            do throws(PostgresFailure) { return try pool.gate.connect() } catch { failure = error }
            guard pool.connectionFailed(self, failure) else { return nil }
        }
    }

    /// Works until there is nothing to do for a while.
    ///
    /// - Returns: Whether another connection is needed in place of this one.
    private func work(with connection: PostgresConnection) -> Bool {
        while true {
            switch pool.isFree(self) {
            case .run(let job): guard perform(job, with: connection) else { return true }
            case .rest:
                guard let job = rest() else { return false }
                guard perform(job, with: connection) else { return true }
            case .end: return false
            }
        }
    }

    /// Waits for a job.
    ///
    /// - Returns: `nil` when none came for so long that the worker is to end, or the pool is closed.
    private func rest() -> PoolJob? {
        var patience = DispatchTime.now() + .milliseconds(pool.settings.idleMilliseconds)
        while true {
            _ = wakeUp.wait(timeout: patience)
            if let job = handed.withLock({ $0.take() }) { return job }
            if pool.rested(self) { return nil }
            // A job is being handed over at this moment.
            patience = .distantFuture
        }
    }

    /// - Returns: Whether the connection can be used on; if not, the pool has the job back or it was answered.
    private func perform(_ job: PoolJob, with connection: PostgresConnection) -> Bool {
        var job = job
        while connection.isUsable() {
            guard let failure = job.attempt(connection) else { return true }
            guard job.failed(failure) else {
                job.fail(failure)
                return true
            }
            if failure.makesStatementsStale { break }
        }
        pool.connectionLost(self, before: job)
        return false
    }
}

/// The thread's body. `context` is the retained worker of `PoolWorker.start`.
private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    unsafe Unmanaged<PoolWorker>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
