internal import StreamingCore

/// Reads all checkpoints of partitions, of several at the same time, and does not wait for them: but for one short
/// question where a partition is said to have none.
///
/// For one thread, which asks again and again for what has come.
final class CheckpointReads {
    private struct Read {
        var table = CheckpointTable()
        let startedAt: Int64
        /// When it is begun anew.
        var againAt: Int64

        init(now: Int64) {
            startedAt = now
            againAt = now + KafkaLimits.checkpointMilliseconds
        }
    }

    private let consumer: KafkaConsumer
    private let logger: Logger
    private var reads: [Int32: Read] = [:]

    /// Records that are taken in one go.
    private static let recordsPerTurnMax = 1024
    /// How long the question whether a partition really is empty may take, in milliseconds; blocks.
    private static let questionMilliseconds: Int32 = 250
    /// How long a partition is left alone when nobody answered that, in milliseconds.
    private static let againMilliseconds: Int64 = 250

    init(_ configuration: KafkaConfiguration, health: KafkaHealth, logger: Logger) throws(StreamError) {
        self.logger = logger
        var settings = ClientSettings(
            consumer: configuration, group: "\(configuration.prefix)\(configuration.group)-checkpoints")
        settings.set("enable.partition.eof", "true")
        settings.set("fetch.wait.max.ms", Self.fetchWaitMilliseconds(configuration))
        consumer = try KafkaConsumer(
            settings, of: KafkaTopic.checkpoints.name(configuration),
            context: ClientContext(logger: logger, health: health))
    }

    /// How long a broker may hold a fetch that finds nothing, in milliseconds: it says that the end is reached. Shorter
    /// than for frames, because each partition that is taken over waits for one; not short for brokers that need long.
    static func fetchWaitMilliseconds(_ configuration: KafkaConfiguration) -> Int {
        min(configuration.fetchWaitMilliseconds, max(5, configuration.fetchWaitMilliseconds / 4))
    }

    /// Makes acquaintance with the brokers, so that the first partition is read as fast as the others. What is not
    /// learned here is learned when it is needed.
    ///
    /// - Parameter milliseconds: How long each of two questions may take; blocks.
    func prepare(milliseconds: Int32) {
        do throws(KafkaFailure) {
            _ = try consumer.partitionCount(milliseconds: milliseconds)
            _ = try consumer.offset(of: .end, in: 0, milliseconds: milliseconds)
        } catch {
            logger.debug("kafka does not answer yet", ["kafka.error": LogValue(error)])
        }
    }

    var isEmpty: Bool { reads.isEmpty }

    /// Begins with a partition.
    func begin(_ partition: Int32) {
        do throws(KafkaFailure) {
            try consumer.add(partition, from: nil)
        } catch {
            logger.error(
                "checkpoints cannot be read",
                ["kafka.partition": LogValue(partition), "kafka.error": LogValue(error)])
        }
        // Also where that failed: it is tried again when its time is up.
        reads[partition] = Read(now: KafkaHealth.now())
    }

    /// Reads a partition no more.
    ///
    /// - Returns: Whether it was being read.
    @discardableResult
    func end(_ partition: Int32) -> Bool {
        guard reads.removeValue(forKey: partition) != nil else { return false }
        do throws(KafkaFailure) {
            try consumer.remove(partition)
        } catch {
            logger.debug("checkpoints were not read", ["kafka.error": LogValue(error)])
        }
        return true
    }

    /// Takes what has come.
    ///
    /// - Parameter milliseconds: How long to wait for it.
    /// - Returns: The partitions whose checkpoints are all there.
    func poll(milliseconds: Int32) -> [(partition: Int32, table: CheckpointTable, startedAt: Int64)] {
        var done: [(partition: Int32, table: CheckpointTable, startedAt: Int64)] = []
        var milliseconds = milliseconds
        for _ in 0..<Self.recordsPerTurnMax {
            guard let polled = consumer.poll(milliseconds: milliseconds) else { break }
            milliseconds = 0
            switch polled {
            case .record(let record):
                reads[record.partition]?.table.recordRead(key: record.key, value: record.value)
            case .end(let partition, let offset):
                guard let read = reads[partition] else { continue }
                guard isEnd(of: partition, offset) else { continue }
                end(partition)
                report(read.table, partition)
                done.append((partition, read.table, read.startedAt))
            case .failure: continue
            }
        }
        beginAgain()
        return done
    }

    /// Whether a partition ends where the broker said. What says that it never had a record is asked for once more: a
    /// broker that gives up reading when the time of a fetch is over may answer as if there were none, and a stream
    /// whose checkpoint is missed would be read from its beginning. Where nobody answers, it is soon begun anew.
    private func isEnd(of partition: Int32, _ offset: Int64) -> Bool {
        guard offset == 0 else { return true }
        do throws(KafkaFailure) {
            return try consumer.offset(of: .end, in: partition, milliseconds: Self.questionMilliseconds) == 0
        } catch {
            logger.debug("kafka does not say where its checkpoints end", ["kafka.error": LogValue(error)])
            reads[partition]?.againAt = KafkaHealth.now() + Self.againMilliseconds
            return false
        }
    }

    private func beginAgain() {
        let now = KafkaHealth.now()
        for partition in reads.filter({ $0.value.againAt < now }).keys {
            logger.warning("checkpoints not read, trying again", ["kafka.partition": LogValue(partition)])
            end(partition)
            begin(partition)
        }
    }

    private func report(_ table: CheckpointTable, _ partition: Int32) {
        guard table.unreadable > 0 else { return }
        logger.warning(
            "checkpoints passed over that are none of ours",
            ["kafka.partition": LogValue(partition), "checkpoints.unreadable": LogValue(table.unreadable)])
    }
}
