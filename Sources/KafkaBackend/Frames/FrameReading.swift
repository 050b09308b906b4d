internal import Bytes
internal import StreamingCore
internal import Synchronization

/// A thread that reads the partitions of `stream-frames` which this worker has leased, and hands entries to sessions.
///
/// When a partition comes, its checkpoints are read before any of its frames, and are written again with our fences.
/// When it is to leave, its readers are told and have ``KafkaLimits/handOverMilliseconds`` to commit what they have
/// finished. The thread waits for neither, so that the streams of other partitions go on meanwhile.
///
/// It never waits for the leases, with one exception: when the process stood still for as long as a lease, nothing is
/// read or written until it is known whether the partitions are still ours, or that nobody can say so. What it writes
/// without being asked any more is refused by everybody's fences.
///
/// `@unchecked Sendable`: everything but `ending`, `turns` and `mailbox` is touched by the thread alone.
final class FrameReading: @unchecked Sendable {
    private struct Ending {
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    let turns = ReaderTurns()
    private let configuration: KafkaConfiguration
    private let producer: KafkaProducer
    private let mailbox: LeaseMailbox
    private let clock: any WallClock
    private let logger: Logger
    private let ending = Mutex(Ending())
    /// Those that are read; each is ours by this lease.
    private var partitions: [Int32: PartitionReading] = [:]
    private var leases: [Int32: LeasedPartition] = [:]
    private var handOvers: [Int32: PartitionHandOver] = [:]
    /// Those of which it is not known yet where their log begins.
    private var unmeasured: Set<Int32> = []
    private let failures = LogThrottle(linesPerSecondMax: 1)
    private var offsetsAt: Int64 = 0

    /// Records that are handed on before sessions are looked after again.
    private static let recordsPerTurnMax = 256
    /// How long the thread waits for a record, in milliseconds, and while it does something else as well.
    private static let pollMilliseconds: Int32 = 20
    private static let busyPollMilliseconds: Int32 = 2
    /// How long a question to the broker may take, in milliseconds: at the start, and while streams are read.
    private static let questionMilliseconds: Int32 = 5000
    private static let shortQuestionMilliseconds: Int32 = 250

    init(
        _ configuration: KafkaConfiguration, _ producer: KafkaProducer, _ mailbox: LeaseMailbox,
        clock: any WallClock, logger: Logger
    ) {
        self.configuration = configuration
        self.producer = producer
        self.mailbox = mailbox
        self.clock = clock
        self.logger = logger
    }

    func start() { KafkaThread.start("kafka-frames") { self.run() } }

    /// Returns when the thread has ended, which it does when the leases have.
    func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = ending.withLock { ending in
                if !ending.hasEnded { ending.waiters.append(continuation) }
                return ending.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func run() {
        do throws(StreamError) {
            let checkpoints = try CheckpointReads(configuration, health: producer.health, logger: logger)
            let consumer = try KafkaConsumer(
                ClientSettings(consumer: configuration, group: configuration.prefix + configuration.group),
                of: KafkaTopic.frames.name(configuration),
                context: ClientContext(logger: logger, health: producer.health))
            read(consumer, checkpoints)
        } catch {
            logger.error("frames are not read: kafka refuses us", ["error": LogValue(error)])
        }
        let waiters = ending.withLock { ending in
            ending.hasEnded = true
            defer { ending.waiters = [] }
            return ending.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func read(_ consumer: KafkaConsumer, _ checkpoints: CheckpointReads) {
        guard let count = partitionCount(consumer) else { return }
        checkpoints.prepare(milliseconds: Self.shortQuestionMilliseconds)
        _ = try? consumer.offset(of: .end, in: 0, milliseconds: Self.shortQuestionMilliseconds)
        mailbox.partitionsCounted(count)
        var turnAt = KafkaHealth.now()
        while !mailbox.isOver {
            let now = KafkaHealth.now()
            if now - turnAt > configuration.leaseMilliseconds { awaitConfirmation(since: now) }
            turnAt = KafkaHealth.now()
            for order in mailbox.takeOrders() { carryOut(order, consumer, checkpoints) }
            readCheckpoints(checkpoints, consumer)
            let isBusy = !checkpoints.isEmpty || !handOvers.isEmpty
            readRecords(consumer, milliseconds: isBusy ? Self.busyPollMilliseconds : Self.pollMilliseconds)
            for partition in partitions.keys { serveSessions(of: partition) }
            for partition in handOvers.keys { serveHandOver(of: partition) }
            servePauses(consumer)
            writeOffsets(consumer)
            mailbox.streamsCounted(partitions.mapValues(\.streamCount))
        }
    }

    /// - Returns: `nil` when reading is over before Kafka says it.
    private func partitionCount(_ consumer: KafkaConsumer) -> Int? {
        while !mailbox.isOver {
            do throws(KafkaFailure) {
                return Int(try consumer.partitionCount(milliseconds: Self.questionMilliseconds))
            } catch {
                logger.debug("kafka does not say how many partitions there are", ["kafka.error": LogValue(error)])
                // Waiting for a record, of which there is none, lets time pass.
                _ = consumer.poll(milliseconds: 100)
            }
        }
        return nil
    }

    /// After the process stood still: whoever has lost a partition must not write. Who is asked is not waited for
    /// longer than he may take to answer.
    private func awaitConfirmation(since now: Int64) {
        logger.warning("the process stood still for longer than a lease: asking what is still ours")
        mailbox.wantBeat()
        while !mailbox.isConfirmed(since: now) { KafkaThread.sleep(milliseconds: 2) }
    }

    // MARK: Partitions come and go

    private func carryOut(_ order: LeaseMachine.Order, _ consumer: KafkaConsumer, _ checkpoints: CheckpointReads) {
        switch order {
        case .take(let lease):
            leases[lease.partition] = lease
            checkpoints.begin(lease.partition)
        case .handOver(let lease):
            guard leases[lease.partition] == lease else { return mailbox.handedOver(lease) }
            leases[lease.partition] = nil
            checkpoints.end(lease.partition)
            guard let reading = stopReading(lease.partition, consumer) else { return mailbox.handedOver(lease) }
            handOvers[lease.partition] = PartitionHandOver(lease, reading, now: KafkaHealth.now())
        case .drop(let lease):
            logger.warning("a partition is another worker's now", ["kafka.partition": LogValue(lease.partition)])
            leases[lease.partition] = nil
            checkpoints.end(lease.partition)
            let reading =
                stopReading(lease.partition, consumer) ?? handOvers.removeValue(forKey: lease.partition)?.reading
            for session in reading?.sessions ?? [] { session.take() }
        }
    }

    private func stopReading(_ partition: Int32, _ consumer: KafkaConsumer) -> PartitionReading? {
        guard let reading = partitions.removeValue(forKey: partition) else { return nil }
        unmeasured.remove(partition)
        // A pause must not outlast our having the partition.
        if reading.pausedAt != nil { consumer.resume([partition]) }
        do throws(KafkaFailure) { try consumer.remove(partition) } catch { report(error) }
        return reading
    }

    private func readCheckpoints(_ checkpoints: CheckpointReads, _ consumer: KafkaConsumer) {
        // Also when nothing is to come: librdkafka takes a client that is not polled for dead.
        let milliseconds = checkpoints.isEmpty ? 0 : Self.busyPollMilliseconds
        for (partition, table, startedAt) in checkpoints.poll(milliseconds: milliseconds) {
            guard let lease = leases[partition] else { continue }
            var reading = PartitionReading(
                partition: partition, table, leaseFence: lease.fence, now: clock.now().unixMilliseconds)
            do throws(KafkaFailure) {
                try consumer.add(partition, from: table.partition?.offset)
            } catch {
                report(error)
                // It is ours, and nobody else reads it: once more.
                checkpoints.begin(partition)
                continue
            }
            for write in reading.takeOver() { self.write(write, in: partition) }
            partitions[partition] = reading
            unmeasured.insert(partition)
            logger.info(
                "partition came",
                [
                    "kafka.partition": LogValue(partition), "streams.known": LogValue(table.checkpoints.count),
                    "checkpoints.milliseconds": LogValue(KafkaHealth.now() - startedAt),
                ])
        }
    }

    private func serveHandOver(of partition: Int32) {
        for write in handOvers[partition]?.reading.sessionsServed(now: clock.now().unixMilliseconds) ?? [] {
            self.write(write, in: partition)
        }
        guard let handOver = handOvers[partition] else { return }
        let now = KafkaHealth.now()
        switch handOver.step(now: now) {
        case .wait: return
        case .write:
            let last = PartitionHandOver.LastRecord()
            handOvers[partition]?.phase = .writing(last, until: now + KafkaLimits.handOverMilliseconds)
            let checkpoint = handOver.reading.lastCheckpoint
            let isWritten = checkpoint.map { checkpoint in
                producer.produce(
                    checkpoint.encoded, key: PartitionCheckpoint.key, to: .checkpoints, partition: partition,
                    tag: checkpoint.offset, observer: last) == nil
            }
            if isWritten != true { last.recordDone(0, bytes: 0, failure: nil) }
        case .done:
            handOvers[partition] = nil
            logger.info("partition left", ["kafka.partition": LogValue(partition)])
            mailbox.handedOver(handOver.lease)
        }
    }

    // MARK: Records

    private func readRecords(_ consumer: KafkaConsumer, milliseconds: Int32) {
        var milliseconds = milliseconds
        for _ in 0..<Self.recordsPerTurnMax {
            switch consumer.poll(milliseconds: milliseconds) {
            case .record(let record): take(record, consumer)
            case .end: break
            case .failure(let failure): if !failure.isUnreachable { report(failure) }
            case nil: return
            }
            milliseconds = 0
        }
    }

    private func report(_ failure: KafkaFailure) {
        guard failures.admit(at: clock.now()) != nil else { return }
        logger.error("kafka read failed", ["kafka.error": LogValue(failure)])
    }

    private func take(_ record: KafkaRecord, _ consumer: KafkaConsumer) {
        let partition = record.partition
        guard let outcome = partitions[partition]?.recordRead(record) else { return }
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

    // MARK: Checkpoints

    private func serveSessions(of partition: Int32) {
        for write in partitions[partition]?.sessionsServed(now: clock.now().unixMilliseconds) ?? [] {
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

    private func writeOffsets(_ consumer: KafkaConsumer) {
        let now = KafkaHealth.now()
        guard now >= offsetsAt else { return }
        offsetsAt = now + KafkaLimits.offsetMilliseconds
        measure(consumer)
        for partition in partitions.keys {
            for write in partitions[partition]?.reportRead(now: clock.now().unixMilliseconds) ?? [] {
                self.write(write, in: partition)
            }
            guard let checkpoint = partitions[partition]?.takePartitionCheckpoint() else { continue }
            let failure = producer.produce(
                checkpoint.encoded, key: PartitionCheckpoint.key, to: .checkpoints, partition: partition,
                tag: checkpoint.offset, observer: partitions[partition]?.report)
            if let failure { partitions[partition]?.report.recordDone(checkpoint.offset, bytes: 0, failure: failure) }
        }
    }

    /// Asks where the log of one partition begins, which only says what need not be waited for any more: nothing that
    /// is read depends on it.
    private func measure(_ consumer: KafkaConsumer) {
        guard let partition = unmeasured.first, !producer.health.isDown else { return }
        do throws(KafkaFailure) {
            let first = try consumer.offset(
                of: .beginning, in: partition, milliseconds: Self.shortQuestionMilliseconds)
            partitions[partition]?.logBegins(at: first)
            unmeasured.remove(partition)
        } catch {
            logger.debug("kafka does not say where its log begins", ["kafka.error": LogValue(error)])
        }
    }
}
