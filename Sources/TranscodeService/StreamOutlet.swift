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
    private let logger: Logger
    private let snapshot: SnapshotWriter?
    private let recording: RecordingKeeper?
    /// The parts of open segments as they stand, by the names of the segments.
    private var standingParts: [String: [[Bytes]]] = [:]
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
    /// The time between two attempts, in milliseconds.
    private static let pauseMilliseconds: ClosedRange<Int64> = 20...500
    /// Segments that may be open at the same time; more come from a stream that is cut in a strange way.
    private static let openSegmentsMax = 64

    init(
        _ reader: any FrameLogReader, store: any SegmentStore, timeline: any TimelineLog,
        snapshots: (any TimelineSnapshots)?, archive: (any SegmentArchive)?, retained: RetainedWindows,
        clock: any WallClock, logger: Logger
    ) {
        stream = reader.stream
        fence = reader.fence
        isLost = { reader.wasTaken }
        self.store = store
        self.timeline = timeline
        self.retained = retained
        self.clock = clock
        self.logger = logger
        recording = archive.map { RecordingKeeper($0, stream: reader.stream, logger: logger) }
        snapshot = snapshots.map { SnapshotWriter($0, stream: reader.stream, fence: reader.fence) }
    }

    /// Learns what the worker before this one has announced.
    ///
    /// - Parameter events: What must be known at least, where nothing was kept.
    func takeOver(knowing events: [TimelineEvent]) async {
        guard snapshot != nil else { return }
        await recording?.restore()
        var known: [TimelineEvent] = []
        do throws(StreamError) {
            known = try await snapshot?.load() ?? []
        } catch {
            logger.error("the stream's timeline was not read: what was announced is lost", ["error": LogValue(error)])
        }
        for event in known.isEmpty ? events : known {
            _ = retained.apply(event, of: stream, at: clock.now())
            if case .run(let run) = event { self.run = run }
            await recording?.apply(event)
        }
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
        var pause = Self.pauseMilliseconds.lowerBound
        while !isLost() {
            do throws(StreamError) {
                try await attempt()
                return true
            } catch .conflict(let reason) {
                logger.info("the stream is another worker's", ["reason": LogValue(reason)])
                return true
            } catch {
                guard ContinuousClock.now < deadline, !Task.isCancelled else {
                    logger.error(loss, ["error": LogValue(error)])
                    return false
                }
            }
            // A cancelled sleep ends the loop by the condition above.
            try? await Task.sleep(for: .milliseconds(pause))
            pause = min(pause * 2, Self.pauseMilliseconds.upperBound)
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
        var chunks = object.chunks
        if object.kind == .segment, let parts = standingParts[object.name] { chunks = parts.flatMap(\.self) }
        let standing = try await store.put(chunks, under: SegmentName(stream: stream, path: object.name))
        if object.kind == .segment { standingParts[object.name] = nil }
        if object.kind == .part, let segment = object.segmentName {
            if standingParts.count >= Self.openSegmentsMax { standingParts = [:] }
            standingParts[segment, default: []].append(standing)
        }
        let isOurs = standing == object.chunks
        adopted[object.name] = isOurs ? nil : standing.reduce(0) { $0 + $1.count }
        if adopted.count > Self.openSegmentsMax { adopted = [:] }
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
        if case .run(let run) = event { self.run = run }
        unused += retained.apply(event, of: stream, at: clock.now())
        do throws(StreamError) {
            if try await snapshot?.append(record) == false { await rewriteSnapshot() }
        } catch .conflict(_) {
            // Another worker has the stream, as the announcement will say.
        } catch {
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

/// Keeps one stream's ``TimelineSnapshots`` short: records are added one by one, and when there are far more than the
/// window needs, they are written anew.
actor SnapshotWriter {
    /// Records to add beyond those of the window before it is written anew.
    static let additionsMin: Int64 = 256

    private let snapshots: any TimelineSnapshots
    private let stream: StreamID
    private let fence: Int64
    /// The number of the first record that is kept, and of the next one.
    private var first: Int64 = 0
    private var next: Int64 = 0
    /// How many records the window had when it was written.
    private var windowCount: Int64 = 0
    /// Nothing is known of what is kept, or the last attempt failed.
    private var isBroken = true

    init(_ snapshots: any TimelineSnapshots, stream: StreamID, fence: Int64) {
        self.snapshots = snapshots
        self.stream = stream
        self.fence = fence
    }

    func load() async throws(StreamError) -> [TimelineEvent] {
        guard let snapshot = try await snapshots.load(stream) else { return [] }
        next = snapshot.first + Int64(snapshot.records.count)
        // What cannot be read was written by another version; the others stand for themselves.
        return snapshot.records.compactMap { try? TimelineEvent(decoding: $0) }
    }

    /// - Returns: Whether the record is there; otherwise all must be written.
    func append(_ record: Bytes) async throws(StreamError) -> Bool {
        guard !isBroken, next - first < windowCount * 2 + Self.additionsMin else { return false }
        isBroken = true
        let isThere = try await snapshots.append(record, number: next, keepingFrom: first, of: stream, fence: fence)
        guard isThere else { return false }
        next += 1
        isBroken = false
        return true
    }

    func rewrite(_ records: [Bytes]) async throws(StreamError) {
        isBroken = true
        try await snapshots.replace(with: records, from: next, of: stream, fence: fence)
        first = next
        next += Int64(records.count)
        windowCount = Int64(records.count)
        isBroken = false
    }
}

extension StoredObject {
    /// The name of the segment that a part belongs to: `720p/segment-17.m4s` of `720p/segment-17.3.m4s`.
    fileprivate var segmentName: String? {
        let pieces = name.split(separator: ".")
        guard pieces.count == 3 else { return nil }
        return "\(pieces[0]).\(pieces[2])"
    }
}
