/// What must be done to a database, from what it says was done.
public struct MigrationPlan: Sendable {
    /// A line of the table `schema_migrations`.
    public struct Record: Sendable, Equatable {
        public let version: Int
        public let name: String
        public let checksum: String

        public init(version: Int, name: String, checksum: String) {
            self.version = version
            self.name = name
            self.checksum = checksum
        }
    }

    /// Why a database and the known steps do not go together.
    public enum Mismatch: Error, Equatable {
        /// The database has a step that this binary does not know.
        case newer(name: String, newestKnown: String?)
        /// A step was left out.
        case missing(name: String, below: String)
        /// A step was applied with another SQL.
        case changed(name: String, checksum: String, expected: String)
    }

    /// The steps to take, in order.
    public let pending: [Migration]

    /// - Parameters:
    ///   - known: The steps of this binary, from version 1 on.
    ///   - applied: What the database recorded, by version.
    /// - Throws: A ``Mismatch`` when the database is newer than the binary, or is not what the known steps make.
    public init(known: [Migration], applied: [Record]) throws(Mismatch) {
        for (index, record) in applied.enumerated() {
            guard index < known.count else { throw .newer(name: record.name, newestKnown: known.last?.name) }
            let migration = known[index]
            guard record.version == migration.version else {
                throw .missing(name: migration.name, below: record.name)
            }
            guard record.checksum == migration.checksum else {
                throw .changed(name: migration.name, checksum: record.checksum, expected: migration.checksum)
            }
        }
        pending = Array(known.dropFirst(applied.count))
    }
}

extension MigrationPlan.Mismatch: CustomStringConvertible {
    /// A sentence for whoever starts the program.
    public var description: String {
        switch self {
        case .newer(let name, let newestKnown):
            "the schema is newer than this program: it has migration \(name), "
                + "the newest known here is \(newestKnown ?? "none"); start the newer version"
        case .missing(let name, let below): "migration \(name) is missing below \(below)"
        case .changed(let name, let checksum, let expected):
            "migration \(name) was applied with other contents than this program has: "
                + "checksum \(checksum), expected \(expected)"
        }
    }
}
