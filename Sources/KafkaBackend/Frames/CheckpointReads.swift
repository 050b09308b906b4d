internal import StreamingCore

/// Reads all checkpoints of partitions, of several at the same time, and never waits for them.
///
/// For one thread, which asks again and again for what has come.
final class CheckpointReads {
    private struct Read {
        var table = CheckpointTable()
        var startedAt: Int64
    }

    private let consumer: KafkaConsumer
    private let logger: Logger
    private var reads: [Int32: Read] = [:]

    /// Records that are taken in one go.
    private static let recordsPerTurnMax = 1024
    /// How long a broker may hold a fetch that finds nothing, in milliseconds: it says that the end is reached.
    private static let fetchWaitMilliseconds = 5

    init(_ configuration: KafkaConfiguration, health: KafkaHealth, logger: Logger) throws(StreamError) {
        self.logger = logger
        var settings = ClientSettings(
            consumer: configuration, group: "\(configuration.prefix)\(configuration.group)-checkpoints")
        settings.set("enable.partition.eof", "true")
        settings.set("fetch.wait.max.ms", Self.fetchWaitMilliseconds)
        consumer = try KafkaConsumer(
            settings, of: KafkaTopic.checkpoints.name(configuration),
            context: ClientContext(logger: logger, health: health))
    }

    /// Makes acquaintance with the brokers, so that the first partition is read as fast as the others. What is not
    /// learned here is learned when it is needed.
    ///
    /// - Parameter milliseconds: How long each of two questions may take; blocks.
    func prepare(milliseconds: Int32) {
        do throws(KafkaFailure) {
            _ = try consumer.partitionCount(milliseconds: milliseconds)
            _ = try consumer.watermarks(0, milliseconds: milliseconds)
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
        reads[partition] = Read(startedAt: KafkaHealth.now())
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
            case .end(let partition):
                guard let read = reads[partition] else { continue }
                end(partition)
                report(read.table, partition)
                done.append((partition, read.table, read.startedAt))
            case .failure: continue
            }
        }
        beginAgain()
        return done
    }

    private func beginAgain() {
        let limit = KafkaHealth.now() - KafkaLimits.checkpointMilliseconds
        for partition in reads.filter({ $0.value.startedAt < limit }).keys {
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
