internal import Bytes
internal import StreamingCore
internal import Synchronization

/// Reads all partitions of a topic from their ends on, without a group: every process gets everything.
///
/// A thread of its own reads; it is the one that calls the receiver.
final class PartitionFollower: Sendable {
    private struct State {
        var isStopping = false
        var hasEnded = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let configuration: KafkaConfiguration
    private let topic: KafkaTopic
    private let health: KafkaHealth
    private let logger: Logger
    private let state = Mutex(State())

    /// How long a question to the broker may take, in milliseconds.
    private static let questionMilliseconds: Int32 = 5000

    init(_ configuration: KafkaConfiguration, _ topic: KafkaTopic, health: KafkaHealth, logger: Logger) {
        self.configuration = configuration
        self.topic = topic
        self.health = health
        self.logger = logger
    }

    /// Runs until the task is cancelled; nothing is received after the return.
    ///
    /// - Parameter makeReceiver: Called once, on the thread that then calls what it returns.
    func follow(_ makeReceiver: @escaping @Sendable () -> (KafkaRecord) -> Void) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.waiter = continuation }
                KafkaThread.start("kafka-follow") { self.run(makeReceiver()) }
            }
        } onCancel: {
            state.withLock { $0.isStopping = true }
        }
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func run(_ receive: (KafkaRecord) -> Void) {
        do throws(StreamError) {
            try read(receive)
        } catch {
            logger.error(
                "kafka topic is not followed",
                ["kafka.topic": LogValue(topic.name(configuration)), "error": LogValue(error)])
        }
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    private func read(_ receive: (KafkaRecord) -> Void) throws(StreamError) {
        let consumer = try KafkaConsumer(
            ClientSettings(consumer: configuration, group: "\(configuration.prefix)followers"),
            of: topic.name(configuration), context: ClientContext(logger: logger, health: health))
        while !isStopping {
            // The ends are asked for, because where librdkafka would begin by itself depends on when it gets there.
            guard let places = ends(consumer) else { continue }
            try consumer.assign(places)
            break
        }
        while !isStopping {
            switch consumer.poll(milliseconds: 50) {
            case .record(let record): receive(record)
            case .failure(let failure):
                if !failure.isUnreachable { logger.debug("kafka read failed", ["kafka.error": LogValue(failure)]) }
            case .end, nil: continue
            }
        }
    }

    private func ends(_ consumer: KafkaConsumer) -> [(partition: Int32, offset: Int64)]? {
        do throws(KafkaFailure) {
            let partitions = Array(0..<(try consumer.partitionCount(milliseconds: Self.questionMilliseconds)))
            guard !partitions.isEmpty else { return nil }
            let ends = try consumer.offsets(of: .end, in: partitions, milliseconds: Self.questionMilliseconds)
            return zip(partitions, ends).map { ($0, $1) }
        } catch {
            logger.debug("kafka does not say where its topic ends", ["kafka.error": LogValue(error)])
            return nil
        }
    }
}
