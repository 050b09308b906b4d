import Bytes
import Packaging
import StreamingCore

/// Stores and announces what is made of one stream, in order.
///
/// Where other processes may continue the stream, it also keeps a snapshot of the timeline for those who come late, and
/// respects what a worker before this one has stored: bytes under a name never change, so that a segment that two
/// workers have made consists of the parts that stand, whoever made them.
actor StreamOutlet {
    private let stream: StreamID
    private let fence: Int64
    /// Whether another worker has the stream now.
    private let isLost: @Sendable () -> Bool
    private let store: any SegmentStore
    private let timeline: any TimelineLog
    private let retained: RetainedWindows
    private let clock: any WallClock
    private let metrics: TranscodeMetrics
    private let logger: Logger
    private let snapshot: SnapshotWriter?
    private let recording: RecordingKeeper?
    /// What players can still ask for at the live edge, as it stands or is to.
    private var edge = LiveEdgeObjects()
    /// The store was away, or was emptied: what it had of the live edge may be nowhere.
    private var mustPutAgain = false
    private var putAgainAt: ContinuousClock.Instant?
    /// What stands under names of which our own bytes were others.
    private var adopted: [String: Int] = [:]

    /// Names that nobody should ask for any more.
    private var unused: [String] = []
    private var run: Run?
    /// The store has not taken the last object.
    private var isStoreAway = false
    private var renewedAt: WallTime?

    /// How often initialisation segments are stored again, in milliseconds, where stores forget: they are needed for as
    /// long as the broadcast lasts.
    private static let renewalMilliseconds: Int64 = 60_000
    /// How long it is tried to store something, in milliseconds. It is shorter than what players have in their buffers:
    /// what the near store does not take may be in the far one.
    private static let storeMilliseconds: Int64 = 3_000
    /// How long it is tried to announce something, in milliseconds: longer than brokers need to choose another leader.
    private static let announceMilliseconds: Int64 = 60_000
    /// The least time between two times that the live edge is stored again, in milliseconds: a store that fails now and
    /// then is not given everything each time.
    private static let putAgainMilliseconds: Int64 = 1_000
    /// The bounds of the time between two attempts, in milliseconds (``RetryDelay``).
    private static let pauseMilliseconds: ClosedRange<Int64> = 20...500
    /// Objects of which others stand that may wait for their announcement.
    private static let adoptedMax = 64

    init(
        _ reader: any FrameLogReader, store: any SegmentStore, timeline: any TimelineLog,
        snapshots: (any TimelineSnapshots)?, archive: (any SegmentArchive)?, retained: RetainedWindows,
        clock: any WallClock, metrics: TranscodeMetrics = TranscodeMetrics(), logger: Logger
    ) {
        stream = reader.stream
        fence = reader.fence
        isLost = { reader.wasTaken }
        self.store = store
        self.timeline = timeline
        self.retained = retained
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
        recording = archive.map {
            RecordingKeeper(
                $0, stream: reader.stream, windowMilliseconds: retained.configuration.windowMilliseconds, logger: logger
            )
        }
        snapshot = snapshots.map { SnapshotWriter($0, stream: reader.stream, fence: reader.fence) }
    }

    /// Learns what the worker before this one has announced.
    ///
    /// - Parameter events: What must be known at least, where nothing was kept.
    func takeOver(knowing events: [TimelineEvent]) async {
        guard snapshot != nil else { return }
        var known: [TimelineEvent] = []
        do throws(StreamError) {
            known = try await snapshot?.load() ?? []
        } catch {
            logger.error("the stream's timeline was not read: what was announced is lost", ["error": LogValue(error)])
        }
        for event in known.isEmpty ? events : known {
            _ = retained.apply(event, of: stream, at: clock.now())
            if case .run(let run) = event { self.run = run }
        }
        await recording?.takeOver(knowing: known.isEmpty ? events : known)
        await rewriteSnapshot()
    }

    func carryOut(_ output: PackagerOutput) async {
        switch output {
        case .store(let object):
            // A store that is away costs that time once, and then each object one attempt.
            let patience = isStoreAway ? 0 : Self.storeMilliseconds
            isStoreAway = await !insist("segment lost", for: patience) { () throws(StreamError) in
                try await self.put(object)
            }
            if !isStoreAway, mustPutAgain, await putAgain() { await rewriteSnapshot() }
        case .announce(let event):
            let event = corrected(event)
            let record = event.encoded
            await keepForLatecomers(event, record)
            _ = await insist("announcement lost", for: Self.announceMilliseconds) { () throws(StreamError) in
                try await self.timeline.append(record, for: self.stream, fence: self.fence)
            }
            await announced(event)
        }
    }

    /// Tries until it works, the stream is another worker's, or the time is over. What comes after waits, because the
    /// order is what a timeline is.
    ///
    /// - Returns: Whether it worked, or nobody wants it any more.
    private func insist(
        _ loss: StaticString, for milliseconds: Int64, _ attempt: () async throws(StreamError) -> Void
    ) async -> Bool {
        let deadline = ContinuousClock.now + .milliseconds(milliseconds)
        let pauses = Self.pauseMilliseconds
        var delay = RetryDelay(firstMilliseconds: pauses.lowerBound, millisecondsMax: pauses.upperBound)
        while !isLost() {
            do throws(StreamError) {
                try await attempt()
                return true
            } catch .conflict(let reason) {
                logger.info("the stream is another worker's", ["reason": LogValue(reason)])
                return true
            } catch {
                guard ContinuousClock.now < deadline, !Task.isCancelled else {
                    metrics.outputWasLost()
                    logger.error(loss, ["error": LogValue(error)])
                    return false
                }
            }
            // A cancelled sleep ends the loop by the condition above.
            try? await Task.sleep(for: delay.next(random: .random(in: .min ... .max)))
        }
        return true
    }

    // MARK: Storing

    private func put(_ object: StoredObject) async throws(StreamError) {
        // Where others may continue the stream, one may have stored what is made now, even if it left no checkpoint.
        guard snapshot != nil else {
            try await store.put(object.chunks, under: SegmentName(stream: stream, path: object.name))
            return
        }
        var object = object
        let own = object.chunks
        if object.kind == .segment, let parts = edge.parts(of: object.name) {
            object = StoredObject(kind: .segment, name: object.name, chunks: parts)
        }
        edge.keep(object)
        let standing = try await putWhereItMayBeLost(object)
        let isOurs = standing == own
        adopted[object.name] = isOurs ? nil : standing.reduce(0) { $0 + $1.count }
        if adopted.count > Self.adoptedMax { adopted = [:] }
    }

    private func putWhereItMayBeLost(_ object: StoredObject) async throws(StreamError) -> [Bytes] {
        do throws(StreamError) {
            let standing = try await store.put(object.chunks, under: SegmentName(stream: stream, path: object.name))
            if standing != object.chunks {
                edge.keep(StoredObject(kind: object.kind, name: object.name, chunks: standing))
            }
            return standing
        } catch {
            mustPutAgain = true
            throw error
        }
    }

    /// Stores again what players may ask for now: a store that was emptied has no other source of it.
    ///
    /// - Returns: Whether it was tried, which is not done too often.
    private func putAgain() async -> Bool {
        let now = ContinuousClock.now
        if let putAgainAt, now - putAgainAt < .milliseconds(Self.putAgainMilliseconds) { return false }
        putAgainAt = now
        mustPutAgain = false
        let objects = edge.objects
        do throws(StreamError) {
            for object in objects where !isLost() { _ = try await putWhereItMayBeLost(object) }
            logger.info("the live edge was stored again", ["objects": LogValue(objects.count)])
        } catch {
            // It is tried again behind the next object that the store takes.
            logger.error("the live edge was not stored again", ["error": LogValue(error)])
        }
        return true
    }

    /// Stores the initialisation segments of the run again before they are forgotten.
    private func renewInitializations() async throws(StreamError) {
        guard snapshot != nil, let run else { return }
        let now = clock.now()
        if let renewedAt, renewedAt.adding(milliseconds: Self.renewalMilliseconds) > now { return }
        renewedAt = now
        for object in run.renditions.map(\.initialization) {
            try await store.put(object.chunks, under: SegmentName(stream: stream, path: object.name))
        }
    }

    /// What an event says of bytes that are not ours.
    private func corrected(_ event: TimelineEvent) -> TimelineEvent {
        switch event {
        case .part(var part):
            guard let byteCount = adopted.removeValue(forKey: part.name) else { return event }
            part.byteCount = byteCount
            return .part(part)
        case .segment(var segment):
            guard let byteCount = adopted.removeValue(forKey: segment.name) else { return event }
            segment.byteCount = byteCount
            // Where its key frame ends is not known.
            segment.keyframeByteCount = 0
            return .segment(segment)
        default: return event
        }
    }

    // MARK: Announcing

    /// Before the others are told: who is told of it must also be able to come back to it.
    private func keepForLatecomers(_ event: TimelineEvent, _ record: Bytes) async {
        switch event {
        case .began, .ended: edge = LiveEdgeObjects()
        case .run(let run): self.run = run
        default: break
        }
        unused += retained.apply(event, of: stream, at: clock.now())
        do throws(StreamError) {
            switch try await snapshot?.append(record) {
            case .kept, nil: break
            case .due: await rewriteSnapshot()
            case .lost:
                // Snapshots and segments are kept together, and lost together.
                mustPutAgain = true
                _ = await putAgain()
                await rewriteSnapshot()
            }
        } catch .conflict(_) {
            // Another worker has the stream, as the announcement will say.
        } catch {
            mustPutAgain = true
            logger.error("timeline not kept for those who come late", ["error": LogValue(error)])
        }
    }

    private func announced(_ event: TimelineEvent) async {
        await recording?.apply(event)
        if !unused.isEmpty {
            await store.remove(unused.map { SegmentName(stream: stream, path: $0) })
            unused = []
        }
        do throws(StreamError) { try await renewInitializations() } catch {
            logger.error("initialisation segments not renewed", ["error": LogValue(error)])
        }
    }

    private func rewriteSnapshot() async {
        do throws(StreamError) {
            try await snapshot?.rewrite(retained.events(of: stream).map(\.encoded))
        } catch {
            logger.error("timeline not kept for those who come late", ["error": LogValue(error)])
        }
    }
}
