public import Bytes
public import StreamingCore

/// Stream keys in the database that all processes share.
public struct PostgresStreamKeyRepository: StreamKeyRepository {
    private let database: PostgresDatabase

    public init(_ database: PostgresDatabase) { self.database = database }

    public func create(_ key: StreamKey) async throws(StreamError) {
        let activeKeys = try await database.transaction(isRepeatable: false) {
            connection throws(PostgresFailure) -> Int64? in
            // The lock lets one key after the other be counted. It is a statement of its own, because a statement does
            // not see what was stored while it waited.
            let locked = try connection.rows("SELECT id FROM streams WHERE id = $1 FOR UPDATE", [.id(key.streamID)]) {
                row throws(PostgresFailure) in try row.id(0)
            }
            guard !locked.isEmpty else { return nil }
            let counts = try connection.rows(
                "SELECT count(*) FROM stream_keys WHERE stream_id = $1 AND revoked_at IS NULL", [.id(key.streamID)]
            ) { row throws(PostgresFailure) in try row.integer(0) }
            let count = counts.first ?? 0
            if count < StreamKeyLimits.activeKeysMax {
                let statement = PostgresStatement.insert(key)
                try connection.run(statement.sql, statement.values)
            }
            return count
        }
        guard let activeKeys else { throw .noStream(key.streamID) }
        guard activeKeys < StreamKeyLimits.activeKeysMax else {
            throw .overloaded(what: "\(StreamKeyLimits.activeKeysMax) keys of a stream that are not revoked")
        }
    }

    public func validate(digest: Bytes) async throws(StreamError) -> StreamKey {
        let found = try await database.perform { connection throws(PostgresFailure) in
            try connection.rows(
                "SELECT \(StreamKey.columns) FROM stream_keys WHERE digest = $1", [.bytes(digest)],
                StreamKey.init(row:))
        }
        guard let key = found.first else { throw .invalidKey }
        guard key.revokedAt == nil else { throw .revokedKey }
        return key
    }

    public func list(of stream: StreamID) async throws(StreamError) -> [StreamKey] {
        try await database.perform { connection throws(PostgresFailure) in
            try connection.rows(
                "SELECT \(StreamKey.columns) FROM stream_keys WHERE stream_id = $1 ORDER BY id DESC", [.id(stream)],
                StreamKey.init(row:))
        }
    }

    public func revoke(_ id: UUIDv7, of stream: StreamID, at time: WallTime) async throws(StreamError) {
        let changes = try await database.perform { connection throws(PostgresFailure) in
            try connection.run(
                "UPDATE stream_keys SET revoked_at = coalesce(revoked_at, $3) WHERE id = $1 AND stream_id = $2",
                [.id(id), .id(stream), .time(time)])
        }
        guard changes > 0 else { throw .notFound(what: "key \(id)") }
    }
}

extension StreamKey {
    /// What ``init(row:)`` expects.
    static let columns = "id, stream_id, digest, created_at, revoked_at"

    init(row: PostgresRow) throws(PostgresFailure) {
        self.init(
            id: try row.id(0), streamID: try row.id(1), digest: row.bytes(2), createdAt: try row.time(3),
            revokedAt: try row.optionalTime(4))
    }
}

extension PostgresStatement {
    /// Stores a key.
    static func insert(_ key: StreamKey) -> PostgresStatement {
        PostgresStatement(
            "INSERT INTO stream_keys (id, stream_id, digest, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5)",
            [.id(key.id), .id(key.streamID), .bytes(key.digest), .time(key.createdAt), .time(key.revokedAt)])
    }
}
