internal import Bytes
internal import CKafka
internal import Dispatch
internal import StreamingCore
internal import Synchronization

/// Hears what became of records.
protocol DeliveryObserver: AnyObject, Sendable {
    /// On a thread of this back end; must not wait.
    func recordDone(_ tag: Int64, bytes: Int, failure: KafkaFailure?)
}

/// A record that librdkafka reads from our memory: it holds that memory until the report of its delivery.
final class RecordInFlight: Sendable {
    let value: Bytes
    private let tag: Int64
    private let observer: (any DeliveryObserver)?
    private let waiting: WaitingRecords
    private let topic: KafkaTopic
    private let metrics: KafkaMetrics
    private let stopwatch = Stopwatch()

    fileprivate init(
        _ value: Bytes, tag: Int64, observer: (any DeliveryObserver)?, waiting: WaitingRecords, topic: KafkaTopic,
        metrics: KafkaMetrics
    ) {
        self.topic = topic
        self.metrics = metrics
        self.value = value
        self.tag = tag
        self.observer = observer
        self.waiting = waiting
    }

    func finish(_ failure: KafkaFailure?) {
        metrics.delivered(to: topic, stopwatch, isLost: failure != nil)
        waiting.remove(value.count)
        observer?.recordDone(tag, bytes: value.count, failure: failure)
    }
}

/// How much waits for Kafka in this process.
final class WaitingRecords: Sendable {
    private let bytesNow = Atomic(0)
    private let recordsNow = Atomic(0)
    private let movedAt = Atomic<Int64>(0)

    var bytes: Int { bytesNow.load(ordering: .relaxed) }
    var records: Int { recordsNow.load(ordering: .relaxed) }

    /// How long nothing has moved although something waits, in milliseconds.
    func stalled(at now: Int64) -> Int64 { records == 0 ? 0 : now - movedAt.load(ordering: .relaxed) }

    fileprivate func add(_ bytes: Int) {
        bytesNow.add(bytes, ordering: .relaxed)
        guard recordsNow.add(1, ordering: .relaxed).oldValue == 0 else { return }
        movedAt.store(KafkaHealth.now(), ordering: .relaxed)
    }
    fileprivate func remove(_ bytes: Int) {
        bytesNow.subtract(bytes, ordering: .relaxed)
        recordsNow.subtract(1, ordering: .relaxed)
        movedAt.store(KafkaHealth.now(), ordering: .relaxed)
    }
}

/// Writes to Kafka: idempotent, acknowledged by all replicas in sync, in order per partition.
///
/// librdkafka's queue is the buffer that an outage fills: records wait there, in order, until Kafka is back. A record
/// that it takes is not copied. Records up to `message.copy.max.bytes` (64 KiB) are copied once more by librdkafka into
/// the request that goes to the socket, longer ones are sent from where they are.
///
/// Unsafe code: the client is a pointer that is valid until the thread, the last to use it, has destroyed it.
final class KafkaProducer: Sendable {
    let waiting = WaitingRecords()
    let health: KafkaHealth
    private let clients: Clients
    private let bytesMax: Int
    private let metrics: KafkaMetrics

    init(
        _ configuration: KafkaConfiguration, health: KafkaHealth, metrics: KafkaMetrics = KafkaMetrics(), logger: Logger
    ) throws(StreamError) {
        self.health = health
        self.metrics = metrics
        bytesMax = configuration.waitingBytesMax + KafkaLimits.reservedBytes
        clients = try Clients(configuration, ClientContext(logger: logger, health: health), waiting)
        let clients = clients
        KafkaThread.start("kafka-produce") { clients.run() }
    }

    deinit { clients.close() }

    /// Hands a record on, without waiting.
    ///
    /// - Parameters:
    ///   - partition: `nil` lets the key decide.
    ///   - tag: Comes back with the report.
    /// - Returns: Why it was not taken; then there will be no report.
    func produce(
        _ value: Bytes?, key: Bytes, to topic: KafkaTopic, partition: Int32? = nil, tag: Int64 = 0,
        observer: (any DeliveryObserver)? = nil
    ) -> KafkaFailure? {
        guard waiting.bytes < bytesMax, waiting.records < KafkaLimits.waitingRecordsMax else {
            metrics.refused()
            return KafkaFailure(RD_KAFKA_RESP_ERR__QUEUE_FULL)
        }
        let record = RecordInFlight(
            value ?? Bytes(), tag: tag, observer: observer, waiting: waiting, topic: topic, metrics: metrics)
        waiting.add(record.value.count)
        let failure = clients.produce(record, isNull: value == nil, key: key, to: topic, partition: partition)
        if failure != nil { waiting.remove(record.value.count) }
        return failure
    }

    /// Hands a record on and waits for its report.
    func deliver(
        _ value: Bytes?, key: Bytes, to topic: KafkaTopic, partition: Int32? = nil
    ) async throws(StreamError) {
        let failure: KafkaFailure? = await withCheckedContinuation { continuation in
            let waiter = DeliveryWaiter(continuation)
            if let failure = produce(value, key: key, to: topic, partition: partition, observer: waiter) {
                continuation.resume(returning: failure)
            }
        }
        if let failure { throw failure.streamError }
    }

    /// Sends what waits, for ``KafkaLimits/flushMilliseconds`` at most, and ends. Nothing can be produced afterwards.
    func shutDown() async {
        clients.close()
        await clients.ended()
    }
}

/// Resumes a task with the report of its one record.
private final class DeliveryWaiter: DeliveryObserver {
    private let continuation: CheckedContinuation<KafkaFailure?, Never>

    init(_ continuation: CheckedContinuation<KafkaFailure?, Never>) { self.continuation = continuation }

    func recordDone(_ tag: Int64, bytes: Int, failure: KafkaFailure?) { continuation.resume(returning: failure) }
}

/// The client that produces, and the next one when it has failed for good.
private final class Clients: Sendable {
    /// One client with its topics.
    ///
    /// `@unchecked`: librdkafka's producers may be used from any thread.
    @safe private final class Client: @unchecked Sendable {
        let handle: OpaquePointer
        private let topics: [OpaquePointer]

        init(_ configuration: KafkaConfiguration, _ context: ClientContext) throws(StreamError) {
            let settings = try unsafe ClientSettings(producer: configuration).makeConfiguration()
            unsafe handle = try context.makeClient(RD_KAFKA_PRODUCER, settings)
            var opened: [OpaquePointer] = unsafe []
            for topic in KafkaTopic.allCases {
                guard let made = unsafe topic.open(handle, configuration) else {
                    unsafe rd_kafka_destroy(handle)
                    throw .invalidValue(field: "kafka topic", reason: topic.name(configuration))
                }
                unsafe opened.append(made)
            }
            unsafe topics = opened
        }

        subscript(topic: KafkaTopic) -> OpaquePointer { unsafe topics[topic.rawValue] }

        /// Waits for librdkafka's threads: the last reference is let go of by a thread of our own, because the state's
        /// own one goes only there.
        deinit {
            for index in unsafe topics.indices { unsafe rd_kafka_topic_destroy(topics[index]) }
            unsafe rd_kafka_destroy(handle)
        }
    }

    private struct State {
        var client: Client?
        var isClosing = false
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let configuration: KafkaConfiguration
    private let context: ClientContext
    private let waiting: WaitingRecords
    private let state: Mutex<State>

    init(
        _ configuration: KafkaConfiguration, _ context: ClientContext, _ waiting: WaitingRecords
    ) throws(StreamError) {
        self.configuration = configuration
        self.context = context
        self.waiting = waiting
        state = Mutex(State(client: try Client(configuration, context)))
    }

    func produce(
        _ record: RecordInFlight, isNull: Bool, key: Bytes, to topic: KafkaTopic, partition: Int32?
    ) -> KafkaFailure? {
        // The lock is held for the call, which never waits, so that the client is not replaced meanwhile.
        state.withLock { state in
            guard let client = state.client, !state.isClosing else {
                return KafkaFailure(RD_KAFKA_RESP_ERR__STATE)
            }
            let opaque = unsafe Unmanaged.passRetained(record)
            let result = unsafe record.value.withUnsafeBytes { value in
                unsafe key.withUnsafeBytes { key in
                    // The bytes stay where they are as long as the record in flight holds them.
                    unsafe sluice_kafka_produce(
                        client[topic], partition ?? sluice_kafka_any_partition(), isNull ? nil : value.baseAddress,
                        value.count, key.baseAddress, key.count, opaque.toOpaque())
                }
            }
            guard result != 0 else { return nil }
            unsafe opaque.release()
            return KafkaFailure(rd_kafka_last_error())
        }
    }

    func close() { state.withLock { $0.isClosing = true } }

    func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiters.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    /// The thread: serves reports until the producer is closed.
    func run() {
        var reportedAt: Int64 = 0
        while let client = state.withLock({ $0.isClosing ? nil : $0.client }) {
            _ = unsafe rd_kafka_poll(client.handle, 50)
            reportStall(&reportedAt)
            if unsafe rd_kafka_fatal_error(client.handle, nil, 0) != RD_KAFKA_RESP_ERR_NO_ERROR { replace(client) }
        }
        finish()
    }

    /// Says that Kafka is not answering when records wait and nothing moves, which librdkafka does not.
    private func reportStall(_ reportedAt: inout Int64) {
        let now = KafkaHealth.now()
        guard now - reportedAt >= 1000, waiting.stalled(at: now) >= KafkaLimits.stallMilliseconds else { return }
        reportedAt = now
        context.health.failed(KafkaFailure(RD_KAFKA_RESP_ERR__TIMED_OUT))
    }

    /// Puts a new client in the place of one that has failed. What waited in it is reported as failed.
    private func replace(_ broken: Client) {
        do throws(StreamError) {
            let fresh = try Client(configuration, context)
            state.withLock { $0.client = fresh }
        } catch {
            context.logger.error("kafka producer not replaced", ["error": LogValue(error)])
            return
        }
        empty(broken)
        context.logger.warning("kafka producer replaced")
    }

    private func finish() {
        guard let client = state.withLock({ $0.client }) else { return }
        _ = unsafe rd_kafka_flush(client.handle, KafkaLimits.flushMilliseconds)
        state.withLock { $0.client = nil }
        empty(client)
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Reports what a client still has as failed.
    private func empty(_ client: Client) {
        _ = unsafe rd_kafka_purge(client.handle, sluice_kafka_purge_all())
        while unsafe rd_kafka_outq_len(client.handle) > 0 { _ = unsafe rd_kafka_poll(client.handle, 10) }
    }
}
