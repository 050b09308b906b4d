internal import CKafka
internal import StreamingCore

/// What librdkafka's callbacks of one client find again.
///
/// Unsafe code: librdkafka keeps an uncounted pointer to it. Whoever makes a client keeps the context until
/// `rd_kafka_destroy` has returned, after which nothing calls back.
final class ClientContext: Sendable {
    let logger: Logger
    let health: KafkaHealth

    init(logger: Logger, health: KafkaHealth) {
        self.logger = logger
        self.health = health
    }

    /// Makes a client that calls back to this context.
    ///
    /// - Parameter configuration: Taken over, also when this throws.
    func makeClient(_ type: rd_kafka_type_t, _ configuration: OpaquePointer) throws(StreamError) -> OpaquePointer {
        unsafe rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(self).toOpaque())
        unsafe rd_kafka_conf_set_log_cb(configuration, logCame)
        unsafe rd_kafka_conf_set_error_cb(configuration, errorCame)
        if type == RD_KAFKA_PRODUCER { unsafe rd_kafka_conf_set_dr_msg_cb(configuration, reportCame) }
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
