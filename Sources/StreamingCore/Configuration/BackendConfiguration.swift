/// Where state is kept that several processes share. Everything is empty on a single machine, which needs none of it.
public struct BackendConfiguration: Sendable {
    /// PostgreSQL, as a URL; `nil` keeps a SQLite file in `DATA_DIR`. `DATABASE_URL`
    public var databaseURL: Secret?
    /// How many connections to PostgreSQL a process has. `DATABASE_CONNECTIONS`
    public var databaseConnectionCount: Int
    /// Kafka's addresses, `host:port`; empty keeps logs within the process. `KAFKA_BROKERS`
    public var kafkaBrokers: [String]
    /// Partitions of the topics that are made. `KAFKA_PARTITIONS`
    public var kafkaPartitionCount: Int
    /// Copies of each partition of the topics that are made. `KAFKA_REPLICATION`
    public var kafkaReplicationFactor: Int
    /// How connections to Kafka are protected. `KAFKA_TLS` and the others
    public var kafkaProtection: KafkaProtection
    /// What stands before the names of topics and groups. `KAFKA_TOPIC_PREFIX`
    public var kafkaTopicPrefix: String
    /// How long topics that are made keep frames, in minutes. `KAFKA_FRAME_RETENTION_MINUTES`
    public var kafkaFrameRetentionMinutes: Int
    /// Where schemas of events are kept; `nil` writes events with a schema's fingerprint. `KAFKA_SCHEMA_REGISTRY_URL`
    public var kafkaSchemaRegistryURL: Secret?
    /// How long a worker may be silent before others take its streams over, in milliseconds. `TRANSCODE_LEASE_SECONDS`
    public var transcodeLeaseMilliseconds: Int64
    /// Redis, as a URL; `nil` keeps fresh segments in the process. `REDIS_URL`
    public var redisURL: Secret?
    /// Where finished segments and recordings are kept; `nil` keeps none. `S3_BUCKET` and the others
    public var s3: S3Configuration?
    /// The name of this process among its like. `INSTANCE`
    public var instance: String?

    /// An S3 bucket.
    public struct S3Configuration: Sendable {
        /// For example `https://s3.eu-central-1.amazonaws.com`. `S3_ENDPOINT`
        public var endpoint: String
        public var bucket: String
        /// `S3_REGION`
        public var region: String
        /// `S3_ACCESS_KEY`
        public var accessKey: String
        /// `S3_SECRET_KEY`
        public var secretKey: Secret
        /// Comes with temporary credentials. `S3_SESSION_TOKEN`
        public var sessionToken: Secret?
        /// PEM certificates that the store's is checked against; `nil` takes the system's. `S3_CA_FILE`
        public var certificateAuthorityFile: String?
        /// Whether the bucket's name stands in the path and not in the host name. `S3_PATH_STYLE`
        public var usesPathStyle: Bool
        /// Days until the bucket removes what is in it. `S3_RETENTION_DAYS`
        public var retentionDays: Int
    }

    init(_ reader: inout ConfigurationReader) {
        databaseURL = reader.read(Variables.databaseURL)
        databaseConnectionCount = reader.read(Variables.databaseConnections)
        kafkaBrokers = reader.read(Variables.kafkaBrokers)
        kafkaPartitionCount = reader.read(Variables.kafkaPartitions)
        kafkaReplicationFactor = reader.read(Variables.kafkaReplication)
        kafkaProtection = KafkaProtection(&reader)
        kafkaTopicPrefix = reader.read(Variables.kafkaTopicPrefix)
        kafkaFrameRetentionMinutes = reader.read(Variables.kafkaFrameRetention)
        kafkaSchemaRegistryURL = reader.read(Variables.kafkaSchemaRegistry)
        transcodeLeaseMilliseconds = reader.read(Variables.transcodeLease)
        redisURL = reader.read(Variables.redisURL)
        let instance = reader.read(Variables.instance)
        self.instance = instance.isEmpty ? nil : instance
        let endpoint = reader.read(Variables.s3Endpoint)
        let bucket = reader.read(Variables.s3Bucket)
        let accessKey = reader.read(Variables.s3AccessKey)
        let secretKey = reader.read(Variables.s3SecretKey)
        let sessionToken = reader.read(Variables.s3SessionToken)
        let authorityFile = reader.read(Variables.s3AuthorityFile)
        let region = reader.read(Variables.s3Region)
        let usesPathStyle = reader.read(Variables.s3PathStyle)
        let retentionDays = reader.read(Variables.s3RetentionDays)
        guard !bucket.isEmpty else { return }
        s3 = S3Configuration(
            endpoint: endpoint, bucket: bucket, region: region, accessKey: accessKey, secretKey: secretKey,
            sessionToken: sessionToken, certificateAuthorityFile: authorityFile.isEmpty ? nil : authorityFile,
            usesPathStyle: usesPathStyle, retentionDays: retentionDays)
    }

    /// What is wrong between values that are right one by one.
    var contradictions: [ConfigurationMistake] {
        var found = kafkaProtection.contradictions
        if let s3 {
            for (name, value) in [
                ("S3_ENDPOINT", s3.endpoint), ("S3_ACCESS_KEY", s3.accessKey), ("S3_SECRET_KEY", s3.secretKey.reveal()),
            ] where value.isEmpty {
                found.append(ConfigurationMistake(variable: name, reason: "must be set where S3_BUCKET is"))
            }
            if redisURL == nil {
                found.append(ConfigurationMistake(variable: "REDIS_URL", reason: "must be set where S3_BUCKET is"))
            }
        }
        if !kafkaBrokers.isEmpty {
            // What one process announces another must be able to fetch, and two must not take the same stream.
            for (name, isSet) in [("REDIS_URL", redisURL != nil), ("DATABASE_URL", databaseURL != nil)] where !isSet {
                found.append(ConfigurationMistake(variable: name, reason: "must be set where KAFKA_BROKERS is"))
            }
        } else if redisURL != nil {
            found.append(ConfigurationMistake(variable: "KAFKA_BROKERS", reason: "must be set where REDIS_URL is"))
        }
        return found
    }
}
