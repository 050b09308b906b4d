internal import CKafka

/// The topics that we use.
enum KafkaTopic: Int, CaseIterable, Sendable {
    /// Frames, keyed by stream, so that one partition holds one stream in order.
    case frames
    /// Announcements of what the packager made, keyed by stream.
    case timeline
    /// What happens to streams, keyed by stream.
    case events
    /// The newest checkpoint of each stream, in the partition that has its number in `frames`.
    case checkpoints
    /// What is told of streams from second to second, keyed by stream.
    case reports

    /// Its name in the cluster.
    func name(_ configuration: KafkaConfiguration) -> String {
        switch self {
        case .frames: configuration.prefix + "stream-frames"
        case .timeline: configuration.prefix + "stream-timeline"
        case .events: configuration.prefix + "stream-events"
        case .checkpoints: configuration.prefix + "stream-checkpoints"
        case .reports: configuration.prefix + "stream-reports"
        }
    }

    /// How many partitions it is made with.
    func partitions(_ configuration: KafkaConfiguration) -> Int {
        switch self {
        case .frames, .checkpoints: configuration.partitions
        // Every follower reads all of them: few are enough.
        case .timeline, .events, .reports: min(configuration.partitions, 6)
        }
    }

    /// What it is made with, in Kafka's own words; what a topic that is there is held against.
    func settings(_ configuration: KafkaConfiguration) -> [(key: String, value: String)] {
        ownSettings(configuration) + durability(configuration)
    }

    /// How many copies must have a record before it counts as written (`acks=all`): two of three, so that one broker
    /// may be away, and none of the others loses what was acknowledged.
    private func durability(_ configuration: KafkaConfiguration) -> [(key: String, value: String)] {
        // Where the broker chooses the number of copies, it chooses this one too.
        guard configuration.replicas > 0 else { return [] }
        return [("min.insync.replicas", configuration.replicas >= 3 ? "2" : "1")]
    }

    private func ownSettings(_ configuration: KafkaConfiguration) -> [(key: String, value: String)] {
        let minutes = 60_000
        switch self {
        case .frames:
            // Segments are what retention removes: one that is never full would never leave.
            return [
                ("retention.ms", String(configuration.frameRetentionMinutes * minutes)),
                ("segment.ms", String(max(1, configuration.frameRetentionMinutes / 4) * minutes)),
                ("max.message.bytes", String(configuration.messageBytesMax)), ("cleanup.policy", "delete"),
                ("compression.type", "producer"),
            ]
        case .timeline:
            return [("retention.ms", String(60 * minutes)), ("cleanup.policy", "delete")]
        case .events:
            return [("retention.ms", String(7 * 24 * 60 * minutes)), ("cleanup.policy", "delete")]
        case .checkpoints:
            // A start reads the whole partition: what was replaced must leave soon.
            return [
                ("cleanup.policy", "compact"), ("segment.ms", String(10 * minutes)),
                ("segment.bytes", String(16 << 20)), ("min.cleanable.dirty.ratio", "0.1"),
                ("delete.retention.ms", String(10 * minutes)),
            ]
        case .reports:
            // Nobody reads what was there before.
            return [
                ("retention.ms", String(10 * minutes)), ("segment.ms", String(5 * minutes)),
                ("cleanup.policy", "delete"),
            ]
        }
    }

    /// What is read differently when it differs, so that a difference is an error and not a remark.
    var mustMatch: Set<String> {
        switch self {
        case .frames: ["max.message.bytes", "cleanup.policy"]
        case .checkpoints: ["cleanup.policy"]
        case .timeline, .events, .reports: []
        }
    }

    /// Opens it for production; `nil` when librdkafka does not take a setting.
    func open(_ client: OpaquePointer, _ configuration: KafkaConfiguration) -> OpaquePointer? {
        guard let made = unsafe rd_kafka_topic_conf_new() else { return nil }
        for (key, value) in production(configuration) {
            guard unsafe rd_kafka_topic_conf_set(made, key, value, nil, 0) == RD_KAFKA_CONF_OK else {
                unsafe rd_kafka_topic_conf_destroy(made)
                return nil
            }
        }
        return unsafe rd_kafka_topic_new(client, name(configuration), made)
    }

    private func production(_ configuration: KafkaConfiguration) -> [(key: String, value: String)] {
        // The partitioner that Kafka's own clients have, so that other tools find a stream where we do.
        let common = [("acks", "all"), ("partitioner", "murmur2_random")]
        switch self {
        // Zero: records wait as long as it takes; the bound is their bytes. Coded pictures do not get smaller.
        case .frames: return common + [("message.timeout.ms", "0"), ("compression.codec", "none")]
        case .timeline:
            return common + [("message.timeout.ms", String(configuration.appendMilliseconds))]
        case .events: return common + [("message.timeout.ms", "300000"), ("compression.codec", "lz4")]
        case .checkpoints: return common + [("message.timeout.ms", "60000")]
        case .reports:
            return common + [
                ("message.timeout.ms", String(KafkaLimits.reportMilliseconds)), ("compression.codec", "lz4"),
            ]
        }
    }
}

extension ClientSettings {
    /// For the client that produces.
    init(producer configuration: KafkaConfiguration) {
        self.init(configuration)
        set("enable.idempotence", "true")
        set("linger.ms", configuration.lingerMilliseconds)
        set("message.max.bytes", configuration.messageBytesMax)
        // Ours are counted before librdkafka's, which are above them.
        set("queue.buffering.max.messages", KafkaLimits.waitingRecordsMax + 1)
        set("queue.buffering.max.kbytes", (configuration.waitingBytesMax + 2 * KafkaLimits.reservedBytes) / 1024)
        set("batch.size", 1 << 20)
    }

    /// For a client that reads.
    ///
    /// - Parameter group: Its group; one that reads partitions of its own choice has one that nobody else has.
    init(consumer configuration: KafkaConfiguration, group: String) {
        self.init(configuration)
        set("group.id", group)
        set("enable.auto.commit", "false")
        set("enable.auto.offset.store", "false")
        set("auto.offset.reset", "earliest")
        set("fetch.wait.max.ms", configuration.fetchWaitMilliseconds)
        set("fetch.error.backoff.ms", 100)
        set("fetch.message.max.bytes", configuration.messageBytesMax)
        set("queued.max.messages.kbytes", KafkaLimits.prefetchBytesMax / 1024)
    }
}
