internal import CLinux
internal import Glibc
internal import Synchronization

/// Accepts TCP connections on one address, with a socket of its own on every loop of a group.
///
/// The kernel spreads new connections over the sockets (`SO_REUSEPORT`), so no loop hands one over to another and no
/// lock is taken between them except to count.
public final class TCPListener: Sendable {
    /// The address that it is bound to, with the real port.
    public let address: SocketAddress
    private let lanes: [ListenerLane]
    private let census: ConnectionCensus
    private let report: NetworkEventHook

    /// Binds and listens; connections wait in the kernel until `run`.
    ///
    /// - Parameters:
    ///   - host: A numeric address or `localhost`; nil for every address of the machine, IPv6 and IPv4.
    ///   - port: The port; 0 for a free one, see `address`.
    ///   - group: The loops that get the connections.
    ///   - options: Limits and how connections behave.
    ///   - report: Hears of refused connections and failures.
    /// - Throws: `NetworkError.addressInUse`, `.addressNotUsable`, `.addressNotUnderstood`.
    public init(
        host: String? = nil, port: UInt16, group: EventLoopGroup, options: TCPListenerOptions = TCPListenerOptions(),
        report: @escaping NetworkEventHook = { _ in }
    ) throws(NetworkError) {
        let sockets = try ListeningSockets(host: host, port: port, count: group.loops.count, backlog: options.backlog)
        let census = ConnectionCensus(
            connectionsMax: options.connectionsMax, connectionsPerAddressMax: options.connectionsPerAddressMax)
        self.census = census
        self.report = report
        address = sockets.address
        lanes = zip(group.loops, sockets.sockets).map {
            ListenerLane(loop: $0, socket: $1, options: options.connection, census: census, report: report)
        }
    }

    /// How many connections are open.
    public var connectionCount: Int { census.total }

    /// Closes the sockets of a listener that does not run.
    public func close() {
        for lane in lanes { lane.loop.execute { lane.stopAccepting() } }
    }

    /// Accepts connections until the task is cancelled, and serves each in a task of its own on the connection's loop.
    ///
    /// Cancelling stops accepting at once and tells the connections to drain (`TCPConnection.isDraining`). Their tasks
    /// are cancelled when `grace` has passed. It returns when all have ended.
    ///
    /// - Parameters:
    ///   - grace: How long connections may go on after the cancellation.
    ///   - serve: Serves one connection, which is closed behind it. An error ends that connection alone.
    public func run(
        grace: Duration = .zero, _ serve: @escaping @Sendable (TCPConnection) async throws -> Void
    ) async {
        report(.listening(address))
        // Connections must outlive the cancellation of this task by the grace, so they are not its children. The task
        // is awaited below in every case, and cancelled by `cutShort`.
        let serving = Task { [lanes] in
            await withDiscardingTaskGroup { group in
                for lane in lanes { group.addTask(executorPreference: lane.loop) { await lane.run(serve) } }
            }
        }
        let graceTimer = Mutex<Task<Void, Never>?>(nil)
        await withTaskCancellationHandler {
            await serving.value
        } onCancel: {
            report(.drainBegan(connections: census.total))
            for lane in lanes { lane.loop.execute { lane.drain() } }
            guard grace > .zero else { return serving.cancel() }
            let loop = lanes[0].loop
            let waiting = Task(executorPreference: loop) { [report, census] in
                // Cancelled means that all connections have ended in time.
                guard (try? await loop.sleep(for: grace)) != nil else { return }
                report(.drainCutShort(connections: census.total))
                serving.cancel()
            }
            graceTimer.withLock { $0 = waiting }
        }
        let waiting = graceTimer.withLock { $0 }
        waiting?.cancel()
        await waiting?.value
    }
}
