import Bytes
import Media
import Packaging
public import StreamingCore
import Synchronization

/// What is told of transcoding and packaging.
public struct TranscodeMetrics: Sendable {
    private let lostFrames: Counter
    private let lostOutputs: Counter
    private let announcements: Counters<AnnouncementKind>
    private let storedBytes: Counters<ObjectKind>
    private let storedObjects: Counters<ObjectKind>
    private let encoderFailures: NamedCounters
    private let refusals: Counter
    private let logToPart: LatencyHistogram
    private let partToStore: LatencyHistogram
    private let toAnnouncement: LatencyHistogram
    private let ladders = LadderBoard()

    /// How many streams have lines of their own for how they keep up; the furthest behind have.
    public static let streamsMax = 20

    public init(in registry: MetricsRegistry = MetricsRegistry()) {
        lostFrames = registry.counter(
            "sluice_framelog_lost_entries_total", "Frames that left the log before they were read.")
        lostOutputs = registry.counter(
            "sluice_packager_lost_outputs_total",
            "Segments, parts and announcements given up: nobody took them in time.")
        announcements = registry.counters(
            "sluice_packager_announcements_total", "What was announced on timelines.", by: AnnouncementKind.self)
        storedObjects = registry.counters(
            "sluice_packager_objects_total", "What was made to be stored.", by: ObjectKind.self)
        storedBytes = registry.counters("sluice_packager_bytes_total", "Bytes of that.", by: ObjectKind.self)
        encoderFailures = registry.counters(
            "sluice_transcode_failures_total", "Codecs that failed, by rendition; all is the whole broadcast.",
            byNameOf: "rendition")
        refusals = registry.counter(
            "sluice_transcode_refused_streams_total", "Broadcasts that were passed on alone for want of cores.")
        logToPart = registry.histogram(
            "sluice_latency_log_to_part_seconds",
            "From when the frame that completed a part was received to when the part was made, with its encoding.",
            bounds: LatencyHistogram.liveBounds)
        partToStore = registry.histogram(
            "sluice_latency_part_to_store_seconds", "From when a part was made to when it was stored.",
            bounds: LatencyHistogram.fineBounds)
        toAnnouncement = registry.histogram(
            "sluice_latency_store_to_announcement_seconds",
            "From when a part was stored to when the timeline had taken its announcement.",
            bounds: LatencyHistogram.fineBounds)
        ladders.register(in: registry)
    }

    // MARK: Frames

    /// A batch was read from the log.
    func read(_ batch: FrameLogBatch) { if batch.lostEntries > 0 { lostFrames.add(batch.lostEntries) } }

    // MARK: Packaging

    /// A frame of the log may have completed something.
    func made(_ outputs: [PackagerOutput], of frame: Frame, _ clock: any WallClock) {
        for case .store(let object) in outputs where object.kind == .part {
            logToPart.observe(milliseconds: clock.now().unixMilliseconds - frame.receivedUnixMilliseconds)
        }
    }

    /// Times what an outlet does.
    func measure(_ output: PackagerOutput, _ carryOut: (PackagerOutput) async -> Void) async {
        let stopwatch = Stopwatch()
        await carryOut(output)
        switch output {
        case .store(let object):
            let kind = ObjectKind(object.kind)
            storedObjects[kind].add()
            storedBytes[kind].add(object.byteCount)
            if object.kind == .part { partToStore.observe(stopwatch) }
        case .announce(let event):
            announcements[AnnouncementKind(event)].add()
            if case .part = event { toAnnouncement.observe(stopwatch) }
        }
    }

    /// Something was given up.
    func outputWasLost() { lostOutputs.add() }

    // MARK: Transcoding

    /// What is announced of a stream's ladder.
    func announced(_ kind: StreamEvent.Kind, of stream: StreamID) {
        switch kind {
        case .renditionsChanged(let report): ladders.report(report, of: stream)
        case .transcodingRefused: refusals.add()
        case .transcodingFailed(let rendition, _): encoderFailures.add(to: rendition ?? "all")
        case .started, .interrupted, .resumed, .ended, .deleted, .keyRevoked: break
        }
    }

    /// A stream is not read here any more.
    func ended(_ stream: StreamID) { ladders.forget(stream) }
}

/// How the streams of this worker keep up, as their newest reports say: no more streams than the worker reads.
private final class LadderBoard: Sendable {
    private let reports = Mutex<[StreamID: LadderReport]>([:])

    func report(_ report: LadderReport, of stream: StreamID) { reports.withLock { $0[stream] = report } }

    func forget(_ stream: StreamID) { reports.withLock { _ = $0.removeValue(forKey: stream) } }

    private var all: [LadderReport] { reports.withLock { Array($0.values) } }

    func register(in registry: MetricsRegistry) {
        registry.gauge("sluice_transcode_streams", "Broadcasts that are packaged here.") { Double(self.all.count) }
        registry.gauge("sluice_transcode_encoded_streams", "Those of them of which a picture is encoded here.") {
            Double(self.all.count { $0.realTimeFactor != nil })
        }
        registry.gauge("sluice_transcode_degraded_streams", "Those of them that get less than was planned.") {
            Double(self.all.count { $0.degradation != nil })
        }
        registry.gauge("sluice_transcode_shed_renditions", "Renditions that are not made for now, to keep up.") {
            Double(self.all.reduce(0) { $0 + ($1.degradation?.shedRenditions.count ?? 0) })
        }
        registry.gauge(
            "sluice_transcode_real_time_ratio",
            "Seconds of media for each second of work of all cores, of the slowest broadcast."
        ) { self.all.compactMap(\.realTimeFactor).min() }
        registry.gauge("sluice_transcode_lag_seconds", "How far the slowest broadcast is behind its encoder.") {
            self.all.map { Double($0.lagMilliseconds) / 1000 }.max()
        }
        registry.gauges(
            "sluice_stream_transcode_lag_seconds", "How far broadcasts are behind their encoders, the slowest first.",
            label: "stream", childrenMax: TranscodeMetrics.streamsMax, merge: max
        ) {
            self.reports.withLock { $0 }.map { ($0.key.description, Double($0.value.lagMilliseconds) / 1000) }
                .sorted { $0.1 > $1.1 }
        }
    }
}

private enum ObjectKind: Int, MetricLabel {
    case initialization, part, segment, thumbnail
    static let name = "kind"

    init(_ kind: StoredObject.Kind) {
        switch kind {
        case .initialization: self = .initialization
        case .part: self = .part
        case .segment: self = .segment
        case .thumbnail: self = .thumbnail
        }
    }
}

private enum AnnouncementKind: Int, MetricLabel {
    case part, segment, other
    static let name = "kind"

    init(_ event: TimelineEvent) {
        switch event {
        case .part: self = .part
        case .segment: self = .segment
        case .began, .run, .targets, .thumbnail, .span, .interrupted, .ended: self = .other
        }
    }
}
