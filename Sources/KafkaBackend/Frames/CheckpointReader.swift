internal import StreamingCore

/// Reads all checkpoints of a partition.
///
/// Blocks: for threads of our own only.
struct CheckpointReader {
    private let consumer: KafkaConsumer
    private let logger: Logger

    /// How long one attempt may take, in milliseconds.
    private static let attemptMilliseconds: Int64 = 10_000

    init(_ configuration: KafkaConfiguration, health: KafkaHealth, logger: Logger) throws(StreamError) {
        self.logger = logger
        // The group is one that nobody joins: partitions are read that we say, and nothing is committed.
        var settings = ClientSettings(
            consumer: configuration, group: "\(configuration.prefix)\(configuration.group)-checkpoints")
        settings.set("enable.partition.eof", "true")
        consumer = try KafkaConsumer(
            settings, of: KafkaTopic.checkpoints.name(configuration),
            context: ClientContext(logger: logger, health: health))
    }

    /// The newest checkpoint of each stream.
    ///
    /// - Parameter isCancelled: Asked between attempts.
    /// - Returns: `nil` when it was cancelled.
    func read(_ partition: Int32, isCancelled: () -> Bool) -> CheckpointTable? {
        while !isCancelled() {
            if let table = attempt(partition) { return table }
            logger.warning("checkpoints not read, trying again", ["kafka.partition": LogValue(partition)])
        }
        return nil
    }

    private func attempt(_ partition: Int32) -> CheckpointTable? {
        let deadline = KafkaHealth.now() + Self.attemptMilliseconds
        guard let offsets = try? consumer.watermarks(partition, milliseconds: Int32(Self.attemptMilliseconds)) else {
            return nil
        }
        var table = CheckpointTable()
        guard !offsets.isEmpty else { return table }
        guard (try? consumer.assign([(partition, offsets.lowerBound)])) != nil else { return nil }
        defer { try? consumer.assign([]) }
        while KafkaHealth.now() < deadline {
            switch consumer.poll(milliseconds: 200) {
            case .record(let record):
                table.recordRead(key: record.key, value: record.value)
                if record.offset + 1 >= offsets.upperBound { return finish(table, partition) }
            case .end(let ended) where ended == partition: return finish(table, partition)
            case .end, .failure, nil: continue
            }
        }
        return nil
    }

    private func finish(_ table: CheckpointTable, _ partition: Int32) -> CheckpointTable {
        if table.unreadable > 0 {
            logger.warning(
                "checkpoints passed over that are none of ours",
                ["kafka.partition": LogValue(partition), "checkpoints.unreadable": LogValue(table.unreadable)])
        }
        return table
    }
}
