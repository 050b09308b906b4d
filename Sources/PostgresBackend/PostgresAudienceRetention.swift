public import StreamingCore

/// Makes the daily partitions of measurements, drops the oldest, and deletes old sessions.
public struct PostgresAudienceRetention: AudienceRetention {
    private let database: PostgresDatabase
    private let partitions: PostgresMetricsPartitions

    public init(_ database: PostgresDatabase) {
        self.database = database
        partitions = PostgresMetricsPartitions(database)
    }

    public func maintain(at time: WallTime) async throws(StreamError) -> AudienceRetentionChanges {
        let days = try await partitions.maintain(at: time, daysKept: AudienceLimits.daysKept)
        let sessions = try await deleteSessions(
            before: time.adding(milliseconds: -Int64(AudienceLimits.daysKept) * 86_400_000))
        return AudienceRetentionChanges(
            sessions: sessions, partitionsMade: days.made, partitionsDropped: days.dropped)
    }

    private func deleteSessions(before time: WallTime) async throws(StreamError) -> Int {
        var deleted = 0
        while true {
            // What another process deletes just now is left to it.
            let changes = try await database.perform { connection throws(PostgresFailure) in
                try connection.run(
                    """
                    DELETE FROM viewer_sessions WHERE id = ANY (ARRAY(
                        SELECT id FROM viewer_sessions WHERE started_at < $1 AND last_seen_at < $1
                        ORDER BY started_at LIMIT $2 FOR UPDATE SKIP LOCKED))
                    """, [.time(time), .integer(Int64(AudienceLimits.rowsAtOnceMax))])
            }
            deleted += changes
            guard changes == AudienceLimits.rowsAtOnceMax, !Task.isCancelled else { return deleted }
        }
    }
}
