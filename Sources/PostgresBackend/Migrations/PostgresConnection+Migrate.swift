import StreamingCore

extension PostgresSettings {
    /// For the connection that changes the schema: a step may rewrite a table, and others may be at it before.
    static var migrating: PostgresSettings {
        var settings = PostgresSettings()
        settings.connectionsMax = 1
        // Databases are often started together with what uses them.
        settings.waitMilliseconds = 30_000
        settings.statementMilliseconds = 600_000
        settings.lockMilliseconds = 600_000
        return settings
    }
}

extension PostgresConnection {
    /// The key of the advisory lock that whoever changes the schema holds: "sluice" in ASCII, and 1.
    private static let migrationLock: Int64 = 0x73_6C75_6963_6501

    /// Applies the migrations that the database has not seen, all or none.
    ///
    /// It is one transaction that holds an advisory lock from its first statement on, so of several processes that
    /// start at once one does the work and the others, waiting for the lock, find it done. The lock goes with the
    /// transaction, also when the process dies.
    ///
    /// - Returns: Their names.
    func migrate(to known: [Migration]) throws(PostgresFailure) -> [String] {
        try transaction { () throws(PostgresFailure) in
            _ = try rows("SELECT pg_advisory_xact_lock($1)", [.integer(Self.migrationLock)]) {
                _ throws(PostgresFailure) in true
            }
            try runScript(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    version bigint PRIMARY KEY,
                    name text NOT NULL,
                    checksum text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                )
                """)
            let pending = try pendingMigrations(of: known)
            for migration in pending { try apply(migration) }
            return pending.map(\.name)
        }
    }

    /// Those of the known steps that the database has not seen; its table of steps must be there.
    func pendingMigrations(of known: [Migration]) throws(PostgresFailure) -> [Migration] {
        let applied = try appliedMigrations()
        do throws(MigrationPlan.Mismatch) {
            return try MigrationPlan(known: known, applied: applied).pending
        } catch {
            throw .unexpected(error.description)
        }
    }

    /// What the database says was done to it, by version.
    private func appliedMigrations() throws(PostgresFailure) -> [MigrationPlan.Record] {
        try rows("SELECT version, name, checksum FROM schema_migrations ORDER BY version") {
            row throws(PostgresFailure) in
            MigrationPlan.Record(version: Int(try row.integer(0)), name: row.text(1), checksum: row.text(2))
        }
    }

    private func apply(_ migration: Migration) throws(PostgresFailure) {
        try runScript(migration.sql)
        try run(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
            [.integer(Int64(migration.version)), .text(migration.name), .text(migration.checksum)])
    }
}
