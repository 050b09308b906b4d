import Bytes
@testable import RedisBackend
import StreamingCore
import TestKit
import Testing

/// What the timelines do beyond their contract.
@Suite(.timeLimit(.minutes(1))) struct RedisTimelineSnapshotsTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1_800_000_000_000))

    private func pool(_ server: RedisServer) throws -> RedisPool {
        try RedisPool(RedisSettings(url: Secret(server.url)))
    }

    @Test func `everything expires, and the fence outlives a removal`() async throws {
        let server = try await RedisServer()
        let snapshots = RedisTimelineSnapshots(try pool(server))
        try await snapshots.replace(with: [[1], [2]], from: 5, of: stream, fence: 3)
        #expect(try await snapshots.append([3], number: 7, keepingFrom: 6, of: stream, fence: 3))
        let keys = try await server.command("KEYS", "*").split(separator: "\n").map(String.init)
        #expect(keys.count == 3)
        for key in keys {
            let left = try #require(Int64(try await server.command("PTTL", key)))
            let lifetime = RedisLifetimes.timelineMilliseconds
            #expect((lifetime - 20_000...lifetime).contains(left), "\(key) lives for \(left) ms")
        }
        try await snapshots.remove(stream)
        #expect(try await server.command("KEYS", "*") == RedisKeys.timelineState(stream))
        #expect(try #require(Int64(try await server.command("PTTL", RedisKeys.timelineState(stream)))) > 0)
    }

    @Test func `a timeline that expired leaves the set of all with the next load`() async throws {
        let server = try await RedisServer()
        let snapshots = RedisTimelineSnapshots(try pool(server))
        let other = StreamID(at: WallTime(unixMilliseconds: 1_800_000_000_000))
        for id in [stream, other] { try await snapshots.replace(with: [[1]], from: 0, of: id, fence: 0) }
        _ = try await server.command("DEL", RedisKeys.timeline(stream), RedisKeys.timelineState(stream))
        _ = try await server.command("SADD", RedisKeys.liveTimelines, "no id")
        #expect(try await snapshots.load().map(\.stream) == [other])
        #expect(try await server.command("SISMEMBER", RedisKeys.liveTimelines, stream.description) == "0")
    }

    @Test func `a server that forgot the scripts is given them again`() async throws {
        let server = try await RedisServer()
        let snapshots = RedisTimelineSnapshots(try pool(server))
        try await snapshots.replace(with: [[1]], from: 0, of: stream, fence: 0)
        for number in Int64(1)...5 {
            _ = try await server.command("SCRIPT", "FLUSH")
            #expect(try await snapshots.append([1], number: number, keepingFrom: 0, of: stream, fence: 0))
        }
        #expect(try await snapshots.load(stream)?.records.count == 6)
    }

    @Test func `a server that was restarted empty is filled again`() async throws {
        let server = try await RedisServer()
        let snapshots = RedisTimelineSnapshots(try pool(server))
        let records = (0..<60).map { Bytes([UInt8($0)]) }
        try await snapshots.replace(with: records, from: 100, of: stream, fence: 4)
        try await server.kill()
        await #expect(throws: StreamError.self) {
            _ = try await snapshots.append([1], number: 160, keepingFrom: 101, of: stream, fence: 4)
        }
        try await server.start()
        try await eventually("the pool recovers") {
            (try? await snapshots.append([1], number: 160, keepingFrom: 101, of: stream, fence: 4)) == false
        }
        try await snapshots.replace(with: records, from: 101, of: stream, fence: 4)
        #expect(try await snapshots.append([1], number: 161, keepingFrom: 102, of: stream, fence: 4))
        #expect(try await snapshots.load(stream)?.first == 102)
        #expect(try await snapshots.load(stream)?.records.count == 60)
    }

    @Test func `a hundred timelines of sixty records are loaded within two seconds`() async throws {
        let server = try await RedisServer()
        let snapshots = RedisTimelineSnapshots(try pool(server))
        let records = (0..<60).map { Bytes([UInt8](repeating: UInt8($0), count: 2000)) }
        for _ in 0..<100 {
            let id = StreamID(at: WallTime(unixMilliseconds: 1_800_000_000_000))
            try await snapshots.replace(with: records, from: 7, of: id, fence: 1)
        }
        var loaded: [TimelineSnapshot] = []
        let duration = try await ContinuousClock().measure { loaded = try await snapshots.load() }
        #expect(loaded.count == 100)
        #expect(loaded.allSatisfy { $0.first == 7 && $0.records == records })
        #expect(duration < .seconds(2))
    }
}
