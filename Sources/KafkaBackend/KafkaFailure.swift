internal import CKafka
internal import StreamingCore

/// An error of librdkafka or of a broker, by its number.
struct KafkaFailure: Error, Equatable {
    /// `rd_kafka_resp_err_t`: below zero from librdkafka, above zero from a broker.
    let code: Int32

    init(code: Int32) { self.code = code }

    init(_ code: rd_kafka_resp_err_t) { self.code = code.rawValue }

    /// `nil` for the code that stands for success.
    init?(unlessSuccess code: rd_kafka_resp_err_t) {
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        self.init(code)
    }

    var isQueueFull: Bool { code == RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue }
    var isTimeout: Bool {
        code == RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue || code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT.rawValue
    }
    /// Whether a broker does not know the request: librdkafka's own small cluster has no administration.
    var isUnsupported: Bool {
        code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE.rawValue
            || code == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION.rawValue
    }
    var isTopicThereAlready: Bool { code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS.rawValue }
    var isEndOfPartition: Bool { code == RD_KAFKA_RESP_ERR__PARTITION_EOF.rawValue }
    /// Whether no broker at all could be reached.
    var isUnreachable: Bool { code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN.rawValue }
    /// Whether the client is broken for good and must be replaced.
    var isFatal: Bool { code == RD_KAFKA_RESP_ERR__FATAL.rawValue }

    /// For callers of the ports.
    var streamError: StreamError {
        isQueueFull
            ? .overloaded(what: "records that wait for kafka") : .network(reason: "kafka: \(description)")
    }
}

extension KafkaFailure: CustomStringConvertible {
    /// librdkafka's name of the error: `_MSG_TIMED_OUT`.
    var description: String {
        guard let name = unsafe rd_kafka_err2name(rd_kafka_resp_err_t(code)) else { return "error \(code)" }
        return unsafe String(cString: name)
    }
}
