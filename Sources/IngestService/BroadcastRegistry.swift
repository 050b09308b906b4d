import Media
public import StreamingCore
import Synchronization

/// The broadcasts of this process: at most one per stream.
public final class BroadcastRegistry: Sendable {
    fileprivate enum Entry {
        /// Its numbers are being reserved; whoever comes meanwhile waits.
        case opening([CheckedContinuation<Void, Never>])
        case live(Broadcast)
    }

    private let entries = Mutex<[StreamID: Entry]>([:])
    /// Set at shutdown: nobody begins any more.
    private let isClosed = Atomic(false)
    private let streams: any StreamRepository
    private let log: any FrameLog
    private let events: any EventLog
    private let clock: any WallClock
    private let graceMilliseconds: Int64
    private let metrics: IngestMetrics
    private let logger: Logger
    /// Where it is told each second what encoders send, and by whom; nobody is told where it is `nil`.
    private let reports: (log: any ReportLog, instance: String)?

    public init(
        streams: any StreamRepository, log: any FrameLog, events: any EventLog, clock: any WallClock,
        graceMilliseconds: Int64, reports: (log: any ReportLog, instance: String)? = nil,
        metrics: IngestMetrics = IngestMetrics(), logger: Logger
    ) {
        self.streams = streams
        self.log = log
        self.events = events
        self.clock = clock
        self.graceMilliseconds = graceMilliseconds
        self.reports = reports
        self.metrics = metrics
        self.logger = logger
    }

    /// Makes a publisher the one of its stream: begins a broadcast, resumes one, or takes one over.
    ///
    /// - Throws: ``StreamError/overloaded(what:)`` at the limit, or what the database or the log throw.
    func claim(_ stream: StreamID, by publisher: Publisher) async throws(StreamError) -> Broadcast {
        while true {
            switch try decide(stream) {
            case .join(let broadcast):
                let now = clock.now()
                if broadcast.admit(publisher, at: now) {
                    await broadcast.recordChanges()
                    return broadcast
                }
                remove(broadcast)
            case .open:
                return try await open(stream, for: publisher)
            case .wait:
                await waitUntilOpened(stream)
            }
        }
    }

    /// Tells what encoders send, and ends those broadcasts whose encoder did not come back in time.
    func sweep() async {
        if let reports {
            let now = clock.now()
            for broadcast in live {
                guard let report = broadcast.sourceReport(by: reports.instance, at: now) else { continue }
                reports.log.append(.source(report), for: broadcast.stream)
            }
        }
        for broadcast in live where await broadcast.endIfGraceIsOver(at: clock.now()) { remove(broadcast) }
    }

    func connectionLost(_ connection: UInt64, of broadcast: Broadcast, isDeliberate: Bool) async {
        if await broadcast.connectionLost(connection, isDeliberate: isDeliberate, at: clock.now()) { remove(broadcast) }
    }

    /// Ends a broadcast because its publisher sends what cannot be broadcast.
    func fail(_ broadcast: Broadcast, from connection: UInt64, because failure: String) async {
        if await broadcast.fail(connection, because: failure, at: clock.now()) { remove(broadcast) }
    }

    /// Ends a stream's broadcast, if it has one.
    func end(_ stream: StreamID, _ reason: StreamEvent.EndReason, telling stop: StopReason) async {
        guard let broadcast = entries.withLock({ $0[stream]?.broadcast }) else { return }
        await broadcast.end(reason, telling: stop, at: clock.now())
        remove(broadcast)
    }

    /// Somebody began a broadcast of a stream: we, or another process.
    ///
    /// Events of a stream have one order for all, so what was begun elsewhere behind our own beginning has displaced
    /// our broadcast, whatever clocks say. What came before our own, we have displaced.
    func began(_ stream: StreamID, by event: UUIDv7) {
        guard let broadcast = entries.withLock({ $0[stream]?.broadcast }) else { return }
        if broadcast.isDisplaced(by: event) {
            broadcast.displace()
            remove(broadcast)
        }
    }

    /// A broadcast of a stream has ended: one of ours, or ours was ended by another process that thought us dead.
    func ended(_ stream: StreamID) {
        guard let broadcast = entries.withLock({ $0[stream]?.broadcast }), broadcast.isKnown else { return }
        // What has ended here is on its way out of the table.
        broadcast.displace()
        remove(broadcast)
    }

    func stopPublisher(of stream: StreamID, using keyID: UUIDv7) {
        entries.withLock { $0[stream]?.broadcast }?.stopPublisher(using: keyID)
    }

    /// Lets nobody begin any more.
    func close() { isClosed.store(true, ordering: .sequentiallyConsistent) }

    /// Whether an encoder publishes here, or is about to.
    var hasPublishers: Bool {
        entries.withLock { entries in
            entries.values.contains { entry in entry.broadcast?.hasPublisher ?? true }
        }
    }

    /// Leaves everything that is on air to other processes, at shutdown.
    func handOverAll() async {
        close()
        for broadcast in live {
            await broadcast.handOver(at: clock.now())
            remove(broadcast)
        }
    }

    /// Ends everything, at shutdown.
    func endAll() async {
        close()
        for broadcast in live {
            await broadcast.end(.shutdown, telling: .shutdown, at: clock.now())
            remove(broadcast)
        }
    }

    /// How many broadcasts there are whose encoder is connected, and how many that wait for theirs.
    public var counts: (published: Int, waiting: Int) {
        let all = live
        let published = all.count { $0.isPublished }
        return (published, all.count - published)
    }

    private var live: [Broadcast] { entries.withLock { $0.values.compactMap(\.broadcast) } }

    private enum Decision {
        case join(Broadcast)
        case open
        case wait
    }

    private func decide(_ stream: StreamID) throws(StreamError) -> Decision {
        guard !isClosed.load(ordering: .sequentiallyConsistent) else { throw .overloaded(what: "shutting down") }
        return try entries.withLock { entries throws(StreamError) in
            switch entries[stream] {
            case .live(let broadcast): return .join(broadcast)
            case .opening: return .wait
            case nil:
                guard entries.count < IngestLimits.broadcastsMax else {
                    throw .overloaded(what: "broadcasts at once: \(IngestLimits.broadcastsMax)")
                }
                entries[stream] = .opening([])
                return .open
            }
        }
    }

    private func open(_ stream: StreamID, for publisher: Publisher) async throws(StreamError) -> Broadcast {
        let now = clock.now()
        do {
            let origin = try await streams.beginBroadcast(stream, at: now)
            let writer = try await log.openWriter(for: stream)
            try writer.append(.began(origin))
            let beginning = StreamEvent(streamID: stream, at: now, kind: .started)
            let broadcast = Broadcast(
                stream: stream, origin: origin, beginning: beginning.id, writer: writer,
                graceMilliseconds: graceMilliseconds, streams: streams, events: events, metrics: metrics,
                logger: logger)
            _ = broadcast.admit(publisher, at: now)
            settle(stream, as: .live(broadcast))
            do {
                try await events.append(beginning)
            } catch {
                // Others will not hear of it; frames flow all the same.
                logger.error("event lost", ["stream.id": LogValue(stream), "error": LogValue(error)])
            }
            return broadcast
        } catch {
            settle(stream, as: nil)
            throw error
        }
    }

    private func settle(_ stream: StreamID, as entry: Entry?) {
        let waiters = entries.withLock { entries in
            let waiters = entries[stream]?.waiters ?? []
            entries[stream] = entry
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func waitUntilOpened(_ stream: StreamID) async {
        await withCheckedContinuation { continuation in
            let mustWait = entries.withLock { entries in
                guard case .opening(let waiters) = entries[stream] else { return false }
                entries[stream] = .opening(waiters + [continuation])
                return true
            }
            if !mustWait { continuation.resume() }
        }
    }

    private func remove(_ broadcast: Broadcast) {
        entries.withLock { entries in
            if entries[broadcast.stream]?.broadcast === broadcast { entries[broadcast.stream] = nil }
        }
    }
}

extension BroadcastRegistry.Entry {
    fileprivate var broadcast: Broadcast? {
        switch self {
        case .live(let broadcast): broadcast
        case .opening: nil
        }
    }

    fileprivate var waiters: [CheckedContinuation<Void, Never>] {
        switch self {
        case .live: []
        case .opening(let waiters): waiters
        }
    }
}
