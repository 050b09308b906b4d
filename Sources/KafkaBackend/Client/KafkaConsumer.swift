internal import Bytes
internal import CKafka
internal import StreamingCore

/// A record that was read. Its bytes are copies: librdkafka's memory holds a whole fetch together.
struct KafkaRecord {
    let partition: Int32
    let offset: Int64
    let key: Bytes
    /// `nil` takes back what the key had before.
    let value: Bytes?
}

/// Reads from Kafka, from one thread of our own: most calls block.
///
/// Unsafe code: the client and the handle are valid from `init` to `deinit` and never leave the object.
@safe final class KafkaConsumer {
    /// What a poll brought.
    enum Polled {
        case record(KafkaRecord)
        /// The end of a partition, where the client was made to tell; `offset` is the one behind its last record, as
        /// the broker's answer to a fetch had it.
        case end(partition: Int32, offset: Int64)
        case failure(KafkaFailure)
    }

    private let client: OpaquePointer
    private let context: ClientContext
    private let topic: String
    /// Kept so that what librdkafka has learned of the topic's partitions is there when one of them is to be read.
    private let handle: OpaquePointer

    init(_ settings: ClientSettings, of topic: String, context: ClientContext) throws(StreamError) {
        self.context = context
        self.topic = topic
        let made = unsafe try context.makeClient(RD_KAFKA_CONSUMER, try settings.makeConfiguration())
        guard let handle = unsafe rd_kafka_topic_new(made, topic, nil) else {
            unsafe rd_kafka_destroy(made)
            throw KafkaFailure(rd_kafka_last_error()).streamError
        }
        unsafe self.handle = handle
        unsafe client = made
        unsafe rd_kafka_poll_set_consumer(client)
    }

    /// Waits for librdkafka's threads.
    deinit {
        unsafe rd_kafka_topic_destroy(handle)
        unsafe rd_kafka_destroy(client)
    }

    /// Reads these partitions from these offsets, and no others.
    func assign(_ places: [(partition: Int32, offset: Int64)]) throws(StreamError) {
        try check(unsafe PartitionList(topic, places).withPointer { unsafe rd_kafka_assign(client, $0) })
    }

    /// Reads one more partition.
    ///
    /// - Parameter offset: Where to begin; `nil` is its first.
    func add(_ partition: Int32, from offset: Int64?) throws(KafkaFailure) {
        let list = PartitionList(topic, [(partition, offset ?? sluice_kafka_offset_beginning())])
        unsafe try check { unsafe list.withPointer { unsafe rd_kafka_incremental_assign(client, $0) } }
    }

    /// Reads a partition no more: nothing of it comes after the return.
    func remove(_ partition: Int32) throws(KafkaFailure) {
        let list = PartitionList(topic, [(partition, sluice_kafka_offset_invalid())])
        unsafe try check { unsafe list.withPointer { unsafe rd_kafka_incremental_unassign(client, $0) } }
    }

    /// Waits for one thing at most. The context's callbacks run inside.
    func poll(milliseconds: Int32) -> Polled? {
        guard let message = unsafe rd_kafka_consumer_poll(client, milliseconds) else { return nil }
        defer { unsafe rd_kafka_message_destroy(message) }
        let fields = unsafe message.pointee
        if let failure = unsafe KafkaFailure(unlessSuccess: fields.err) {
            guard failure.isEndOfPartition else { return .failure(failure) }
            return .end(partition: unsafe fields.partition, offset: unsafe fields.offset)
        }
        let key = unsafe Bytes(copying: UnsafeRawBufferPointer(start: fields.key, count: fields.key_len))
        var value: Bytes?
        if let payload = unsafe fields.payload {
            value = unsafe Bytes(copying: UnsafeRawBufferPointer(start: payload, count: fields.len))
        } else if unsafe fields.len > 0 {
            value = Bytes()
        }
        return .record(
            KafkaRecord(
                partition: unsafe fields.partition, offset: unsafe fields.offset, key: key, value: value))
    }

    func pause(_ partitions: [Int32]) {
        let list = PartitionList(topic, partitions.map { ($0, sluice_kafka_offset_invalid()) })
        _ = unsafe list.withPointer { unsafe rd_kafka_pause_partitions(client, $0) }
    }

    func resume(_ partitions: [Int32]) {
        let list = PartitionList(topic, partitions.map { ($0, sluice_kafka_offset_invalid()) })
        _ = unsafe list.withPointer { unsafe rd_kafka_resume_partitions(client, $0) }
    }

    /// Where a partition begins or ends, by what stands for it in Kafka's protocol instead of a time.
    enum Edge: Int64 {
        /// The offset behind the last record.
        case end = -1
        /// That of the first record.
        case beginning = -2
    }

    /// Asks where partitions begin or end.
    ///
    /// Not by librdkafka's question for watermarks: that waits for a broker's answer however long it takes.
    ///
    /// - Returns: An offset for each of the partitions, in their order.
    func offsets(of edge: Edge, in partitions: [Int32], milliseconds: Int32) throws(KafkaFailure) -> [Int64] {
        let list = PartitionList(topic, partitions.map { ($0, edge.rawValue) })
        let code = unsafe list.withPointer { unsafe rd_kafka_offsets_for_times(client, $0, milliseconds) }
        if let failure = KafkaFailure(unlessSuccess: code) { throw failure }
        return try list.offsets()
    }

    /// Asks where one partition begins or ends.
    func offset(of edge: Edge, in partition: Int32, milliseconds: Int32) throws(KafkaFailure) -> Int64 {
        try offsets(of: edge, in: [partition], milliseconds: milliseconds)[0]
    }

    /// How many partitions the topic has.
    func partitionCount(milliseconds: Int32) throws(KafkaFailure) -> Int32 {
        var answer: UnsafePointer<rd_kafka_metadata>?
        let code = unsafe rd_kafka_metadata(client, 0, handle, &answer, milliseconds)
        if let failure = KafkaFailure(unlessSuccess: code) { throw failure }
        guard let metadata = unsafe answer else { throw KafkaFailure(RD_KAFKA_RESP_ERR__FAIL) }
        defer { unsafe rd_kafka_metadata_destroy(metadata) }
        guard unsafe metadata.pointee.topic_cnt == 1, let found = unsafe metadata.pointee.topics?.pointee else {
            throw KafkaFailure(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        }
        if let failure = unsafe KafkaFailure(unlessSuccess: found.err) { throw failure }
        return unsafe found.partition_cnt
    }

    private func check(_ code: rd_kafka_resp_err_t) throws(StreamError) {
        if let failure = KafkaFailure(unlessSuccess: code) { throw failure.streamError }
    }

    private func check(_ call: () -> OpaquePointer?) throws(KafkaFailure) {
        guard let error = unsafe call() else { return }
        defer { unsafe rd_kafka_error_destroy(error) }
        throw KafkaFailure(unsafe rd_kafka_error_code(error))
    }
}

/// Partitions of one topic with offsets, as librdkafka wants to have them.
///
/// Unsafe code: the list is the object's own from `init` to `deinit`.
@safe private final class PartitionList {
    private let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(_ topic: String, _ places: [(partition: Int32, offset: Int64)]) {
        // Null only without memory for a few bytes, when nothing else goes on either.
        guard let made = unsafe rd_kafka_topic_partition_list_new(Int32(places.count)) else {
            preconditionFailure("no memory for a list of partitions")
        }
        for place in places {
            unsafe rd_kafka_topic_partition_list_add(made, topic, place.partition).pointee.offset = place.offset
        }
        unsafe pointer = made
    }

    deinit { unsafe rd_kafka_topic_partition_list_destroy(pointer) }

    /// What was found for each.
    func offsets() throws(KafkaFailure) -> [Int64] {
        var found: [Int64] = []
        for index in 0..<Int(unsafe pointer.pointee.cnt) {
            let place = unsafe pointer.pointee.elems[index]
            if let failure = unsafe KafkaFailure(unlessSuccess: place.err) { throw failure }
            // Without a record there is nothing of that time: Kafka says where the next one will be, others nothing.
            unsafe found.append(max(0, place.offset))
        }
        return found
    }

    func withPointer<Value>(
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Value
    ) -> Value {
        // The object must not end before the call does.
        defer { withExtendedLifetime(self) {} }
        return unsafe body(pointer)
    }
}
