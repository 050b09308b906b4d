/// How connections to Kafka are protected, and who we say that we are.
public struct KafkaProtection: Sendable {
    /// How a name and a password are shown to brokers. The raw values are the texts of `KAFKA_SASL_MECHANISM` and
    /// Kafka's own names.
    public enum Mechanism: String, Sendable, CaseIterable {
        case plain = "PLAIN"
        case scramSHA256 = "SCRAM-SHA-256"
        case scramSHA512 = "SCRAM-SHA-512"
    }

    /// Whether connections are encrypted, and brokers' certificates checked. `KAFKA_TLS`
    public var usesTLS: Bool
    /// PEM certificates that brokers' are checked against; `nil` takes the system's. `KAFKA_TLS_CA_FILE`
    public var certificateAuthorityFile: String?
    /// How we say who we are; `nil` where brokers do not ask. `KAFKA_SASL_MECHANISM`
    public var mechanism: Mechanism?
    /// `KAFKA_USER`
    public var user: String
    /// `KAFKA_PASSWORD`
    public var password: Secret

    init(_ reader: inout ConfigurationReader) {
        usesTLS = reader.read(Variables.kafkaTLS)
        let file = reader.read(Variables.kafkaAuthorityFile)
        certificateAuthorityFile = file.isEmpty ? nil : file
        mechanism = reader.read(Variables.kafkaMechanism)
        user = reader.read(Variables.kafkaUser)
        password = reader.read(Variables.kafkaPassword)
    }

    /// What is wrong between values that are right one by one.
    var contradictions: [ConfigurationMistake] {
        var found: [ConfigurationMistake] = []
        if certificateAuthorityFile != nil, !usesTLS {
            found.append(
                ConfigurationMistake(variable: "KAFKA_TLS", reason: "must be on where KAFKA_TLS_CA_FILE is set"))
        }
        let hasUser = !user.isEmpty
        let hasPassword = !password.reveal().isEmpty
        if mechanism == nil, hasUser || hasPassword {
            found.append(
                ConfigurationMistake(
                    variable: "KAFKA_SASL_MECHANISM", reason: "must be set where KAFKA_USER or KAFKA_PASSWORD is"))
        }
        guard mechanism != nil else { return found }
        for (name, isSet) in [("KAFKA_USER", hasUser), ("KAFKA_PASSWORD", hasPassword)] where !isSet {
            found.append(ConfigurationMistake(variable: name, reason: "must be set where KAFKA_SASL_MECHANISM is"))
        }
        return found
    }
}

extension Variables {
    static let kafkaTLS = ConfigurationVariable<Bool>.choice(
        "KAFKA_TLS", "off", [("off", false), ("on", true)], "on encrypts connections to Kafka")
    static let kafkaAuthorityFile = ConfigurationVariable<String>.text(
        "KAFKA_TLS_CA_FILE", "", "PEM certificates that brokers' are checked against; empty takes the system's")
    static let kafkaMechanism = ConfigurationVariable<KafkaProtection.Mechanism?>.choice(
        "KAFKA_SASL_MECHANISM", "none",
        [("none", nil)] + KafkaProtection.Mechanism.allCases.map { ($0.rawValue, $0) },
        "how a name and a password are shown to Kafka: none, PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
    static let kafkaUser = ConfigurationVariable<String>.text("KAFKA_USER", "", "name shown to Kafka")
    static let kafkaPassword = ConfigurationVariable<Secret>(
        name: "KAFKA_PASSWORD", fallback: "", help: "password shown to Kafka"
    ) { text throws(ConfigurationReason) in Secret(text) }
    static let kafkaTopicPrefix = ConfigurationVariable<String>(
        name: "KAFKA_TOPIC_PREFIX", fallback: "",
        help: "stands before the names of topics and groups, so that installations can share a cluster"
    ) { text throws(ConfigurationReason) in
        // What Kafka takes in a topic's name, whose longest of ours then has 220 characters at the most.
        guard text.utf8.count <= 200, text.utf8.allSatisfy({ topicCharacters.contains($0) }) else {
            throw ConfigurationReason(
                "must be at most 200 letters, digits, dots, hyphens and underscores, not '\(text)'")
        }
        return text
    }
    static let kafkaFrameRetention = ConfigurationVariable<Int>.number(
        "KAFKA_FRAME_RETENTION_MINUTES", 30, in: 1...10_080,
        "how long topics that are made keep frames: what a stopped worker can catch up with")
    static let kafkaSchemaRegistry = secretURL(
        "KAFKA_SCHEMA_REGISTRY_URL", ["http://", "https://"],
        "schema registry for events, with user:password@ if need be; empty writes them with a schema's fingerprint")

    private static let topicCharacters = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8)
}
