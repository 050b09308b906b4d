public import Bytes
public import StreamingCore

/// Stream keys in the embedded database.
public struct SQLiteStreamKeyRepository: StreamKeyRepository {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    public func create(_ key: StreamKey) async throws(StreamError) {
        try await database.transaction { connection throws(StreamError) in
            let found = try connection.rows(
                """
                SELECT (SELECT count(*) FROM stream_keys WHERE stream_id = streams.id AND revoked_at IS NULL)
                FROM streams WHERE id = ?1
                """,
                [.id(key.streamID)]
            ) { row throws(StreamError) in row.integer(0) }
            guard let activeKeys = found.first else { throw .noStream(key.streamID) }
            guard activeKeys < StreamKeyLimits.activeKeysMax else {
                throw .overloaded(what: "\(StreamKeyLimits.activeKeysMax) keys of a stream that are not revoked")
            }
            try connection.insert(key)
        }
    }

    public func validate(digest: Bytes) async throws(StreamError) -> StreamKey {
        let found = try await database.perform { connection throws(StreamError) in
            try connection.rows(
                "SELECT \(StreamKey.columns) FROM stream_keys WHERE digest = ?1", [.blob(digest)], StreamKey.init(row:))
        }
        guard let key = found.first else { throw .invalidKey }
        guard key.revokedAt == nil else { throw .revokedKey }
        return key
    }

    public func list(of stream: StreamID) async throws(StreamError) -> [StreamKey] {
        try await database.perform { connection throws(StreamError) in
            try connection.rows(
                "SELECT \(StreamKey.columns) FROM stream_keys WHERE stream_id = ?1 ORDER BY id DESC", [.id(stream)],
                StreamKey.init(row:))
        }
    }

    public func revoke(_ id: UUIDv7, of stream: StreamID, at time: WallTime) async throws(StreamError) {
        let changes = try await database.transaction { connection throws(StreamError) in
            try connection.run(
                "UPDATE stream_keys SET revoked_at = coalesce(revoked_at, ?3) WHERE id = ?1 AND stream_id = ?2",
                [.id(id), .id(stream), .time(time)])
        }
        guard changes > 0 else { throw .notFound(what: "key \(id)") }
    }
}

extension StreamKey {
    /// What ``init(row:)`` expects.
    static let columns = "id, stream_id, digest, created_at, revoked_at"

    init(row: SQLiteRow) throws(StreamError) {
        self.init(
            id: try row.id(0), streamID: try row.id(1), digest: row.blob(2), createdAt: row.time(3),
            revokedAt: row.optionalTime(4))
    }
}

extension SQLiteConnection {
    /// Stores a key; the caller has a transaction open.
    func insert(_ key: StreamKey) throws(StreamError) {
        try run(
            "INSERT INTO stream_keys (id, stream_id, digest, created_at, revoked_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            [.id(key.id), .id(key.streamID), .blob(key.digest), .time(key.createdAt), .time(key.revokedAt)])
    }
}
