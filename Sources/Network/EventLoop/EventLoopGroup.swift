internal import CLinux
internal import Glibc
internal import Synchronization

/// The event loops of a process, usually one per core.
public final class EventLoopGroup: Sendable {
    /// The loops, in order of their index.
    public let loops: [EventLoop]
    private let turn = Atomic<Int>(0)

    /// Starts the loops' threads.
    ///
    /// - Parameter count: How many loops; by default one for each core that the process may use.
    /// - Throws: When the system gives no more threads or descriptors.
    public init(count: Int = EventLoopGroup.coreCount) throws(NetworkError) {
        precondition(count > 0, "a group has at least one loop")
        var loops: [EventLoop] = []
        for index in 0..<count { loops.append(try EventLoop(index: index)) }
        self.loops = loops
    }

    /// One of the loops, each in its turn.
    public func any() -> EventLoop {
        loops[turn.wrappingAdd(1, ordering: .relaxed).oldValue % loops.count]
    }

    /// Ends the threads. Every task and connection of the loops must have ended before; a late one stops the process.
    public func shutdown() async {
        for loop in loops { await loop.stop() }
    }

    /// How many cores the process may use.
    public static var coreCount: Int { max(1, Int(clinux_core_count())) }

    /// Raises the limit of open descriptors as far as the system lets us, because each viewer needs one.
    ///
    /// - Returns: The limit that holds now.
    @discardableResult public static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        limit.rlim_cur = limit.rlim_max
        // Refused, the old limit still holds, and it is read again below.
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }
}
