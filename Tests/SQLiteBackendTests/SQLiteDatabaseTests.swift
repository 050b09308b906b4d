import Foundation
import Media
import StreamingCore
import TestKit
import Testing

@testable import SQLiteBackend

@Suite(.timeLimit(.minutes(1))) struct SQLiteDatabaseTests {
    private let folder: TemporaryDirectory
    private let path: String
    private let now = WallTime(unixMilliseconds: 1_795_435_200_000)
    /// The version behind all that are known.
    private let next = Migration.all.count + 1

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.url.path + "/sluice.db"
    }

    private func addStream(to database: SQLiteDatabase, title: String = "a stream") async throws -> StreamID {
        let stream = Stream(id: StreamID(at: now), title: title, createdAt: now)
        let key = StreamKey(
            id: UUIDv7(at: now), streamID: stream.id, digest: StreamKey.digest(of: StreamKey.makeText()),
            createdAt: now)
        try await SQLiteStreamRepository(database).create(stream, key: key)
        return stream.id
    }

    @Test func `what was stored is there after a restart, with its numbers`() async throws {
        func firstRun() async throws -> (StreamID, Int64) {
            let database = try await SQLiteDatabase.open(at: .file(path))
            let id = try await addStream(to: database)
            let origin = try await SQLiteStreamRepository(database).beginBroadcast(id, at: now)
            return (id, origin.firstSegmentNumber)
        }
        let (id, number) = try await firstRun()
        let streams = SQLiteStreamRepository(try await SQLiteDatabase.open(at: .file(path)))
        #expect(try await streams.get(id).state == .active)
        #expect(try await streams.beginBroadcast(id, at: now).firstSegmentNumber > number)
    }

    @Test func `only the owner may read the file and those beside it`() async throws {
        let database = try await SQLiteDatabase.open(at: .file(path))
        _ = try await addStream(to: database)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.url.path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.url.path + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        try await database.check()
    }

    @Test func `the settings are those that the documentation promises`() async throws {
        let database = try await SQLiteDatabase.open(at: .file(path))
        func setting(_ name: String) async throws -> [String] {
            try await database.perform { connection throws(StreamError) in
                try connection.rows("PRAGMA \(name)") { row throws(StreamError) in row.text(0) }
            }
        }
        #expect(try await setting("journal_mode") == ["wal"])
        #expect(try await setting("synchronous") == ["1"])
        #expect(try await setting("foreign_keys") == ["1"])
        #expect(try await setting("busy_timeout") == ["5000"])
    }

    @Test func `many openings of a new file at once migrate it once`() async throws {
        let path = path
        let databases = try await withThrowingTaskGroup { group in
            for _ in 0..<16 { group.addTask { try await SQLiteDatabase.open(at: .file(path)) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for database in databases {
            let recorded = try await database.perform { connection throws(StreamError) in
                try connection.rows("SELECT version FROM schema_migrations") { row throws(StreamError) in
                    row.integer(0)
                }
            }
            #expect(recorded == Migration.all.map { Int64($0.version) })
        }
    }

    @Test func `a schema that is newer than the program is refused and not touched`() async throws {
        let future =
            Migration.all + [Migration(version: next, name: "9999_future", sql: "CREATE TABLE future (x)")]
        _ = try await SQLiteDatabase.open(at: .file(path), migrations: future)
        let failure = await #expect(throws: StreamError.self) { try await SQLiteDatabase.open(at: .file(path)) }
        #expect(reason(failure).contains("newer than this program: it has migration 9999_future"))
        try await SQLiteDatabase.open(at: .file(path), migrations: future).check()
    }

    @Test func `a database of the first version gets the rest and keeps what it has`() async throws {
        let path = path
        func firstVersion() async throws -> StreamID {
            try await addStream(to: try await SQLiteDatabase.open(at: .file(path), migrations: [.streams]))
        }
        let id = try await firstVersion()
        let database = try await SQLiteDatabase.open(at: .file(path))
        #expect(try await SQLiteStreamRepository(database).get(id).id == id)
        #expect(try await SQLiteQualityLevelRepository(database).list() == .sourceAlone)
    }

    @Test func `stored levels that are no ladder are an error, not a crash`() async throws {
        let database = try await SQLiteDatabase.open(at: .memory)
        try await database.perform { connection throws(StreamError) in
            try connection.runScript("INSERT INTO quality_levels VALUES ('720p', 0, 721, 5000000, NULL, 1)")
        }
        let failure = await #expect(throws: StreamError.self) {
            try await SQLiteQualityLevelRepository(database).list()
        }
        #expect(reason(failure).hasPrefix("the stored quality levels are no ladder: [0].height must be"))
    }

    @Test func `a migration that fails leaves nothing behind`() async throws {
        let broken = Migration(
            version: next, name: "9999_broken", sql: "CREATE TABLE half (x); CREATE TABLE streams (x)")
        let failure = await #expect(throws: StreamError.self) {
            try await SQLiteDatabase.open(at: .file(path), migrations: Migration.all + [broken])
        }
        #expect(reason(failure).contains("table streams already exists"))
        let database = try await SQLiteDatabase.open(at: .file(path))
        let tables = try await database.perform { connection throws(StreamError) in
            try connection.rows("SELECT name FROM sqlite_schema WHERE name = 'half'") { row throws(StreamError) in
                row.text(0)
            }
        }
        #expect(tables.isEmpty)
    }

    @Test func `a file that is no database is refused with the reason`() async throws {
        try Data("this is not a database, but long enough to look at: \(String(repeating: "x", count: 5000))".utf8)
            .write(to: URL(filePath: path))
        let failure = await #expect(throws: StreamError.self) { try await SQLiteDatabase.open(at: .file(path)) }
        #expect(reason(failure).contains("file is not a database"))
    }

    @Test func `a folder that is not there is refused with the reason`() async throws {
        let path = folder.url.path + "/missing/sluice.db"
        let failure = await #expect(throws: StreamError.self) { try await SQLiteDatabase.open(at: .file(path)) }
        #expect(reason(failure).contains("No such file or directory"))
    }

    @Test func `a database that another process keeps locked is an error with the reason`() async throws {
        let database = try await SQLiteDatabase.open(at: .file(path))
        let other = try await SQLiteDatabase.open(at: .file(path))
        try await database.perform { connection throws(StreamError) in
            try connection.runScript("PRAGMA busy_timeout = 1")
        }
        _ = try await other.perform { connection throws(StreamError) in try connection.run("BEGIN IMMEDIATE") }
        let failure = await #expect(throws: StreamError.self) { try await addStream(to: database) }
        #expect(reason(failure).contains("database is locked"))
        _ = try await other.perform { connection throws(StreamError) in try connection.run("ROLLBACK") }
        _ = try await addStream(to: database)
    }

    @Test func `a full database throws the reason, keeps what it had and works again with room`() async throws {
        let database = try await SQLiteDatabase.open(at: .file(path))
        let id = try await addStream(to: database)
        func limit(pages: Int) async throws {
            try await database.perform { connection throws(StreamError) in
                try connection.runScript("PRAGMA max_page_count = \(pages)")
            }
        }
        try await limit(pages: 1)
        let long = String(repeating: "t", count: 100_000)
        let failure = await #expect(throws: StreamError.self) { try await addStream(to: database, title: long) }
        #expect(reason(failure).contains("database or disk is full"))
        let streams = SQLiteStreamRepository(database)
        #expect(try await streams.list(states: [], before: nil, limit: 10).map(\.id) == [id])
        try await limit(pages: 100_000)
        _ = try await addStream(to: database, title: long)
    }

    @Test func `a stored state that is unknown is an error, not a crash`() async throws {
        let database = try await SQLiteDatabase.open(at: .memory)
        let id = try await addStream(to: database)
        try await database.perform { connection throws(StreamError) in
            try connection.runScript("UPDATE streams SET state = 'dancing'")
        }
        await #expect(throws: StreamError.database(reason: "'dancing' is stored where a stream's state belongs")) {
            try await SQLiteStreamRepository(database).get(id)
        }
    }

    @Test func `lookups and lists use an index`() async throws {
        let database = try await SQLiteDatabase.open(at: .memory)
        func plan(_ sql: String) async throws -> String {
            try await database.perform { connection throws(StreamError) in
                try connection.rows("EXPLAIN QUERY PLAN \(sql)") { row throws(StreamError) in row.text(3) }
                    .joined(separator: "; ")
            }
        }
        #expect(try await plan("SELECT * FROM stream_keys WHERE digest = x'00'").contains("SEARCH"))
        #expect(try await plan("SELECT * FROM stream_keys WHERE stream_id = '' ORDER BY id DESC").contains("SEARCH"))
        let byState = try await plan("SELECT * FROM streams WHERE state IN ('active') ORDER BY id DESC LIMIT 9")
        #expect(byState.contains("streams_by_state") && !byState.contains("TEMP B-TREE"))
        let byID = try await plan("SELECT * FROM streams WHERE (NULL IS NULL OR id < NULL) ORDER BY id DESC LIMIT 9")
        #expect(!byID.contains("TEMP B-TREE"))
    }

    @Test func `pages of sessions, what is forgotten and measurements use an index`() async throws {
        let database = try await SQLiteDatabase.open(at: .memory)
        func plan(_ sql: String) async throws -> String {
            try await database.perform { connection throws(StreamError) in
                try connection.rows("EXPLAIN QUERY PLAN \(sql)") { row throws(StreamError) in row.text(3) }
                    .joined(separator: "; ")
            }
        }
        let page = "SELECT * FROM viewer_sessions WHERE stream_id = '' AND (started_at, id) < (9, '')"
        let order = "ORDER BY started_at DESC, id DESC LIMIT 9"
        let all = try await plan("\(page) \(order)")
        #expect(all.contains("SEARCH") && all.contains("viewer_sessions_by_stream") && !all.contains("TEMP B-TREE"))
        let open = try await plan("\(page) AND ended_at IS NULL \(order)")
        #expect(open.contains("SEARCH") && !open.contains("TEMP B-TREE"))
        let silent = try await plan("SELECT id FROM viewer_sessions WHERE ended_at IS NULL AND last_seen_at < 9")
        #expect(silent.contains("viewer_sessions_open"))
        let old = try await plan("SELECT id FROM viewer_sessions WHERE started_at < 9 AND last_seen_at < 9 LIMIT 9")
        #expect(old.contains("viewer_sessions_by_start"))
        let span = "FROM stream_metrics WHERE stream_id = '' AND measured_at >= 1 AND measured_at < 9"
        #expect(try await plan("SELECT max(measured_at) \(span)").contains("SEARCH"))
    }
}

/// The words of a database error; empty for anything else.
func reason(_ failure: StreamError?) -> String {
    guard case .database(let reason) = failure else { return "" }
    return reason
}
