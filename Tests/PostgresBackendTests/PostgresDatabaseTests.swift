import StreamingCore
import TestKit
import Testing

@testable import PostgresBackend

@Suite(.timeLimit(.minutes(2))) struct PostgresDatabaseTests {
    @Test(
        arguments: [
            "'; DROP TABLE streams; --", "' OR '1'='1", "$1", "\\'; SELECT pg_sleep(10); --", "\"; --", "%s%n",
            "\u{2028}",
            "Robert'); DELETE FROM stream_keys; --", "$$; $$", "é\u{301}📺", "\u{1}\u{7F}", "E'\\x00'",
        ])
    func `a title is a value, whatever is in it`(_ title: String) async throws {
        let streams = PostgresStreamRepository(try await TestDatabase().openMigrated())
        let id = try await streams.makeStream(title)
        try await streams.setState(id, to: .error, failure: title, at: .noon)
        let stored = try await streams.get(id)
        #expect(Array(stored.title.utf8) == Array(title.utf8))
        #expect(stored.failure.map { Array($0.utf8) } == Array(title.utf8))
        #expect(try await streams.list(states: [], before: nil, limit: 10).count == 1)
    }

    @Test func `a title that PostgreSQL cannot hold is refused, and nothing else suffers`() async throws {
        let streams = PostgresStreamRepository(try await TestDatabase().openMigrated())
        let failure = await #expect(throws: StreamError.self) { try await streams.makeStream("a\0b") }
        #expect("\(String(describing: failure))".contains("22021"))
        #expect(try await streams.list(states: [], before: nil, limit: 10) == [])
        _ = try await streams.makeStream()
    }

    @Test func `calls beyond the connections wait, and are refused when that takes too long`() async throws {
        let test = try await TestDatabase()
        let database = try test.open(
            .testing.with {
                $0.connectionsMax = 2
                $0.waitMilliseconds = 3_000
            })
        // Both connections are there before it matters how long they are waited for.
        async let first: Void = database.sleep(seconds: 0.5)
        async let second: Void = database.sleep(seconds: 0.5)
        _ = try await (first, second)
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 { group.addTask { try await database.sleep(seconds: 8) } }
            try await eventually("both connections are in use") { database.occupancy.busy == 2 }
            let elapsed = await seconds {
                await #expect(
                    throws: StreamError.overloaded(what: "2 connections to PostgreSQL, waited for up to 3000 ms")
                ) { try await database.sleep(seconds: 0) }
            }
            #expect((2.5...6).contains(elapsed))
            #expect(database.occupancy == PostgresOccupancy(connections: 2, busy: 2, waiting: 0))
            try await group.waitForAll()
        }
        try await database.sleep(seconds: 0)
        #expect(try await test.connectionCount() <= 2)
    }

    @Test func `many calls share few connections`() async throws {
        let test = try await TestDatabase()
        let database = try test.open(.testing.with { $0.connectionsMax = 3 })
        let sum = try await withThrowingTaskGroup { group in
            for index in 0..<300 {
                group.addTask {
                    try await database.perform { connection throws(PostgresFailure) in
                        try connection.rows("SELECT $1", [.integer(Int64(index))]) { row throws(PostgresFailure) in
                            try row.integer(0)
                        }
                    }.first ?? -1
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 299 * 300 / 2)
        #expect(try await test.connectionCount() <= 3)
    }

    @Test func `connections that nobody needs are closed`() async throws {
        let test = try await TestDatabase()
        let database = try test.open(.testing.with { $0.idleMilliseconds = 200 })
        try await withThrowingTaskGroup { group in
            for _ in 0..<5 { group.addTask { try await database.sleep(seconds: 0.2) } }
            try await group.waitForAll()
        }
        try await eventually("all are closed") {
            let count = try await test.connectionCount()
            return database.occupancy.connections == 0 && count == 0
        }
        try await database.sleep(seconds: 0)
    }

    @Test func `connections end with the database`() async throws {
        let test = try await TestDatabase()
        do {
            let database = try test.open()
            try await database.sleep(seconds: 0)
            #expect(try await test.connectionCount() == 1)
        }
        try await eventually("it is closed") { try await test.connectionCount() == 0 }
    }

    @Test func `a statement that takes too long is ended by the server, and the connection goes on`() async throws {
        let database = try await TestDatabase().open(
            .testing.with {
                $0.connectionsMax = 1
                $0.statementMilliseconds = 300
            })
        let process = try await database.number("SELECT pg_backend_pid()::bigint")
        let failure = await #expect(throws: StreamError.self) { try await database.sleep(seconds: 10) }
        #expect("\(String(describing: failure))".contains("57014"))
        #expect(try await database.number("SELECT pg_backend_pid()::bigint") == process)
    }

    @Test func `a lock that another holds is not waited for without end`() async throws {
        let test = try await TestDatabase()
        let database = try await test.openMigrated(.testing.with { $0.lockMilliseconds = 300 })
        let streams = PostgresStreamRepository(database)
        let id = try await streams.makeStream()
        let failure = try await database.transaction { connection throws(PostgresFailure) in
            _ = try connection.rows("SELECT id FROM streams FOR UPDATE") { row throws(PostgresFailure) in try row.id(0)
            }
            return try PostgresConnection.open(test.target, test.shortLocks).failure {
                connection throws(PostgresFailure) in
                try connection.run("UPDATE streams SET title = 'x' WHERE id = $1", [.id(id)])
            }
        }
        guard case .refused("55P03", _) = failure else {
            Issue.record("\(String(describing: failure)) instead of lock_not_available")
            return
        }
    }

    @Test func `a connection that the server closed is replaced without anybody noticing`() async throws {
        let test = try await TestDatabase()
        let database = try test.open(.testing.with { $0.connectionsMax = 1 })
        for _ in 0..<5 {
            let process = try await database.number("SELECT pg_backend_pid()::bigint") ?? 0
            try await test.run("SELECT pg_terminate_backend(\(process))")
            #expect(try await database.number("SELECT pg_backend_pid()::bigint") != process)
        }
    }

    @Test(arguments: [true, false])
    func `a call whose connection is lost is repeated where that does no harm, and else fails`(
        _ isRepeatable: Bool
    ) async throws {
        let test = try await TestDatabase()
        let database = try test.open()
        // The first attempt stays until it is ended, the next one is done at once.
        try await test.run("CREATE SEQUENCE attempts")
        let call = Task {
            try await database.perform(isRepeatable: isRepeatable) { connection throws(PostgresFailure) in
                try connection.rows(
                    "SELECT CASE nextval('attempts') WHEN 1 THEN pg_sleep(15)::text ELSE 'again' END"
                ) { row throws(PostgresFailure) in row.text(0) }
            }
        }
        try await eventually("it runs") {
            try await test.server.run(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = '\(test.schema)' AND wait_event = 'PgSleep'
                """) == "1"
        }
        if isRepeatable {
            #expect(try await call.value == ["again"])
        } else {
            let failure = await #expect(throws: StreamError.self) { try await call.value }
            guard case .network = failure else {
                Issue.record("\(String(describing: failure)) says that nothing was changed")
                return
            }
        }
    }

    @Test func `every call is answered, whatever happens to connections meanwhile`() async throws {
        let test = try await TestDatabase()
        // Workers come and go all the time.
        let database = try test.open(
            .testing.with {
                $0.connectionsMax = 5
                $0.idleMilliseconds = 2
            })
        let other = try PostgresDatabase(
            url: Secret(test.server.url()), settings: .testing, logger: Logger(service: "test", level: .error))
        let schema = test.schema
        let successes = try await withThrowingTaskGroup { group in
            for _ in 0..<30 {
                group.addTask {
                    var successes = 0
                    for index in 0..<40 {
                        do throws(StreamError) {
                            try await database.sleep(seconds: 0.001)
                            successes += 1
                            // So that some find resting workers, and some none.
                            if index.isMultiple(of: 10) { try? await Task.sleep(for: .milliseconds(5)) }
                        } catch {
                            guard case .network = error else { throw error }
                        }
                    }
                    return successes
                }
            }
            let disturbance = Task {
                while !Task.isCancelled {
                    _ = try await other.perform { connection throws(PostgresFailure) in
                        try connection.rows(
                            """
                            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                            WHERE application_name = $1 AND random() < 0.5 AND pg_sleep(0.02) IS NOT NULL
                            """, [.text(schema)]
                        ) { row throws(PostgresFailure) in try row.integer(0) }
                    }
                }
            }
            defer { disturbance.cancel() }
            return try await group.reduce(0, +)
        }
        #expect(successes > 600)
        try await eventually("the workers are gone") { database.occupancy.connections == 0 }
    }

    @Test func `a session whose prepared statements somebody took away gets them again`() async throws {
        let database = try await TestDatabase().open(.testing.with { $0.connectionsMax = 1 })
        try await database.sleep(seconds: 0)
        try await database.perform { connection throws(PostgresFailure) in try connection.runScript("DEALLOCATE ALL") }
        try await database.sleep(seconds: 0)
    }

    @Test func `a batch is all or nothing, and in one exchange`() async throws {
        let test = try await TestDatabase()
        let database = try await test.openMigrated()
        try await test.run("CREATE TABLE numbers (x bigint PRIMARY KEY)")
        func insert(_ numbers: [Int]) -> [PostgresStatement] {
            numbers.map { PostgresStatement("INSERT INTO numbers VALUES ($1)", [.integer(Int64($0))]) }
        }
        let all = insert(Array(0..<PostgresConnection.batchStatementsMax))
        let counts = try await database.perform { connection throws(PostgresFailure) in try connection.batch(all) }
        #expect(counts == all.map { _ in 1 })
        let clash = insert([5000, 7, 5001])
        let failure = await #expect(throws: StreamError.self) {
            try await database.perform { connection throws(PostgresFailure) in try connection.batch(clash) }
        }
        #expect("\(String(describing: failure))".contains("23505"))
        #expect(try await database.number("SELECT count(*) FROM numbers") == 1000)
    }

    @Test func `a transaction that throws leaves nothing, and no lock`() async throws {
        let test = try await TestDatabase()
        let database = try await test.openMigrated(.testing.with { $0.connectionsMax = 1 })
        await #expect(throws: StreamError.database(reason: "no more")) {
            try await database.transaction { connection throws(PostgresFailure) in
                try connection.runScript("CREATE TABLE numbers (x bigint)")
                throw .unexpected("no more")
            }
        }
        #expect(try await test.run("SELECT to_regclass('numbers') IS NULL") == "t")
        try await database.sleep(seconds: 0)
    }

    @Test func `many sent bytes do not lock server and client up`() async throws {
        let database = try await TestDatabase().open()
        // Each answer is as long as its question, and both are longer than what sockets hold.
        let text = String(repeating: "x", count: 200_000)
        let statements = (0..<100).map { _ in PostgresStatement("SELECT $1", [.text(text)]) }
        let counts = try await database.perform { connection throws(PostgresFailure) in
            try connection.batch(statements)
        }
        #expect(counts.count == 100)
    }
}

extension TestDatabase {
    fileprivate var target: PostgresTarget {
        get throws(PostgresFailure) {
            do throws(StreamError) { return try PostgresTarget(url: Secret(server.url(schema: schema))) } catch {
                throw .unexpected("\(error)")
            }
        }
    }

    fileprivate var shortLocks: PostgresSettings { .testing.with { $0.lockMilliseconds = 300 } }
}

extension PostgresConnection {
    /// What a statement fails with; `nil` when it does not.
    fileprivate func failure(
        _ body: (PostgresConnection) throws(PostgresFailure) -> Int
    ) -> PostgresFailure? {
        do throws(PostgresFailure) { _ = try body(self) } catch { return error }
        return nil
    }
}
