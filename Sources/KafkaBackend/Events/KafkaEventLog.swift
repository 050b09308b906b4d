internal import Bytes
public import StreamingCore
internal import Synchronization

/// The event log on Kafka: `stream-events`, as Avro, of which every follower reads all.
///
/// An append does not wait for Kafka: events queue like frames do, and are written in order when Kafka is there. What
/// Kafka refuses for good is counted and logged. With a schema registry, records have Confluent's wire format; until
/// the registry has answered once, and without one, they have Avro's single-object encoding.
public final class KafkaEventLog: EventLog {
    private struct Writing: ~Copyable {
        let schema: AvroSchema
        var mark = EventSchemaMark.fingerprint(EventSchema.current.fingerprint)
        var header: Bytes
        /// Paces the questions to a registry that does not answer.
        var breaker = CircuitBreaker()
        var isRegistered: Bool
    }

    private let configuration: KafkaConfiguration
    private let producer: KafkaProducer
    private let registry: SchemaRegistry?
    private let logger: Logger
    private let writing: Mutex<Writing>
    private let losses: LostEvents

    init(
        _ configuration: KafkaConfiguration, _ producer: KafkaProducer, registry: SchemaRegistry?, logger: Logger
    ) throws(StreamError) {
        self.configuration = configuration
        self.producer = producer
        self.registry = registry
        self.logger = logger
        losses = LostEvents(logger)
        let schema: AvroSchema
        do throws(AvroFailure) { schema = try AvroSchema(EventSchema.current.text) } catch {
            throw .invalidValue(field: "schema of events", reason: "\(error)")
        }
        writing = Mutex(
            Writing(
                schema: schema, header: EventSchemaMark.fingerprint(EventSchema.current.fingerprint).header,
                isRegistered: registry == nil))
    }

    /// - Throws: ``StreamError/overloaded(what:)`` when more events wait for Kafka than may,
    ///   ``StreamError/invalidValue(field:reason:)`` for one that cannot be written.
    public func append(_ event: StreamEvent) async throws(StreamError) {
        if let registry { await register(registry) }
        let value = try encode(event)
        let failure = producer.produce(
            value, key: Bytes(utf8: event.streamID.description), to: .events, observer: losses)
        if let failure { throw failure.streamError }
    }

    func encode(_ event: StreamEvent) throws(StreamError) -> Bytes {
        try writing.withLock { writing throws(StreamError) in
            do throws(AvroFailure) {
                return try writing.schema.encode(event, after: writing.header)
            } catch {
                throw .invalidValue(field: "event", reason: "\(error)")
            }
        }
    }

    private func register(_ registry: SchemaRegistry) async {
        let isDue = writing.withLock { !$0.isRegistered && $0.breaker.admits(at: KafkaHealth.now()) }
        guard isDue else { return }
        do {
            let subject = KafkaTopic.events.name(configuration) + "-value"
            let mark = EventSchemaMark.registered(try await registry.register(EventSchema.current.text, subject))
            writing.withLock { writing in
                _ = writing.breaker.succeeded()
                (writing.mark, writing.header, writing.isRegistered) = (mark, mark.header, true)
            }
        } catch {
            let change = writing.withLock {
                $0.breaker.failed(at: KafkaHealth.now(), random: .random(in: .min ... .max))
            }
            guard change != nil else { return }
            logger.warning(
                "the schema registry does not answer: events carry a fingerprint", ["error": LogValue(error)])
        }
    }

    public func follow(_ receive: @escaping @Sendable (StreamEvent) -> Void) async {
        let passedOver = LogThrottle(linesPerSecondMax: 1)
        let follower = PartitionFollower(configuration, .events, health: producer.health, logger: logger)
        await follower.follow { [logger, registry] in
            guard let decoder = try? EventDecoder(registry: registry) else { return { _ in } }
            return { record in
                let outcome = record.value.map(decoder.decode) ?? .unreadable
                if case .event(let event) = outcome { return receive(event) }
                guard let hidden = passedOver.admit(at: SystemWallClock().now()) else { return }
                logger.warning(
                    "events passed over",
                    ["events.reason": .text("\(outcome)"), "log.hidden": LogValue(hidden)])
            }
        }
    }
}

/// Counts the events that Kafka refused.
private final class LostEvents: DeliveryObserver {
    private let logger: Logger
    private let throttle = LogThrottle(linesPerSecondMax: 1)
    private let count = Atomic(0)

    init(_ logger: Logger) { self.logger = logger }

    func recordDone(_ tag: Int64, bytes: Int, failure: KafkaFailure?) {
        guard let failure else { return }
        let lost = count.add(1, ordering: .relaxed).newValue
        guard throttle.admit(at: SystemWallClock().now()) != nil else { return }
        logger.error("events lost", ["events.lost": LogValue(lost), "kafka.error": LogValue(failure.description)])
    }
}
