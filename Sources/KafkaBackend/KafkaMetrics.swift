public import StreamingCore

/// What is told of records that are written to Kafka.
public struct KafkaMetrics: Sendable {
    private let records: CounterGrid<KafkaPurpose, CallOutcome>
    private let durations: LatencyHistograms<KafkaPurpose>
    private let refusals: Counter

    public init(in registry: MetricsRegistry = MetricsRegistry()) {
        records = registry.counters(
            "sluice_kafka_records_total", "Records that Kafka has taken, or refused for good.", by: KafkaPurpose.self,
            and: CallOutcome.self)
        durations = registry.histograms(
            "sluice_kafka_delivery_duration_seconds",
            "From when a record was handed over to when all replicas in sync had it.", by: KafkaPurpose.self)
        refusals = registry.counter(
            "sluice_kafka_refused_records_total", "Records that were not taken because too much waits for Kafka.")
    }

    /// Kafka has answered for a record.
    func delivered(to topic: KafkaTopic, _ stopwatch: Stopwatch, isLost: Bool) {
        let purpose = KafkaPurpose(topic)
        records[purpose, isLost ? .failure : .success].add()
        if !isLost { durations[purpose].observe(stopwatch) }
    }

    func refused() { refusals.add() }
}

/// What a record is for.
private enum KafkaPurpose: Int, MetricLabel {
    case frames, timeline, events, other
    static let name = "topic"

    init(_ topic: KafkaTopic) {
        switch topic {
        case .frames: self = .frames
        case .timeline: self = .timeline
        case .events: self = .events
        default: self = .other
        }
    }
}
