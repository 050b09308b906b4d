internal import CLinux
internal import Glibc

/// One loop's part of a listener: its socket and the connections it has accepted.
///
/// `@unchecked Sendable`: the variables are touched only on the loop's thread, by the lane's task, which prefers that
/// executor, by blocks executed there and by the loop itself.
final class ListenerLane: EventTarget, @unchecked Sendable {
    /// How many connections are accepted before others of the loop's jobs run.
    private static let acceptsPerTurnMax = 64
    /// How long accepting pauses when the kernel refuses a connection for want of memory or descriptors.
    private static let pause = Duration.milliseconds(100)

    let loop: EventLoop
    private let options: TCPConnectionOptions
    private let timeouts: TCPTimeouts
    private let census: ConnectionCensus
    private let report: NetworkEventHook

    /// nil when accepting has ended.
    private var socket: Socket?
    private var registration: RegistrationID?
    private var isReadable = true
    private var waiter: CheckedContinuation<Void, Never>?
    private var isDraining = false
    /// Those that are being served; each knows its place.
    private var connections: [TCPConnection] = []
    /// A descriptor to give up when there are no more, so that a waiting connection can be accepted and closed instead
    /// of hanging; nil when even it could not be opened again.
    private var reserve: Socket?

    init(
        loop: EventLoop, socket: Socket, options: TCPConnectionOptions, census: ConnectionCensus,
        report: @escaping NetworkEventHook
    ) {
        self.loop = loop
        self.socket = socket
        self.options = options
        timeouts = TCPTimeouts(options)
        self.census = census
        self.report = report
    }

    /// Accepts and serves until the task is cancelled or the lane drains, and all its connections have ended.
    func run(_ serve: @escaping @Sendable (TCPConnection) async throws -> Void) async {
        reopenReserve()
        register()
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled, let socket {
                do throws(NetworkError) {
                    var accepted = 0
                    while accepted < Self.acceptsPerTurnMax, let (new, peer) = try socket.accept() {
                        accepted += 1
                        guard let connection = admit(new, peer) else { continue }
                        group.addTask(executorPreference: loop) { await self.serve(connection, serve) }
                    }
                    if accepted == Self.acceptsPerTurnMax { await Task.yield() } else { await waitUntilReadable() }
                } catch {
                    await acceptFailed(error, on: socket)
                }
            }
            stopAccepting()
        }
    }

    /// Stops accepting and tells every connection to come to an end.
    func drain() {
        isDraining = true
        stopAccepting()
        // Draining a connection may not change the list at once: tasks run later in the turn.
        for connection in connections { connection.drain() }
    }

    /// Closes the listening socket; those who wait in its queue are reset by the kernel.
    func stopAccepting() {
        if let registration { loop.registrations.remove(registration) }
        registration = nil
        socket?.close()
        socket = nil
        reserve?.close()
        reserve = nil
        wakeUp()
    }

    // MARK: Connections

    private func admit(_ socket: Socket, _ peer: SocketAddress?) -> TCPConnection? {
        guard let peer else {
            socket.close()
            return nil
        }
        if let refusal = census.enter(peer.ip) {
            socket.close()
            report(.refused(peer: peer, refusal))
            return nil
        }
        let connection = TCPConnection(loop: loop, socket: socket, peer: peer, timeouts: timeouts)
        do throws(NetworkError) {
            try connection.open(options)
        } catch {
            socket.close()
            census.leave(peer.ip)
            report(.connectionFailed(peer: peer, error))
            return nil
        }
        connection.laneIndex = connections.count
        connections.append(connection)
        return connection
    }

    private func serve(
        _ connection: TCPConnection, _ body: @Sendable (TCPConnection) async throws -> Void
    ) async {
        unsafe withUnsafeCurrentTask { unsafe connection.task = $0 }
        if isDraining { connection.drain() }
        do {
            try await body(connection)
        } catch {
            report(.connectionFailed(peer: connection.peer, error))
        }
        unsafe connection.task = nil
        connection.close()
        remove(connection)
        census.leave(connection.peer.ip)
    }

    private func remove(_ connection: TCPConnection) {
        let last = connections.removeLast()
        guard last !== connection else { return }
        connections[connection.laneIndex] = last
        last.laneIndex = connection.laneIndex
    }

    // MARK: Accepting

    private func register() {
        guard let socket, registration == nil else { return }
        let id = loop.registrations.insert(self)
        do throws(NetworkError) {
            try loop.poller.add(socket, .readable, id)
            registration = id
        } catch {
            // Without memory for a registration the server cannot start; the caller sees `run` end.
            loop.registrations.remove(id)
            report(.acceptFailed(error))
            stopAccepting()
        }
    }

    private func acceptFailed(_ error: NetworkError, on socket: Socket) async {
        switch error {
        case .connectionReset, .system(_, ECONNABORTED), .system(_, EPROTO), .system(_, ENETDOWN),
            .system(_, ENOPROTOOPT), .system(_, EHOSTDOWN), .system(_, ENONET), .system(_, EOPNOTSUPP):
            // The fate of one connection before it was accepted (accept(2), "Error handling"); the next may be well.
            return
        case .system(_, EMFILE), .system(_, ENFILE):
            if refuseWithReserve(socket) { return }
        default: break
        }
        report(.acceptFailed(error))
        // Cancellation ends the pause early, and `run` looks at it next.
        try? await loop.sleep(for: Self.pause)
        reopenReserve()
    }

    /// Gives up the reserve for a moment to accept one connection and close it.
    private func refuseWithReserve(_ socket: Socket) -> Bool {
        guard let reserve else { return false }
        reserve.close()
        self.reserve = nil
        defer { reopenReserve() }
        guard let (refused, peer) = (try? socket.accept()) ?? nil else { return false }
        // First the report: who sees the connection closed may count on it.
        report(.refused(peer: peer, .descriptorsExhausted))
        refused.close()
        return true
    }

    private func reopenReserve() {
        guard reserve == nil, socket != nil else { return }
        let descriptor = clinux_open_null()
        reserve = descriptor >= 0 ? Socket(descriptor: descriptor) : nil
    }

    private func waitUntilReadable() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // What arrived since the last accept has made an event, which leaves `isReadable` set.
                guard !isReadable && socket != nil && !Task.isCancelled else { return continuation.resume() }
                waiter = continuation
            }
            isReadable = false
        } onCancel: {
            loop.execute { self.wakeUp() }
        }
    }

    func eventsArrived(_ events: ReadyEvents) {
        isReadable = true
        wakeUp()
    }

    private func wakeUp() {
        waiter?.resume()
        waiter = nil
    }
}
