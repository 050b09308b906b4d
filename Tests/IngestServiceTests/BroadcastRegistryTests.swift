import LocalBackend
import Media
import SQLiteBackend
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import IngestService

/// One publisher per stream, over a real database and a real log.
@Suite struct BroadcastRegistryTests {
    private struct Fixture {
        let streams: SQLiteStreamRepository
        let registry: BroadcastRegistry
        let clock = ManualClock()
        let events = LocalEventLog()
        let stream: StreamingCore.Stream

        init(grace: Int64 = 1000) async throws {
            let database = try await SQLiteDatabase.open(at: .memory)
            streams = SQLiteStreamRepository(database)
            stream = StreamingCore.Stream(id: StreamID(at: clock.now()), title: "Test", createdAt: clock.now())
            let key = StreamKey(
                id: UUIDv7(at: clock.now()), streamID: stream.id, digest: StreamKey.digest(of: Secret("k")),
                createdAt: clock.now())
            try await streams.create(stream, key: key)
            registry = BroadcastRegistry(
                streams: streams, log: LocalFrameLog(), events: events, clock: clock, graceMilliseconds: grace,
                logger: Logger(service: "test", level: .error, sink: RecordingSink()))
        }

        func publisher(_ connection: UInt64) -> (Publisher, StopOrder) {
            let order = StopOrder()
            return (Publisher(connection: connection, keyID: UUIDv7(at: clock.now()), order: order), order)
        }

        var state: StreamState { get async throws { try await streams.get(stream.id).state } }
    }

    @Test func `the stream is active in the database before the claim returns`() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.registry.claim(fixture.stream.id, by: fixture.publisher(1).0)
        #expect(try await fixture.state == .active)
    }

    @Test func `of many who claim at once all but one are told to go`() async throws {
        let fixture = try await Fixture()
        let pairs = (1...20).map { fixture.publisher(UInt64($0)) }
        let broadcasts = try await withThrowingTaskGroup(of: Broadcast.self) { group in
            for (publisher, _) in pairs {
                group.addTask { try await fixture.registry.claim(fixture.stream.id, by: publisher) }
            }
            return try await group.reduce(into: [Broadcast]()) { $0.append($1) }
        }
        #expect(Set(broadcasts.map { ObjectIdentifier($0) }).count == 1)
        let audio = try AudioFrames()
        let owners = (1...20).filter {
            broadcasts[0].receive(audio.frame(0), from: UInt64($0), at: fixture.clock.now())
        }
        #expect(owners.count == 1)
        for (publisher, order) in pairs where !owners.contains(Int(publisher.connection)) {
            #expect(await order.wait() == .takenOver)
        }
    }

    @Test func `a lost encoder leaves the stream reconnecting, then ended`() async throws {
        let fixture = try await Fixture()
        let broadcast = try await fixture.registry.claim(fixture.stream.id, by: fixture.publisher(1).0)
        #expect(broadcast.receive(try AudioFrames().frame(0), from: 1, at: fixture.clock.now()))
        await fixture.registry.connectionLost(1, of: broadcast, isDeliberate: false)
        #expect(try await fixture.state == .reconnecting)
        fixture.clock.advance(milliseconds: 999)
        await fixture.registry.sweep()
        #expect(try await fixture.state == .reconnecting)
        fixture.clock.advance(milliseconds: 1)
        await fixture.registry.sweep()
        #expect(try await fixture.state == .ended)
        let next = try await fixture.registry.claim(fixture.stream.id, by: fixture.publisher(2).0)
        #expect(next !== broadcast)
        #expect(try await fixture.state == .active)
    }

    @Test func `a codec that cannot be broadcast leaves the stream in error with the reason`() async throws {
        let fixture = try await Fixture()
        let broadcast = try await fixture.registry.claim(fixture.stream.id, by: fixture.publisher(1).0)
        await fixture.registry.fail(broadcast, from: 1, because: "HEVC is not supported")
        let stream = try await fixture.streams.get(fixture.stream.id)
        #expect(stream.state == .error)
        #expect(stream.failure == "HEVC is not supported")
        let next = try await fixture.registry.claim(fixture.stream.id, by: fixture.publisher(2).0)
        #expect(next !== broadcast)
        #expect(try await fixture.state == .active)
    }

    @Test func `a beginning elsewhere behind our own displaces us, and we write nothing any more`() async throws {
        let fixture = try await Fixture()
        let (publisher, order) = fixture.publisher(1)
        let heard = Mutex<[UUIDv7]>([])
        let following = Task {
            await fixture.events.follow { event in
                guard case .started = event.kind else { return }
                heard.withLock { $0.append(event.id) }
            }
        }
        // Followers hear what comes after them: one event of another stream shows that it follows.
        let other = StreamEvent(streamID: StreamID(at: fixture.clock.now()), at: fixture.clock.now(), kind: .started)
        try await eventually("the events are followed") {
            try await fixture.events.append(other)
            return heard.withLock { !$0.isEmpty }
        }
        heard.withLock { $0 = [] }
        let stream = fixture.stream.id
        let broadcast = try await fixture.registry.claim(stream, by: fixture.publisher(7).0)
        let own = try #require(heard.withLock { $0.last })
        fixture.registry.began(stream, by: UUIDv7(at: fixture.clock.now()))
        fixture.registry.began(stream, by: own)
        // What came before our own beginning was displaced by it.
        #expect(try await fixture.registry.claim(stream, by: publisher) === broadcast)
        fixture.registry.began(stream, by: UUIDv7(at: fixture.clock.now()))
        #expect(await order.wait() == .takenOver)
        await fixture.registry.connectionLost(1, of: broadcast, isDeliberate: true)
        #expect(try await fixture.state == .active, "it is the other process's to say")
        following.cancel()
    }

    @Test func `a revoked key sends its own publisher away and no other`() async throws {
        let fixture = try await Fixture()
        let (publisher, order) = fixture.publisher(1)
        _ = try await fixture.registry.claim(fixture.stream.id, by: publisher)
        fixture.registry.stopPublisher(of: fixture.stream.id, using: UUIDv7(at: fixture.clock.now()))
        fixture.registry.stopPublisher(of: fixture.stream.id, using: publisher.keyID)
        #expect(await order.wait() == .keyRevoked)
    }

    @Test func `at shutdown everybody is told, the end is written down, and nobody begins any more`() async throws {
        let fixture = try await Fixture()
        let (publisher, order) = fixture.publisher(1)
        _ = try await fixture.registry.claim(fixture.stream.id, by: publisher)
        await fixture.registry.endAll()
        #expect(await order.wait() == .shutdown)
        #expect(try await fixture.state == .ended)
        await #expect(throws: StreamError.overloaded(what: "shutting down")) {
            try await fixture.registry.claim(fixture.stream.id, by: fixture.publisher(2).0)
        }
    }

    @Test func `a hand-over leaves the stream on air for others, tells its encoder, and lets nobody begin`()
        async throws
    {
        let fixture = try await Fixture()
        let (publisher, order) = fixture.publisher(1)
        let kinds = Mutex<[StreamEvent.Kind]>([])
        let following = Task { await fixture.events.follow { event in kinds.withLock { $0.append(event.kind) } } }
        // Followers hear what comes after them.
        let other = StreamEvent(streamID: StreamID(at: fixture.clock.now()), at: fixture.clock.now(), kind: .resumed)
        try await eventually("the events are followed") {
            try await fixture.events.append(other)
            return kinds.withLock { !$0.isEmpty }
        }
        let broadcast = try await fixture.registry.claim(fixture.stream.id, by: publisher)
        #expect(broadcast.receive(try AudioFrames().frame(0), from: 1, at: fixture.clock.now()))
        #expect(fixture.registry.hasPublishers)
        await fixture.registry.handOverAll()
        #expect(await order.wait() == .handedOver)
        #expect(!fixture.registry.hasPublishers)
        #expect(try await fixture.state == .reconnecting)
        #expect(!broadcast.receive(try AudioFrames().frame(1), from: 1, at: fixture.clock.now()))
        fixture.clock.advance(milliseconds: 1_000_000)
        await fixture.registry.sweep()
        #expect(try await fixture.state == .reconnecting, "its end is another process's to say")
        try await eventually("the interruption is told") { kinds.withLock { $0.contains(.interrupted) } }
        #expect(!kinds.withLock { $0.contains(.ended(.shutdown)) })
        await #expect(throws: StreamError.overloaded(what: "shutting down")) {
            try await fixture.registry.claim(fixture.stream.id, by: fixture.publisher(2).0)
        }
        following.cancel()
    }

    @Test func `what waits for its encoder is handed over as it is`() async throws {
        let fixture = try await Fixture()
        let broadcast = try await fixture.registry.claim(fixture.stream.id, by: fixture.publisher(1).0)
        #expect(broadcast.receive(try AudioFrames().frame(0), from: 1, at: fixture.clock.now()))
        await fixture.registry.connectionLost(1, of: broadcast, isDeliberate: false)
        #expect(!fixture.registry.hasPublishers)
        await fixture.registry.handOverAll()
        #expect(try await fixture.state == .reconnecting)
    }

    @Test func `a stream that is gone cannot be claimed, and leaves nothing behind`() async throws {
        let fixture = try await Fixture()
        let unknown = StreamID(at: fixture.clock.now())
        for connection in 1...2 {
            await #expect(throws: StreamError.self) {
                try await fixture.registry.claim(unknown, by: fixture.publisher(UInt64(connection)).0)
            }
        }
    }

    @Test func `an order that is given before it is awaited, or never, does not get lost`() async {
        let early = StopOrder()
        early.give(.keyRevoked)
        early.give(.shutdown)
        #expect(await early.wait() == .keyRevoked)
        let never = StopOrder()
        let waiting = Task { await never.wait() }
        waiting.cancel()
        #expect(await waiting.value == nil)
    }

    @Test(arguments: [("key", "key"), ("key/key", "key"), ("key/other", "key/other"), ("a/b/a", "a/b/a"), ("", "")])
    func `a key that was pasted twice counts once`(sent: String, key: String) {
        #expect(PublishConnection.withoutRepetition(sent) == key)
    }
}
