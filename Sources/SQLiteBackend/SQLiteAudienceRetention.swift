public import StreamingCore

/// Deletes sessions and measurements that are older than is kept.
public struct SQLiteAudienceRetention: AudienceRetention {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    public func maintain(at time: WallTime) async throws(StreamError) -> AudienceRetentionChanges {
        let oldest = time.adding(milliseconds: -Int64(AudienceLimits.daysKept) * 86_400_000)
        var changes = AudienceRetentionChanges()
        changes.sessions = try await deleteAll(
            """
            DELETE FROM viewer_sessions WHERE id IN (
                SELECT id FROM viewer_sessions WHERE started_at < ?1 AND last_seen_at < ?1 LIMIT ?2)
            """, [.time(oldest)])
        for stream in try await measuredStreams() {
            changes.measurements += try await deleteAll(
                """
                DELETE FROM stream_metrics WHERE stream_id = ?1 AND measured_at IN (
                    SELECT measured_at FROM stream_metrics WHERE stream_id = ?1 AND measured_at < ?2
                    ORDER BY measured_at LIMIT ?3)
                """, [.text(stream), .time(oldest)])
        }
        return changes
    }

    /// Runs a statement again and again until it finds less than its limit, which is its last parameter. In between
    /// others get their turn.
    private func deleteAll(_ sql: String, _ values: [SQLiteValue]) async throws(StreamError) -> Int {
        var deleted = 0
        while true {
            let changes = try await database.transaction { connection throws(StreamError) in
                try connection.run(sql, values + [.integer(Int64(AudienceLimits.rowsAtOnceMax))])
            }
            deleted += changes
            guard changes == AudienceLimits.rowsAtOnceMax, !Task.isCancelled else { return deleted }
        }
    }

    /// The streams that have measurements, also deleted ones. It goes from one to the next in the primary key, because
    /// `DISTINCT` would read all rows.
    private func measuredStreams() async throws(StreamError) -> [String] {
        try await database.perform { connection throws(StreamError) in
            try connection.rows(
                """
                WITH RECURSIVE measured (id) AS (
                    SELECT min(stream_id) FROM stream_metrics
                    UNION ALL
                    SELECT (SELECT min(stream_id) FROM stream_metrics WHERE stream_id > id) FROM measured
                    WHERE id IS NOT NULL
                )
                SELECT id FROM measured WHERE id IS NOT NULL
                """
            ) { row throws(StreamError) in row.text(0) }
        }
    }
}
