import StreamingCore
import TestKit
import Testing

@Suite struct AudienceMetricsTests {
    @Test func `viewers are summed, and the streams with the most have lines`() {
        let (registry, clock) = (MetricsRegistry(), ManualClock())
        let metrics = AudienceMetrics(in: registry, clock: clock)
        #expect(!registry.text().contains("\nsluice_viewers "), "nobody has told of viewers yet")
        let streams = (1...30).map { StreamMetrics(streamID: UUIDv7(at: clock.now()), at: clock.now(), viewers: $0) }
        metrics.measured(streams)
        let lines = registry.text().split(separator: "\n")
        #expect(lines.contains("sluice_viewers 465"))
        #expect(lines.count { $0.hasPrefix("sluice_stream_viewers{") } == AudienceMetrics.streamsMax + 1)
        #expect(lines.contains("sluice_stream_viewers{stream=\"other\"} 55"))
    }

    @Test func `the stalled ratio is weighed by viewers`() {
        let (registry, clock) = (MetricsRegistry(), ManualClock())
        let metrics = AudienceMetrics(in: registry, clock: clock)
        func stream(_ viewers: Int, _ ratio: Double?) -> StreamMetrics {
            StreamMetrics(streamID: UUIDv7(at: clock.now()), at: clock.now(), viewers: viewers, stallRatio: ratio)
        }
        metrics.measured([stream(30, 0.125), stream(10, 0.5), stream(1000, nil), stream(0, 1)])
        #expect(registry.text().contains("\nsluice_viewers_stalled_ratio 0.21875\n"))
    }

    @Test func `numbers that are too old are not told`() {
        let (registry, clock) = (MetricsRegistry(), ManualClock())
        let metrics = AudienceMetrics(in: registry, clock: clock)
        metrics.measured([])
        #expect(registry.text().contains("\nsluice_viewers 0\n"))
        clock.advance(milliseconds: AudienceMetrics.validMilliseconds)
        #expect(!registry.text().contains("\nsluice_viewers "))
    }
}
