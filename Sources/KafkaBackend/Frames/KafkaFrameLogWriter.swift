internal import Bytes
internal import Media
internal import StreamingCore
internal import Synchronization

/// What all writers of one stream in this process share: a newer one goes on where the one before was.
final class StreamFrameWriter: DeliveryObserver {
    private struct State {
        var machine = FrameWriterMachine()
        var owner = 0
        /// Records that librdkafka gave up, and when that was said last.
        var failed = 0
    }

    let stream: StreamID
    private let key: Bytes
    private let producer: KafkaProducer
    private let roomBytes: Int
    private let clock: any WallClock
    private let logger: Logger
    private let failures = LogThrottle(linesPerSecondMax: 1)
    private let state = Mutex(State())

    init(
        _ stream: StreamID, _ producer: KafkaProducer, roomBytes: Int, clock: any WallClock, logger: Logger
    ) {
        self.stream = stream
        self.producer = producer
        self.roomBytes = roomBytes
        self.clock = clock
        self.logger = logger.with("stream.id", LogValue(stream))
        key = Bytes(utf8: stream.description)
    }

    func openWriter() -> Int {
        state.withLock { state in
            state.owner += 1
            return state.owner
        }
    }

    /// Whether nobody writes with a newer number.
    func isOwner(_ owner: Int) -> Bool { state.withLock { $0.owner == owner } }

    func append(_ entry: BroadcastEntry, by owner: Int) throws(StreamError) {
        let now = clock.now()
        // The lock is held while the record is handed on, because the order in Kafka must be the order of the numbers.
        // Handing on never waits.
        let outcome = try state.withLock { state throws(StreamError) in
            guard owner == state.owner else {
                throw .conflict(reason: "a newer writer has taken over the stream's frame log")
            }
            let room = roomBytes - producer.waiting.bytes
            switch state.machine.entryOffered(entry, room: room, at: now) {
            case .drop(let isFirst): return Outcome(beginsToDrop: isFirst)
            case .write(let record, let drop):
                let refusal = producer.produce(
                    record.encoded, key: key, to: .frames, tag: record.position, observer: self)
                if refusal != nil { state.machine.recordRefused(at: now) }
                return Outcome(drop: drop, refusal: refusal)
            }
        }
        report(outcome)
    }

    /// What is to be said about an append.
    private struct Outcome {
        /// What was dropped right before it.
        var drop: FrameWriterMachine.Drop?
        /// Why librdkafka did not take it.
        var refusal: KafkaFailure?
        var beginsToDrop = false
    }

    private func report(_ outcome: Outcome) {
        if let drop = outcome.drop {
            logger.warning(
                "frames dropped: kafka did not take them",
                [
                    "frames.dropped": LogValue(drop.entries), "frames.first": LogValue(drop.firstAt.description),
                    "frames.last": LogValue(drop.lastAt.description),
                ])
        }
        if let refusal = outcome.refusal {
            logger.warning(
                "frames are dropped from now on: kafka does not take them",
                ["kafka.error": LogValue(refusal.description)])
        } else if outcome.beginsToDrop {
            logger.warning(
                "frames are dropped from now on: too much waits for kafka",
                ["kafka.waiting_bytes": LogValue(producer.waiting.bytes)])
        }
    }

    func recordDone(_ tag: Int64, bytes: Int, failure: KafkaFailure?) {
        guard let failure else { return }
        let count = state.withLock { state in
            state.failed += 1
            return state.failed
        }
        guard failures.admit(at: clock.now()) != nil else { return }
        logger.error(
            "frames lost: kafka refused them",
            ["frames.lost": LogValue(count), "kafka.error": LogValue(failure.description)])
    }
}

/// Appends to one stream's log until a newer writer is opened in this process.
///
/// A writer in another process cannot be seen from here; its fence is higher, and readers drop what comes with a lower
/// one. Whoever lets encoders in sees to it that there is one at a time.
final class KafkaFrameLogWriter: FrameLogWriter {
    private let writer: StreamFrameWriter
    private let owner: Int
    private let closed: @Sendable (StreamFrameWriter, Int) -> Void

    init(_ writer: StreamFrameWriter, owner: Int, closed: @escaping @Sendable (StreamFrameWriter, Int) -> Void) {
        self.writer = writer
        self.owner = owner
        self.closed = closed
    }

    deinit { closed(writer, owner) }

    func append(_ entry: BroadcastEntry) throws(StreamError) { try writer.append(entry, by: owner) }
}
