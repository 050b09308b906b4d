import Media
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import PostgresBackend

@Suite(.timeLimit(.minutes(2))) struct OwnershipTests {
    private let test: TestDatabase
    private let streams: PostgresStreamRepository
    private let instances: PostgresInstanceRegistry

    init() async throws {
        test = try await TestDatabase()
        let database = try await test.openMigrated()
        streams = PostgresStreamRepository(database)
        instances = PostgresInstanceRegistry(database)
    }

    /// Lets an instance's newest heartbeat be as long ago as said.
    private func silence(_ instance: String, seconds: Int) async throws {
        try await test.run(
            "UPDATE ingest_instances SET seen_at = now() - interval '\(seconds) s' WHERE id = '\(instance)'")
    }

    @Test func `an instance that lost the stream to another changes nothing any more`() async throws {
        let id = try await streams.makeStream()
        let first = try await streams.beginBroadcast(id, at: .noon, owner: "a")
        try await streams.setState(id, to: .reconnecting, failure: nil, at: .noon, ifOrigin: first)
        let second = try await streams.beginBroadcast(id, at: .noon, owner: "b")
        #expect(second.firstSegmentNumber > first.firstSegmentNumber)
        let before = try await streams.get(id)
        let failure = await #expect(throws: StreamError.self) {
            try await streams.setState(id, to: .ended, failure: nil, at: .noon, ifOrigin: first)
        }
        guard case .conflict = failure else {
            Issue.record("\(String(describing: failure)) instead of a conflict")
            return
        }
        #expect(try await streams.get(id) == before)
        try await streams.setState(id, to: .ended, failure: nil, at: .noon, ifOrigin: second)
        #expect(try await streams.get(id).state == .ended)
    }

    @Test func `a broadcast whose encoder comes to another instance keeps its time zero, one that has ended does not`()
        async throws
    {
        let id = try await streams.makeStream()
        let later = WallTime.noon.adding(milliseconds: 60_000)
        let first = try await streams.beginBroadcast(id, at: .noon, owner: "a", continuing: true)
        let second = try await streams.beginBroadcast(id, at: later, owner: "b", continuing: true)
        #expect(second.continues(first))
        #expect(second.firstDiscontinuitySequence > first.firstDiscontinuitySequence)
        #expect(second.firstSegmentNumber > first.firstSegmentNumber)
        try await streams.setState(id, to: .ended, failure: nil, at: later, ifOrigin: second)
        let third = try await streams.beginBroadcast(id, at: later, owner: "a", continuing: true)
        #expect(third.unixMilliseconds == later.unixMilliseconds)
        #expect(!third.continues(second))
    }

    @Test func `a state of a stream that is gone is not found, with an origin too`() async throws {
        let id = try await streams.makeStream()
        let origin = try await streams.beginBroadcast(id, at: .noon, owner: "a")
        try await streams.delete(id)
        await #expect(throws: StreamError.notFound(what: "stream \(id)")) {
            try await streams.setState(id, to: .ended, failure: nil, at: .noon, ifOrigin: origin)
        }
    }

    @Test func `only broadcasts of silent and unknown owners are ended`() async throws {
        for instance in ["alive", "silent", "slow"] { try await instances.heartbeat(instance) }
        try await silence("silent", seconds: 60)
        try await silence("slow", seconds: 10)
        var origins: [String: (stream: StreamID, origin: BroadcastOrigin)] = [:]
        for owner in ["alive", "silent", "slow", "never seen"] {
            let id = try await streams.makeStream()
            origins[owner] = (id, try await streams.beginBroadcast(id, at: .noon, owner: owner))
        }
        let ownerless = try await streams.makeStream()
        _ = try await streams.beginBroadcast(ownerless, at: .noon)
        let time = WallTime.noon.adding(milliseconds: 5000)
        let ended = try await streams.endAbandoned(at: time, silentForMilliseconds: 30_000)
        #expect(Set(ended.map(\.owner)) == ["silent", "never seen", nil])
        for (owner, broadcast) in origins {
            let state = try await streams.get(broadcast.stream).state
            #expect(state == (owner == "alive" || owner == "slow" ? .active : .ended))
        }
        let silent = try #require(origins["silent"])
        let told = try #require(ended.first { $0.owner == "silent" })
        #expect(told.stream == silent.stream)
        #expect(told.fence > silent.origin.firstSegmentNumber)
        #expect(try await streams.get(silent.stream).endedAt == time)
        // The old owner wakes up.
        try await instances.heartbeat("silent")
        await #expect(throws: StreamError.self) {
            try await streams.setState(
                silent.stream, to: .active, failure: nil, at: time, ifOrigin: silent.origin)
        }
        #expect(try await streams.get(silent.stream).state == .ended)
        #expect(try await streams.endAbandoned(at: time, silentForMilliseconds: 30_000) == [])
        #expect(try await streams.endAbandoned(at: time, silentForMilliseconds: 5_000).map(\.owner) == ["slow"])
        let next = try await streams.beginBroadcast(silent.stream, at: time, owner: "b")
        #expect(next.firstSegmentNumber > told.fence)
    }

    @Test func `each abandoned broadcast is told to one of those who ask at once`() async throws {
        for _ in 0..<20 {
            _ = try await streams.beginBroadcast(try await streams.makeStream(), at: .noon, owner: "gone")
        }
        let streams = streams
        let told = try await withThrowingTaskGroup { group in
            for _ in 0..<6 { group.addTask { try await streams.endAbandoned(at: .noon) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(told.count == 20)
        #expect(Set(told).count == 20)
    }

    @Test func `instances are known by their heartbeats`() async throws {
        for instance in ["b", "a", "c"] { try await instances.heartbeat(instance) }
        #expect(try await instances.living() == ["a", "b", "c"])
        try await silence("b", seconds: 60)
        #expect(try await instances.living() == ["a", "c"])
        try await instances.heartbeat("b")
        #expect(try await instances.living() == ["a", "b", "c"])
        try await instances.remove("a")
        #expect(try await instances.living() == ["b", "c"])
        try await silence("c", seconds: 7200)
        #expect(try await instances.forget(silentForMilliseconds: 3_600_000) == 1)
        #expect(try await instances.living(withinMilliseconds: 86_400_000) == ["b"])
    }

    @Test func `what an instance had on air when it left is abandoned at once`() async throws {
        try await instances.heartbeat("a")
        let id = try await streams.makeStream()
        _ = try await streams.beginBroadcast(id, at: .noon, owner: "a")
        #expect(try await streams.endAbandoned(at: .noon) == [])
        try await instances.remove("a")
        #expect(try await streams.endAbandoned(at: .noon) == [id])
    }

    @Test func `what an instance hands over waits for the grace, and is then abandoned`() async throws {
        for instance in ["short", "long", "idle"] { try await instances.heartbeat(instance) }
        let soon = try await streams.makeStream()
        let late = try await streams.makeStream()
        _ = try await streams.beginBroadcast(soon, at: .noon, owner: "short")
        _ = try await streams.beginBroadcast(late, at: .noon, owner: "long")
        // Longer than others may be silent, and shorter.
        try await instances.leave("long", graceMilliseconds: 600_000, patienceMilliseconds: 300_000)
        try await instances.leave("short", graceMilliseconds: 120_000, patienceMilliseconds: 300_000)
        try await instances.leave("idle", graceMilliseconds: 600_000, patienceMilliseconds: 300_000)
        #expect(try await instances.living(withinMilliseconds: 86_400_000) == ["long", "short"])
        func passes(seconds: Int) async throws -> [StreamID] {
            try await test.run("UPDATE ingest_instances SET seen_at = seen_at - interval '\(seconds) s'")
            return try await streams.endAbandoned(at: .noon, silentForMilliseconds: 300_000).map(\.stream)
        }
        #expect(try await passes(seconds: 0) == [])
        #expect(try await passes(seconds: 121) == [soon])
        #expect(try await streams.get(late).state == .active)
        #expect(try await passes(seconds: 480) == [late])
    }

    @Test func `an instance that ends leaves what is on air to the next that its encoder comes to`() async throws {
        let database = try await test.openMigrated()
        let logger = Logger(service: "test", level: .error, sink: RecordingSink())
        let first = try await PostgresIngestStreams(
            database, instance: "first", clock: ManualClock(), logger: logger, graceMilliseconds: 60_000
        ) { _ in }
        let id = try await streams.makeStream()
        let origin = try await first.beginBroadcast(id, at: .noon)
        try await first.setState(id, to: .reconnecting, failure: nil, at: .noon)
        let running = Task { try await first.run() }
        running.cancel()
        try await running.value
        let other = try await PostgresIngestStreams(
            database, instance: "second", clock: ManualClock(), logger: logger
        ) { _ in }
        #expect(try await streams.endAbandoned(at: .noon, silentForMilliseconds: 15_000) == [])
        #expect(try await streams.get(id).state == .reconnecting)
        let next = try await other.beginBroadcast(id, at: WallTime.noon.adding(milliseconds: 5000))
        #expect(next.continues(origin))
        #expect(next.firstSegmentNumber > origin.firstSegmentNumber)
        await #expect(throws: StreamError.self, "it is not the first one's any more") {
            try await first.setState(id, to: .ended, failure: nil, at: .noon)
        }
    }

    @Test func `an instance ends what silent ones have left, once it has been heard for as long itself`() async throws {
        let ended = Mutex<[StreamID]>([])
        let database = try await test.openMigrated()
        let logger = Logger(service: "test", level: .error, sink: RecordingSink())
        let (clock, patience) = (ManualClock(), 1500)
        let first = try await PostgresIngestStreams(
            database, instance: "first", clock: clock, logger: logger, patience: patience
        ) { _ in }
        let id = try await streams.makeStream()
        let origin = try await first.beginBroadcast(id, at: .noon)
        try await silence("first", seconds: 60)
        let second = try await PostgresIngestStreams(
            database, instance: "second", clock: clock, logger: logger, patience: patience
        ) { broadcast in
            ended.withLock { $0.append(broadcast.stream) }
            #expect(broadcast.fence > origin.firstSegmentNumber)
        }
        #expect(try await second.endAbandoned(at: .noon).isEmpty, "the database may have been away for all")
        try await eventually("the stream has ended") {
            _ = try await second.endAbandoned(at: .noon)
            return try await streams.get(id).state == .ended
        }
        #expect(ended.withLock { $0 } == [id])
        await #expect(throws: StreamError.self, "it is not the first one's any more") {
            try await first.setState(id, to: .reconnecting, failure: nil, at: .noon)
        }
    }
}
