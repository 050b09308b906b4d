import Media
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import PostgresBackend

/// What happens when the server goes away in all the ways that it can; on a server of its own.
@Suite(.timeLimit(.minutes(3)), .serialized) struct OutageTests {
    private static let server = Task { try await PostgresServer() }

    @Test func `a server that is killed and started again is used again without anybody's help`() async throws {
        let test = try await TestDatabase(on: Self.server.value)
        let database = try await test.openMigrated(
            .testing.with {
                $0.connectionsMax = 4
                $0.waitMilliseconds = 1_000
            })
        let streams = PostgresStreamRepository(database)
        let id = try await streams.makeStream()
        let tally = Tally()
        let numbers = try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    var numbers: [Int64] = []
                    while !Task.isCancelled {
                        do {
                            numbers.append(try await streams.beginBroadcast(id, at: .noon).firstSegmentNumber)
                            tally.counts.withLock { $0.successes += 1 }
                        } catch is StreamError { tally.counts.withLock { $0.failures += 1 } }
                    }
                    return numbers
                }
            }
            try await eventually("it works") { tally.successes > 20 }
            try await test.server.kill()
            try await eventually("calls fail") { tally.failures > 8 }
            #expect(database.occupancy.connections <= 4)
            try await test.server.start()
            let before = tally.successes
            let elapsed = try await seconds {
                try await eventually("it works again") { tally.successes > before + 20 }
            }
            #expect(elapsed < 10)
            group.cancelAll()
            return try await group.reduce(into: []) { $0 += $1 }
        }
        // Numbers that were given out are never given out again, also not by a server that recovered.
        #expect(Set(numbers).count == numbers.count)
        #expect(test.sink.lines.contains { $0.contains("database cannot be reached") })
        #expect(test.sink.lines.contains { $0.contains("database can be reached again") })
        #expect(!test.sink.lines.joined().contains(PostgresServer.password))
    }

    @Test func `a call that comes while the server is restarted waits for it`() async throws {
        let test = try await TestDatabase(on: Self.server.value)
        let database = try await test.openMigrated()
        try await test.server.stop()
        async let answer = database.number("SELECT 7::bigint")
        try await eventually("the attempt was made") { database.occupancy.busy == 1 }
        try await test.server.start()
        #expect(try await answer == 7)
    }

    @Test func `a server that is away makes calls fail within their wait, with the reason`() async throws {
        let test = try await TestDatabase(on: Self.server.value)
        let database = try test.open(.testing.with { $0.waitMilliseconds = 500 })
        try await test.server.stop()
        let elapsed = await seconds {
            let failure = await #expect(throws: StreamError.self) { try await database.sleep(seconds: 0) }
            guard case .database(let reason) = failure else {
                Issue.record("\(String(describing: failure)) instead of a database's failure")
                return
            }
            #expect(reason.contains("Connection refused"))
        }
        #expect((0.4...5).contains(elapsed))
        try await test.server.start()
        try await eventually("it works") {
            do { try await database.sleep(seconds: 0) } catch { return false }
            return true
        }
    }

    @Test func `a server that says nothing any more is given up in time, and used again when it speaks`() async throws {
        let test = try await TestDatabase(on: Self.server.value)
        let database = try test.open(
            .testing.with {
                $0.waitMilliseconds = 500
                $0.connectMilliseconds = 500
                $0.statementMilliseconds = 500
            })
        try await database.sleep(seconds: 0)
        test.server.pause()
        defer { test.server.resume() }
        // The statement goes out and no answer comes.
        var elapsed = await seconds {
            await #expect(throws: StreamError.network(reason: "PostgreSQL did not answer within 1500 ms")) {
                try await database.sleep(seconds: 0)
            }
        }
        #expect((1.4...5).contains(elapsed))
        // The kernel takes the connection, and nobody greets.
        elapsed = await seconds {
            let failure = await #expect(throws: StreamError.self) { try await database.sleep(seconds: 0) }
            guard case .database(let reason) = failure else {
                Issue.record("\(String(describing: failure)) instead of a database's failure")
                return
            }
            #expect(reason.contains("within 500 ms"))
        }
        #expect(elapsed < 5)
        test.server.resume()
        try await eventually("it works again") {
            do { try await database.sleep(seconds: 0) } catch { return false }
            return true
        }
    }

    @Test func `a wrong password is told at once, without any password`() async throws {
        let server = try await Self.server.value
        let sink = RecordingSink()
        let database = try PostgresDatabase(
            url: Secret(server.url(password: "hunter2")), settings: .testing,
            logger: Logger(service: "test", level: .debug, sink: sink))
        let elapsed = await seconds {
            let failure = await #expect(throws: StreamError.self) { try await database.sleep(seconds: 0) }
            let text = String(describing: failure)
            #expect(text.contains("28P01"))
            #expect(text.contains("password authentication failed"))
            #expect(!text.contains("hunter2"))
        }
        #expect(elapsed < 10)
        #expect(!sink.lines.isEmpty)
        #expect(!sink.lines.joined().contains("hunter2"))
    }

    @Test func `a server without room for more connections is waited for`() async throws {
        let small = try await PostgresServer(settings: ["max_connections": "6", "superuser_reserved_connections": "3"])
        let test = try await TestDatabase(on: small)
        try await test.run("CREATE ROLE guest LOGIN PASSWORD 'guest'")
        let url = test.server.url().replacing(
            "postgres://\(PostgresServer.user):", with: "postgres://guest:"
        ).replacing(/guest:[^@]*@/, with: "guest:guest@")
        let database = try PostgresDatabase(
            url: Secret(url), settings: .testing.with { $0.connectionsMax = 8 },
            logger: Logger(service: "test", level: .error, sink: test.sink))
        try await withThrowingTaskGroup { group in
            for _ in 0..<24 { group.addTask { try await database.sleep(seconds: 0.05) } }
            try await group.waitForAll()
        }
    }
}

/// What became of calls.
private final class Tally: Sendable {
    let counts = Mutex((successes: 0, failures: 0))
    var successes: Int { counts.withLock { $0.successes } }
    var failures: Int { counts.withLock { $0.failures } }
}
