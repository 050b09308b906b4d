internal import Bytes
internal import Dispatch
internal import StreamingCore
internal import Synchronization

/// One member of the group that shares the streams: a thread that reads `stream-frames` and hands entries to sessions.
///
/// When a partition comes to us, its checkpoints are read before any of its frames, and are written again with our
/// fences. When it leaves, its readers are told, and have ``KafkaLimits/handOverMilliseconds`` to commit what they have
/// finished; the thread waits for them, and with it the streams of partitions that stay: a pause of that length is the
/// price of a hand-over without repeats. A process that was stopped for longer than a session asks the broker whether
/// it is still a member before it goes on.
///
/// `@unchecked Sendable`: everything but `flags` and `turns` is touched by the thread alone, from `run` and from the
/// calls that librdkafka makes inside of a poll of it.
final class FrameGroup: GroupMember, @unchecked Sendable {
    private struct Flags {
        var isStopping = false
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    let turns = ReaderTurns()
    private let configuration: KafkaConfiguration
    private let producer: KafkaProducer
    private let clock: any WallClock
    private let logger: Logger
    private let flags = Mutex(Flags())
    private var partitions: [Int32: PartitionReading] = [:]
    private var checkpoints: CheckpointReader?
    private var consumer: KafkaConsumer?
    private let failures = LogThrottle(linesPerSecondMax: 1)
    private var wasInterrupted = false
    private var offsetsAt: Int64 = 0

    /// Records that are handed on before sessions are looked after again.
    private static let recordsPerTurnMax = 256
    /// How long the thread waits for a record, in milliseconds.
    private static let pollMilliseconds: Int32 = 20

    init(_ configuration: KafkaConfiguration, _ producer: KafkaProducer, clock: any WallClock, logger: Logger) {
        self.configuration = configuration
        self.producer = producer
        self.clock = clock
        self.logger = logger
    }

    func start() { KafkaThread.start("kafka-frames") { self.run() } }

    /// Has the thread leave the group, when all readers have returned.
    func stop() { flags.withLock { $0.isStopping = true } }

    /// Returns when the thread has left the group.
    func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = flags.withLock { flags in
                if !flags.hasEnded { flags.waiters.append(continuation) }
                return flags.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private var isStopping: Bool { flags.withLock { $0.isStopping } }

    // MARK: The thread

    private func run() {
        do throws(StreamError) {
            try read()
        } catch {
            logger.error("frames are not read: kafka refuses us", ["error": LogValue(error)])
        }
        consumer = nil
        checkpoints = nil
        let waiters = flags.withLock { flags in
            flags.hasEnded = true
            defer { flags.waiters = [] }
            return flags.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func read() throws(StreamError) {
        checkpoints = try CheckpointReader(configuration, health: producer.health, logger: logger)
        var settings = ClientSettings(consumer: configuration, group: configuration.prefix + configuration.group)
        settings.set("partition.assignment.strategy", "cooperative-sticky")
        settings.set("session.timeout.ms", configuration.sessionMilliseconds)
        settings.set("heartbeat.interval.ms", configuration.sessionMilliseconds / 3)
        let consumer = try KafkaConsumer(
            settings, of: KafkaTopic.frames.name(configuration),
            context: ClientContext(logger: logger, health: producer.health, member: self))
        self.consumer = consumer
        try consumer.subscribe()
        var turnAt = KafkaHealth.now()
        while !isStopping {
            let now = KafkaHealth.now()
            if now - turnAt > Int64(configuration.sessionMilliseconds) { confirmMembership(consumer) }
            turnAt = now
            readRecords(consumer)
            serveSessions()
            servePauses(consumer)
            writeOffsets(Array(partitions.keys))
            // Reading checkpoints and waiting for readers takes its time: only what stops the whole process counts.
            if wasInterrupted { turnAt = KafkaHealth.now() }
            wasInterrupted = false
        }
        consumer.close()
    }

    private func readRecords(_ consumer: KafkaConsumer) {
        var milliseconds = Self.pollMilliseconds
        for _ in 0..<Self.recordsPerTurnMax {
            switch consumer.poll(milliseconds: milliseconds) {
            case .record(let record): take(record, consumer)
            case .end: break
            case .failure(let failure):
                if !failure.isUnreachable, failures.admit(at: clock.now()) != nil {
                    logger.error("kafka read failed", ["kafka.error": LogValue(failure)])
                }
            case nil: return
            }
            milliseconds = 0
        }
    }

    private func take(_ record: KafkaRecord, _ consumer: KafkaConsumer) {
        let partition = record.partition
        guard let outcome = partitions[partition]?.recordRead(record, now: clock.now().unixMilliseconds) else { return }
        switch outcome {
        case .nothing: return
        case .began(let session, let isFull):
            turns.offer(session)
            guard isFull else { return }
        case .full: break
        }
        guard partitions[partition]?.pausedAt == nil else { return }
        partitions[partition]?.pausedAt = KafkaHealth.now()
        consumer.pause([partition])
    }

    private func serveSessions() {
        for partition in partitions.keys { serveSessions(of: partition) }
    }

    private func serveSessions(of partition: Int32) {
        let now = clock.now().unixMilliseconds
        for write in partitions[partition]?.sessionsServed(now: now) ?? [] {
            self.write(write, in: partition)
        }
    }

    private func write(_ write: PartitionReading.CheckpointWrite, in partition: Int32) {
        let failure = producer.produce(
            write.checkpoint?.encoded, key: Bytes(utf8: write.stream.description), to: .checkpoints,
            partition: partition, tag: write.checkpoint?.position ?? 0, observer: write.session)
        guard let failure else { return }
        logger.warning(
            "checkpoint not written",
            ["stream.id": LogValue(write.stream), "kafka.error": LogValue(failure.description)])
    }

    /// A pause ends when its sessions have room, or when it has lasted too long: then the slow ones drop.
    private func servePauses(_ consumer: KafkaConsumer) {
        for (partition, reading) in partitions {
            guard let pausedAt = reading.pausedAt else { continue }
            let slow = reading.sessions.filter { !$0.isHalfEmpty }
            if !slow.isEmpty {
                guard KafkaHealth.now() - pausedAt >= KafkaLimits.pauseMillisecondsMax else { continue }
                for session in slow {
                    session.startDropping()
                    logger.error("frames are dropped: a reader is too slow", ["stream.id": LogValue(session.stream)])
                }
            }
            partitions[partition]?.pausedAt = nil
            consumer.resume([partition])
        }
    }

    private func writeOffsets(_ keys: [Int32]) {
        let now = KafkaHealth.now()
        guard now >= offsetsAt else { return }
        offsetsAt = now + KafkaLimits.offsetMilliseconds
        for key in keys {
            for write in partitions[key]?.reportRead(now: clock.now().unixMilliseconds) ?? [] {
                self.write(write, in: key)
            }
            guard let checkpoint = partitions[key]?.takePartitionCheckpoint() else { continue }
            let failure = producer.produce(
                checkpoint.encoded, key: PartitionCheckpoint.key, to: .checkpoints, partition: key,
                tag: checkpoint.offset, observer: partitions[key]?.report)
            if let failure { partitions[key]?.report.recordDone(checkpoint.offset, bytes: 0, failure: failure) }
        }
    }

    /// Where a later reader of these partitions would begin.
    private func offsets(_ keys: [Int32]) -> [(partition: Int32, offset: Int64)] {
        keys.compactMap { key in partitions[key]?.progress.offset.map { (key, $0) } }
    }

    /// After the process was stopped: whoever is no member any more must write nothing. The commit asks for that.
    private func confirmMembership(_ consumer: KafkaConsumer) {
        guard let failure = consumer.commit(offsets(Array(partitions.keys))) else { return }
        logger.warning("the process stood still and is no member any more", ["kafka.error": LogValue(failure)])
        forget(Array(partitions.keys))
        do throws(StreamError) {
            try consumer.rejoin()
        } catch {
            logger.error("the group is not joined again", ["error": LogValue(error)])
        }
    }

    private func forget(_ keys: [Int32]) {
        for key in keys {
            for session in partitions.removeValue(forKey: key)?.sessions ?? [] { session.take() }
        }
    }

    // MARK: Callbacks, inside of a poll

    func partitionsAssigned(_ assigned: [Int32]) -> [Int32: Int64] {
        wasInterrupted = true
        var starts: [Int32: Int64] = [:]
        for partition in assigned {
            guard let table = checkpoints?.read(partition, isCancelled: { self.isStopping }) else { return starts }
            starts[partition] = table.partition?.offset
            var reading = PartitionReading(partition: partition, table, now: clock.now().unixMilliseconds)
            for write in reading.takeOver() { self.write(write, in: partition) }
            if let log = try? consumer?.watermarks(partition, milliseconds: 5000) {
                reading.logBegins(at: log.lowerBound)
            }
            partitions[partition] = reading
        }
        logger.info("partitions came", ["kafka.partitions": LogValue(listed(assigned))])
        return starts
    }

    func partitionsRevoked(_ revoked: [Int32], areLost: Bool) {
        wasInterrupted = true
        defer {
            logger.info(
                "partitions left",
                ["kafka.partitions": LogValue(listed(revoked)), "kafka.lost": LogValue(booleanLiteral: areLost)])
        }
        guard !areLost else { return forget(revoked) }
        // A pause must not outlast our having the partition.
        consumer?.resume(revoked.filter { partitions[$0]?.pausedAt != nil })
        let sessions = revoked.flatMap { partitions[$0]?.sessions ?? [] }
        for session in sessions { session.take() }
        let deadline = KafkaHealth.now() + Int64(KafkaLimits.handOverMilliseconds)
        while KafkaHealth.now() < deadline, sessions.contains(where: { !$0.isFinished }) {
            _ = Self.never.wait(timeout: .now() + .milliseconds(5))
        }
        for partition in revoked { serveSessions(of: partition) }
        producer.flush(milliseconds: Int32(KafkaLimits.handOverMilliseconds))
        for partition in revoked { serveSessions(of: partition) }
        offsetsAt = 0
        writeOffsets(revoked)
        // For those who watch the group from outside: how far it is behind.
        if !producer.health.isDown { _ = consumer?.commit(offsets(revoked)) }
        forget(revoked)
    }

    /// Never signalled: waiting for it is how this thread lets a few milliseconds pass.
    private static let never = DispatchSemaphore(value: 0)

    private func listed(_ partitions: [Int32]) -> String {
        partitions.sorted().map(String.init).joined(separator: " ")
    }
}
