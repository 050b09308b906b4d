public import Bytes
public import StreamingCore

/// Segments and parts in Redis, for ``RedisLifetimes``: what all deliveries share of the last minutes.
///
/// A put is one round trip: the name goes into the stream's index, then the value is set unless there is one
/// (`SET NX GET`, Redis 7.0), all in one write. Values are not copied on their way to the kernel (``RedisCommands``);
/// on their way from it they are put together in hiredis's buffer and copied once from there (``ReplyReader``). Putting
/// an initialisation segment again makes it live longer.
public final class RedisSegmentStore: SegmentStore {
    /// Names in one command that removes.
    static let removedPerCommand = 500
    /// Commands of one removal of a whole stream; what is left after as many expires by itself. A stream of five
    /// renditions has some 2,500 names at any time.
    static let removalsMax = 100

    private let pool: RedisPool
    private let segmentMilliseconds: Int64
    private let clock: any WallClock
    private let logger: Logger?

    /// - Parameters:
    ///   - segmentMilliseconds: How long all but parts live.
    ///   - clock: Says when an index entry may be dropped. Should it be wrong, an entry is dropped too early or late,
    ///     and the value expires by Redis's own clock.
    public init(
        _ pool: RedisPool, segmentMilliseconds: Int64 = RedisLifetimes.segmentMilliseconds,
        clock: any WallClock = SystemWallClock(), logger: Logger? = nil
    ) {
        self.pool = pool
        self.segmentMilliseconds = segmentMilliseconds
        self.clock = clock
        self.logger = logger
    }

    @discardableResult
    public func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes] {
        let byteCount = buffers.reduce(0) { $0 + $1.count }
        guard byteCount <= RedisLimits.valueBytesMax else {
            throw .overloaded(what: "\(RedisLimits.valueBytesMax) bytes of a value in Redis")
        }
        let key = RedisCommands.Argument.text(RedisKeys.segment(name))
        let index = RedisCommands.Argument.text(RedisKeys.segmentIndex(name.stream))
        let lifetime = RedisLifetimes.isPart(name.path) ? RedisLifetimes.partMilliseconds : segmentMilliseconds
        let now = clock.now().unixMilliseconds
        var commands: [[RedisCommands.Argument]] = [
            ["ZADD", index, .number(now + lifetime), .text(name.path)],
            ["ZREMRANGEBYSCORE", index, "-inf", .number(now)],
            ["PEXPIRE", index, .number(segmentMilliseconds + RedisLifetimes.indexSlackMilliseconds)],
            ["SET", key, .buffers(buffers), "NX", "GET", "PX", .number(lifetime)],
        ]
        let standing = commands.count - 1
        if RedisLifetimes.isInitialization(name.path) { commands.append(["PEXPIRE", key, .number(lifetime)]) }
        switch try await pool.call(RedisCommands(commands), "a put")[standing] {
        case .absent: return buffers
        case .string(let earlier): return [earlier]
        case .status, .integer, .array, .error: throw RedisReply.unexpected("SET")
        }
    }

    public func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? {
        switch try await pool.call(RedisCommands("GET", .text(RedisKeys.segment(name))), "GET").first {
        case .string(let bytes): return [bytes]
        case .absent: return nil
        case .status, .integer, .array, .error, nil: throw RedisReply.unexpected("GET")
        }
    }

    public func remove(_ names: [SegmentName]) async {
        for (stream, names) in Dictionary(grouping: names, by: \.stream) {
            var rest = names[...]
            while !rest.isEmpty {
                let some = rest.prefix(Self.removedPerCommand)
                rest = rest.dropFirst(some.count)
                do throws(StreamError) {
                    try await remove(some.map(\.path), of: stream)
                } catch {
                    // Nobody waits for it, and what is not removed expires by itself.
                    logger?.debug("segments are left to expire", ["error": LogValue(error)])
                    return
                }
            }
        }
    }

    public func removeAll(of stream: StreamID) async {
        let look = RedisCommands(
            "ZRANGE", .text(RedisKeys.segmentIndex(stream)), "0", .number(Int64(Self.removedPerCommand - 1)))
        do throws(StreamError) {
            for _ in 0..<Self.removalsMax {
                guard case .array(let members)? = try await pool.call(look, "ZRANGE").first else {
                    throw RedisReply.unexpected("ZRANGE")
                }
                let paths = members.compactMap { member in
                    if case .string(let path) = member { path.string } else { nil }
                }
                if paths.isEmpty { return }
                // Only these leave the index: what is put meanwhile stays in it.
                try await remove(paths, of: stream)
            }
        } catch {
            logger?.debug("segments are left to expire", ["error": LogValue(error)])
        }
    }

    private func remove(_ paths: [String], of stream: StreamID) async throws(StreamError) {
        let keys = paths.map { RedisCommands.Argument.text(RedisKeys.segment(SegmentName(stream: stream, path: $0))) }
        let members = paths.map { RedisCommands.Argument.text($0) }
        let commands = RedisCommands([
            ["UNLINK"] + keys, ["ZREM", .text(RedisKeys.segmentIndex(stream))] + members,
        ])
        _ = try await pool.call(commands, "a removal")
    }
}
