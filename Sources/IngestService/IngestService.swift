public import Network
public import StreamingCore
import Synchronization

/// Takes broadcasts from encoders over RTMP and appends their frames to the frame log.
public final class IngestService: Service {
    /// What can be set.
    public struct Configuration: Sendable {
        /// How long a connection may be silent, in milliseconds.
        public var idleMilliseconds: Int64
        /// How long bytes of a publisher may wait to be read together, in milliseconds; 0 reads each as it comes.
        public var readIntervalMilliseconds: Int64
        /// How long connections may take to say goodbye at a shutdown, in milliseconds.
        public var drainMilliseconds: Int64
        /// How broadcasts are left to other processes at a shutdown; `nil` ends them.
        public var handOver: HandOver?

        public init(
            idleMilliseconds: Int64, readIntervalMilliseconds: Int64, drainMilliseconds: Int64,
            handOver: HandOver? = nil
        ) {
            self.idleMilliseconds = idleMilliseconds
            self.readIntervalMilliseconds = readIntervalMilliseconds
            self.drainMilliseconds = drainMilliseconds
            self.handOver = handOver
        }
    }

    /// A shutdown of one of several processes that go on with each other's broadcasts.
    public struct HandOver: Sendable {
        /// Where encoders are asked to connect, `rtmp://host:port/application`; `nil` is the address that they used.
        public var address: String?
        /// How long encoders may go on here before their connections are closed, in milliseconds. Then comes
        /// ``Configuration/drainMilliseconds``.
        public var patienceMilliseconds: Int64

        public init(address: String?, patienceMilliseconds: Int64) {
            self.address = address
            self.patienceMilliseconds = patienceMilliseconds
        }
    }

    public let name = "ingest"
    let configuration: Configuration
    let keys: any StreamKeyRepository
    let registry: BroadcastRegistry
    let clock: any WallClock
    let metrics: IngestMetrics
    let logger: Logger
    /// Lets through as many lines about refused peers as a log can bear.
    let refusals = LogThrottle(linesPerSecondMax: IngestLimits.refusalLinesPerSecondMax)
    private let listener: TCPListener
    private let events: any EventLog
    private let connectionNumber = Atomic<UInt64>(0)
    private let handingOver = Atomic(false)

    public init(
        configuration: Configuration, listener: TCPListener, keys: any StreamKeyRepository, registry: BroadcastRegistry,
        events: any EventLog, clock: any WallClock, metrics: IngestMetrics = IngestMetrics(), logger: Logger
    ) {
        self.configuration = configuration
        self.listener = listener
        self.keys = keys
        self.registry = registry
        self.events = events
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
    }

    /// Whether encoders are to be asked to connect elsewhere.
    var isHandingOver: Bool { handingOver.load(ordering: .relaxed) }

    /// Serves encoders until cancelled; then every broadcast is ended or handed over, its encoder told, and that
    /// written down.
    public func run() async throws {
        // Neither is a child: a hand-over needs both after the cancellation of this task. Both are cancelled and
        // awaited below in every case.
        let listening = Task { await listen() }
        let obeying = Task { await obeyEvents() }
        await sweepUntilCancelled()
        registry.close()
        listening.cancel()
        if let handOver = configuration.handOver {
            handingOver.store(true, ordering: .relaxed)
            // This task is cancelled, so its own sleep would end at once.
            await Task { await waitForEncoders(milliseconds: handOver.patienceMilliseconds) }.value
            await registry.handOverAll()
        } else {
            await registry.endAll()
        }
        await listening.value
        obeying.cancel()
        await obeying.value
    }

    /// Waits until no encoder publishes here any more, or the time is over.
    private func waitForEncoders(milliseconds: Int64) async {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while registry.hasPublishers, ContinuousClock.now < end {
            // Never cancelled, so it throws nothing.
            try? await Task.sleep(for: .milliseconds(min(IngestLimits.sweepMilliseconds, milliseconds)))
        }
    }

    private func listen() async {
        let patience = configuration.handOver?.patienceMilliseconds ?? 0
        await listener.run(grace: .milliseconds(patience + configuration.drainMilliseconds)) { connection in
            let number = self.connectionNumber.add(1, ordering: .relaxed).newValue
            await PublishConnection(connection, identifier: number, service: self).run()
        }
    }

    private func sweepUntilCancelled() async {
        while !Task.isCancelled {
            // A cancelled sleep ends the loop by the condition above.
            try? await Task.sleep(for: .milliseconds(IngestLimits.sweepMilliseconds))
            await registry.sweep()
        }
    }

    /// Sends publishers away whose stream or key is gone, or whose stream is published through another process now.
    private func obeyEvents() async {
        await withDiscardingTaskGroup { group in
            let orders = AsyncStream<StreamEvent>.makeStream(
                bufferingPolicy: .bufferingNewest(IngestLimits.ordersWaitingMax))
            group.addTask {
                await self.events.follow { event in
                    switch event.kind {
                    case .started, .ended, .deleted, .keyRevoked: orders.continuation.yield(event)
                    case .interrupted, .resumed, .renditionsChanged, .transcodingRefused,
                        .transcodingFailed:
                        break
                    }
                }
                orders.continuation.finish()
            }
            for await event in orders.stream { await obey(event) }
        }
    }

    private func obey(_ event: StreamEvent) async {
        switch event.kind {
        case .deleted: await registry.end(event.streamID, .deleted, telling: .streamDeleted)
        case .keyRevoked(let keyID): registry.stopPublisher(of: event.streamID, using: keyID)
        case .started: registry.began(event.streamID, by: event.id)
        case .ended: registry.ended(event.streamID)
        case .interrupted, .resumed, .renditionsChanged, .transcodingRefused, .transcodingFailed: break
        }
    }
}
