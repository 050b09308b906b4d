import Foundation
import StreamingCore
import Synchronization
import TestKit

@testable import PostgresBackend

/// A schema of its own on a server, and what makes databases over it.
struct TestDatabase {
    let server: PostgresServer
    let schema: String
    let sink = RecordingSink()

    /// On the server that all tests share, unless another is given.
    init(on server: PostgresServer? = nil) async throws {
        if let server { self.server = server } else { self.server = try await PostgresServer.shared.value }
        schema = try await self.server.makeSchema()
    }

    /// Another process's view of the same database, as it were.
    func open(_ settings: PostgresSettings = .testing) throws -> PostgresDatabase {
        try PostgresDatabase(
            url: Secret(server.url(schema: schema, options: ["application_name=" + schema])), settings: settings,
            logger: Logger(service: "test", level: .debug, sink: sink))
    }

    func openMigrated(_ settings: PostgresSettings = .testing) async throws -> PostgresDatabase {
        let database = try open(settings)
        _ = try await database.migrate()
        return database
    }

    /// Runs SQL beside the databases.
    @discardableResult
    func run(_ sql: String) async throws -> String { try await server.run(sql, schema: schema) }

    /// How many connections the databases have open.
    func connectionCount() async throws -> Int {
        Int(try await server.run("SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(schema)'")) ?? -1
    }
}

extension PostgresSettings {
    /// The machine of the tests is slow; what is waited for on purpose is set shorter by each test.
    static var testing: PostgresSettings {
        var settings = PostgresSettings()
        settings.waitMilliseconds = 20_000
        settings.connectMilliseconds = 10_000
        settings.statementMilliseconds = 20_000
        settings.lockMilliseconds = 20_000
        return settings
    }

    func with(_ change: (inout PostgresSettings) -> Void) -> PostgresSettings {
        var settings = self
        change(&settings)
        return settings
    }
}

extension PostgresDatabase {
    /// Has the server sleep.
    func sleep(seconds: Double, isRepeatable: Bool = true) async throws(StreamError) {
        let milliseconds = Int64(seconds * 1000)
        _ = try await perform(isRepeatable: isRepeatable) { connection throws(PostgresFailure) in
            try connection.rows("SELECT pg_sleep($1 / 1000.0)::text", [.integer(milliseconds)]) {
                row throws(PostgresFailure) in row.text(0)
            }
        }
    }

    /// A number from the server.
    func number(_ sql: String) async throws(StreamError) -> Int64? {
        try await perform { connection throws(PostgresFailure) in
            try connection.rows(sql) { row throws(PostgresFailure) in try row.integer(0) }
        }.first
    }
}

extension WallTime {
    /// 2026-11-23T12:00:00Z, when all tests take place.
    static let noon = WallTime(unixMilliseconds: 1_795_435_200_000)
}

extension StreamKey {
    static func make(for stream: StreamID) -> StreamKey {
        StreamKey(id: UUIDv7(at: .noon), streamID: stream, digest: digest(of: makeText()), createdAt: .noon)
    }
}

extension PostgresStreamRepository {
    func makeStream(_ title: String = "a stream") async throws -> StreamID {
        let stream = Stream(id: StreamID(at: .noon), title: title, createdAt: .noon)
        try await create(stream, key: .make(for: stream.id))
        return stream.id
    }
}

/// How long something took, in seconds.
func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let elapsed = try await ContinuousClock().measure(body).components
    return Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
}
