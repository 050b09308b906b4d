public import StreamingCore

/// A PostgreSQL database that several processes share, behind a pool of connections.
///
/// Nothing is opened before it is needed. Calls wait for a server that is away, for a bounded time, and then fail with
/// the reason; when it is back, they succeed. A call whose connection was lost is repeated where doing it twice does no
/// harm.
public final class PostgresDatabase: Sendable {
    private let pool: PostgresPool
    private let target: PostgresTarget
    private let logger: Logger

    /// Reads the URL and connects to nothing.
    ///
    /// - Parameters:
    ///   - url: `postgres://user:password@host:port/database?sslmode=verify-full`, with what else libpq knows.
    ///   - logger: Is told when the database cannot be reached, and when it can be again.
    /// - Throws: ``StreamError/invalidValue(field:reason:)`` when the URL is none; the reason does not repeat it.
    public init(
        url: Secret, settings: PostgresSettings = PostgresSettings(), metrics: DatabaseMetrics = DatabaseMetrics(),
        logger: Logger
    ) throws(StreamError) {
        precondition(PostgresSettings.connectionsRange.contains(settings.connectionsMax), "connections have a range")
        self.logger = logger
        target = try PostgresTarget(url: url)
        pool = PostgresPool(target, settings, metrics: metrics, logger: logger)
    }

    deinit { pool.close() }

    /// Where the database is, without user and password: `db.example:5432/sluice`.
    public var address: String { target.address }

    /// How busy the connections are.
    public var occupancy: PostgresOccupancy { pool.occupancy }

    /// Checks that the database answers and has the schema of this program.
    public func check() async throws(StreamError) {
        try await perform { connection throws(PostgresFailure) in
            let isEmpty = try connection.rows("SELECT to_regclass('schema_migrations') IS NULL") {
                row throws(PostgresFailure) in try row.boolean(0)
            }
            let pending = isEmpty == [true] ? Migration.all : try connection.pendingMigrations(of: Migration.all)
            guard let missing = pending.first else { return }
            throw .unexpected("migration \(missing.name) is missing: run sluice migrate")
        }
    }

    /// Brings the schema up to date. Any number of processes may do this at once: one does the work, and the others
    /// find it done.
    ///
    /// - Returns: The names of the migrations that this call applied, in order.
    /// - Throws: ``StreamError/database(reason:)`` when the database was written by a newer version, too.
    public func migrate() async throws(StreamError) -> [String] {
        try await migrate(to: Migration.all)
    }

    func migrate(to known: [Migration]) async throws(StreamError) -> [String] {
        // With a connection of its own, because the others give up on what takes long.
        let pool = PostgresPool(target, .migrating, logger: logger)
        defer { pool.close() }
        return try await pool.run(isRepeatable: true) { connection throws(PostgresFailure) in
            try connection.migrate(to: known)
        }
    }

    /// Runs `body`, whose statements need no transaction together: a single one, or a batch.
    ///
    /// - Parameter isRepeatable: Whether doing it twice has no other effect than doing it once.
    func perform<Value: Sendable>(
        isRepeatable: Bool = true,
        _ body: @escaping @Sendable (PostgresConnection) throws(PostgresFailure) -> Value
    ) async throws(StreamError) -> Value {
        try await pool.run(isRepeatable: isRepeatable, body)
    }

    /// Runs `body` in a transaction.
    func transaction<Value: Sendable>(
        isRepeatable: Bool = true,
        _ body: @escaping @Sendable (PostgresConnection) throws(PostgresFailure) -> Value
    ) async throws(StreamError) -> Value {
        try await pool.run(isRepeatable: isRepeatable) { connection throws(PostgresFailure) in
            try connection.transaction { () throws(PostgresFailure) in try body(connection) }
        }
    }
}

/// How busy the connections of a process are.
public struct PostgresOccupancy: Sendable, Equatable {
    /// Those that are open or about to be.
    public let connections: Int
    /// Those that somebody uses or connects.
    public let busy: Int
    /// Calls that wait for one.
    public let waiting: Int
}
