/// What must be done to a database, from what it says was done.
struct MigrationPlan {
    /// A line of the table `schema_migrations`.
    struct Record: Equatable {
        let version: Int
        let name: String
        let checksum: String
    }

    /// The steps to take, in order.
    let pending: [Migration]

    /// - Parameters:
    ///   - known: The steps of this binary, from version 1 on.
    ///   - applied: What the database recorded, by version.
    /// - Throws: ``PostgresFailure/unexpected(_:)`` when the database is newer than the binary, or is not what the
    ///   known steps make.
    init(known: [Migration], applied: [Record]) throws(PostgresFailure) {
        for (index, record) in applied.enumerated() {
            guard index < known.count else {
                throw .unexpected(
                    "the schema is newer than this program: it has migration \(record.name), "
                        + "the newest known here is \(known.last?.name ?? "none"); start the newer version")
            }
            let migration = known[index]
            guard record.version == migration.version else {
                throw .unexpected("migration \(migration.name) is missing below \(record.name)")
            }
            guard record.checksum == migration.checksum else {
                throw .unexpected(
                    "migration \(record.name) was applied with other contents than this program has: "
                        + "checksum \(record.checksum), expected \(migration.checksum)")
            }
        }
        pending = Array(known.dropFirst(applied.count))
    }
}
