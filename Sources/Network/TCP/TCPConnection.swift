internal import CLinux
internal import Glibc

/// One TCP connection on one event loop.
///
/// One task may read while another writes; two readers or two writers at once are a mistake of the caller. Every
/// method may be called from anywhere; on the connection's own loop, where its task runs, it costs no switch.
///
/// A connection that waits owns no buffer: what arrives is received into the loop's and copied at its exact size, what
/// leaves is a list of references. Cancelling a task ends its wait with `CancellationError`.
///
/// `@unchecked Sendable`: `loop`, `peer`, `socket` and `timeouts` never change. Everything else is touched only on the
/// loop's thread: every public method checks `loop.isCurrent` first and moves there if it must, and the internal ones
/// are called by those or by the loop.
@safe public final class TCPConnection: @unchecked Sendable {
    /// The loop whose thread does all the work of the connection.
    public let loop: EventLoop
    /// The other end.
    public let peer: SocketAddress
    let socket: Socket
    let timeouts: TCPTimeouts

    /// Who waits for one direction of the socket.
    @safe struct WaitSlot {
        /// Whoever resumes it takes it away first, so it is resumed once.
        var continuation: UnsafeContinuation<Void, any Error>?
        /// Tells this wait from the one before, for a cancellation that arrives late.
        var serial: UInt32 = 0
        var deadline = LoopTime.never
    }

    enum Direction {
        case reading, writing
    }

    var registration: RegistrationID?
    /// Whether the kernel wakes the loop only for bursts; see `read(pacedBy:before:)`.
    var isPaced = false
    var isClosed = false
    /// Whether `recv` may have something; false only when the kernel has said so.
    var isReadable = false
    /// Whether `sendmsg` may take something; false only when the kernel has said so, or the connection is being made.
    var isWritable = true
    /// Whether the last read filled the loop's buffer. A peer that sends faster than we work must not keep the loop to
    /// itself, so before its next bytes the other connections have their turn.
    var mustYieldBeforeReading = false
    /// Whether the kernel has announced the end of what the peer sends, which may still lie behind unread bytes.
    var peerHasEnded = false
    /// Whether the connection is dead in both directions.
    var peerIsGone = false
    var reading = WaitSlot()
    var writing = WaitSlot()
    /// Whether the wait for bytes ends when the server drains.
    var readingEndsWhenDraining = false
    /// Whether the server wants the connection to end as soon as it has nothing in work.
    var isDrainingNow = false

    /// Whether the attempt to connect is under way, which ends by the socket becoming writable.
    var isConnecting = false
    var outgoing = OutgoingBytes()
    /// Bytes that were given up, because the connection broke or was closed before the kernel took them.
    var lostByteCount = 0
    /// Whether the loop will send `outgoing` before it waits.
    var isCorked = false
    /// What the peer had not acknowledged when the wait to write began or was prolonged.
    var unacknowledgedBytes = Int32.max

    /// The one timer for all deadlines. It is not moved when a deadline moves away: it fires, looks, and is armed anew.
    /// A deadline that is set with every read so costs a store.
    let timer = LoopTimer()
    /// When the task of a connection whose peer has ended is cancelled.
    var departureDeadline = LoopTime.never
    var watchesDeparture = false
    var departureGraceNanoseconds: Int64 = 0
    /// The task that serves the connection; see `departed()`.
    var task: UnsafeCurrentTask?
    /// Where the connection stands in its listener's list.
    var laneIndex = -1

    init(loop: EventLoop, socket: Socket, peer: SocketAddress, timeouts: TCPTimeouts) {
        self.loop = loop
        self.socket = socket
        self.peer = peer
        self.timeouts = timeouts
    }

    /// Sets the socket up and registers it. On failure the socket is still the caller's to close.
    func open(_ options: TCPConnectionOptions) throws(NetworkError) {
        // Small messages must not wait for the acknowledgement of those before them; writes are gathered here.
        try socket.setOption(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        if let bytes = options.receiveBufferBytes {
            try socket.setOption(SOL_SOCKET, SO_RCVBUF, Int32(clamping: bytes))
        }
        if let bytes = options.sendBufferBytes {
            try socket.setOption(SOL_SOCKET, SO_SNDBUF, Int32(clamping: bytes))
        }
        let id = loop.registrations.insert(self)
        do throws(NetworkError) {
            try loop.poller.add(socket, [.readable, .writable, .peerEnded], id)
        } catch {
            loop.registrations.remove(id)
            throw error
        }
        registration = id
    }

    /// Whether the server wants the connection to end as soon as it has nothing in work. Ask on the loop.
    public var isDraining: Bool { isDrainingNow }

    /// Says that nothing more will be sent; the peer reads the end behind the last byte. Reading goes on.
    public func shutdownWrite() async throws {
        guard loop.isCurrent else { return try await loop.run { _ in try await self.shutdownWrite() } }
        try await flush()
        socket.shutdownWrite()
    }

    /// Closes at once. What the kernel has taken it still sends, unless there are unread bytes from the peer.
    public func close() {
        guard loop.isCurrent else { return loop.execute { self.close() } }
        guard !isClosed else { return }
        isClosed = true
        if let registration { loop.registrations.remove(registration) }
        loop.timers.disarm(timer)
        giveUpOutgoing()
        // Closing the descriptor also takes it out of the epoll instance; no other descriptor refers to the socket.
        socket.close()
        resume(.reading, .failure(NetworkError.connectionClosed))
        resume(.writing, .failure(NetworkError.connectionClosed))
    }
}

extension TCPConnection: EventTarget {
    func eventsArrived(_ events: ReadyEvents) {
        if !events.isDisjoint(with: [.readable, .peerEnded, .hungUp, .failed]) {
            if !events.isDisjoint(with: [.peerEnded, .hungUp, .failed]) {
                peerHasEnded = true
                peerIsGone = peerIsGone || !events.isDisjoint(with: [.hungUp, .failed])
                if watchesDeparture { peerEndedWhileWatched() }
            }
            isReadable = true
            resume(.reading, .success(()))
        }
        if !events.isDisjoint(with: [.writable, .hungUp, .failed]) && !isWritable {
            isWritable = true
            if unsafe writing.continuation != nil { resume(.writing, .success(())) } else { sendCorked() }
        }
    }
}
