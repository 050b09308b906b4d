internal import CKafka
internal import StreamingCore

/// Makes the topics that are missing, and holds those that are there against what we need.
///
/// Blocks: for threads of our own only.
struct TopicSetup {
    /// Something that is not as we would have made it.
    struct Difference: Equatable {
        let topic: String
        let setting: String
        let wanted: String
        let found: String
        /// Whether records will be refused or lost because of it.
        let isHarmful: Bool
    }

    private let configuration: KafkaConfiguration
    private let logger: Logger
    private let health: KafkaHealth

    init(_ configuration: KafkaConfiguration, health: KafkaHealth, logger: Logger) {
        self.configuration = configuration
        self.health = health
        self.logger = logger
    }

    /// - Throws: `network` when Kafka cannot be reached in time, `conflict` when streams would be in different
    ///   partitions of `stream-frames` and `stream-checkpoints`.
    func run() throws(StreamError) {
        let context = ClientContext(logger: logger, health: health)
        let settings = unsafe try ClientSettings(producer: configuration).makeConfiguration()
        let admin = unsafe AdminClient(owning: try context.makeClient(RD_KAFKA_PRODUCER, settings), context)
        let deadline = KafkaHealth.now() + Int64(configuration.openMilliseconds)
        let isAdministrable = try create(admin, until: deadline)
        var counts: [KafkaTopic: Int] = [:]
        for topic in KafkaTopic.allCases { counts[topic] = try count(topic, admin, until: deadline) }
        for topic in KafkaTopic.allCases where counts[topic] != topic.partitions(configuration) {
            logger.warning(
                "kafka topic has another number of partitions",
                [
                    "kafka.topic": LogValue(topic.name(configuration)),
                    "kafka.partitions": LogValue(counts[topic] ?? 0),
                    "kafka.wanted": LogValue(topic.partitions(configuration)),
                ])
        }
        guard counts[.frames] == counts[.checkpoints] else {
            throw .conflict(
                reason: "\(KafkaTopic.frames.name(configuration)) has \(counts[.frames] ?? 0) partitions and "
                    + "\(KafkaTopic.checkpoints.name(configuration)) has \(counts[.checkpoints] ?? 0)")
        }
        guard isAdministrable else { return }
        for topic in KafkaTopic.allCases {
            guard let found = admin.settings(of: topic.name(configuration), milliseconds: timeLeft(deadline)) else {
                logger.warning(
                    "kafka topic's settings are not shown to us",
                    ["kafka.topic": LogValue(topic.name(configuration))])
                continue
            }
            report(Self.differences(of: topic, found: found, configuration))
        }
    }

    /// What differs in a topic that is there.
    static func differences(
        of topic: KafkaTopic, found: [String: String], _ configuration: KafkaConfiguration
    ) -> [Difference] {
        topic.settings(configuration).compactMap { key, wanted in
            guard let value = found[key], value != wanted else { return nil }
            // Room for longer records than ours does no harm.
            if key == "max.message.bytes", let bytes = Int(value), bytes >= configuration.messageBytesMax { return nil }
            return Difference(
                topic: topic.name(configuration), setting: key, wanted: wanted, found: value,
                isHarmful: topic.mustMatch.contains(key))
        }
    }

    private func report(_ differences: [Difference]) {
        for difference in differences {
            let log = logger.with("kafka.topic", LogValue(difference.topic))
                .with("kafka.setting", LogValue(difference.setting)).with("kafka.wanted", LogValue(difference.wanted))
                .with("kafka.found", LogValue(difference.found))
            if difference.isHarmful {
                log.error("kafka topic is set so that records will be lost")
            } else {
                log.warning("kafka topic is set otherwise")
            }
        }
    }

    /// - Returns: Whether the broker can be asked for settings.
    private func create(_ admin: AdminClient, until deadline: Int64) throws(StreamError) -> Bool {
        guard try hasController(admin, until: deadline) else {
            logger.warning("kafka has no administration: topics are as it makes them")
            return false
        }
        while true {
            var failures: [KafkaFailure?] = []
            do throws(KafkaFailure) {
                failures = try admin.create(configuration, milliseconds: min(5000, timeLeft(deadline)))
            } catch {
                if error.isUnsupported {
                    logger.warning("kafka has no administration: topics are as it makes them")
                    return false
                }
                guard timeLeft(deadline) > 0 else { throw error.streamError }
                continue
            }
            // A broker that did not understand may answer with nothing: the count below decides here, too.
            for topic in KafkaTopic.allCases.dropFirst(failures.count) {
                logger.warning(
                    "kafka does not say whether it made a topic", ["kafka.topic": LogValue(topic.name(configuration))])
            }
            for (topic, failure) in zip(KafkaTopic.allCases, failures) {
                if let failure, !failure.isTopicThereAlready {
                    // Whoever may not make topics may still use them: the count below decides.
                    logger.warning(
                        "kafka topic not made",
                        [
                            "kafka.topic": LogValue(topic.name(configuration)),
                            "kafka.error": LogValue(failure.description),
                        ])
                } else if failure == nil {
                    logger.info("kafka topic made", ["kafka.topic": LogValue(topic.name(configuration))])
                }
            }
            return true
        }
    }

    /// Whether one of the brokers takes orders; a cluster for tests has none that does.
    private func hasController(_ admin: AdminClient, until deadline: Int64) throws(StreamError) -> Bool {
        while true {
            do throws(KafkaFailure) {
                return try admin.hasController(milliseconds: min(5000, timeLeft(deadline)))
            } catch {
                guard timeLeft(deadline) > 0 else { throw error.streamError }
                admin.wait(milliseconds: 100)
            }
        }
    }

    private func count(_ topic: KafkaTopic, _ admin: AdminClient, until deadline: Int64) throws(StreamError) -> Int {
        while true {
            do throws(KafkaFailure) {
                let count = try admin.partitionCount(
                    of: topic.name(configuration), milliseconds: min(5000, timeLeft(deadline)))
                if count > 0 { return count }
            } catch {
                guard timeLeft(deadline) > 0 else { throw error.streamError }
            }
            guard timeLeft(deadline) > 0 else {
                throw .network(reason: "kafka: topic \(topic.name(configuration)) is not there")
            }
            admin.wait(milliseconds: 100)
        }
    }

    private func timeLeft(_ deadline: Int64) -> Int32 { Int32(clamping: max(0, deadline - KafkaHealth.now())) }
}

/// A client for administration.
///
/// Unsafe code: the client is valid from `init` to `deinit`; every object that a request needs is destroyed with it.
@safe private final class AdminClient {
    private let client: OpaquePointer
    /// Lives as long as the client, which calls it.
    private let context: ClientContext

    init(owning client: OpaquePointer, _ context: ClientContext) {
        unsafe self.client = client
        self.context = context
    }

    deinit { unsafe rd_kafka_destroy(client) }

    func wait(milliseconds: Int32) { _ = unsafe rd_kafka_poll(client, milliseconds) }

    func hasController(milliseconds: Int32) throws(KafkaFailure) -> Bool {
        var answer: UnsafePointer<rd_kafka_metadata>?
        let code = unsafe rd_kafka_metadata(client, 0, nil, &answer, milliseconds)
        if let failure = KafkaFailure(unlessSuccess: code) { throw failure }
        guard let metadata = unsafe answer else { return false }
        defer { unsafe rd_kafka_metadata_destroy(metadata) }
        let controller = unsafe rd_kafka_controllerid(client, milliseconds)
        return unsafe (0..<Int(metadata.pointee.broker_cnt)).contains { index in
            unsafe metadata.pointee.brokers[index].id == controller
        }
    }

    /// How many partitions a topic has; 0 while it is not there.
    func partitionCount(of name: String, milliseconds: Int32) throws(KafkaFailure) -> Int {
        guard let topic = unsafe rd_kafka_topic_new(client, name, nil) else {
            throw KafkaFailure(rd_kafka_last_error())
        }
        defer { unsafe rd_kafka_topic_destroy(topic) }
        var answer: UnsafePointer<rd_kafka_metadata>?
        let code = unsafe rd_kafka_metadata(client, 0, topic, &answer, milliseconds)
        if let failure = KafkaFailure(unlessSuccess: code) { throw failure }
        guard let metadata = unsafe answer else { return 0 }
        defer { unsafe rd_kafka_metadata_destroy(metadata) }
        guard unsafe metadata.pointee.topic_cnt == 1, let found = unsafe metadata.pointee.topics?.pointee else {
            return 0
        }
        return unsafe found.err == RD_KAFKA_RESP_ERR_NO_ERROR ? unsafe Int(found.partition_cnt) : 0
    }

    /// Asks for all topics.
    ///
    /// - Returns: What became of each, in their order.
    func create(_ configuration: KafkaConfiguration, milliseconds: Int32) throws(KafkaFailure) -> [KafkaFailure?] {
        var wanted: [OpaquePointer?] = unsafe []
        defer { for index in unsafe wanted.indices { unsafe rd_kafka_NewTopic_destroy(wanted[index]) } }
        for topic in KafkaTopic.allCases {
            let made = unsafe rd_kafka_NewTopic_new(
                topic.name(configuration), Int32(topic.partitions(configuration)), Int32(configuration.replicas), nil, 0
            )
            guard let made = unsafe made else { throw KafkaFailure(RD_KAFKA_RESP_ERR__INVALID_ARG) }
            unsafe wanted.append(made)
            for (key, value) in topic.settings(configuration) {
                _ = unsafe rd_kafka_NewTopic_set_config(made, key, value)
            }
        }
        return unsafe try request(RD_KAFKA_ADMIN_OP_CREATETOPICS, milliseconds) { options, queue in
            unsafe rd_kafka_CreateTopics(client, &wanted, wanted.count, options, queue)
        } read: { event in
            var count = 0
            guard let result = unsafe rd_kafka_event_CreateTopics_result(event),
                let topics = unsafe rd_kafka_CreateTopics_result_topics(result, &count)
            else { return [] }
            return (0..<count).map {
                unsafe KafkaFailure(unlessSuccess: rd_kafka_topic_result_error(topics[$0]))
            }
        }
    }

    /// A topic's settings; `nil` when the broker does not tell.
    func settings(of name: String, milliseconds: Int32) -> [String: String]? {
        var resource = unsafe rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name)
        defer { unsafe rd_kafka_ConfigResource_destroy(resource) }
        return unsafe try? request(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, milliseconds) { options, queue in
            unsafe rd_kafka_DescribeConfigs(client, &resource, 1, options, queue)
        } read: { event in
            var (resources, entries) = (0, 0)
            guard let result = unsafe rd_kafka_event_DescribeConfigs_result(event),
                let found = unsafe rd_kafka_DescribeConfigs_result_resources(result, &resources), resources == 1,
                let first = unsafe found[0], let list = unsafe rd_kafka_ConfigResource_configs(first, &entries)
            else { return nil }
            var settings: [String: String] = [:]
            for index in 0..<entries {
                guard let key = unsafe rd_kafka_ConfigEntry_name(list[index]),
                    let value = unsafe rd_kafka_ConfigEntry_value(list[index])
                else { continue }
                unsafe settings[String(cString: key)] = unsafe String(cString: value)
            }
            return settings.isEmpty ? nil : settings
        }
    }

    /// Sends a request and waits for its event.
    private func request<Value>(
        _ operation: rd_kafka_admin_op_t, _ milliseconds: Int32,
        send: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void, read: (OpaquePointer?) -> Value
    ) throws(KafkaFailure) -> Value {
        let options = unsafe rd_kafka_AdminOptions_new(client, operation)
        defer { unsafe rd_kafka_AdminOptions_destroy(options) }
        _ = unsafe rd_kafka_AdminOptions_set_request_timeout(options, max(1, milliseconds), nil, 0)
        let queue = unsafe rd_kafka_queue_new(client)
        defer { unsafe rd_kafka_queue_destroy(queue) }
        unsafe send(options, queue)
        guard let event = unsafe rd_kafka_queue_poll(queue, max(1, milliseconds) + 1000) else {
            throw KafkaFailure(RD_KAFKA_RESP_ERR__TIMED_OUT)
        }
        defer { unsafe rd_kafka_event_destroy(event) }
        if let failure = unsafe KafkaFailure(unlessSuccess: rd_kafka_event_error(event)) { throw failure }
        return unsafe read(event)
    }
}
