public import StreamingCore

/// How a process reaches Kafka, and what it asks of it.
public struct KafkaConfiguration: Sendable {
    /// How connections are protected, and who we say that we are.
    public enum Security: Sendable {
        case plaintext
        /// - Parameter authorities: The file with the certificates to trust; the system's when `nil`.
        case tls(authorities: String?)
        /// A name and a password, inside TLS or not.
        ///
        /// - Parameter mechanism: `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
        case password(mechanism: String, user: String, Secret, isInsideTLS: Bool, authorities: String?)
    }

    /// Where to begin: `host:port`, several separated by commas.
    public var brokers: String
    public var security = Security.plaintext
    /// What brokers see in their logs.
    public var clientID = "sluice"
    /// In front of every topic's name and of the group's; several installations can share a cluster.
    public var prefix = ""
    /// Those that share the streams among themselves, by leases of the partitions. Kafka knows no such group.
    public var group = "transcode"
    /// Partitions of `stream-frames` and `stream-checkpoints` where they are made here: the most processes that can
    /// read side by side. It must not be changed later, because streams would move between partitions.
    public var partitions = 24
    /// Copies of each topic made here; -1 leaves it to the broker.
    public var replicas = -1
    /// How long frames stay, in minutes: what a stopped `transcode` can catch up with.
    public var frameRetentionMinutes = 30
    /// The longest record, in bytes: a keyframe with its header. Above ``KafkaLimits/messageBytesMin``.
    ///
    /// It holds the longest frame that comes over RTMP, 10 MiB, with its codec's configuration (64 KiB), what rewriting
    /// its NAL units adds, and what Kafka puts around it.
    public var messageBytesMax = 11 << 20
    /// How long a worker may be silent before its streams are given to another, in milliseconds, above 0. Nothing new
    /// comes of the streams of one that died for that long, and for what the next one takes to begin.
    public var leaseMilliseconds: Int64 = 1500
    /// How long a record waits for others to travel with, in milliseconds, 0 to 5.
    public var lingerMilliseconds = 2
    /// How long a broker may hold a fetch when there is nothing, in milliseconds. Most answer as soon as there is
    /// something; those that look when this time is over, as librdkafka's mock cluster does, add half of it to every
    /// way through them.
    public var fetchWaitMilliseconds = 20
    /// Bytes of records that wait for Kafka in this process; when they are reached, frames are dropped by whole groups
    /// of pictures.
    public var waitingBytesMax = 256 << 20
    /// How long an announcement may wait for Kafka before its append fails, in milliseconds.
    public var appendMilliseconds = 10_000
    /// How long opening may take, in milliseconds.
    public var openMilliseconds = 30_000

    public init(brokers: String) { self.brokers = brokers }
}

/// Bounds of this back end.
public enum KafkaLimits {
    /// ``KafkaConfiguration/messageBytesMax`` must be above this, in bytes: keyframes have more than a megabyte.
    public static let messageBytesMin = 2 << 20
    /// Records that wait for Kafka in this process, of whatever size.
    public static let waitingRecordsMax = 1_000_000
    /// Bytes above ``KafkaConfiguration/waitingBytesMax`` that only records which are no frames may use: a broadcast's
    /// beginning and end, announcements, events, checkpoints.
    public static let reservedBytes = 32 << 20
    /// How long nothing may move while records wait before Kafka counts as not answering, in milliseconds.
    public static let stallMilliseconds: Int64 = 2000
    /// Streams that this process writes frames of at the same time.
    public static let writersMax = 10_000
    /// Bytes that librdkafka fetches ahead of us, for all partitions together.
    public static let prefetchBytesMax = 64 << 20
    /// Payload bytes that wait for one stream's reader; then its partition pauses.
    public static let inboxBytesMax = 16 << 20
    /// Entries that wait for one stream's reader; then its partition pauses.
    public static let inboxEntriesMax = 8192
    /// How long a full inbox may pause its partition, in milliseconds; then the stream's entries are dropped instead,
    /// to the next keyframe at which there is room, so that the partition's other streams go on.
    public static let pauseMillisecondsMax: Int64 = 10_000
    /// Entries that a reader gets in one go.
    public static let batchEntriesMax = 256
    /// Places per stream that are remembered for a later start; more are thinned out, which makes a start earlier.
    public static let anchorsMax = 1024
    /// How long readers may take to come to an end when their partition goes to another process, in milliseconds; and
    /// how long what they committed last may then take to reach Kafka.
    public static let handOverMilliseconds: Int64 = 2000
    /// How long reading the checkpoints of a partition may take before it is begun anew, in milliseconds.
    public static let checkpointMilliseconds: Int64 = 10_000
    /// How long the end of a broadcast is remembered, in milliseconds, to pass over what a writer appends that was
    /// replaced and does not know.
    public static let endKnownMilliseconds: Int64 = 600_000
    /// How often it is written down from where partitions must be read, in milliseconds.
    public static let offsetMilliseconds: Int64 = 500
    /// Streams whose fences a follower of the timeline remembers; beyond that, it forgets those longest silent.
    public static let timelineStreamsMax = 20_000
    /// How long a report may wait for Kafka before it is dropped, in milliseconds.
    public static let reportMilliseconds = 2000
    /// Bytes of records that may wait for Kafka in this process while reports are still appended behind them.
    public static let reportBytesMax = 8 << 20
    /// How long what waits may take to reach Kafka when the process ends, in milliseconds.
    public static let flushMilliseconds: Int32 = 5000
}
