import Bytes
import Media
public import StreamingCore

/// What is told of broadcasts that come in. Its calls cost a few additions, also for each frame.
public struct IngestMetrics: Sendable {
    private let publishes: Counters<PublishOutcome>
    private let frames: Counters<FrameKind>
    private let bytes: Counters<FrameKind>
    private let repairs: Counter
    private let malformed: Counter
    private let sourcesLost: Counter
    private let arrivalDelays: LatencyHistogram
    private let appends: LatencyHistogram

    public init(in registry: MetricsRegistry = MetricsRegistry()) {
        publishes = registry.counters(
            "sluice_ingest_publishes_total", "Encoders that asked to publish, by what became of it.",
            by: PublishOutcome.self)
        frames = registry.counters(
            "sluice_ingest_frames_total", "Frames that encoders sent within broadcasts.", by: FrameKind.self)
        bytes = registry.counters(
            "sluice_ingest_bytes_total", "Payload of the frames that encoders sent.", by: FrameKind.self)
        repairs = registry.counter(
            "sluice_ingest_timestamp_repairs_total", "Times of frames that had to be put right, and frames dropped.")
        malformed = registry.counter(
            "sluice_ingest_malformed_connections_total", "Connections closed because they sent no valid RTMP.")
        sourcesLost = registry.counter(
            "sluice_ingest_sources_lost_total", "Encoders that went away without ending their broadcast.")
        arrivalDelays = registry.histogram(
            "sluice_latency_encoder_to_ingest_seconds",
            "How far pictures arrived behind their own clock, which is set to ours where a broadcast begins.",
            bounds: LatencyHistogram.liveBounds)
        appends = registry.histogram(
            "sluice_latency_ingest_to_log_seconds",
            "From when bytes of an encoder were read to when their frames were in the frame log.",
            bounds: LatencyHistogram.fineBounds)
    }

    func publishEnded(_ failure: StreamError?) {
        switch failure {
        case nil: publishes[.accepted].add()
        case .invalidKey, .notFound, .invalidValue: publishes[.badKey].add()
        case .revokedKey: publishes[.revokedKey].add()
        case .conflict: publishes[.alreadyPublishing].add()
        case .network, .transcoding, .database, .overloaded: publishes[.unavailable].add()
        }
    }

    /// A frame of a broadcast was read.
    func received(_ frame: EncoderFrame) {
        let kind: FrameKind = frame.track.kind == .video ? .video : .audio
        frames[kind].add()
        bytes[kind].add(frame.payload.count)
    }

    /// A frame is in the log.
    func appended(_ frame: Frame, of origin: BroadcastOrigin) {
        guard frame.track.kind == .video else { return }
        let due = origin.unixMilliseconds + frame.decodeTime * 1000 / Int64(frame.track.timescale)
        arrivalDelays.observe(milliseconds: frame.receivedUnixMilliseconds - due)
    }

    /// What was read at once is in the log.
    func flushed(_ stopwatch: Stopwatch) { appends.observe(stopwatch) }

    /// - Parameter count: Since the last call.
    func repaired(_ count: Int) { if count > 0 { repairs.add(count) } }

    func connectionWasMalformed() { malformed.add() }

    func sourceWasLost() { sourcesLost.add() }
}

/// What became of an encoder's wish to publish.
private enum PublishOutcome: Int, MetricLabel {
    case accepted, badKey, revokedKey, alreadyPublishing, unavailable
    static let name = "outcome"
}

private enum FrameKind: Int, MetricLabel {
    case video, audio
    static let name = "kind"
}

extension TimelineRepairCounts {
    /// Everything that a clean encoder does not need.
    var sum: Int {
        nudged + restamped + max(0, anchors - 1) + separatedTracks + audioResyncs + droppedLateAudio
            + droppedBeforeKeyframe + refusedCompositionOffsets
    }
}
