internal import CFFmpeg
internal import Dispatch
internal import Glibc
internal import Synchronization

/// A named thread that runs jobs one after the other, in the order in which they came.
///
/// Encoding blocks for milliseconds, so neither an event loop nor the cooperative pool must do it. At most
/// `jobsWaitingMax` jobs wait: whoever brings one more waits until there is room, unless it is a job of the thread
/// itself. When its owner lets go of it, the thread does what it was given and ends.
///
/// Unsafe code: the queue is handed to `pthread_create` as a pointer that owns one reference, taken back at once by
/// the new thread.
public final class CodecThread: Sendable {
    /// Jobs that wait, at most.
    public static let jobsWaitingMax = 1024

    private let queue = JobQueue(limit: CodecThread.jobsWaitingMax)

    /// - Parameter name: As `top -H` shows it, 15 bytes at most; what is longer is cut.
    public init(name: String) {
        queue.start(name: name)
    }

    deinit { queue.close() }

    /// Has a job run after all those before it.
    public func run(_ job: @escaping @Sendable () -> Void) { queue.append(job) }
}

/// The thread's jobs. The thread holds this object and not its `CodecThread`, so that the latter can end it.
private final class JobQueue: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var isClosed = false
        var thread: pthread_t?
    }

    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)
    private let room: DispatchSemaphore

    init(limit: Int) {
        room = DispatchSemaphore(value: limit)
    }

    func start(name: String) {
        var thread = pthread_t()
        let start = ThreadStart(name: name, queue: self)
        let context = unsafe Unmanaged.passRetained(start).toOpaque()
        let code = unsafe pthread_create(&thread, nil, runJobs, context)
        precondition(code == 0, "a thread cannot be made: errno \(code)")
        pthread_detach(thread)
    }

    func append(_ job: @escaping @Sendable () -> Void) {
        // Its own jobs must not wait for themselves; they bring few.
        if !isCurrentThread { room.wait() } else { _ = room.wait(timeout: .now()) }
        state.withLock { $0.jobs.append(job) }
        work.signal()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        work.signal()
    }

    private var isCurrentThread: Bool { state.withLock { $0.thread == pthread_self() } }

    func run() {
        state.withLock { $0.thread = pthread_self() }
        while true {
            work.wait()
            let (jobs, isClosed) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isClosed)
            }
            for job in jobs {
                job()
                room.signal()
            }
            if isClosed && jobs.isEmpty { return }
            if isClosed { work.signal() }
        }
    }
}

/// What a new thread is told.
private final class ThreadStart: Sendable {
    let name: String
    let queue: JobQueue

    init(name: String, queue: JobQueue) {
        self.name = name
        self.queue = queue
    }
}

/// The thread's body. `context` is the retained object of `JobQueue.start`.
private func runJobs(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    let start = unsafe Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
    // The kernel cuts a longer name itself; a thread without a name works as well.
    _ = unsafe sluice_set_thread_name(start.name)
    start.queue.run()
    return nil
}
