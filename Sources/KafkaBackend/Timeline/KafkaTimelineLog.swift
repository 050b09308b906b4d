public import Bytes
public import StreamingCore

// A record of `stream-timeline`. Its key is the stream's id as text. Integers are big-endian.
//
// +-----------+----------+------------------------------+
// | version 8 | fence 64 | an encoded timeline event    |
// +-----------+----------+------------------------------+

/// A record of `stream-timeline`.
struct TimelineRecord: Equatable {
    static let version: UInt8 = 1

    /// That of the reader of the stream's frames that wrote it.
    var fence: Int64
    var payload: Bytes

    init(fence: Int64, payload: Bytes) {
        self.fence = fence
        self.payload = payload
    }

    /// Reads a record's value; `nil` when it is none of ours.
    init?(_ value: Bytes) {
        var reader = ByteReader(value)
        guard let version = try? reader.readUInt8(), version == Self.version, let fence = try? reader.readUInt64()
        else { return nil }
        self.init(fence: Int64(bitPattern: fence), payload: reader.rest)
    }

    var encoded: Bytes {
        var writer = ByteWriter(capacity: 9 + payload.count)
        writer.write(Self.version)
        writer.write(fence)
        writer.write(payload)
        return writer.finish()
    }
}

/// The highest fence of each stream that a follower has seen.
struct SeenFences {
    private struct Seen {
        var fence: Int64
        var turn: Int
    }

    private let limit: Int
    private var seen: [StreamID: Seen] = [:]
    private var turn = 0

    init(limit: Int = KafkaLimits.timelineStreamsMax) { self.limit = limit }

    /// Whether a record is to be received; not when one of a higher fence came before.
    mutating func admits(_ fence: Int64, of stream: StreamID) -> Bool {
        if let known = seen[stream], fence < known.fence { return false }
        turn += 1
        seen[stream] = Seen(fence: fence, turn: turn)
        if seen.count > limit {
            // The half that was silent longest.
            let middle = seen.values.map(\.turn).sorted()[seen.count / 2]
            seen = seen.filter { $0.value.turn >= middle }
        }
        return true
    }
}

/// The timeline log on Kafka: `stream-timeline`, of which every follower reads all.
///
/// A record is with Kafka, on all replicas in sync, when its append returns. It may be there although its append threw,
/// so that a retry writes it twice: followers know a record by what it says.
public final class KafkaTimelineLog: TimelineLog {
    private let configuration: KafkaConfiguration
    private let producer: KafkaProducer
    private let logger: Logger

    init(_ configuration: KafkaConfiguration, _ producer: KafkaProducer, logger: Logger) {
        self.configuration = configuration
        self.producer = producer
        self.logger = logger
    }

    /// - Throws: ``StreamError/network(reason:)`` at once while Kafka is known to be down, else when it took the record
    ///   not within ``KafkaConfiguration/appendMilliseconds``; ``StreamError/overloaded(what:)``.
    public func append(_ record: Bytes, for stream: StreamID, fence: Int64) async throws(StreamError) {
        try producer.health.admit()
        try await producer.deliver(
            TimelineRecord(fence: fence, payload: record).encoded, key: Bytes(utf8: stream.description), to: .timeline)
    }

    public func follow(_ receive: @escaping @Sendable (StreamID, Bytes) -> Void) async {
        let throttle = LogThrottle(linesPerSecondMax: 1)
        let follower = PartitionFollower(configuration, .timeline, health: producer.health, logger: logger)
        await follower.follow { [logger] in
            var fences = SeenFences()
            return { record in
                guard let stream = StreamID(record.key.string), let read = record.value.flatMap(TimelineRecord.init)
                else {
                    guard let hidden = throttle.admit(at: SystemWallClock().now()) else { return }
                    return logger.warning(
                        "announcements passed over that are none of ours", ["log.hidden": LogValue(hidden)])
                }
                if fences.admits(read.fence, of: stream) { receive(stream, read.payload) }
            }
        }
    }
}
