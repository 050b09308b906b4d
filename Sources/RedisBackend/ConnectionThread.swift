internal import CHiredis
import Glibc
import StreamingCore

/// The thread of one connection: opens it, serves what callers hand over, and opens it again when it is lost.
///
/// All that blocks happens here. Several callers' commands go out in one write, and answers are read while more is
/// written, so neither side waits for the other.
///
/// Unsafe code: the object is handed to `pthread_create` as a pointer that owns one reference, taken back at once by
/// the new thread.
final class ConnectionThread: Sendable {
    private let index: Int
    private let pool: PoolCore
    private let connection: RedisConnection

    private init(_ index: Int, of pool: PoolCore) {
        self.index = index
        self.pool = pool
        connection = pool.connections[index]
    }

    /// The thread holds the pool's core, and ends when its connection is told to close.
    static func start(_ index: Int, of pool: PoolCore) {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(ConnectionThread(index, of: pool)).toOpaque()
        let code = unsafe pthread_create(&thread, nil, runConnection, context)
        precondition(code == 0, "a thread cannot be made: errno \(code)")
        pthread_detach(thread)
    }

    fileprivate func run() {
        // No handler of the process runs here. OpenSSL writes to sockets that the server may have closed, which would
        // raise SIGPIPE.
        var signals = sigset_t()
        unsafe sigfillset(&signals)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        unsafe sluice_redis_name_thread("sluice-redis-\(index)")
        var delay = RetryDelay(
            firstMilliseconds: RedisLimits.firstDelayMilliseconds, millisecondsMax: RedisLimits.delayMillisecondsMax)
        while !connection.isClosing {
            var pipeline = Pipeline()
            var openedAt: ContinuousClock.Instant?
            do throws(RedisFailure) {
                let link = try RedisLink(pool.settings, pool.tls)
                let reader = try ReplyReader()
                try link.greet(pool.settings, reading: reader)
                openedAt = .now
                connection.open()
                pool.opened(index)
                try serve(link, reader, &pipeline)
                pool.end(connection.refuse() + pipeline.lost(), on: index, with: .closed)
            } catch {
                let isStable = openedAt.map { ContinuousClock.now - $0 >= RedisLimits.stableTimeMin } ?? false
                if isStable { delay.reset() }
                let mayReopen = isStable && error.speaksForReopening
                // The pool first, so that it hands over nothing more; then what it handed over before.
                if mayReopen { pool.lost(index) } else { pool.failed(index, error) }
                pool.end(pipeline.lost() + connection.refuse(), on: index, with: error)
                if openedAt != nil, error == .timedOut { pool.timedOut(index) }
                if !mayReopen {
                    connection.wakeUp.wait(until: .now + delay.next(random: .random(in: .min ... .max)))
                }
            }
        }
    }

    /// Serves callers until the connection is told to close.
    private func serve(
        _ link: RedisLink, _ reader: ReplyReader, _ pipeline: inout Pipeline
    ) throws(RedisFailure) {
        var isReadable = false
        while true {
            let work = connection.takeWork()
            if work.isClosing { return }
            for request in work.requests { pipeline.append(request) }
            if work.mustProve, pipeline.isEmpty { pipeline.append(pool.proof(on: index)) }
            try link.send(&pipeline)
            var mayHaveMore = false
            if isReadable {
                mayHaveMore = try link.receive(into: reader)
                try answer(reader, &pipeline)
            }
            if let deadline = pipeline.deadline, deadline <= .now { throw .timedOut }
            let mayWait = connection.park() && !mayHaveMore
            let isReady = link.wait(
                for: pipeline.hasUnsent ? .readableOrWritable : .readable,
                until: mayWait ? pipeline.deadline : ContinuousClock.Instant.now, waking: connection.wakeUp)
            isReadable = isReady || mayHaveMore
        }
    }

    /// Hands answers to those who wait for them.
    private func answer(_ reader: ReplyReader, _ pipeline: inout Pipeline) throws(RedisFailure) {
        var finished: [Pipeline.Finished] = []
        defer { pool.end(finished, on: index) }
        while let reply = try reader.next() {
            if let next = try pipeline.received(reply) { finished.append(next) }
            // After a fail-over the address leads elsewhere.
            if reply == .error(code: "READONLY") { throw .isReplica }
        }
    }
}

extension RedisFailure {
    /// Whether the server may be there all the same, as after a restart or when it closed an idle connection.
    fileprivate var speaksForReopening: Bool {
        switch self {
        case .closed, .inputOutput: true
        case .unreachable, .tls, .timedOut, .nonsense, .refused, .isReplica: false
        }
    }
}

/// The thread's body. `context` is the retained object of `ConnectionThread.start`.
private func runConnection(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    unsafe Unmanaged<ConnectionThread>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
