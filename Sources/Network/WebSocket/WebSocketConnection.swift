public import Bytes
public import HTTP
internal import Glibc
internal import Synchronization

/// A connection that has become a WebSocket: the shell around `WebSocketEndpoint`.
///
/// One task reads and sends; other parts of the process offer frames, which are appended to what the connection has to
/// send and leave at the end of the loop's turn. A connection that waits owns no buffer.
///
/// `@unchecked Sendable`: what is declared with `let` never changes, and `offersUnderWay` and `isGivenUp` are atomic.
/// Everything else is touched only on the connection's loop: every public method checks `isCurrent` and moves there if
/// it must.
public final class WebSocketConnection: WebSocketChannel, @unchecked Sendable {
    private let connection: TCPConnection
    private let upgrade: WebSocketUpgrade
    private let options: WebSocketOptions
    private let pingNanoseconds: Int64
    private let messageNanoseconds: Int64

    private var endpoint: WebSocketEndpoint
    /// What this end wants to say goodbye with; set by whoever ends the WebSocket from outside.
    private var wanted: WebSocketClose?
    /// Whether the client is gone or cut off, so that nobody is left to say goodbye to.
    private var isLost = false
    /// When the client was last heard, or asked whether it is there.
    private var quietSince: LoopTime
    private var pingsUnanswered = 0
    /// When a message began to arrive that is not whole yet.
    private var messageBegan: LoopTime?
    /// Frames from other threads that have not reached the loop yet.
    private let offersUnderWay = Atomic<Int>(0)
    /// Whether the client did not take what it was offered.
    private let isGivenUp = Atomic<Bool>(false)

    /// - Parameter rest: What the client has sent behind its request.
    init(_ connection: TCPConnection, _ upgrade: WebSocketUpgrade, rest: Bytes, _ options: WebSocketOptions) {
        self.connection = connection
        self.upgrade = upgrade
        self.options = options
        pingNanoseconds = options.pingInterval.wholeNanoseconds
        messageNanoseconds = options.messageTimeout.wholeNanoseconds
        quietSince = connection.loop.turnBegan
        endpoint = WebSocketEndpoint(limits: upgrade.limits)
        endpoint.receive(rest)
    }

    /// Serves until the WebSocket has ended.
    ///
    /// - Throws: What the handler threw, or what ended the connection otherwise than by a goodbye.
    func serve() async throws {
        if let bytes = options.sendBufferBytes {
            try connection.socket.setOption(SOL_SOCKET, SO_SNDBUF, Int32(clamping: bytes))
        }
        do {
            try await upgrade.serve(self)
        } catch {
            await finish(WebSocketClose(.internalError))
            // A handler that gave up because the WebSocket was to end has done right.
            guard wanted == nil else { return }
            throw error
        }
        await finish(WebSocketClose(.normal))
    }

    public var peerAddress: String { connection.peer.ip.description }

    public var wasTooSlow: Bool { isGivenUp.load(ordering: .relaxed) }

    // MARK: Receiving

    public func receive() async throws -> WebSocketMessage? {
        guard connection.loop.isCurrent else {
            return try await connection.loop.run { _ in try await self.receive() }
        }
        while isUsable {
            switch endpoint.next() {
            case .message(let message):
                messageBegan = nil
                return message
            case .answer(let pong):
                try await answer(pong)
            case .pong: continue
            case .end(_, let last):
                if let last { connection.queue(last) }
                return nil
            case nil:
                guard try await readMore() else { return nil }
            }
        }
        return nil
    }

    /// Whether neither end wants to close.
    private var isUsable: Bool { endpoint.isOpen && wanted == nil && !isLost && !connection.isClosed }

    /// - Returns: Whether there is something new to look at.
    private func readMore() async throws -> Bool {
        if connection.isDraining { wanted = wanted ?? WebSocketClose(.goingAway) }
        guard isUsable else { return false }
        noteMessage()
        do {
            guard let bytes = try await connection.read(before: deadline, endsWhenDraining: true) else {
                // Without a goodbye, as when a phone loses its network or a process dies.
                isLost = true
                return false
            }
            quietSince = connection.loop.turnBegan
            pingsUnanswered = 0
            endpoint.receive(bytes)
            return true
        } catch NetworkError.draining {
            return true
        } catch NetworkError.readTimedOut {
            return try silenceLasted()
        } catch {
            isLost = true
            throw error
        }
    }

    private func noteMessage() {
        guard endpoint.isWithinMessage else {
            messageBegan = nil
            return
        }
        messageBegan = messageBegan ?? connection.loop.turnBegan
    }

    private var deadline: LoopTime {
        let silence = quietSince + pingNanoseconds
        return messageBegan.map { min(silence, $0 + messageNanoseconds) } ?? silence
    }

    private func silenceLasted() throws -> Bool {
        let now = connection.loop.turnBegan
        if let began = messageBegan, began + messageNanoseconds <= now {
            wanted = WebSocketClose(.policyViolation, "the message took too long")
            return false
        }
        guard pingsUnanswered < options.pingsUnansweredMax else {
            isLost = true
            throw NetworkError.readTimedOut
        }
        pingsUnanswered += 1
        quietSince = now
        offer(Self.ping)
        return true
    }

    private static let ping = WebSocketFrame.ping()

    /// Answers a ping. A client that sends many and takes no answers waits for itself.
    private func answer(_ pong: Bytes) async throws {
        connection.queue(pong)
        if connection.outgoing.bufferCount < options.framesWaitingMax / 2 {
            connection.sendBeforeLoopWaits()
        } else {
            try await flush()
        }
    }

    // MARK: Sending

    public func send(_ frame: Bytes) async throws {
        guard connection.loop.isCurrent else {
            return try await connection.loop.run { _ in try await self.send(frame) }
        }
        guard isUsable else { throw NetworkError.connectionClosed }
        connection.queue(frame)
        try await flush()
    }

    private func flush() async throws {
        do {
            try await connection.flush()
        } catch {
            isLost = isLost || wanted == nil
            throw error
        }
    }

    public func offer(_ frame: Bytes) {
        guard connection.loop.isCurrent else { return offerFromElsewhere(frame) }
        guard isUsable else { return }
        guard connection.outgoing.isEmpty || hasRoom(for: frame) else { return cutOff() }
        connection.queue(frame)
        connection.sendBeforeLoopWaits()
    }

    private func hasRoom(for frame: Bytes) -> Bool {
        connection.outgoing.bufferCount < options.framesWaitingMax
            && connection.outgoing.byteCount + frame.count <= options.bytesWaitingMax
    }

    private func offerFromElsewhere(_ frame: Bytes) {
        // What is on its way to the loop is bounded as what waits there.
        let underWay = offersUnderWay.wrappingAdd(1, ordering: .relaxed).newValue
        guard underWay <= options.framesWaitingMax + 1 else {
            offersUnderWay.wrappingSubtract(1, ordering: .relaxed)
            return
        }
        connection.loop.execute {
            self.offersUnderWay.wrappingSubtract(1, ordering: .relaxed)
            if underWay <= self.options.framesWaitingMax { self.offer(frame) } else { self.cutOff() }
        }
    }

    public func end(_ close: WebSocketClose) {
        guard connection.loop.isCurrent else { return connection.loop.execute { self.end(close) } }
        guard isUsable else { return }
        wanted = close
        connection.interrupt()
    }

    /// Gives up a client that does not take what it is sent: what waits for it is forgotten.
    private func cutOff() {
        guard isUsable else { return }
        isGivenUp.store(true, ordering: .relaxed)
        connection.outgoing.removeUnbegun()
        end(WebSocketClose(.tryAgainLater, "too slow"))
    }

    // MARK: Ending

    /// Says goodbye unless somebody did, waits for the client to do the same, and closes.
    private func finish(_ close: WebSocketClose) async {
        guard !isLost && !connection.isClosed else { return }
        if let goodbye = endpoint.close(wanted ?? close) {
            connection.queue(goodbye)
            connection.sendBeforeLoopWaits()
            // A client that does not answer is closed all the same.
            try? await awaitGoodbye()
        }
        await connection.close(sending: [])
    }

    private func awaitGoodbye() async throws {
        let deadline = connection.loop.turnBegan + options.closeTimeout.wholeNanoseconds
        while true {
            while endpoint.next() != nil {}
            guard !endpoint.hasEnded, let bytes = try await connection.read(before: deadline) else { return }
            endpoint.receive(bytes)
        }
    }
}
