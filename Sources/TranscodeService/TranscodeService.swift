import Bytes
import Codecs
import Media
public import Packaging
public import StreamingCore
import Synchronization

/// Turns each broadcast's frames into segments, stores them and announces them.
///
/// Without a ladder it makes one rendition, `source`, from the encoder's own frames, with its audio beside it. With one
/// it makes the rungs that the source has pixels for; see ``StreamTranscoder``.
public final class TranscodeService: Service {
    /// What can be set.
    public struct Configuration: Sendable {
        public var packager: Packager.Configuration
        /// `nil` passes every source on as it is.
        public var ladder: LadderConfiguration?
        /// How far still pictures of a source without a ladder are apart, in milliseconds; `nil` for none.
        public var thumbnailMilliseconds: Int64?
        public var window: LiveWindow.Configuration
        /// How long an ended broadcast can still be watched, in milliseconds.
        public var retentionMilliseconds: Int64
        /// How long finished broadcasts may take to flow out at a shutdown, in milliseconds.
        public var drainMilliseconds: Int64

        public init(
            packager: Packager.Configuration, ladder: LadderConfiguration? = nil, thumbnailMilliseconds: Int64? = nil,
            window: LiveWindow.Configuration,
            retentionMilliseconds: Int64,
            drainMilliseconds: Int64
        ) {
            self.packager = packager
            self.ladder = ladder
            self.thumbnailMilliseconds = thumbnailMilliseconds
            self.window = window
            self.retentionMilliseconds = retentionMilliseconds
            self.drainMilliseconds = drainMilliseconds
        }
    }

    public let name = "transcode"
    private let configuration: Configuration
    private let log: any FrameLog
    private let store: any SegmentStore
    private let timeline: any TimelineLog
    private let snapshots: (any TimelineSnapshots)?
    private let archive: (any SegmentArchive)?
    private let events: any EventLog
    private let retained: RetainedWindows
    private let clock: any WallClock
    private let metrics: TranscodeMetrics
    private let logger: Logger
    private let readers = Atomic(0)
    private let load: WorkerLoad
    private let encoder: WorkingEncoder
    private let levels: (any QualityLevelRepository)?

    /// - Parameters:
    ///   - levels: Where the rungs of a broadcast stand; those of the configuration apply where it is empty.
    ///   - snapshots: Where timelines are kept for processes that come late, where there are others.
    ///   - archive: Where whole broadcasts are kept, if anywhere.
    public init(
        configuration: Configuration, levels: (any QualityLevelRepository)? = nil, log: any FrameLog,
        store: any SegmentStore, timeline: any TimelineLog, snapshots: (any TimelineSnapshots)? = nil,
        archive: (any SegmentArchive)? = nil, events: any EventLog, clock: any WallClock,
        metrics: TranscodeMetrics = TranscodeMetrics(), logger: Logger
    ) {
        self.configuration = configuration
        self.levels = levels
        encoder = WorkingEncoder(wanted: configuration.ladder?.encoder)
        load = WorkerLoad(
            streamsMax: configuration.ladder?.streamsMax, coresMax: configuration.ladder?.loadMax ?? 0)
        self.log = log
        self.store = store
        self.timeline = timeline
        self.snapshots = snapshots
        self.archive = archive
        self.events = events
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
        retained = RetainedWindows(
            configuration: configuration.window, retentionMilliseconds: configuration.retentionMilliseconds)
    }

    /// Packages every stream that the frame log gives us, until cancelled; then lets what has ended flow out.
    public func run() async throws {
        // Not a child of a group: reading must outlive the cancellation of this task until the logs have flowed out. It
        // is cancelled and awaited below in every case.
        let reading = Task { await log.follow { await self.package($0) } }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.forgetDeleted() }
            group.addTask { await self.forgetOld() }
        }
        await flowOut()
        reading.cancel()
        await reading.value
    }

    // MARK: - Packaging

    private func package(_ reader: any FrameLogReader) async {
        readers.add(1, ordering: .relaxed)
        defer { readers.subtract(1, ordering: .relaxed) }
        let logger = logger.with("stream.id", LogValue(reader.stream))
        let checkpoint = resumed(reader, logger)
        let outlet = StreamOutlet(
            reader, store: store, timeline: timeline, snapshots: snapshots, archive: archive, retained: retained,
            clock: clock, metrics: metrics, logger: logger)
        defer { metrics.ended(reader.stream) }
        if let checkpoint {
            logger.info("stream taken over", ["segment": LogValue(checkpoint.packager.segmentNumber)])
            await outlet.takeOver(knowing: checkpoint.packager.events)
        }
        logger.debug("packaging began")
        if let ladder = configuration.ladder, await !rungs(ladder, logger).isEmpty {
            await transcode(reader, ladder, resuming: checkpoint, outlet, logger)
        } else {
            await passThrough(reader, resuming: checkpoint, outlet, logger)
        }
        if reader.wasTaken {
            logger.info("another worker has the stream now")
            retained.forget(reader.stream)
        }
        logger.debug("packaging ended")
    }

    /// Where the worker before this one was.
    private func resumed(_ reader: any FrameLogReader, _ logger: Logger) -> LadderCheckpoint? {
        guard let state = reader.checkpoint?.state, !state.isEmpty else { return nil }
        do {
            return try LadderCheckpoint(decoding: state)
        } catch {
            logger.error(
                "checkpoint not understood: the stream goes on with its next broadcast",
                ["error": LogValue("\(error)")])
            return nil
        }
    }

    private func transcode(
        _ reader: any FrameLogReader, _ ladder: LadderConfiguration, resuming checkpoint: LadderCheckpoint?,
        _ outlet: StreamOutlet, _ logger: Logger
    ) async {
        let stream = reader.stream
        let outlets = StreamTranscoder.Outlets(
            carryOut: { await self.metrics.measure($0) { await outlet.carryOut($0) } },
            passed: { position, checkpoint in
                reader.commit(FrameLogCheckpoint(position: position, state: checkpoint?.encoded ?? Bytes()))
            },
            announce: { await self.announce($0, of: stream, logger) })
        let kind = await encoder.kind()
        if let wanted = ladder.encoder, wanted != kind {
            logger.warning(
                "encoder does not work here, another one is used",
                ["encoder.wanted": LogValue(wanted.rawValue), "encoder.used": LogValue(kind.rawValue)])
        }
        let transcoder = StreamTranscoder(
            ladder, resuming: checkpoint, encoder: kind, packaging: configuration.packager, stream: stream, load: load,
            clock: clock, metrics: metrics, logger: logger,
            outlets: outlets)
        await transcoder.run(reader) { await self.rungs(ladder, logger) }
    }

    /// The rungs of a broadcast that begins now.
    private func rungs(_ ladder: LadderConfiguration, _ logger: Logger) async -> [Rung] {
        guard let levels else { return ladder.rungs }
        do throws(StreamError) {
            let stored = try await levels.list()
            return stored.levels.isEmpty ? ladder.rungs : stored.enabledLevels.map(Rung.init)
        } catch {
            logger.error("quality levels not read: the configured ladder applies", ["error": LogValue(error)])
            return ladder.rungs
        }
    }

    private func announce(_ kind: StreamEvent.Kind, of stream: StreamID, _ logger: Logger) async {
        metrics.announced(kind, of: stream)
        do throws(StreamError) {
            try await events.append(StreamEvent(streamID: stream, at: clock.now(), kind: kind))
        } catch {
            logger.error("event lost", ["error": LogValue(error)])
        }
    }

    private func passThrough(
        _ reader: any FrameLogReader, resuming checkpoint: LadderCheckpoint?, _ outlet: StreamOutlet, _ logger: Logger
    ) async {
        var packager =
            checkpoint.map { Packager(configuration.packager, resuming: $0.packager) }
            ?? Packager(configuration.packager)
        var keyframes = KeyframePlaces()
        var committed = checkpoint?.packager.segmentNumber ?? -1
        var thumbnails = Thumbnails()
        let stills = configuration.thumbnailMilliseconds.map(KeyframeStills.init)
        while let batch = await reader.next() {
            metrics.read(batch)
            if batch.lostEntries > 0 {
                logger.error("frames lost: packaging is too slow", ["frames.lost": LogValue(batch.lostEntries)])
            }
            for (position, entry) in zip(batch.firstPosition..., batch.entries) {
                let outputs = packager.append(entry, position: position)
                if case .frame(let frame) = entry { metrics.made(outputs, of: frame, clock) }
                for output in outputs {
                    await metrics.measure(output) { await outlet.carryOut($0) }
                    guard case .announce(.run(let run)) = output else { continue }
                    await announce(.renditionsChanged(LadderReport(copiesOf: run)), of: reader.stream, logger)
                }
                switch entry {
                case .frame(let frame):
                    stills?.offer(frame)
                    keyframes.append(frame, at: position)
                case .ended: reader.commit(FrameLogCheckpoint(position: position + 1, state: Bytes()))
                case .began, .interrupted: break
                }
            }
            if let passed = packager.checkpoint, passed.segmentNumber > committed,
                let start = keyframes.start(of: passed)
            {
                committed = passed.segmentNumber
                let state = LadderCheckpoint(packager: passed, decision: .copy).encoded
                reader.commit(FrameLogCheckpoint(position: start, state: state))
            }
            if let jpeg = stills?.take() { thumbnails.add(jpeg) }
            for output in thumbnails.outputs(inSegment: packager.openSegmentNumber) {
                await metrics.measure(output) { await outlet.carryOut($0) }
            }
        }
    }

    // MARK: - Forgetting

    /// Removes what deleted streams have stored.
    private func forgetDeleted() async {
        await withDiscardingTaskGroup { group in
            let deleted = AsyncStream<StreamID>.makeStream(
                bufferingPolicy: .bufferingNewest(TranscodeLimits.deletionsWaitingMax))
            group.addTask {
                await self.events.follow { event in
                    if case .deleted = event.kind { deleted.continuation.yield(event.streamID) }
                }
                deleted.continuation.finish()
            }
            for await stream in deleted.stream {
                retained.forget(stream)
                await store.removeAll(of: stream)
            }
        }
    }

    /// Removes ended broadcasts whose time is over.
    private func forgetOld() async {
        while !Task.isCancelled {
            // A cancelled sleep ends the loop by the condition above.
            try? await Task.sleep(for: .seconds(TranscodeLimits.sweepSeconds))
            for stream in retained.expired(at: clock.now()) { await store.retire(stream) }
        }
    }

    /// Waits until the logs of ended broadcasts were read to their end.
    private func flowOut() async {
        let deadline = ContinuousClock.now + .milliseconds(configuration.drainMilliseconds)
        // This task is cancelled, so its own sleeps end at once; a task of its own waits in its place.
        await Task {
            while self.readers.load(ordering: .relaxed) > 0, ContinuousClock.now < deadline {
                // Never cancelled, so it throws nothing.
                try? await Task.sleep(for: .milliseconds(10))
            }
        }.value
    }
}

/// Bounds of the transcode service.
public enum TranscodeLimits {
    /// Deleted streams that wait for their segments to be removed.
    public static let deletionsWaitingMax = 10_000
    /// How often ended broadcasts are looked through, in seconds.
    public static let sweepSeconds = 5
}

extension LadderReport {
    /// What a source is that passes as it is.
    fileprivate init(copiesOf run: Run) {
        self.init(
            renditions: run.renditions.map { rendition in
                var size: PictureSize?
                var rate: Ratio?
                if case .avc(let avc) = rendition.track.configuration {
                    size = avc.displaySize
                    rate = avc.sequence.frameRate
                }
                return Rendition(name: rendition.name, size: size, frameRate: rate, bitsPerSecond: 0, mode: .copy)
            })
    }
}
