internal import CKafka
internal import StreamingCore

/// What a client of librdkafka is made with, in its own words.
///
/// The values may hold a password, so they never appear in an error: only the keys do.
struct ClientSettings: Sendable {
    private(set) var values: [(key: String, value: String)]

    /// What all our clients share: where Kafka is, who we are, and how connections that broke come back.
    init(_ configuration: KafkaConfiguration) {
        values = [
            ("bootstrap.servers", configuration.brokers), ("client.id", configuration.clientID),
            ("socket.nagle.disable", "true"), ("socket.keepalive.enable", "true"),
            // librdkafka doubles the wait from one to the other, with jitter.
            ("reconnect.backoff.ms", "50"), ("reconnect.backoff.max.ms", "1000"),
            // A closed connection is seen by what it makes fail; the lines would come at every restart of a broker.
            ("log.connection.close", "false"), ("topic.metadata.refresh.fast.interval.ms", "100"),
        ]
        set(configuration.security)
    }

    mutating func set(_ key: String, _ value: String) {
        values.removeAll { $0.key == key }
        values.append((key, value))
    }
    mutating func set(_ key: String, _ value: Int) { set(key, String(value)) }

    private mutating func set(_ security: KafkaConfiguration.Security) {
        switch security {
        case .plaintext: break
        case .tls(let authorities):
            set("security.protocol", "ssl")
            if let authorities { set("ssl.ca.location", authorities) }
        case .password(let mechanism, let user, let password, let isInsideTLS, let authorities):
            set("security.protocol", isInsideTLS ? "sasl_ssl" : "sasl_plaintext")
            set("sasl.mechanism", mechanism)
            set("sasl.username", user)
            set("sasl.password", password.reveal())
            if let authorities { set("ssl.ca.location", authorities) }
        }
    }

    /// Makes librdkafka's configuration; it belongs to the caller until a client takes it.
    func makeConfiguration() throws(StreamError) -> OpaquePointer {
        // Out of memory is all that can go wrong, and nothing goes on then.
        guard let made = unsafe rd_kafka_conf_new() else { throw .network(reason: "kafka: out of memory") }
        for (key, value) in values {
            let result = unsafe rd_kafka_conf_set(made, key, value, nil, 0)
            guard result == RD_KAFKA_CONF_OK else {
                unsafe rd_kafka_conf_destroy(made)
                throw .invalidValue(field: "kafka \(key)", reason: "librdkafka does not take it")
            }
        }
        return unsafe made
    }
}
