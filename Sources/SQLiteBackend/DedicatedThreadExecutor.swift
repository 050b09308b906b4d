import Dispatch
import Glibc
import Synchronization

/// Runs jobs one after the other on a thread of its own, for an actor whose calls block.
///
/// Neither an event loop nor the cooperative pool ever waits for what runs here. The thread ends with the executor.
/// Jobs that wait are as many as tasks that await the actor, so whoever bounds its callers bounds this queue.
///
/// Unsafe code: the executor is handed to the runtime and to `pthread_create` without being counted; each use says why
/// the object lives long enough.
final class DedicatedThreadExecutor: SerialExecutor, TaskExecutor {
    private let worker: Worker

    init() {
        worker = Worker()
        worker.start()
    }

    deinit { worker.stop() }

    func enqueue(_ job: consuming ExecutorJob) {
        worker.append(Worker.Item(job: UnownedJob(job), executor: self))
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    func checkIsolated() {
        precondition(worker.isCurrentThread, "the caller is not on this executor's thread")
    }

    func isIsolatingCurrentContext() -> Bool? { worker.isCurrentThread }
}

/// The thread and its queue. It knows the executor only through the jobs, so that the executor can end it.
private final class Worker: Sendable {
    /// A job and the executor that it runs on, which thereby outlives it. `@unchecked`: a job is run once, here.
    @safe struct Item: @unchecked Sendable {
        let job: UnownedJob
        let executor: DedicatedThreadExecutor
    }

    private struct State {
        var items: [Item] = []
        var isStopping = false
        var thread: pthread_t?
    }

    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)

    var isCurrentThread: Bool { state.withLock { $0.thread == pthread_self() } }

    func start() {
        var thread = pthread_t()
        // The thread owns one reference to the worker, which it takes back when it begins.
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let code = unsafe pthread_create(&thread, nil, runWorker, context)
        precondition(code == 0, "a thread cannot be made: errno \(code)")
        pthread_detach(thread)
    }

    func append(_ item: Item) {
        state.withLock { $0.items.append(item) }
        wakeUp.signal()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        wakeUp.signal()
    }

    func run() {
        state.withLock { $0.thread = pthread_self() }
        while true {
            wakeUp.wait()
            let (items, isStopping) = state.withLock { state in
                defer { state.items = [] }
                return (state.items, state.isStopping)
            }
            for item in items { item.run() }
            if isStopping { return }
        }
    }
}

extension Worker.Item {
    func run() {
        // The item holds the executor, so the unowned references are good while the job runs.
        unsafe job.runSynchronously(
            isolatedTo: executor.asUnownedSerialExecutor(), taskExecutor: executor.asUnownedTaskExecutor())
    }
}

/// The thread's body. `context` is the retained worker of `Worker.start`.
private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    let worker = unsafe Unmanaged<Worker>.fromOpaque(context).takeRetainedValue()
    worker.run()
    return nil
}
