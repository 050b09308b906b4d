import CSQLite
import StreamingCore

/// An open database, for one thread at a time, with every statement prepared once.
///
/// Unsafe code: the handle is valid from `init` to `deinit` and never leaves the object.
@safe final class SQLiteConnection {
    private let handle: OpaquePointer
    /// By their text. The texts are constants of this module, which bounds their number.
    private var statements: [String: SQLiteStatement] = [:]

    /// How long a call waits for another process's lock before it fails.
    static let lockWaitMilliseconds: Int32 = 5_000

    /// Opens the file, which must be there, or memory of its own.
    ///
    /// - Parameter name: A path, or `:memory:`.
    init(opening name: String) throws(StreamError) {
        var opened: OpaquePointer?
        // No lock inside SQLite: the actor that owns this connection lets in one thread at a time.
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(name, &opened, flags, nil)
        guard let handle = unsafe opened else { throw .database(reason: "\(name) cannot be opened: out of memory") }
        guard code == SQLITE_OK else {
            let reason = unsafe String(cString: sqlite3_errmsg(handle))
            unsafe sqlite3_close_v2(handle)
            throw .database(reason: "\(name) cannot be opened: \(reason) (SQLite code \(code))")
        }
        unsafe self.handle = handle
        unsafe sqlite3_busy_timeout(handle, Self.lockWaitMilliseconds)
    }

    deinit {
        statements = [:]
        unsafe sqlite3_close_v2(handle)
    }

    /// Runs SQL without parameters or results; several statements may follow each other.
    func runScript(_ sql: String) throws(StreamError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, sql) }
    }

    /// Runs a statement and reads all its rows.
    ///
    /// - Parameters:
    ///   - sql: One statement; a constant, because it is kept prepared.
    ///   - values: Its parameters from `?1` on.
    func rows<Value>(
        _ sql: String, _ values: [SQLiteValue] = [], _ read: (SQLiteRow) throws(StreamError) -> Value
    ) throws(StreamError) -> [Value] {
        let statement = try prepared(sql)
        defer { statement.reset() }
        let bound = statement.bind(values)
        guard bound == SQLITE_OK else { throw failure(bound, sql) }
        var found: [Value] = []
        while true {
            let code = statement.step()
            switch code {
            case SQLITE_ROW: found.append(try read(SQLiteRow(statement: statement)))
            case SQLITE_DONE: return found
            default: throw failure(code, sql)
            }
        }
    }

    /// Runs a statement that has no rows and returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [SQLiteValue] = []) throws(StreamError) -> Int {
        let unexpected = try rows(sql, values) { _ throws(StreamError) in true }
        precondition(unexpected.isEmpty, "a statement with rows was run for its changes")
        return unsafe Int(sqlite3_changes64(handle))
    }

    /// Runs `body` so that all its changes are kept, or none when it throws.
    ///
    /// The write lock is taken at the start, so that what `body` reads still holds when it writes.
    func transaction<Value>(_ body: () throws(StreamError) -> Value) throws(StreamError) -> Value {
        try run("BEGIN IMMEDIATE")
        do {
            let value = try body()
            try run("COMMIT")
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    /// Undoes the open transaction, if SQLite has not done so itself, as it does when the disk is full.
    private func rollBack() {
        guard unsafe sqlite3_get_autocommit(handle) == 0 else { return }
        // The error that led here is the one that the caller needs; a rollback fails only after such an error.
        unsafe sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
    }

    private func prepared(_ sql: String) throws(StreamError) -> SQLiteStatement {
        if let statement = statements[sql] { return statement }
        var pointer: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard code == SQLITE_OK, let pointer = unsafe pointer else { throw failure(code, sql) }
        let statement = unsafe SQLiteStatement(owning: pointer)
        statements[sql] = statement
        return statement
    }

    /// Whether the newest call failed because another connection holds a lock.
    var isLockedByAnother: Bool { unsafe sqlite3_errcode(handle) & 0xFF == SQLITE_BUSY }

    /// What went wrong, with SQLite's words. Those name tables and columns, never values.
    private func failure(_ code: Int32, _ sql: String) -> StreamError {
        let message = unsafe String(cString: sqlite3_errmsg(handle))
        let action = sql.prefix { $0 != " " && $0 != "\n" }
        return .database(reason: "\(action) failed: \(message) (SQLite code \(code))")
    }
}
