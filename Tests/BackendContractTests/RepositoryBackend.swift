import FoundationEssentials
import PostgresBackend
import SQLiteBackend
import StreamingCore
import TestKit
import Testing

/// An implementation of the repositories that the contracts are run on. A new one is one more line in `all`.
struct RepositoryBackend: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Opens an empty database.
    let open: @Sendable () async throws -> Repositories

    static let all = [
        RepositoryBackend(testDescription: "SQLite in memory") {
            Repositories(try await SQLiteDatabase.open(at: .memory))
        },
        RepositoryBackend(testDescription: "SQLite file") {
            let folder = try TemporaryDirectory()
            let database = try await SQLiteDatabase.open(at: .file(folder.url.path + "/sluice.db"))
            return Repositories(database, keeping: folder)
        },
        RepositoryBackend(testDescription: "PostgreSQL") {
            let server = try await PostgresServer.shared.value
            let schema = try await server.makeSchema()
            let database = try PostgresDatabase(
                url: Secret(server.url(schema: schema)), logger: Logger(service: "test", level: .error))
            _ = try await database.migrate()
            let repositories = Repositories(
                streams: PostgresStreamRepository(database), keys: PostgresStreamKeyRepository(database),
                qualityLevels: PostgresQualityLevelRepository(database),
                sessions: PostgresViewerSessionRepository(database),
                metrics: PostgresStreamMetricsRepository(database),
                retention: PostgresAudienceRetention(database))
            _ = try await repositories.retention.maintain(at: .noon)
            return repositories
        },
    ]
}

/// All repositories over one database, and what makes test data.
struct Repositories: Sendable {
    let streams: any StreamRepository
    let keys: any StreamKeyRepository
    let qualityLevels: any QualityLevelRepository
    let sessions: any ViewerSessionRepository
    let metrics: any StreamMetricsRepository
    let retention: any AudienceRetention
    /// What must live as long as the database, for example its folder.
    private let owned: (any Sendable)?

    init(
        streams: any StreamRepository, keys: any StreamKeyRepository, qualityLevels: any QualityLevelRepository,
        sessions: any ViewerSessionRepository, metrics: any StreamMetricsRepository,
        retention: any AudienceRetention, keeping owned: (any Sendable)? = nil
    ) {
        self.streams = streams
        self.keys = keys
        self.qualityLevels = qualityLevels
        self.sessions = sessions
        self.metrics = metrics
        self.retention = retention
        self.owned = owned
    }

    init(_ database: SQLiteDatabase, keeping owned: (any Sendable)? = nil) {
        self.init(
            streams: SQLiteStreamRepository(database), keys: SQLiteStreamKeyRepository(database),
            qualityLevels: SQLiteQualityLevelRepository(database), sessions: SQLiteViewerSessionRepository(database),
            metrics: SQLiteStreamMetricsRepository(database), retention: SQLiteAudienceRetention(database),
            keeping: owned)
    }

    /// Stores a stream with a key and returns both.
    @discardableResult
    func makeStream(
        _ title: String = "a stream", at time: WallTime = .noon
    ) async throws -> (stream: Stream, key: StreamKey) {
        let stream = Stream(id: StreamID(at: time), title: title, createdAt: time)
        let key = StreamKey.make(for: stream.id, at: time)
        try await streams.create(stream, key: key)
        return (stream, key)
    }
}

extension StreamKey {
    static func make(for stream: StreamID, at time: WallTime = .noon) -> StreamKey {
        StreamKey(id: UUIDv7(at: time), streamID: stream, digest: digest(of: makeText()), createdAt: time)
    }
}

extension WallTime {
    /// 2026-11-23T12:00:00Z, when all tests take place.
    static let noon = WallTime(unixMilliseconds: 1_795_435_200_000)
}
