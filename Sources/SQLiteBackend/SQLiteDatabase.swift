import CSQLite
import Glibc
public import StreamingCore

/// Where a database lives.
public enum SQLiteLocation: Sendable, Equatable {
    /// In a file with this path, which is made, readable by its owner alone, when it is not there. Its folder must be.
    case file(String)
    /// In memory, gone with the object; for tests.
    case memory
}

/// The embedded database: one file, migrated when it is opened, behind one thread of its own.
///
/// Changes survive the end of the process at any point. After a power failure the newest few may be missing, because
/// the write-ahead log is not flushed with every change (`synchronous=NORMAL`); the file is never left inconsistent.
public actor SQLiteDatabase {
    private let executor: DedicatedThreadExecutor
    private let connection: SQLiteConnection
    private let metrics: DatabaseMetrics

    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Opens a database and brings its schema up to date.
    ///
    /// - Throws: ``StreamError/database(reason:)`` when the file cannot be used or was written by a newer version.
    public static func open(
        at location: SQLiteLocation, metrics: DatabaseMetrics = DatabaseMetrics()
    ) async throws(StreamError) -> SQLiteDatabase {
        try await open(at: location, migrations: Migration.all, metrics: metrics)
    }

    @concurrent
    static func open(
        at location: SQLiteLocation, migrations: [Migration], metrics: DatabaseMetrics = DatabaseMetrics()
    ) async throws(StreamError) -> SQLiteDatabase {
        let executor = DedicatedThreadExecutor()
        return try await withTaskExecutorPreference(executor) { () async throws(StreamError) in
            try SQLiteDatabase(location, migrations, executor, metrics)
        }
    }

    /// Blocks; runs on the executor's thread.
    private init(
        _ location: SQLiteLocation, _ migrations: [Migration], _ executor: DedicatedThreadExecutor,
        _ metrics: DatabaseMetrics
    ) throws(StreamError) {
        self.executor = executor
        self.metrics = metrics
        switch location {
        case .memory: connection = try SQLiteConnection(opening: ":memory:")
        case .file(let path):
            try Self.makeFile(path)
            connection = try SQLiteConnection(opening: path)
            try connection.useWriteAheadLog()
        }
        try connection.runScript("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF")
        try connection.migrate(to: migrations)
    }

    /// Closing may write the log back into the file: that too belongs on the database's thread.
    isolated deinit {}

    /// Checks that the database answers.
    public func check() throws(StreamError) {
        _ = try connection.rows("SELECT count(*) FROM schema_migrations") { row throws(StreamError) in row.integer(0) }
    }

    /// Runs `body` without a transaction, for single statements.
    func perform<Value: Sendable>(
        _ body: @Sendable (SQLiteConnection) throws(StreamError) -> Value
    ) throws(StreamError) -> Value {
        try measured { () throws(StreamError) in try body(connection) }
    }

    private func measured<Value>(_ call: () throws(StreamError) -> Value) throws(StreamError) -> Value {
        let stopwatch = Stopwatch()
        do throws(StreamError) {
            let value = try call()
            metrics.ended(stopwatch)
            return value
        } catch {
            metrics.ended(stopwatch, failure: error)
            throw error
        }
    }

    /// Runs `body` in a transaction.
    func transaction<Value: Sendable>(
        _ body: @Sendable (SQLiteConnection) throws(StreamError) -> Value
    ) throws(StreamError) -> Value {
        try measured { () throws(StreamError) in
            try connection.transaction { () throws(StreamError) in try body(connection) }
        }
    }

    /// Makes an empty file for its owner alone, if there is none; SQLite gives the files beside it the same mode.
    ///
    /// `mknod`, not `open`: closing a descriptor of the file would let go of all locks that another connection of this
    /// process has on it.
    private static func makeFile(_ path: String) throws(StreamError) {
        guard unsafe mknod(path, S_IFREG | 0o600, 0) == 0 || errno == EEXIST else {
            throw .database(reason: "\(path) cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
    }
}
