/// Where state is kept that several processes share.
extension Variables {
    static let databaseURL = secretURL(
        "DATABASE_URL", ["postgres://", "postgresql://"],
        "PostgreSQL for several processes; empty is a file in DATA_DIR")
    static let databaseConnections = ConfigurationVariable<Int>.number(
        "DATABASE_CONNECTIONS", 20, in: 1...30, "connections to PostgreSQL")
    static let kafkaBrokers = ConfigurationVariable<[String]>(
        name: "KAFKA_BROKERS", fallback: "",
        help: "Kafka for several processes, host:port separated by commas; empty keeps logs within the process"
    ) { text throws(ConfigurationReason) in
        let brokers = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
        for broker in brokers {
            guard let colon = broker.lastIndex(of: ":"), colon > broker.startIndex,
                let port = Int(broker[broker.index(after: colon)...]), 1...65_535 ~= port
            else { throw ConfigurationReason("must list brokers such as kafka:9092, not '\(broker)'") }
        }
        return brokers
    }
    static let kafkaPartitions = ConfigurationVariable<Int>.number(
        "KAFKA_PARTITIONS", 12, in: 1...1000,
        "partitions of topics that are made: at most so many workers share streams")
    static let kafkaReplication = ConfigurationVariable<Int>.number(
        "KAFKA_REPLICATION", 1, in: 1...9, "copies of each partition of topics that are made")
    static let transcodeLease = ConfigurationVariable<Int64>.seconds(
        "TRANSCODE_LEASE_SECONDS", "1.5", in: 500...60_000,
        "how long a worker of several may be silent before others take its streams")
    static let redisURL = secretURL(
        "REDIS_URL", ["redis://", "rediss://", "unix://"],
        "Redis for several processes; empty keeps fresh segments in the process")
    static let s3Endpoint = ConfigurationVariable<String>(
        name: "S3_ENDPOINT", fallback: "", help: "URL of an S3 store, for example https://s3.eu-central-1.amazonaws.com"
    ) { text throws(ConfigurationReason) in
        guard text.isEmpty || text.hasPrefix("http://") || text.hasPrefix("https://") else {
            throw ConfigurationReason("must begin with http:// or https://, not '\(text)'")
        }
        return text
    }
    static let s3Bucket = ConfigurationVariable<String>.text(
        "S3_BUCKET", "", "bucket for finished segments and recordings; empty keeps none")
    static let s3Region = ConfigurationVariable<String>.text("S3_REGION", "us-east-1", "region of the bucket")
    static let s3AccessKey = ConfigurationVariable<String>.text("S3_ACCESS_KEY", "", "access key of the bucket")
    static let s3SecretKey = ConfigurationVariable<Secret>(
        name: "S3_SECRET_KEY", fallback: "", help: "secret key of the bucket"
    ) { text throws(ConfigurationReason) in Secret(text) }
    static let s3SessionToken = ConfigurationVariable<Secret?>(
        name: "S3_SESSION_TOKEN", fallback: "", help: "session token of temporary credentials of the bucket"
    ) { text throws(ConfigurationReason) in text.isEmpty ? nil : Secret(text) }
    static let s3AuthorityFile = ConfigurationVariable<String>.text(
        "S3_CA_FILE", "", "PEM certificates that the store's is checked against; empty takes the system's")
    static let s3PathStyle = ConfigurationVariable<Bool>.choice(
        "S3_PATH_STYLE", "yes", [("no", false), ("yes", true)], "yes writes the bucket in paths, no in host names")
    static let s3RetentionDays = ConfigurationVariable<Int>.number(
        "S3_RETENTION_DAYS", 30, in: 1...36_500, "days until the bucket removes what is in it")
    static let instance = ConfigurationVariable<String>.text(
        "INSTANCE", "", "name of this process among its like; empty makes one of the host's name")

    static var backendHelp: [(name: String, fallback: String, help: String)] {
        func line<Value>(_ variable: ConfigurationVariable<Value>) -> (name: String, fallback: String, help: String) {
            (variable.name, variable.fallback, variable.help)
        }
        return [
            line(databaseURL), line(databaseConnections), line(kafkaBrokers), line(kafkaPartitions),
            line(kafkaReplication), line(transcodeLease), line(kafkaTLS), line(kafkaAuthorityFile),
            line(kafkaMechanism), line(kafkaUser), line(kafkaPassword), line(kafkaTopicPrefix),
            line(kafkaFrameRetention),
            line(kafkaSchemaRegistry), line(redisURL), line(s3Endpoint), line(s3Bucket), line(s3Region),
            line(s3AccessKey), line(s3SecretKey), line(s3SessionToken), line(s3AuthorityFile), line(s3PathStyle),
            line(s3RetentionDays), line(instance),
        ]
    }

    /// A URL that may have a password in it: it is never printed.
    static func secretURL(
        _ name: String, _ schemes: [String], _ help: String
    ) -> ConfigurationVariable<Secret?> {
        ConfigurationVariable(name: name, fallback: "", help: help) { text throws(ConfigurationReason) in
            guard !text.isEmpty else { return nil }
            guard schemes.contains(where: text.hasPrefix) else {
                throw ConfigurationReason("must begin with \(schemes.joined(separator: " or "))")
            }
            return Secret(text)
        }
    }
}
