internal import CKafka
internal import StreamingCore

/// What happens to a member of a group. All calls come on the thread that polls, inside of the poll.
protocol GroupMember: AnyObject, Sendable {
    /// The partitions come to us with the return.
    ///
    /// - Returns: Where to begin; for those that are left out, where the group has committed.
    func partitionsAssigned(_ partitions: [Int32]) -> [Int32: Int64]
    /// The partitions leave us with the return.
    ///
    /// - Parameter areLost: They have left already: nothing can be committed any more.
    func partitionsRevoked(_ partitions: [Int32], areLost: Bool)
}

/// What librdkafka's callbacks of one client find again.
///
/// Unsafe code: librdkafka keeps an uncounted pointer to it. Whoever makes a client keeps the context until
/// `rd_kafka_destroy` has returned, after which nothing calls back.
final class ClientContext: Sendable {
    let logger: Logger
    let health: KafkaHealth
    /// Who is a member of a group; called on the thread that polls.
    let member: (any GroupMember)?

    init(logger: Logger, health: KafkaHealth, member: (any GroupMember)? = nil) {
        self.logger = logger
        self.health = health
        self.member = member
    }

    /// Makes a client that calls back to this context.
    ///
    /// - Parameter configuration: Taken over, also when this throws.
    func makeClient(_ type: rd_kafka_type_t, _ configuration: OpaquePointer) throws(StreamError) -> OpaquePointer {
        unsafe rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(self).toOpaque())
        unsafe rd_kafka_conf_set_log_cb(configuration, logCame)
        unsafe rd_kafka_conf_set_error_cb(configuration, errorCame)
        if type == RD_KAFKA_PRODUCER { unsafe rd_kafka_conf_set_dr_msg_cb(configuration, reportCame) }
        if member != nil { unsafe rd_kafka_conf_set_rebalance_cb(configuration, rebalanceCame) }
        guard let client = unsafe rd_kafka_new(type, configuration, nil, 0) else {
            unsafe rd_kafka_conf_destroy(configuration)
            throw .invalidValue(field: "kafka", reason: KafkaFailure(rd_kafka_last_error()).description)
        }
        return unsafe client
    }

    fileprivate static func of(_ opaque: UnsafeMutableRawPointer) -> ClientContext {
        unsafe Unmanaged<ClientContext>.fromOpaque(opaque).takeUnretainedValue()
    }
}

/// On librdkafka's own threads.
private func logCame(
    _ client: OpaquePointer?, _ level: Int32, _ facility: UnsafePointer<CChar>?, _ text: UnsafePointer<CChar>?
) {
    guard let client = unsafe client, let opaque = unsafe rd_kafka_opaque(client), let text = unsafe text else {
        return
    }
    unsafe ClientContext.of(opaque).logger.debug(
        "librdkafka", ["kafka.level": LogValue(level), "kafka.text": LogValue(String(cString: text))])
}

/// On the thread that polls.
private func errorCame(
    _ client: OpaquePointer?, _ code: Int32, _ reason: UnsafePointer<CChar>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let opaque = unsafe opaque else { return }
    let (context, failure) = unsafe (ClientContext.of(opaque), KafkaFailure(code: code))
    if failure.isUnreachable { context.health.failed(failure) }
    if failure.isFatal { context.logger.error("kafka client failed for good", ["kafka.error": LogValue(failure)]) }
}

/// On the thread that polls. The record in flight is the message's opaque pointer, which owned one reference.
private func reportCame(
    _ client: OpaquePointer?, _ message: UnsafePointer<rd_kafka_message_t>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let message = unsafe message?.pointee, let record = unsafe message._private, let opaque = unsafe opaque
    else { return }
    let inFlight = unsafe Unmanaged<RecordInFlight>.fromOpaque(record).takeRetainedValue()
    let failure = unsafe KafkaFailure(unlessSuccess: message.err)
    let health = unsafe ClientContext.of(opaque).health
    if let failure { health.failed(failure) } else { health.succeeded() }
    inFlight.finish(failure)
}

/// On the thread that polls, inside of it. The list is librdkafka's and is gone after the return.
private func rebalanceCame(
    _ client: OpaquePointer?, _ code: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let client = unsafe client, let list = unsafe list, let opaque = unsafe opaque else { return }
    let context = unsafe ClientContext.of(opaque)
    let partitions = unsafe (0..<Int(list.pointee.cnt)).map { unsafe list.pointee.elems[$0].partition }
    var failure: OpaquePointer?
    switch code {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
        let starts = context.member?.partitionsAssigned(partitions) ?? [:]
        for index in unsafe 0..<Int(list.pointee.cnt) {
            guard let offset = unsafe starts[list.pointee.elems[index].partition] else { continue }
            unsafe list.pointee.elems[index].offset = offset
        }
        unsafe failure = rd_kafka_incremental_assign(client, list)
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
        let areLost = unsafe rd_kafka_assignment_lost(client) != 0
        context.member?.partitionsRevoked(partitions, areLost: areLost)
        unsafe failure = rd_kafka_incremental_unassign(client, list)
    default:
        context.logger.warning("kafka group failed", ["kafka.error": LogValue(KafkaFailure(code))])
        context.member?.partitionsRevoked(partitions, areLost: true)
        _ = unsafe rd_kafka_assign(client, nil)
    }
    guard let failed = unsafe failure else { return }
    let reason = unsafe KafkaFailure(rd_kafka_error_code(failed))
    context.logger.error("kafka assignment refused", ["kafka.error": LogValue(reason)])
    unsafe rd_kafka_error_destroy(failed)
}
