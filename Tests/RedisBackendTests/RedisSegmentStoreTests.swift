import Bytes
@testable import RedisBackend
import StreamingCore
import TestKit
import Testing

/// What the store does beyond its contract.
@Suite(.timeLimit(.minutes(1))) struct RedisSegmentStoreTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1_800_000_000_000))

    private func name(_ path: String) -> SegmentName { SegmentName(stream: stream, path: path) }

    private func pool(_ server: RedisServer) throws -> RedisPool {
        try RedisPool(RedisSettings(url: Secret(server.url)))
    }

    @Test(arguments: [
        ("source/segment-17.3.m4s", true), ("segment-1.0.m4s", true), ("source/segment-17.m4s", false),
        ("source/init-17.mp4", false), ("thumbnail-17.jpg", false), ("a.b.m4s", false), ("segment-1.2.ts", false),
        ("segment-1.2.3.m4s", false), ("", false), ("/", false), ("segment-1.2.m4s/x", false),
    ])
    func `parts are told from segments by their names`(_ path: String, isPart: Bool) {
        #expect(RedisLifetimes.isPart(path) == isPart)
    }

    @Test func `everything expires: parts after a minute, the rest after ten`() async throws {
        let server = try await RedisServer()
        let store = RedisSegmentStore(try pool(server))
        for path in ["source/segment-1.m4s", "source/segment-1.0.m4s", "source/init-1.mp4", "thumbnail-1.jpg"] {
            try await store.put([[1, 2, 3]], under: name(path))
            let key = RedisKeys.segment(name(path))
            let left = try #require(Int64(try await server.command("PTTL", key)))
            let lifetime: Int64 = path.contains("1.0") ? 60_000 : 600_000
            #expect((lifetime - 20_000...lifetime).contains(left), "\(path) lives for \(left) ms")
        }
        let index = RedisKeys.segmentIndex(stream)
        let left = try #require(Int64(try await server.command("PTTL", index)))
        #expect((640_000...660_000).contains(left))
        #expect(try await server.command("ZCARD", index) == "4")
        let keys = try await server.command("KEYS", "*")
        #expect(keys.split(separator: "\n").count == 5)
        #expect(keys.split(separator: "\n").allSatisfy { $0.hasPrefix("sluice:{\(stream)}:") })
    }

    @Test func `where nothing else keeps segments they live as long as is said, and parts no longer`() async throws {
        let server = try await RedisServer()
        let store = RedisSegmentStore(try pool(server), segmentMilliseconds: 7_260_000)
        for (path, lifetime) in [
            ("source/segment-1.0.m4s", Int64(60_000)), ("source/segment-1.m4s", 7_260_000),
            ("source/init-1.mp4", 7_260_000),
        ] {
            try await store.put([[1]], under: name(path))
            let left = try #require(Int64(try await server.command("PTTL", RedisKeys.segment(name(path)))))
            #expect((lifetime - 20_000...lifetime).contains(left), "\(path) lives for \(left) ms")
        }
        let left = try #require(Int64(try await server.command("PTTL", RedisKeys.segmentIndex(stream))))
        #expect((7_300_000...7_320_000).contains(left))
    }

    @Test func `the first put of a name wins, and the second is told what stands`() async throws {
        let server = try await RedisServer()
        let (one, other) = (RedisSegmentStore(try pool(server)), RedisSegmentStore(try pool(server)))
        #expect(try await one.put([[1], [2]], under: name("source/segment-1.m4s")) == [[1], [2]])
        #expect(try await other.put([[3]], under: name("source/segment-1.m4s")) == [[1, 2]])
        #expect(try await one.put([[1], [2]], under: name("source/segment-1.m4s")) == [[1, 2]])
        #expect(try await other.get(name("source/segment-1.m4s")) == [[1, 2]])
        #expect(try await one.put([], under: name("empty")) == [])
        #expect(try await other.put([[9]], under: name("empty")) == [[]])
    }

    @Test func `of many who put a name at once, all are told the same bytes`() async throws {
        let server = try await RedisServer()
        let stores = [RedisSegmentStore(try pool(server)), RedisSegmentStore(try pool(server))]
        for round in 0..<20 {
            let told = try await withThrowingTaskGroup(of: [Bytes].self) { group in
                for number in 0..<16 {
                    let name = name("source/segment-\(round).m4s")
                    group.addTask {
                        let value = Bytes([UInt8](repeating: UInt8(number), count: 9000))
                        return try await stores[number % 2].put([value], under: name)
                    }
                }
                return try await group.reduce(into: Set<[Bytes]>()) { $0.insert($1) }
            }
            #expect(told.count == 1)
        }
    }

    @Test func `an initialisation segment that is put again lives longer`() async throws {
        let server = try await RedisServer()
        let store = RedisSegmentStore(try pool(server))
        for path in ["source/init-1.mp4", "source/segment-1.m4s"] {
            try await store.put([[1]], under: name(path))
            _ = try await server.command("PEXPIRE", RedisKeys.segment(name(path)), "30000")
            try await store.put([[1]], under: name(path))
            let left = try #require(Int64(try await server.command("PTTL", RedisKeys.segment(name(path)))))
            #expect((left > 500_000) == path.contains("init"))
        }
    }

    @Test func `the index forgets what has expired`() async throws {
        let server = try await RedisServer()
        let clock = ManualClock()
        let store = RedisSegmentStore(try pool(server), clock: clock)
        for number in 0..<5 {
            try await store.put([[1]], under: name("segment-1.\(number).m4s"))
            try await store.put([[1]], under: name("segment-\(number).m4s"))
        }
        #expect(try await server.command("ZCARD", RedisKeys.segmentIndex(stream)) == "10")
        clock.advance(milliseconds: 60_001)
        try await store.put([[1]], under: name("segment-9.m4s"))
        #expect(try await server.command("ZCARD", RedisKeys.segmentIndex(stream)) == "6")
        await store.removeAll(of: stream)
        #expect(try await server.command("EXISTS", RedisKeys.segmentIndex(stream)) == "0")
    }

    @Test func `all of a stream is removed, however much it is`() async throws {
        let server = try await RedisServer()
        let store = RedisSegmentStore(try pool(server))
        try await withThrowingTaskGroup { group in
            for task in 0..<20 {
                group.addTask {
                    for number in 0..<60 { try await store.put([[1]], under: name("\(task)/segment-\(number).m4s")) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await server.command("DBSIZE") == "1201")
        await store.removeAll(of: stream)
        #expect(try await server.command("DBSIZE") == "0")
    }

    @Test func `a value that is too large is refused before it is sent`() async throws {
        let server = try await RedisServer()
        var settings = try RedisSettings(url: Secret(server.url))
        settings.callTimeMax = .seconds(20)
        let store = RedisSegmentStore(try RedisPool(settings))
        let piece = Bytes([UInt8](repeating: 1, count: 1 << 20))
        let count = RedisLimits.valueBytesMax >> 20
        await #expect(throws: StreamError.self) {
            try await store.put([Bytes](repeating: piece, count: count + 1), under: name("large"))
        }
        #expect(try await store.get(name("large")) == nil)
        try await store.put([Bytes](repeating: piece, count: count), under: name("just right"))
        #expect(try await store.get(name("just right"))?.first?.count == RedisLimits.valueBytesMax)
    }

    @Test func `a key of another kind and a full memory are errors of the call alone`() async throws {
        let server = try await RedisServer(arguments: ["--maxmemory", "20mb", "--maxmemory-policy", "noeviction"])
        let pool = try pool(server)
        let store = RedisSegmentStore(pool)
        _ = try await server.command("LPUSH", RedisKeys.segment(name("list")), "x")
        await #expect(throws: StreamError.database(reason: "Redis refused GET: WRONGTYPE")) {
            _ = try await store.get(name("list"))
        }
        let value = Bytes([UInt8](repeating: 1, count: 1 << 20))
        await #expect(throws: StreamError.overloaded(what: "the memory of Redis (maxmemory)")) {
            for number in 0..<40 { try await store.put([value], under: name("segment-\(number).m4s")) }
        }
        #expect(try await store.get(name("segment-0.m4s")) == [value])
        try await pool.check()
    }
}
