import StreamingCore

extension SQLiteConnection {
    /// Applies the migrations that the database has not seen, all or none.
    ///
    /// It is one transaction that holds the write lock from its first read on, so of several processes that start at
    /// once one does the work and the others, waiting for the lock, find it done.
    func migrate(to known: [Migration]) throws(StreamError) {
        try transaction { () throws(StreamError) in
            try runScript(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    version INTEGER PRIMARY KEY NOT NULL,
                    name TEXT NOT NULL,
                    checksum TEXT NOT NULL,
                    applied_at INTEGER NOT NULL
                ) STRICT
                """)
            let applied = try rows("SELECT version, name, checksum FROM schema_migrations ORDER BY version") {
                row throws(StreamError) in
                MigrationPlan.Record(version: Int(row.integer(0)), name: row.text(1), checksum: row.text(2))
            }
            for migration in try pending(of: known, applied: applied) { try apply(migration) }
        }
    }

    private func pending(
        of known: [Migration], applied: [MigrationPlan.Record]
    ) throws(StreamError) -> [Migration] {
        do throws(MigrationPlan.Mismatch) {
            return try MigrationPlan(known: known, applied: applied).pending
        } catch {
            throw .database(reason: error.description)
        }
    }

    private func apply(_ migration: Migration) throws(StreamError) {
        try runScript(migration.sql)
        try run(
            """
            INSERT INTO schema_migrations (version, name, checksum, applied_at)
            VALUES (?1, ?2, ?3, unixepoch() * 1000)
            """,
            [.integer(Int64(migration.version)), .text(migration.name), .text(migration.checksum)])
    }
}
