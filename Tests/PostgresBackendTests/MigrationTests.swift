import StreamingCore
import TestKit
import Testing

@testable import PostgresBackend

@Suite(.timeLimit(.minutes(2))) struct MigrationTests {
    private static let names = Migration.all.map(\.name)
    private static let next = Migration.all.count + 1

    @Test func `migrating says what it applied, and the second time that there was nothing to do`() async throws {
        let database = try await TestDatabase().open()
        #expect(try await database.migrate() == Self.names)
        #expect(try await database.migrate() == [])
        try await database.check()
    }

    @Test func `of eight that migrate at once one does the work`() async throws {
        let test = try await TestDatabase()
        let results = try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                let database = try test.open()
                group.addTask { try await database.migrate() }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.filter { $0 == Self.names }.count == 1)
        #expect(results.filter(\.isEmpty).count == 7)
        #expect(try await test.run("SELECT count(*) FROM schema_migrations") == String(Self.names.count))
    }

    @Test func `a database that was not migrated says what is missing`() async throws {
        let database = try await TestDatabase().open()
        let expected = StreamError.database(reason: "migration 0001_streams is missing: run sluice migrate")
        await #expect(throws: expected) { try await database.check() }
        _ = try await database.migrate(to: Array(Migration.all.prefix(1)))
        await #expect(
            throws: StreamError.database(reason: "migration 0002_quality_levels is missing: run sluice migrate")
        ) { try await database.check() }
    }

    @Test func `a step that fails leaves the schema as it was`() async throws {
        let test = try await TestDatabase()
        let database = try await test.openMigrated()
        let broken = [
            Migration(version: Self.next, name: "9998_fine", sql: "CREATE TABLE fine (x text)"),
            Migration(version: Self.next + 1, name: "9999_broken", sql: "CREATE TABLE later (x text); SELECT nonsense"),
        ]
        let failure = await #expect(throws: StreamError.self) {
            try await database.migrate(to: Migration.all + broken)
        }
        #expect("\(String(describing: failure))".contains("42703"))
        #expect(try await test.run("SELECT to_regclass('fine') IS NULL AND to_regclass('later') IS NULL") == "t")
        try await database.check()
    }

    @Test func `a schema of a newer version is refused, and so is a changed step`() async throws {
        let test = try await TestDatabase()
        let database = try await test.openMigrated()
        let newer = Migration.all + [Migration(version: Self.next, name: "9999_newer", sql: "SELECT 1")]
        _ = try await database.migrate(to: newer)
        await #expect(throws: StreamError.self) { try await database.migrate() }
        await #expect(throws: StreamError.self) { try await database.check() }
        try await test.run("DELETE FROM schema_migrations WHERE version = \(Self.next)")
        try await database.check()
        try await test.run("UPDATE schema_migrations SET checksum = 'x' WHERE version = 2")
        await #expect(throws: StreamError.self) { try await database.migrate() }
    }

    @Test func `measurements have room again after their table was made anew`() async throws {
        let test = try await TestDatabase()
        let database = try test.open()
        _ = try await database.migrate(to: Array(Migration.all.prefix(3)))
        let partitions = PostgresMetricsPartitions(database)
        let made = try await partitions.maintain(at: .noon).made
        _ = try await database.migrate()
        #expect(
            try await test.run("SELECT count(*) FROM pg_inherits WHERE inhparent = 'stream_metrics'::regclass") == "0")
        #expect(try await partitions.maintain(at: .noon).made == made)
        let metrics = PostgresStreamMetricsRepository(database)
        let measurement = StreamMetrics(streamID: StreamID(at: .noon), at: .noon, viewers: 4)
        try await metrics.record([measurement])
        #expect(try await metrics.latest(of: measurement.streamID) == measurement)
    }
}
