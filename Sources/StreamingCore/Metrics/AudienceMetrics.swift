import Synchronization

/// What is told of viewers: sums over all streams, and the streams with the most of them.
///
/// The numbers are those of all processes together, so every process that tells them tells the same: whoever adds
/// processes up takes the largest.
public final class AudienceMetrics: Sendable {
    /// How many streams have lines of their own; the others are put together as `other`.
    public static let streamsMax = 20
    /// How long numbers are told when no newer ones come, in milliseconds.
    public static let validMilliseconds: Int64 = 10_000

    private let newest = Mutex<(at: WallTime, streams: [StreamMetrics])?>(nil)
    private let clock: any WallClock
    private let startups: LatencyHistogram

    public init(in registry: MetricsRegistry = MetricsRegistry(), clock: any WallClock = SystemWallClock()) {
        self.clock = clock
        startups = registry.histogram(
            "sluice_playback_startup_seconds",
            "From a viewer's first request to the first picture: the median of a stream and second.")
        registry.gauge("sluice_viewers", "Viewers of all streams.") {
            self.streams.map { Double($0.reduce(0) { $0 + $1.viewers }) }
        }
        registry.gauge("sluice_viewers_stalled_ratio", "Share of viewers' time in which playback stood still, 0 to 1.")
        {
            self.streams.flatMap(Self.stalledRatio)
        }
        tellStreams(in: registry)
    }

    private func tellStreams(in registry: MetricsRegistry) {
        registry.gauges(
            "sluice_stream_viewers", "Viewers of the streams with the most.", label: "stream",
            childrenMax: Self.streamsMax
        ) { self.lines { Double($0.viewers) } }
        registry.gauges(
            "sluice_stream_ingress_bytes_per_second", "Media that came from the encoder, of those streams.",
            label: "stream", childrenMax: Self.streamsMax
        ) { self.lines { Double($0.ingressBitsPerSecond) / 8 } }
        registry.gauges(
            "sluice_stream_egress_bytes_per_second", "Bodies that went to viewers, of those streams.",
            label: "stream", childrenMax: Self.streamsMax
        ) { self.lines { Double($0.egressBitsPerSecond) / 8 } }
    }

    /// Takes the numbers of a second, of all streams.
    public func measured(_ streams: [StreamMetrics]) {
        for startup in streams.compactMap(\.startup) { startups.observe(milliseconds: startup.median) }
        newest.withLock { $0 = (clock.now(), streams) }
    }

    /// The newest numbers, the streams with the most viewers first; `nil` when there are none.
    private var streams: [StreamMetrics]? {
        guard let newest = newest.withLock({ $0 }),
            newest.at.adding(milliseconds: Self.validMilliseconds) > clock.now()
        else { return nil }
        return newest.streams.sorted { $0.viewers > $1.viewers }
    }

    private func lines(_ value: (StreamMetrics) -> Double) -> [(label: String, value: Double)] {
        (streams ?? []).map { ($0.streamID.description, value($0)) }
    }

    /// Weighed by viewers, of the streams whose players tell.
    private static func stalledRatio(_ streams: [StreamMetrics]) -> Double? {
        let telling = streams.filter { $0.stallRatio != nil && $0.viewers > 0 }
        let viewers = telling.reduce(0) { $0 + $1.viewers }
        guard viewers > 0 else { return nil }
        return telling.reduce(0) { $0 + ($1.stallRatio ?? 0) * Double($1.viewers) } / Double(viewers)
    }
}
