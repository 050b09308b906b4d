import Media
import StreamingCore
import Synchronization

/// One broadcast of one stream: takes frames from whichever connection publishes and appends them to the frame log.
///
/// The decisions are in ``StateMachine``; this class carries them out. The lock is held while an entry is appended,
/// because the order in the log must be the order of the decisions; appending never waits.
final class Broadcast: Sendable {
    let stream: StreamID
    private let streams: any StreamRepository
    private let events: any EventLog
    /// The event that told of its beginning.
    private let beginning: UUIDv7
    private let origin: BroadcastOrigin
    private let metrics: IngestMetrics
    private let logger: Logger

    fileprivate struct Guarded: ~Copyable {
        var machine: StateMachine
        let writer: any FrameLogWriter
        var meter = SourceMeter()
        var publisher: Publisher?
        /// What the database and the event log must still be told, in order. Bounded by
        /// ``IngestLimits/changesWaitingMax``.
        var changes: [Change] = []
        var isRecording = false
        /// Whether the event of our beginning has come back to us.
        var isKnown = false
        /// What was told of repairs already.
        var repairsTold = 0
    }

    /// Something that must be written down.
    fileprivate enum Change {
        case state(StreamState, StreamEvent.Kind, failure: String?, at: WallTime)
        case discontinuity(Int)
    }

    private let guarded: Mutex<Guarded>

    init(
        stream: StreamID, origin: BroadcastOrigin, beginning: UUIDv7, writer: any FrameLogWriter,
        graceMilliseconds: Int64, streams: any StreamRepository, events: any EventLog,
        metrics: IngestMetrics = IngestMetrics(), logger: Logger
    ) {
        self.stream = stream
        self.streams = streams
        self.events = events
        self.beginning = beginning
        self.origin = origin
        self.metrics = metrics
        self.logger = logger.with("stream.id", LogValue(stream))
        let machine = StateMachine(origin: origin, graceMilliseconds: graceMilliseconds)
        guarded = Mutex(Guarded(machine: machine, writer: writer))
    }

    /// Lets a publisher in, in place of one that is there.
    ///
    /// - Returns: `false` when the broadcast is over.
    func admit(_ publisher: Publisher, at now: WallTime) -> Bool {
        let (action, displaced) = guarded.withLock { guarded in
            let action = guarded.machine.connectionArrived(publisher.connection)
            guard case .publish(_, let isResumption) = action else { return (action, nil as Publisher?) }
            if isResumption { guarded.changes.append(.state(.active, .resumed, failure: nil, at: now)) }
            guarded.meter.connectionBegan()
            defer { guarded.publisher = publisher }
            return (action, guarded.publisher)
        }
        guard case .publish(let old, let isResumption) = action else { return false }
        if let displaced, displaced.connection == old {
            logger.info("publisher displaced by a newer connection", ["connection.id": LogValue(displaced.connection)])
            displaced.stop(.takenOver)
        }
        if isResumption { logger.info("broadcast resumed") }
        return true
    }

    /// Takes a frame from a connection.
    ///
    /// - Returns: `false` when the connection must stop sending: it was displaced, or the log refuses more.
    func receive(_ frame: EncoderFrame, from connection: UInt64, at now: WallTime) -> Bool {
        do {
            return try guarded.withLock { guarded throws(StreamError) in
                switch guarded.machine.frameReceived(frame, from: connection, at: now) {
                case .append(let repaired, let newDiscontinuity):
                    guarded.meter.received(frame, at: now)
                    if let newDiscontinuity { guarded.note(.discontinuity(newDiscontinuity)) }
                    try guarded.writer.append(.frame(repaired))
                    metrics.appended(repaired, of: origin)
                    metrics.repaired(guarded.takeRepairs())
                    return true
                case .drop:
                    guarded.meter.received(frame, at: now)
                    return true
                case .refuse: return false
                }
            }
        } catch {
            logger.error("frame log refused a frame", ["error": LogValue(error)])
            return false
        }
    }

    /// A connection ended.
    ///
    /// - Parameter isDeliberate: The encoder said that it is done.
    /// - Returns: Whether the broadcast is over with it.
    func connectionLost(_ connection: UInt64, isDeliberate: Bool, at now: WallTime) async -> Bool {
        let (action, repairs) = guarded.withLock { guarded in
            let action = guarded.machine.connectionLost(connection, isDeliberate: isDeliberate, at: now)
            switch action {
            case .interrupt:
                guarded.publisher = nil
                guarded.meter.connectionEnded()
                guarded.conclude(with: .interrupted, state: .reconnecting, event: .interrupted, at: now)
            case .end:
                guarded.publisher = nil
                guarded.conclude(with: .ended, state: .ended, event: .ended(.unpublished), at: now)
            case .ignore: break
            }
            return (action, guarded.machine.repairs)
        }
        switch action {
        case .ignore: return false
        case .interrupt:
            metrics.sourceWasLost()
            logger.info("encoder lost, waiting for it to come back", ["repairs": LogValue(repairs.summary)])
        case .end: logger.info("broadcast ended", ["repairs": LogValue(repairs.summary)])
        }
        await recordChanges()
        return action == .end
    }

    /// What the encoder sent in the second that is over, once a second; `nil` while none is connected.
    func sourceReport(by instance: String, at now: WallTime) -> SourceReport? {
        let measured = guarded.withLock { guarded in
            guarded.meter.timePassed(now, repairs: guarded.machine.repairs.timestampRepairs)
        }
        return measured.map {
            SourceReport(instance: instance, at: now, bitsPerSecond: $0.bitsPerSecond, health: $0.health)
        }
    }

    /// Ends the broadcast if its grace time is over.
    ///
    /// - Returns: Whether it ended now.
    func endIfGraceIsOver(at now: WallTime) async -> Bool {
        let isOver = guarded.withLock { guarded in
            guard guarded.machine.timePassed(now) else { return false }
            guarded.conclude(with: .ended, state: .ended, event: .ended(.graceExpired), at: now)
            return true
        }
        guard isOver else { return false }
        logger.info("broadcast ended: the encoder did not come back")
        await recordChanges()
        return true
    }

    /// Ends the broadcast because a connection sends what cannot be broadcast.
    ///
    /// - Parameter failure: Why, for people.
    /// - Returns: Whether the broadcast is over with it; not when the connection had been displaced.
    func fail(_ connection: UInt64, because failure: String, at now: WallTime) async -> Bool {
        let isOver = guarded.withLock { guarded in
            guard guarded.machine.connectionLost(connection, isDeliberate: true, at: now) == .end else { return false }
            guarded.publisher = nil
            guarded.conclude(with: .ended, state: .error, event: .ended(.failed), failure: failure, at: now)
            return true
        }
        guard isOver else { return false }
        logger.warning("broadcast failed", ["reason": LogValue(failure)])
        await recordChanges()
        return true
    }

    /// Ends the broadcast for a reason that is not the encoder's.
    func end(_ reason: StreamEvent.EndReason, telling stop: StopReason, at now: WallTime) async {
        let (isOver, publisher) = guarded.withLock { guarded in
            guard case .end = guarded.machine.endOrdered() else { return (false, nil as Publisher?) }
            guarded.conclude(with: .ended, state: .ended, event: .ended(reason), at: now)
            defer { guarded.publisher = nil }
            return (true, guarded.publisher)
        }
        guard isOver else { return }
        publisher?.stop(stop)
        logger.info("broadcast ended", ["reason": LogValue(reason.rawValue)])
        await recordChanges()
    }

    /// Leaves the broadcast to another process: it stays on air, without an encoder.
    func handOver(at now: WallTime) async {
        let (action, publisher) = guarded.withLock { guarded in
            let action = guarded.machine.handOverOrdered()
            switch action {
            case .handOver(.some):
                guarded.conclude(with: .interrupted, state: .reconnecting, event: .interrupted, at: now)
            case .end: guarded.conclude(with: .ended, state: .ended, event: .ended(.shutdown), at: now)
            // Told already.
            case .handOver(nil), .ignore: break
            }
            defer { guarded.publisher = nil }
            return (action, guarded.publisher)
        }
        publisher?.stop(.handedOver)
        switch action {
        case .handOver: logger.info("broadcast handed over: another process is to go on with it")
        case .end: logger.info("broadcast ended", ["reason": LogValue(StreamEvent.EndReason.shutdown.rawValue)])
        case .ignore: break
        }
        await recordChanges()
    }

    /// Whether an encoder is connected.
    var hasPublisher: Bool { guarded.withLock { $0.publisher != nil } }

    /// Whether a beginning is another's and came behind ours.
    func isDisplaced(by event: UUIDv7) -> Bool {
        guarded.withLock { guarded in
            if event == beginning { guarded.isKnown = true }
            return event != beginning && guarded.isKnown
        }
    }

    /// Whether what others announced behind our beginning has come to us.
    var isKnown: Bool { guarded.withLock { $0.isKnown } }

    /// Gives the stream up, because another process has taken or ended it: nothing more is written.
    func displace() {
        let (isOver, publisher) = guarded.withLock { guarded in
            guard case .end = guarded.machine.endOrdered() else { return (false, nil as Publisher?) }
            guarded.changes = []
            defer { guarded.publisher = nil }
            return (true, guarded.publisher)
        }
        guard isOver else { return }
        publisher?.stop(.takenOver)
        logger.info("broadcast displaced: another process has taken or ended it")
    }

    /// Sends the publisher away if it was let in with this key; the broadcast then waits for another.
    func stopPublisher(using keyID: UUIDv7) {
        let publisher = guarded.withLock { $0.publisher }
        if let publisher, publisher.keyID == keyID { publisher.stop(.keyRevoked) }
    }

    /// Whether an encoder is connected.
    var isPublished: Bool { guarded.withLock { $0.publisher != nil } }

    /// Whether there is something to write down.
    var hasChanges: Bool { guarded.withLock { !$0.changes.isEmpty } }

    /// Writes down what has changed, in order. One task at a time does it, for all.
    ///
    /// A database that fails must not stop a broadcast: the failure is logged and the change is tried again for a
    /// while, though nobody waits for that.
    func recordChanges() async { await recordChanges(attempt: 1) }

    private func recordChanges(attempt: Int) async {
        guard guarded.withLock({ $0.beginRecording() }) else { return }
        while let change = guarded.withLock({ $0.nextChange() }) {
            do throws(StreamError) { try await record(change) } catch {
                if case .conflict = error {
                    logger.info("stream change not recorded: the stream is another's", ["error": LogValue(error)])
                    continue
                }
                logger.error("stream change not recorded", ["error": LogValue(error), "attempt": LogValue(attempt)])
                guard attempt < IngestLimits.recordAttemptsMax else { continue }
                guarded.withLock { $0.putBack(change) }
                // Not a child: whoever reported the change goes on.
                Task {
                    // Never cancelled, so it throws nothing.
                    try? await Task.sleep(for: .milliseconds(IngestLimits.recordRetryMilliseconds))
                    await self.recordChanges(attempt: attempt + 1)
                }
                return
            }
        }
    }

    private func record(_ change: Change) async throws(StreamError) {
        switch change {
        case .discontinuity(let sequence): try await streams.recordDiscontinuity(stream, sequence: sequence)
        case .state(let state, let kind, let failure, let at):
            do { try await streams.setState(stream, to: state, failure: failure, at: at) } catch .notFound {
                // The stream was deleted while it was on air: there is no row to keep true.
            }
            try await events.append(StreamEvent(streamID: stream, at: at, kind: kind))
        }
    }
}

extension Broadcast.Guarded {
    /// Ends or interrupts the log and notes the change.
    fileprivate mutating func conclude(
        with entry: BroadcastEntry, state: StreamState, event: StreamEvent.Kind, failure: String? = nil,
        at now: WallTime
    ) {
        // The log refuses only when a newer writer owns it; then that writer's broadcast is the one readers follow.
        try? writer.append(entry)
        note(.state(state, event, failure: failure, at: now))
    }

    /// Remembers a change. When the database is so slow that too many wait, discontinuities are left out first: their
    /// numbers only matter over a restart.
    fileprivate mutating func note(_ change: Broadcast.Change) {
        if changes.count >= IngestLimits.changesWaitingMax {
            changes.removeAll { if case .discontinuity = $0 { true } else { false } }
        }
        if changes.count >= IngestLimits.changesWaitingMax { changes.removeFirst() }
        changes.append(change)
    }

    /// How many repairs were made since this was asked last.
    fileprivate mutating func takeRepairs() -> Int {
        let sum = machine.repairs.sum
        defer { repairsTold = sum }
        return sum - repairsTold
    }

    fileprivate mutating func beginRecording() -> Bool {
        guard !isRecording, !changes.isEmpty else { return false }
        isRecording = true
        return true
    }

    /// A change could not be written down yet.
    fileprivate mutating func putBack(_ change: Broadcast.Change) {
        changes.insert(change, at: 0)
        isRecording = false
    }

    fileprivate mutating func nextChange() -> Broadcast.Change? {
        guard !changes.isEmpty else {
            isRecording = false
            return nil
        }
        return changes.removeFirst()
    }
}
