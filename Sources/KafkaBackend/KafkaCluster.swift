public import StreamingCore

/// A connection to Kafka, and what is kept there.
public final class KafkaCluster: Sendable {
    /// Frames from ingest to transcode.
    public let frames: KafkaFrameLog
    /// Announcements from transcode to delivery.
    public let timeline: KafkaTimelineLog
    /// What happens to streams.
    public let events: KafkaEventLog
    /// What is told of streams from second to second.
    public let reports: KafkaReportLog
    let producer: KafkaProducer

    /// Connects, makes the topics that are missing, and says in the log where those that are there differ from what is
    /// needed.
    ///
    /// - Parameters:
    ///   - leases: By what those who follow ``frames`` share them among themselves.
    ///   - registry: Where schemas of events are kept; without one, records carry a schema's fingerprint.
    ///   - executors: Where the readers of streams run, one stream after the other in turn; the default pool when there
    ///     are none.
    /// - Throws: ``StreamError/network(reason:)`` when Kafka does not answer in
    ///   ``KafkaConfiguration/openMilliseconds``, ``StreamError/invalidValue(field:reason:)`` for a setting that it
    ///   does not take, ``StreamError/conflict(reason:)`` when its topics do not fit together.
    public static func open(
        _ configuration: KafkaConfiguration, leases: any PartitionLeases, registry: SchemaRegistry? = nil,
        executors: [any TaskExecutor] = [], clock: any WallClock = SystemWallClock(),
        metrics: KafkaMetrics = KafkaMetrics(), logger: Logger
    ) async throws(StreamError) -> KafkaCluster {
        guard configuration.messageBytesMax > KafkaLimits.messageBytesMin else {
            throw .invalidValue(field: "messageBytesMax", reason: "keyframes have more than a megabyte")
        }
        let health = KafkaHealth(logger: logger)
        let setUp: Result<Void, StreamError> = await withCheckedContinuation { continuation in
            KafkaThread.start("kafka-topics") {
                do throws(StreamError) {
                    try TopicSetup(configuration, health: health, logger: logger).run()
                    continuation.resume(returning: .success(()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        try setUp.get()
        let producer = try KafkaProducer(configuration, health: health, metrics: metrics, logger: logger)
        return try KafkaCluster(
            configuration, producer, leases: leases, registry: registry, executors: executors, clock: clock,
            logger: logger)
    }

    private init(
        _ configuration: KafkaConfiguration, _ producer: KafkaProducer, leases: any PartitionLeases,
        registry: SchemaRegistry?, executors: [any TaskExecutor], clock: any WallClock, logger: Logger
    ) throws(StreamError) {
        self.producer = producer
        frames = KafkaFrameLog(
            configuration, producer, leases: leases, executors: executors, clock: clock, logger: logger)
        timeline = KafkaTimelineLog(configuration, producer, logger: logger)
        events = try KafkaEventLog(configuration, producer, registry: registry, logger: logger)
        reports = KafkaReportLog(configuration, producer, logger: logger)
    }

    /// Whether Kafka did not answer lately. Frames are kept back then, and announcements fail at once.
    public var isDown: Bool { producer.health.isDown }

    /// Bytes that wait for Kafka in this process.
    public var waitingBytes: Int { producer.waiting.bytes }

    /// Records that wait for Kafka in this process.
    public var waitingRecords: Int { producer.waiting.records }

    /// Sends what waits, for ``KafkaLimits/flushMilliseconds`` at most, and ends. Nothing can be appended afterwards.
    public func close() async { await producer.shutDown() }
}
