internal import Dispatch
import StreamingCore
internal import Synchronization

/// Threads with connections, and the jobs for them.
///
/// A job runs on a thread that may block. Jobs that find no free thread wait in a bounded queue, for a bounded time.
final class PostgresPool: Sendable {
    private struct Guarded {
        var machine: PoolMachine<PoolJob>
        var workers: [Int: PoolWorker] = [:]
        /// Whether a timer runs that will look after jobs that wait.
        var isTimed = false
    }

    let settings: PostgresSettings
    let gate: ConnectionGate
    private let metrics: DatabaseMetrics
    private let guarded: Mutex<Guarded>

    init(
        _ target: PostgresTarget, _ settings: PostgresSettings, metrics: DatabaseMetrics = DatabaseMetrics(),
        logger: Logger
    ) {
        self.settings = settings
        self.metrics = metrics
        gate = ConnectionGate(target, settings, logger: logger)
        guarded = Mutex(Guarded(machine: PoolMachine(workersMax: settings.connectionsMax)))
    }

    /// Runs `body` with a connection.
    ///
    /// - Parameter isRepeatable: Whether `body` may run again when its connection is lost before the answer is there.
    func run<Value: Sendable>(
        isRepeatable: Bool, _ body: @escaping @Sendable (PostgresConnection) throws(PostgresFailure) -> Value
    ) async throws(StreamError) -> Value {
        let stopwatch = Stopwatch()
        let deadline = ContinuousClock.now + .milliseconds(settings.waitMilliseconds)
        let result: Result<Value, StreamError> = await withCheckedContinuation { continuation in
            let job = PoolJob(
                deadline: deadline, isRepeatable: isRepeatable,
                attempt: { connection in
                    let value: Value
                    do throws(PostgresFailure) { value = try body(connection) } catch { return error }
                    continuation.resume(returning: .success(value))
                    return nil
                },
                fail: { continuation.resume(returning: .failure($0.streamError)) })
            guard !place(job, { $0.machine.submitted(job, deadline: deadline) }) else { return }
            continuation.resume(returning: .failure(exhausted.streamError))
        }
        var failure: StreamError?
        if case .failure(let error) = result { failure = error }
        metrics.ended(stopwatch, failure: failure)
        return try result.get()
    }

    /// Ends the threads when they have done what was submitted.
    func close() {
        let workers = guarded.withLock { guarded in
            guarded.machine.closed().compactMap { guarded.workers[$0] }
        }
        for worker in workers { worker.wake() }
    }

    /// How busy the pool is.
    var occupancy: PostgresOccupancy {
        guarded.withLock { guarded in
            PostgresOccupancy(
                connections: guarded.machine.workersCount, busy: guarded.machine.busyCount,
                waiting: guarded.machine.waitingCount)
        }
    }

    /// A worker has connected, or has done its job.
    func isFree(_ worker: PoolWorker) -> PoolMachine<PoolJob>.Next {
        guarded.withLock { guarded in
            let next = guarded.machine.isFree(worker.number)
            if case .end = next { guarded.workers[worker.number] = nil }
            return next
        }
    }

    /// A worker could not connect.
    ///
    /// - Returns: Whether it is to try again.
    func connectionFailed(_ worker: PoolWorker, _ failure: PostgresFailure) -> Bool {
        let retry = guarded.withLock { guarded in
            let retry = guarded.machine.connectionFailed(worker.number, isFinal: !failure.passesByItself)
            switch retry {
            case .tryAgain: break
            case .end, .endAndFail: guarded.workers[worker.number] = nil
            }
            return retry
        }
        switch retry {
        case .tryAgain: return true
        case .end: return false
        case .endAndFail(let jobs):
            for job in jobs { job.fail(failure) }
            return false
        }
    }

    /// A worker has lost its connection before it could do its job.
    func connectionLost(_ worker: PoolWorker, before job: PoolJob) {
        // It cannot be refused: the pool had it already.
        _ = place(job) { $0.machine.connectionLost(worker.number, before: job, deadline: job.deadline) }
    }

    /// A worker has rested for long enough.
    ///
    /// - Returns: Whether it is to end.
    func rested(_ worker: PoolWorker) -> Bool {
        guarded.withLock { guarded in
            let isOver = guarded.machine.rested(worker.number)
            if isOver { guarded.workers[worker.number] = nil }
            return isOver
        }
    }

    private var exhausted: PostgresFailure {
        .exhausted(connections: settings.connectionsMax, waitMilliseconds: settings.waitMilliseconds)
    }

    private enum Action {
        case hand(to: PoolWorker)
        case wait(starting: PoolWorker?, isTimed: Bool)
        case refuse
    }

    /// Has the machine place a job and does what it says.
    ///
    /// - Returns: Whether somebody will answer it.
    private func place(
        _ job: PoolJob, _ placement: (inout sending Guarded) -> PoolMachine<PoolJob>.Placement
    ) -> Bool {
        let action: Action = guarded.withLock { guarded in
            let placement = placement(&guarded)
            if case .hand(let number) = placement {
                guard let worker = guarded.workers[number] else {
                    preconditionFailure("every worker of the machine has a thread")
                }
                return .hand(to: worker)
            }
            if case .refuse = placement { return .refuse }
            defer { guarded.isTimed = true }
            guard case .waitAndStart(let number) = placement else {
                return .wait(starting: nil, isTimed: guarded.isTimed)
            }
            let worker = PoolWorker(number, of: self)
            guarded.workers[number] = worker
            return .wait(starting: worker, isTimed: guarded.isTimed)
        }
        switch action {
        case .hand(let worker): worker.hand(job)
        case .wait(let worker, let isTimed):
            worker?.start()
            if !isTimed { timeWaiting(until: job.deadline) }
        case .refuse: return false
        }
        return true
    }

    /// Comes back when the first of the jobs that wait has waited long enough; one timer at a time.
    private func timeWaiting(until deadline: ContinuousClock.Instant) {
        let milliseconds = Int(ContinuousClock.now.duration(to: deadline).millisecondsRoundedUp)
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak self] in
            self?.endWaits()
        }
    }

    private func endWaits() {
        let (expired, next, isConnecting) = guarded.withLock { guarded in
            let expired = guarded.machine.timePassed(now: .now)
            guarded.isTimed = guarded.machine.nextDeadline != nil
            return (expired, guarded.machine.nextDeadline, guarded.machine.connectingCount > 0)
        }
        if let next { timeWaiting(until: next) }
        guard !expired.isEmpty else { return }
        // Whoever waits while the server is away is not told that there are too few connections.
        let unconnected = PostgresFailure.disconnected(
            reason: "no connection came about within \(settings.waitMilliseconds) ms")
        let failure = gate.outage ?? (isConnecting ? unconnected : exhausted)
        for job in expired { job.fail(job.newestFailure ?? failure) }
    }
}
