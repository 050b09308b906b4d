/// Which worker does which job, and which jobs wait.
///
/// Workers are numbers; each has a thread and a connection in the shell around this. There are as many as there was
/// work for at once, at most `workersMax`. The one that rested last works first, so that those that are not needed rest
/// long enough to be sent home. A job waits here and not with a worker that has yet to connect: whoever is free first
/// does it.
struct PoolMachine<Job> {
    /// What becomes of a job.
    enum Placement {
        /// A resting worker does it.
        case hand(to: Int)
        /// It waits; a new worker connects meanwhile.
        case waitAndStart(Int)
        /// It waits until a worker is free or its time is over.
        case wait
        /// Too many wait already, or the pool is closed.
        case refuse
    }

    /// What a worker with a connection does.
    enum Next {
        case run(Job)
        case rest
        case end
    }

    /// What a worker does who could not connect.
    enum Retry {
        case tryAgain
        /// Nobody waits any more.
        case end
        /// Nobody has a connection and nobody will get one soon: these jobs fail.
        case endAndFail([Job])
    }

    private enum Activity {
        /// Becomes `working` or `resting` with a connection, or ends.
        case connecting
        /// Has a job. Becomes `working` with the next, `resting`, or `connecting` when its connection is lost.
        case working
        /// Becomes `working` when it is handed a job, or ends.
        case resting
    }

    /// Jobs that wait, at most; more are refused at once.
    static var jobsWaitingMax: Int { 1_000 }

    private let workersMax: Int
    private var workers: [Int: Activity] = [:]
    /// Those that rest; the one that began last stands last.
    private var resting: [Int] = []
    /// In the order in which they came, which is that of their deadlines.
    private var waiting: [(job: Job, deadline: ContinuousClock.Instant)] = []
    private var isClosed = false

    init(workersMax: Int) {
        self.workersMax = workersMax
    }

    var workersCount: Int { workers.count }
    var busyCount: Int { workers.count - resting.count }
    var waitingCount: Int { waiting.count }
    var connectingCount: Int { workers.values.count { $0 == .connecting } }
    /// When the first of the waiting jobs has waited long enough.
    var nextDeadline: ContinuousClock.Instant? { waiting.first?.deadline }

    /// A job came.
    ///
    /// - Parameter deadline: Not before that of the job before.
    mutating func submitted(_ job: Job, deadline: ContinuousClock.Instant) -> Placement {
        guard !isClosed else { return .refuse }
        if let worker = takeResting() { return .hand(to: worker) }
        guard waiting.count < Self.jobsWaitingMax else { return .refuse }
        waiting.append((job, deadline))
        guard workers.count < workersMax, connectingCount < waiting.count else { return .wait }
        // There is one: of more numbers than workers, not all are taken.
        let worker = (0..<workersMax).first { workers[$0] == nil } ?? workers.count
        workers[worker] = .connecting
        return .waitAndStart(worker)
    }

    /// A worker has lost its connection; `job` is what it was about to do, and is the first to be done now. There may
    /// be one more than ``jobsWaitingMax`` for each worker by that.
    mutating func connectionLost(
        _ worker: Int, before job: Job, deadline: ContinuousClock.Instant
    ) -> Placement {
        workers[worker] = .connecting
        if let other = takeResting() { return .hand(to: other) }
        waiting.insert((job, deadline), at: 0)
        return .wait
    }

    /// A worker could not connect.
    ///
    /// - Parameter isFinal: Whether trying again is of no use.
    mutating func connectionFailed(_ worker: Int, isFinal: Bool) -> Retry {
        let isNobodyConnected = workers.values.allSatisfy { $0 == .connecting }
        if !waiting.isEmpty && !(isFinal && isNobodyConnected) { return .tryAgain }
        workers[worker] = nil
        defer { waiting = [] }
        return waiting.isEmpty ? .end : .endAndFail(waiting.map(\.job))
    }

    /// A worker has connected, or has done its job.
    mutating func isFree(_ worker: Int) -> Next {
        if !waiting.isEmpty {
            workers[worker] = .working
            return .run(waiting.removeFirst().job)
        }
        guard !isClosed else {
            workers[worker] = nil
            return .end
        }
        workers[worker] = .resting
        resting.append(worker)
        return .rest
    }

    /// A worker has rested for long enough.
    ///
    /// - Returns: Whether it is to end; not when it was handed a job at the same moment.
    mutating func rested(_ worker: Int) -> Bool {
        guard let place = resting.firstIndex(of: worker) else { return false }
        resting.remove(at: place)
        workers[worker] = nil
        return true
    }

    /// Takes out the jobs that have waited for too long.
    mutating func timePassed(now: ContinuousClock.Instant) -> [Job] {
        let expired = waiting.prefix { $0.deadline <= now }.map(\.job)
        waiting.removeFirst(expired.count)
        return expired
    }

    /// No more jobs come.
    ///
    /// - Returns: The workers that rest, to be woken and sent home. Those that work finish what waits.
    mutating func closed() -> [Int] {
        isClosed = true
        return resting
    }

    private mutating func takeResting() -> Int? {
        guard let worker = resting.popLast() else { return nil }
        workers[worker] = .working
        return worker
    }
}
