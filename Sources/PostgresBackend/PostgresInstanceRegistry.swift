public import StreamingCore

/// Which ingest instances are alive: each says so again and again, and the database remembers when by its own clock, so
/// that clocks of machines need not agree.
public struct PostgresInstanceRegistry: Sendable {
    /// How long an instance may be silent before its broadcasts are others' to end.
    public static let patienceMilliseconds = 15_000
    /// How often an instance is to say that it is there, so that four heartbeats may be lost.
    public static let heartbeatMilliseconds = 3_000

    private let database: PostgresDatabase

    public init(_ database: PostgresDatabase) { self.database = database }

    /// Says that an instance is alive.
    ///
    /// - Parameter instance: Its name, another one for every start of a process: one that restarted answers for nothing
    ///   that it had before.
    public func heartbeat(_ instance: String) async throws(StreamError) {
        _ = try await database.perform { connection throws(PostgresFailure) in
            try connection.run(
                """
                INSERT INTO ingest_instances (id, started_at, seen_at)
                VALUES ($1, clock_timestamp(), clock_timestamp())
                ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
                """, [.text(instance)])
        }
    }

    /// Says that an instance has ended; what it still had on air is abandoned from now on.
    public func remove(_ instance: String) async throws(StreamError) {
        _ = try await database.perform { connection throws(PostgresFailure) in
            try connection.run("DELETE FROM ingest_instances WHERE id = $1", [.text(instance)])
        }
    }

    /// Says that an instance has ended, and answers for what it still had on air for a time to come: until then nobody
    /// ends that as abandoned, so that an encoder can go on with it elsewhere.
    ///
    /// - Parameters:
    ///   - grace: For how long, in milliseconds, however long others may be silent.
    ///   - patience: How long instances may be silent, in milliseconds, as others have it.
    public func leave(
        _ instance: String, graceMilliseconds grace: Int, patienceMilliseconds patience: Int
    ) async throws(StreamError) {
        let hasBroadcasts = try await database.perform { connection throws(PostgresFailure) in
            // As if it had been heard of so late that it counts as silent when the time is over.
            try connection.run(
                """
                UPDATE ingest_instances SET seen_at = clock_timestamp() + $2 * interval '1 millisecond'
                WHERE id = $1
                    AND EXISTS (SELECT FROM streams WHERE owner = $1 AND state IN ('active', 'reconnecting'))
                """, [.text(instance), .integer(Int64(grace - patience))]) > 0
        }
        if !hasBroadcasts { try await remove(instance) }
    }

    /// The instances that were heard of within a time, in the order of their names.
    public func living(withinMilliseconds silence: Int = patienceMilliseconds) async throws(StreamError) -> [String] {
        try await database.perform { connection throws(PostgresFailure) in
            try connection.rows(
                """
                SELECT id FROM ingest_instances WHERE seen_at >= clock_timestamp() - $1 * interval '1 millisecond'
                ORDER BY id
                """, [.integer(Int64(silence))]
            ) { row throws(PostgresFailure) in row.text(0) }
        }
    }

    /// Forgets instances that have been silent for so long that nobody will ask about them.
    ///
    /// - Returns: How many.
    @discardableResult
    public func forget(silentForMilliseconds silence: Int) async throws(StreamError) -> Int {
        try await database.perform { connection throws(PostgresFailure) in
            try connection.run(
                "DELETE FROM ingest_instances WHERE seen_at < clock_timestamp() - $1 * interval '1 millisecond'",
                [.integer(Int64(silence))])
        }
    }
}
