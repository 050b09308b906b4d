internal import StreamingCore

/// How far a partition of `stream-frames` is read, and what of it is still needed: several streams share it, so its
/// offset stays at the earliest that any of them would have to begin with.
struct PartitionProgress {
    /// Behind the last record that was read; `nil` before the first.
    private(set) var nextOffset: Int64?
    /// By reading, where a later reader would have to begin.
    private var needed: [Int: Int64] = [:]
    /// Streams that were read to their end, the offset behind it, and when that was.
    private var ended: [StreamID: (offset: Int64, at: Int64)] = [:]
    /// What was written down last.
    private(set) var sentOffset: Int64 = -1

    mutating func recordRead(at offset: Int64) { nextOffset = max(offset + 1, nextOffset ?? 0) }

    mutating func need(_ offset: Int64, for reading: Int) { needed[reading] = offset }

    mutating func needNothing(for reading: Int) { needed[reading] = nil }

    mutating func streamEnded(_ stream: StreamID, behind offset: Int64, at now: Int64) {
        ended[stream] = (offset, now)
    }

    /// A new broadcast of the stream has a checkpoint of its own.
    mutating func streamBegan(_ stream: StreamID) { ended[stream] = nil }

    /// Where a later reader would have to begin; `nil` before the first record.
    var offset: Int64? { nextOffset.map { min($0, needed.values.min() ?? $0) } }

    /// What is to be written down now; `nil` when that is known already.
    mutating func takeOffset() -> Int64? {
        guard let offset, offset > sentOffset else { return nil }
        sentOffset = offset
        return offset
    }

    /// Kafka did not take what was sent: it is sent again.
    mutating func offsetRefused() { sentOffset = -1 }

    /// Kafka has an offset.
    ///
    /// - Returns: The streams whose ends need not be known any more: nobody will be given their frames again, and a
    ///   writer that was replaced has had ``KafkaLimits/endKnownMilliseconds`` to notice.
    mutating func offsetWritten(_ offset: Int64, now: Int64) -> [StreamID] {
        let past = ended.filter { $0.value.offset <= offset && now - $0.value.at >= KafkaLimits.endKnownMilliseconds }
        for stream in past.keys { ended[stream] = nil }
        return Array(past.keys)
    }
}
