import Bytes
internal import CHiredis
import Glibc

/// An open socket to the server: connected by hiredis, read and written here, with TLS over it where that is asked for.
///
/// hiredis's own buffers are not used: it copies every value into one before it writes, and Debian's version has no
/// TLS. Only the thread of its connection uses a link. It blocks in `init` and in ``wait(for:until:waking:)`` alone.
///
/// Unsafe code: hiredis's context and three pieces of memory, made in `init` and freed in `deinit`.
@safe final class RedisLink {
    /// What to wait for beside being woken.
    enum Readiness { case readable, readableOrWritable }

    private static let receiveBytes = 128 << 10
    /// Reads between two writes, so that neither direction starves the other.
    private static let readsMax = 16

    private let context: UnsafeMutablePointer<redisContext>
    private let received: UnsafeMutableRawBufferPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let descriptor: Int32
    private var tls: TLSSession?

    /// Connects, within the time that the settings allow. Resolving a name may take longer: that is the system's.
    init(_ settings: RedisSettings, _ tlsContext: TLSContext?) throws(RedisFailure) {
        let deadline = ContinuousClock.now + settings.connectTimeMax
        let context = try unsafe Self.connect(settings)
        unsafe self.context = context
        unsafe descriptor = context.pointee.fd
        unsafe received = .allocate(byteCount: Self.receiveBytes, alignment: 16)
        unsafe vectors = .allocate(capacity: Pipeline.writePiecesMax)
        // hiredis leaves the socket blocking and open for programs that this process starts.
        let flags = fcntl(descriptor, F_GETFL, 0)
        guard fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0,
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
        else { throw .inputOutput(errno) }
        if let tlsContext, case .tcp(let host, _) = settings.address {
            let session = try TLSSession(tlsContext, descriptor: descriptor, host: host)
            tls = session
            // What the client sends in a handshake fits into an empty socket buffer, so it only ever waits to read.
            while try !session.connect() {
                // A server that has no TLS waits for the end of a line.
                guard ContinuousClock.now < deadline else { throw .tls("the server did not answer the handshake") }
                _ = wait(for: .readable, until: deadline, waking: nil)
            }
        }
    }

    deinit {
        tls = nil
        unsafe redisFree(context)
        unsafe received.deallocate()
        unsafe vectors.deallocate()
    }

    private static func connect(_ settings: RedisSettings) throws(RedisFailure) -> UnsafeMutablePointer<redisContext> {
        let (seconds, attoseconds) = settings.connectTimeMax.components
        let limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        let made =
            switch settings.address {
            case .tcp(let host, let port): unsafe redisConnectWithTimeout(host, Int32(port), limit)
            case .unixSocket(let path): unsafe redisConnectUnixWithTimeout(path, limit)
            }
        guard let context = unsafe made else { throw .unreachable("there is no memory") }
        guard unsafe context.pointee.err == 0 else {
            let words = unsafe withUnsafeBytes(of: context.pointee.errstr) { text in
                unsafe String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
            }
            unsafe redisFree(context)
            throw .unreachable(words)
        }
        return unsafe context
    }

    // MARK: Writing and reading

    /// Hands requests to the kernel until it takes no more or there are none.
    func send(_ pipeline: inout Pipeline) throws(RedisFailure) {
        while true {
            pipeline.fill()
            guard !pipeline.unsent.isEmpty else { return }
            guard let count = try tls == nil ? write(pipeline.unsent) : writeEncrypted(pipeline.unsent) else { return }
            pipeline.sent(count)
        }
    }

    /// One system call for many buffers, which are not copied.
    ///
    /// - Returns: How many bytes the kernel took; `nil` when it takes none now.
    private func write(_ pieces: Queue<Bytes>) throws(RedisFailure) -> Int? {
        var count = 0
        while count < min(pieces.count, Pipeline.writePiecesMax), let piece = pieces[count] {
            // The address outlives the closure: a buffer's memory does not move, and `pieces` holds the buffer until
            // after the call below.
            unsafe piece.withUnsafeBytes { memory in
                unsafe vectors[count] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: memory.baseAddress), iov_len: memory.count)
            }
            count += 1
        }
        defer { withExtendedLifetime(pieces) {} }
        while true {
            let taken = unsafe writev(descriptor, vectors, Int32(count))
            if taken >= 0 { return taken }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            case EPIPE, ECONNRESET: throw .closed
            default: throw .inputOutput(errno)
            }
        }
    }

    private func writeEncrypted(_ pieces: Queue<Bytes>) throws(RedisFailure) -> Int? {
        guard let tls, let piece = pieces.first else { return nil }
        let outcome = try unsafe piece.withUnsafeBytes { memory throws(RedisFailure) in try unsafe tls.write(memory) }
        switch outcome {
        case .done(let count): return count
        case .wouldBlock: return nil
        case .ended: throw .closed
        }
    }

    /// Gives the reader what has come.
    ///
    /// - Returns: Whether there may be more now.
    func receive(into reader: ReplyReader) throws(RedisFailure) -> Bool {
        for _ in 0..<Self.readsMax {
            guard let count = try tls == nil ? read() : readEncrypted() else { return false }
            try unsafe reader.feed(UnsafeRawBufferPointer(rebasing: received[..<count]))
            // Less than asked for: there is no more, and if there is, the socket is still readable.
            if tls == nil, count < Self.receiveBytes { return false }
        }
        return true
    }

    private func read() throws(RedisFailure) -> Int? {
        while true {
            let count = unsafe Glibc.read(descriptor, received.baseAddress, received.count)
            if count > 0 { return count }
            guard count < 0 else { throw .closed }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            case ECONNRESET: throw .closed
            default: throw .inputOutput(errno)
            }
        }
    }

    private func readEncrypted() throws(RedisFailure) -> Int? {
        guard let tls else { return nil }
        switch try unsafe tls.read(into: received) {
        case .done(let count): return count
        case .wouldBlock: return nil
        case .ended: throw .closed
        }
    }

    // MARK: Waiting

    /// Blocks until the socket is ready, the wake-up is signalled, or the time has come.
    ///
    /// - Parameter deadline: `nil` for no limit; a time that has passed for only a look.
    /// - Returns: Whether there is something to read.
    func wait(for readiness: Readiness, until deadline: ContinuousClock.Instant?, waking wakeUp: WakeUp?) -> Bool {
        var descriptors = [
            pollfd(
                fd: descriptor, events: Int16(readiness == .readable ? POLLIN : POLLIN | POLLOUT), revents: 0),
            // A negative descriptor is skipped.
            pollfd(fd: wakeUp?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        // A signal ends the wait early, which the caller's loop sees to.
        _ = unsafe poll(&descriptors, 2, WakeUp.pollMilliseconds(until: deadline))
        if descriptors[1].revents != 0 { wakeUp?.clear() }
        return descriptors[0].revents & ~Int16(POLLOUT) != 0
    }
}
