public import Bytes
public import StreamingCore

/// Timelines in Redis, for ``RedisLifetimes/timelineMilliseconds`` after the last write.
///
/// A write is one script, so that the look at the fence and the change are one step; see `TimelineScripts` and, for the
/// layout, `RedisKeys`. Reads of many streams are pipelined. A timeline is read as a whole, so it must stay below
/// ``RedisLimits/replyBytesMax``.
public final class RedisTimelineSnapshots: TimelineSnapshots {
    /// Streams that are asked for in one call when all are loaded, so that no call is long.
    static let streamsPerCall = 25

    private let pool: RedisPool

    public init(_ pool: RedisPool) { self.pool = pool }

    public func append(
        _ record: Bytes, number: Int64, keepingFrom first: Int64, of stream: StreamID, fence: Int64
    ) async throws(StreamError) -> Bool {
        try TimelineSnapshotLimits.check(record, number: number, keepingFrom: first)
        let reply = try await run(
            TimelineScripts.append, stream, fence, [.number(number), .number(first), .bytes(record)])
        switch reply {
        case .integer(1): return true
        case .integer(0): return false
        default: throw RedisReply.unexpected("the append of a record")
        }
    }

    public func replace(
        with records: [Bytes], from first: Int64, of stream: StreamID, fence: Int64
    ) async throws(StreamError) {
        try TimelineSnapshotLimits.check(records, from: first)
        guard records.reduce(0, { $0 + $1.count }) <= RedisLimits.valueBytesMax else {
            throw .overloaded(what: "\(RedisLimits.valueBytesMax) bytes of a timeline in Redis")
        }
        let reply = try await run(TimelineScripts.replace, stream, fence, [.number(first)] + records.map { .bytes($0) })
        guard reply == .integer(1) else { throw RedisReply.unexpected("the replacement of records") }
    }

    public func load() async throws(StreamError) -> [TimelineSnapshot] {
        guard
            case .array(let members)? = try await pool.call(
                RedisCommands("SMEMBERS", .text(RedisKeys.liveTimelines)), "SMEMBERS"
            ).first
        else { throw RedisReply.unexpected("SMEMBERS") }
        // What is no id was not put there by us.
        var rest = members.compactMap { member in
            if case .string(let id) = member { StreamID(id.string) } else { nil }
        }[...]
        var snapshots: [TimelineSnapshot] = []
        while !rest.isEmpty {
            let some = rest.prefix(Self.streamsPerCall)
            rest = rest.dropFirst(some.count)
            let found = try await load(some)
            snapshots += found
            for stream in Set(some).subtracting(found.map(\.stream)) { try await forget(stream) }
        }
        return snapshots
    }

    public func load(_ stream: StreamID) async throws(StreamError) -> TimelineSnapshot? {
        try await load([stream]).first
    }

    public func remove(_ stream: StreamID) async throws(StreamError) {
        // The fence stays, for the time that it has left.
        let commands = RedisCommands([
            ["MULTI"], ["DEL", .text(RedisKeys.timeline(stream))],
            ["HDEL", .text(RedisKeys.timelineState(stream)), "first"],
            ["SREM", .text(RedisKeys.liveTimelines), .text(stream.description)], ["EXEC"],
        ])
        _ = try await pool.call(commands, "the removal of a timeline")
    }

    /// Reads the records of streams and the number of the first of each as one step per stream.
    private func load(_ streams: ArraySlice<StreamID>) async throws(StreamError) -> [TimelineSnapshot] {
        let commands = streams.flatMap { stream -> [[RedisCommands.Argument]] in
            [
                ["MULTI"], ["HGET", .text(RedisKeys.timelineState(stream)), "first"],
                ["LRANGE", .text(RedisKeys.timeline(stream)), "0", "-1"], ["EXEC"],
            ]
        }
        let replies = try await pool.call(RedisCommands(commands), "the load of timelines")
        var snapshots: [TimelineSnapshot] = []
        for (index, stream) in streams.enumerated() {
            if let snapshot = try snapshot(of: stream, replies[index * 4 + 3]) { snapshots.append(snapshot) }
        }
        return snapshots
    }

    private func snapshot(of stream: StreamID, _ reply: RedisReply) throws(StreamError) -> TimelineSnapshot? {
        guard case .array(let parts) = reply, parts.count == 2, case .array(let elements) = parts[1] else {
            throw RedisReply.unexpected("the load of a timeline")
        }
        guard case .string(let number) = parts[0], let first = Int64(number.string), !elements.isEmpty else {
            return nil
        }
        var records: [Bytes] = []
        records.reserveCapacity(elements.count)
        for element in elements {
            guard case .string(let record) = element else { throw RedisReply.unexpected("LRANGE") }
            records.append(record)
        }
        return TimelineSnapshot(stream: stream, first: first, records: records)
    }

    /// Takes a stream out of the set of all when its timeline has expired.
    private func forget(_ stream: StreamID) async throws(StreamError) {
        let keys = [
            RedisKeys.timeline(stream), RedisKeys.timelineState(stream), RedisKeys.liveTimelines,
        ]
        _ = try await TimelineScripts.forgetExpired.run(on: pool, keys: keys, arguments: [.text(stream.description)])
    }

    private func run(
        _ script: RedisScript, _ stream: StreamID, _ fence: Int64, _ arguments: [RedisCommands.Argument]
    ) async throws(StreamError) -> RedisReply {
        // All 64 bits in an order that texts have too: the sign turned around, and always 20 digits.
        let digits = String(UInt64(bitPattern: fence) ^ 1 << 63)
        let text = String(repeating: "0", count: 20 - digits.utf8.count) + digits
        let keys = [
            RedisKeys.timeline(stream), RedisKeys.timelineState(stream), RedisKeys.liveTimelines,
        ]
        return try await script.run(
            on: pool, keys: keys,
            arguments: [
                .text(text), .number(RedisLifetimes.timelineMilliseconds), .text(stream.description),
            ] + arguments)
    }
}
