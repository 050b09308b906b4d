internal import Bytes
public import StreamingCore
internal import Synchronization

/// The frame log on Kafka: `stream-frames`, keyed by stream, and read by workers that lease its partitions.
///
/// Appending hands a record to librdkafka, whose bounded queue is what an outage fills; it never waits. Every call of
/// ``follow(_:)`` is one worker: each stream is read by one of them at a time, and a stream whose reader's process ends
/// goes on in another from its last checkpoint, with nothing left out and nothing given twice.
public final class KafkaFrameLog: FrameLog {
    private let configuration: KafkaConfiguration
    private let producer: KafkaProducer
    private let leases: any PartitionLeases
    private let executors: [any TaskExecutor]
    private let clock: any WallClock
    private let logger: Logger
    private let writers = Mutex<[StreamID: StreamFrameWriter]>([:])

    init(
        _ configuration: KafkaConfiguration, _ producer: KafkaProducer, leases: any PartitionLeases,
        executors: [any TaskExecutor], clock: any WallClock, logger: Logger
    ) {
        self.configuration = configuration
        self.producer = producer
        self.leases = leases
        self.executors = executors
        self.clock = clock
        self.logger = logger
    }

    public func openWriter(for stream: StreamID) async throws(StreamError) -> any FrameLogWriter {
        let (writer, owner) = try writers.withLock { writers throws(StreamError) in
            guard writers[stream] != nil || writers.count < KafkaLimits.writersMax else {
                throw .overloaded(what: "\(KafkaLimits.writersMax) streams with a writer")
            }
            let writer =
                writers[stream]
                ?? StreamFrameWriter(
                    stream, producer, roomBytes: configuration.waitingBytesMax, clock: clock, logger: logger)
            writers[stream] = writer
            return (writer, writer.openWriter())
        }
        return KafkaFrameLogWriter(writer, owner: owner) { [weak self] in self?.closed($0, $1) }
    }

    public func end(_ stream: StreamID, fence: Int64) async throws(StreamError) {
        let record = FrameRecord(fence: min(max(0, fence), FrameLogPosition.fenceMax), entry: 0, content: .ended)
        let refusal = producer.produce(
            record.encoded, key: Bytes(utf8: stream.description), to: .frames, tag: 0, observer: nil)
        if let refusal { throw .network(reason: "kafka: \(refusal)") }
    }

    private func closed(_ writer: StreamFrameWriter, _ owner: Int) {
        writers.withLock { writers in
            if writers[writer.stream] === writer, writer.isOwner(owner) { writers[writer.stream] = nil }
        }
    }

    public func follow(_ read: @escaping @Sendable (any FrameLogReader) async -> Void) async {
        let mailbox = LeaseMailbox()
        let worker = "\(configuration.clientID)/\(UUIDv7(at: clock.now()))"
        let keeper = LeaseKeeper(leases, mailbox, configuration, worker: worker, logger: logger)
        // Not a child of the group below: leases are kept until all readers have returned and all is handed over.
        let keeping = Task { await keeper.run() }
        let reading = FrameReading(configuration, producer, mailbox, clock: clock, logger: logger)
        reading.start()
        let turns = reading.turns
        await withDiscardingTaskGroup { tasks in
            var turn = 0
            for await first in turns.arrivals {
                let executor = executors.isEmpty ? nil : executors[turn % executors.count]
                turn += 1
                tasks.addTask(executorPreference: executor) {
                    var session: StreamSession? = first
                    while let current = session {
                        // One that left us before its turn is not begun.
                        if !current.wasTaken, !Task.isCancelled { await read(current) }
                        session = turns.finished(current, wasCancelled: Task.isCancelled)
                    }
                }
            }
        }
        turns.close()
        mailbox.leave()
        await keeping.value
        await reading.ended()
    }
}
