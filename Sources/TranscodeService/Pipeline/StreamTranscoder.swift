import Bytes
import Codecs
import Media
import Packaging
import StreamingCore
import Synchronization

/// Makes the renditions of one stream: reads its log, sends what it reads through the codecs, and packages what comes
/// out in the order of the log.
///
/// Two tasks share the work, so that reading goes on while encoders are busy. Neither waits for a codec itself: codecs
/// have threads of their own, see ``DecodingStage`` and ``RungStage``.
struct StreamTranscoder: Sendable {
    /// Where everything goes that a stream makes.
    struct Outlets: Sendable {
        var carryOut: @Sendable (PackagerOutput) async -> Void
        /// Another worker could continue here now, from the given place in the log on; without a checkpoint, nothing
        /// of the broadcast before that place is needed any more.
        var passed: @Sendable (_ position: Int64, LadderCheckpoint?) async -> Void = { _, _ in }
        var announce: @Sendable (StreamEvent.Kind) async -> Void
    }

    /// How often it is looked whether the encoders keep up, in milliseconds.
    static let observationMilliseconds: Int64 = 250
    /// How often a report is made when nothing changes, in milliseconds.
    static let reportMilliseconds: Int64 = 5000
    /// How often it is looked whether anything comes out of the codecs, in milliseconds.
    static let stallCheckMilliseconds: Int64 = 1000

    private let configuration: LadderConfiguration
    private let encoder: VideoEncoderKind
    private let packaging: Packager.Configuration
    private let stream: StreamID
    private let load: WorkerLoad
    private let clock: any WallClock
    private let metrics: TranscodeMetrics
    private let logger: Logger
    private let outlets: Outlets
    private let slots = PipelineSlots()
    let controls: TranscodeControls
    private let checkpoint: LadderCheckpoint?

    init(
        _ configuration: LadderConfiguration, resuming checkpoint: LadderCheckpoint? = nil, encoder: VideoEncoderKind,
        packaging: Packager.Configuration,
        stream: StreamID, load: WorkerLoad, clock: any WallClock,
        metrics: TranscodeMetrics = TranscodeMetrics(), logger: Logger, outlets: Outlets
    ) {
        self.configuration = configuration
        self.checkpoint = checkpoint
        self.encoder = encoder
        self.packaging = packaging
        self.stream = stream
        self.load = load
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
        self.outlets = outlets
        controls = TranscodeControls(TranscodeOrders(preset: configuration.preset))
    }

    /// Works until the log is closed.
    ///
    /// - Parameter rungs: The ladder of a broadcast that begins.
    func run(_ reader: any FrameLogReader, rungs: @escaping @Sendable () async -> [Rung]) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.feed(reader, rungs) }
            group.addTask { await self.watchForStalls() }
            await package()
            group.cancelAll()
        }
        load.forget(stream)
    }

    private func feed(_ reader: any FrameLogReader, _ rungs: @escaping @Sendable () async -> [Rung]) async {
        var feeder = SourceFeeder(
            configuration, encoder: encoder, targetMilliseconds: packaging.segmentMilliseconds,
            resuming: checkpoint, slots: slots, controls: controls,
            rungs: rungs, refusal: { load.refusal(of: stream, samplesPerSecond: $0) })
        while let batch = await reader.next() {
            metrics.read(batch)
            if batch.lostEntries > 0 {
                logger.error("frames lost: transcoding is too slow", ["frames.lost": LogValue(batch.lostEntries)])
                feeder.lost()
            }
            for (position, entry) in zip(batch.firstPosition..., batch.entries) {
                await feeder.feed(entry, at: position) { await tell($0) }
            }
        }
        // A log can be closed in the middle: what the codecs hold comes out.
        feeder.lost()
        slots.close()
    }

    private func package() async {
        var desk = PackagingDesk(
            packaging, thumbnailMilliseconds: configuration.thumbnailMilliseconds, resuming: checkpoint?.packager)
        var watch = LoadWatch(configuration, encoder: encoder, load: load, clock: clock)
        var keyframes = KeyframePlaces()
        while let merged = await slots.next() {
            let outputs = desk.take(merged)
            if case .video(let frame) = merged.entry {
                metrics.made(outputs, of: frame, clock)
                keyframes.append(frame, at: merged.position)
            }
            for output in outputs { await outlets.carryOut(output) }
            if let checkpoint = desk.takeCheckpoint(), let start = keyframes.start(of: checkpoint) {
                await outlets.passed(start, LadderCheckpoint(packager: checkpoint, decision: merged.decision))
            }
            if case .control(.ended) = merged.entry { await outlets.passed(merged.position + 1, nil) }
            if case .configured(let rungs, _) = merged.entry { watch.planned(rungs) }
            guard case .video(let frame) = merged.entry else { continue }
            for failure in controls.takeFailures() { await tell(failure, &watch) }
            let isChanged = desk.takeChange()
            let isDue = watch.observe(frame, controls: controls, merged.decision)
            for step in watch.takeSteps() {
                logger.warning(
                    "transcoding adapted", ["step": LogValue("\(step)"), "lag.ms": LogValue(watch.lagMilliseconds)])
            }
            if let cores = watch.coresInUse { load.measured(cores, of: stream) }
            if isChanged || isDue, let ladder = desk.ladder {
                await outlets.announce(
                    .renditionsChanged(watch.report(ladder, copied: desk.copied, sound: desk.sound, controls.orders)))
            }
        }
    }

    /// Gives the codecs up when nothing comes out of them any more, so that the source itself can still be watched.
    private func watchForStalls() async {
        while !Task.isCancelled {
            // A cancelled sleep ends the loop by its condition.
            try? await Task.sleep(for: .milliseconds(Self.stallCheckMilliseconds))
            guard let stall = slots.stall, stall.duration > .milliseconds(configuration.stallMilliseconds) else {
                continue
            }
            logger.error(
                "transcoding stands still: the source goes on alone",
                ["rungs": LogValue(stall.rungs.sorted().joined(separator: ", "))])
            slots.abandon()
            slots.decide(.copy)
            await outlets.announce(.transcodingFailed(rendition: nil, reason: "nothing came out of the codecs"))
        }
    }

    // MARK: Telling

    private func tell(_ notice: SourceFeeder.Notice) async {
        switch notice {
        case .planned(let plan):
            let names = plan.renditions.map { "\($0.name) \($0.size.width)x\($0.size.height)" }
            logger.info("renditions planned", ["renditions": LogValue(names.joined(separator: ", "))])
        case .copied: logger.info("the source is copied")
        case .encoded(let refusal):
            logger.info("the source is encoded", ["reason": LogValue("\(refusal)")])
            controls.order { $0.copyRefusal = "\(refusal)" }
        case .refused(let reason):
            logger.warning("the stream is not transcoded", ["reason": LogValue(reason)])
            await outlets.announce(.transcodingRefused(reason: reason))
        }
    }

    private func tell(_ failed: (rung: String, failure: CodecFailure), _ watch: inout LoadWatch) async {
        logger.warning("codec failed", ["codec": LogValue(failed.rung), "error": LogValue(failed.failure)])
        guard watch.failed(failed.rung, controls: controls) else { return }
        await outlets.announce(.transcodingFailed(rendition: failed.rung, reason: "\(failed.failure)"))
    }
}
