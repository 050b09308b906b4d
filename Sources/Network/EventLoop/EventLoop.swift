internal import Glibc
internal import Synchronization

/// One thread that waits for sockets, timers and Swift jobs at once, and runs what they make ready.
///
/// It is the executor of the tasks of its connections (`TaskExecutor`), and `isolation` that of actors which name it as
/// theirs. A connection therefore reads, decides and writes on one thread without a lock or a switch.
///
/// One turn of the loop: wait for the kernel; tell the owners of the ready descriptors, which makes their jobs ready;
/// fire due timers; take the jobs that other threads have sent; run the ready jobs; send what connections have
/// corked; wait again.
///
/// `@unchecked Sendable`: `remote` is behind a lock, `index` and `poller` never change (and only `poller.wake` is
/// called by other threads); every other stored property is touched only on the loop's thread, which each internal
/// entry checks by `isCurrent` or by being called from the turn itself.
@safe public final class EventLoop: TaskExecutor, @unchecked Sendable {
    /// Something to run on the loop.
    enum Work {
        /// A job of a task that prefers this loop.
        case job(UnownedJob)
        /// A job of an actor that lives on this loop.
        case isolatedJob(UnownedJob)
        case block(@Sendable () -> Void)
    }

    /// What other threads hand over.
    struct Remote {
        var work: [Work] = []
        /// Set by the loop before it waits in the kernel, cleared by whoever wakes it: one wake per wait.
        var isAsleep = false
        var isStopping = false
        var hasEnded = false
        /// Resumed when the thread has ended.
        var stopWaiters: [CheckedContinuation<Void, Never>] = []
    }

    /// The size of the buffer that all of a loop's connections receive into. It bounds one read.
    static let receiveBufferBytes = 64 * 1024

    /// How many times the jobs that earlier jobs made ready run before the kernel is asked for events again, so that
    /// jobs that keep yielding to each other starve nobody.
    static let roundsPerTurnMax = 8
    /// How many events in one turn tell of a load under which it pays to let others run before waiting.
    static let busyEventsMin = 4

    /// The number of the loop in its group.
    public let index: Int
    /// The executor for actors that live on this loop, which return `loop.isolation.asUnownedSerialExecutor()` as their
    /// `unownedExecutor`.
    public let isolation = EventLoopIsolation()
    let poller: Poller
    let remote = Mutex(Remote())

    // Everything below belongs to the loop's thread.

    /// When the current turn began. Use it for deadlines; it costs no call.
    ///
    /// On another thread it is the clock itself.
    public var now: LoopTime { isCurrent ? turnBegan : .current }

    var turnBegan = LoopTime.current
    var ready: [Work] = []
    var running: [Work] = []
    var registrations = RegistrationTable()
    var timers = LoopTimerHeap()
    /// Connections with something to send before the next wait.
    var corked: [TCPConnection] = []
    /// Where `recv` writes; what arrived is then copied into memory of its exact size.
    ///
    /// An idle connection so needs no buffer, and a small request keeps no 64 KiB alive. The copy costs about 3 µs for
    /// a full buffer, which twenty publishers at 6 Mbit/s fill 230 times a second.
    let receiveBuffer: UnsafeMutableRawBufferPointer
    /// Where the addresses of a vectored write are gathered.
    let vectors: WriteVectors
    private let dateClock = HTTPDateClock()
    /// The present as HTTP writes it.
    var dateText: String { dateClock.text(at: turnBegan) }

    /// Makes the loop and starts its thread.
    ///
    /// - Parameter index: The number of the loop in its group, which also names its thread.
    init(index: Int) throws(NetworkError) {
        self.index = index
        poller = try Poller()
        unsafe receiveBuffer = .allocate(byteCount: Self.receiveBufferBytes, alignment: 64)
        vectors = WriteVectors()
        isolation.loop = self
        try startThread()
    }

    deinit {
        unsafe receiveBuffer.deallocate()
    }

    /// The loop whose thread this is; nil on every other thread.
    public static var current: EventLoop? {
        guard let pointer = unsafe pthread_getspecific(currentLoopKey) else { return nil }
        // The thread itself holds a reference to the loop for as long as the value is set.
        return unsafe Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Whether the caller runs on this loop's thread.
    public var isCurrent: Bool {
        unsafe pthread_getspecific(currentLoopKey) == Unmanaged.passUnretained(self).toOpaque()
    }

    /// Runs a closure on the loop, in order with the others; from the loop's own thread it runs later in the same turn.
    public func execute(_ block: @escaping @Sendable () -> Void) { submit(.block(block)) }

    // MARK: Executor

    public func enqueue(_ job: consuming ExecutorJob) { submit(.job(UnownedJob(job))) }

    func submit(_ work: Work) {
        guard !isCurrent else {
            ready.append(work)
            return
        }
        let mustWake = remote.withLock { remote in
            precondition(!remote.hasEnded, "a task outlived its event loop")
            remote.work.append(work)
            defer { remote.isAsleep = false }
            return remote.isAsleep
        }
        if mustWake { poller.wake() }
    }
}

/// Holds the loop of each loop thread. Making a key can fail only when a process has more than a thousand.
let currentLoopKey: pthread_key_t = {
    var key = pthread_key_t()
    let status = unsafe pthread_key_create(&key, nil)
    precondition(status == 0, "no thread-specific key is left")
    return key
}()
