internal import CPostgres
internal import Glibc

/// A statement with its parameters from `$1` on.
struct PostgresStatement: Sendable {
    let sql: String
    let values: [PostgresValue]

    /// - Parameter sql: One statement; a constant, because it is kept prepared.
    init(_ sql: String, _ values: [PostgresValue] = []) {
        self.sql = sql
        self.values = values
    }
}

extension PostgresConnection {
    /// Statements that are kept prepared, at most; more texts than that can only be texts that are no constants.
    private static let statementsMax = 256
    /// Statements of one ``batch(_:)``, at most.
    static let batchStatementsMax = 1_000
    /// How long an encrypted connection waits for its socket before it looks into TLS itself.
    private static let recheckMilliseconds: Int64 = 50

    /// Runs a statement and reads all its rows.
    func rows<Value>(
        _ sql: String, _ values: [PostgresValue] = [], _ read: (PostgresRow) throws(PostgresFailure) -> Value
    ) throws(PostgresFailure) -> [Value] {
        let result = try answer(to: PostgresStatement(sql, values))
        var found: [Value] = []
        for row in 0..<result.rowCount { found.append(try read(PostgresRow(result: result, row: row))) }
        return found
    }

    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [PostgresValue] = []) throws(PostgresFailure) -> Int {
        try answer(to: PostgresStatement(sql, values)).changedRowCount
    }

    /// Runs statements in one transaction and one exchange with the server: all are sent before the first answer.
    ///
    /// - Returns: How many rows each changed.
    @discardableResult
    func batch(_ statements: [PostgresStatement]) throws(PostgresFailure) -> [Int] {
        precondition(statements.count <= Self.batchStatementsMax, "a batch is bounded")
        for statement in statements { try prepare(statement) }
        guard unsafe PQenterPipelineMode(handle) == 1 else { throw breaking(.disconnected(reason: reason)) }
        for statement in statements { try send(statement) }
        guard unsafe PQpipelineSync(handle) == 1 else { throw breaking(.interrupted(reason: reason)) }
        let deadline = answerDeadline
        try flush(until: deadline)
        var counts: [Int] = []
        var refusal: PostgresFailure?
        for _ in statements {
            // What follows a refused statement is answered as not done.
            guard let result = try nextResult(until: deadline) else { throw lostCount() }
            counts.append(result.changedRowCount)
            if result.status == PGRES_FATAL_ERROR { refusal = refusal ?? self.refusal(in: result) }
            guard try nextResult(until: deadline) == nil else { throw lostCount() }
        }
        // Refused here is what is checked when the transaction ends.
        while let result = try nextResult(until: deadline), result.status != PGRES_PIPELINE_SYNC {
            guard result.status == PGRES_FATAL_ERROR else { throw lostCount() }
            refusal = refusal ?? self.refusal(in: result)
        }
        guard unsafe PQstatus(handle) == CONNECTION_OK, unsafe PQexitPipelineMode(handle) == 1 else {
            throw breaking(.interrupted(reason: reason))
        }
        if let refusal { throw refusal }
        return counts
    }

    /// Runs `body` so that all its changes are kept, or none when it throws.
    func transaction<Value>(_ body: () throws(PostgresFailure) -> Value) throws(PostgresFailure) -> Value {
        let value: Value
        do throws(PostgresFailure) {
            try run("BEGIN")
            value = try body()
        } catch {
            rollBack()
            // Whatever happened to the connection: what is not committed is undone.
            throw error.withoutEffect
        }
        do throws(PostgresFailure) {
            try run("COMMIT")
        } catch {
            rollBack()
            throw error
        }
        return value
    }

    /// Undoes the open transaction. When that fails too, the connection is not used again and the server undoes it.
    private func rollBack() {
        guard !isBroken, unsafe PQtransactionStatus(handle) != PQTRANS_IDLE else { return }
        do throws(PostgresFailure) { try run("ROLLBACK") } catch { _ = breaking(error) }
    }

    /// Runs SQL of any number of statements without parameters or results.
    ///
    /// - Parameter sql: A constant.
    func runScript(_ sql: String) throws(PostgresFailure) {
        guard unsafe PQsendQuery(handle, sql) == 1 else { throw breaking(.interrupted(reason: reason)) }
        _ = try soleAnswer()
    }

    private var answerDeadline: ContinuousClock.Instant {
        ContinuousClock.now + .milliseconds(settings.answerMilliseconds)
    }

    private func answer(to statement: PostgresStatement) throws(PostgresFailure) -> PostgresResult {
        try prepare(statement)
        try send(statement)
        return try soleAnswer()
    }

    /// Has the server parse the statement, unless this connection had it do so before.
    private func prepare(_ statement: PostgresStatement) throws(PostgresFailure) {
        guard statements[statement.sql] == nil else { return }
        precondition(statements.count < Self.statementsMax, "statements are constants, which bounds their number")
        let name = "sluice_\(statements.count)"
        let types = statement.values.map(\.typeNumber)
        let code = unsafe PQsendPrepare(handle, name, statement.sql, Int32(types.count), types)
        guard code == 1 else { throw breaking(.disconnected(reason: reason)) }
        do throws(PostgresFailure) { _ = try soleAnswer() } catch { throw error.withoutEffect }
        statements[statement.sql] = name
    }

    /// Hands a prepared statement to libpq, which may send it later.
    private func send(_ statement: PostgresStatement) throws(PostgresFailure) {
        guard let name = statements[statement.sql] else {
            preconditionFailure("a statement is prepared before it is sent")
        }
        var buffer: [UInt8] = []
        // Where each value begins and how long it is; `nil` for NULL.
        var places: [Range<Int>?] = []
        for value in statement.values {
            let start = buffer.count
            places.append(value.append(to: &buffer) ? start..<buffer.count : nil)
        }
        // A value without bytes still needs an address: a null pointer is NULL.
        buffer.append(0)
        let code = unsafe buffer.withUnsafeBytes { memory in
            let characters = unsafe memory.assumingMemoryBound(to: CChar.self)
            let addresses = unsafe places.map { place -> UnsafePointer<CChar>? in
                guard let place, let start = characters.baseAddress else { return nil }
                return unsafe start + place.lowerBound
            }
            return unsafe PQsendQueryPrepared(
                handle, name, Int32(places.count), addresses, places.map { Int32($0?.count ?? 0) },
                places.map { _ in 1 }, 1)
        }
        guard code == 1 else { throw breaking(.interrupted(reason: reason)) }
    }

    /// Waits for the answer to the one statement that was sent.
    private func soleAnswer() throws(PostgresFailure) -> PostgresResult {
        let deadline = answerDeadline
        try flush(until: deadline)
        var answer: PostgresResult?
        var refusal: PostgresFailure?
        // Read to the end: what is checked when the transaction ends is refused behind the answer.
        while let result = try nextResult(until: deadline) {
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: answer = result
            case PGRES_FATAL_ERROR: refusal = refusal ?? self.refusal(in: result)
            default: throw lostCount()
            }
        }
        guard unsafe PQstatus(handle) == CONNECTION_OK else {
            throw breaking(refusal ?? .interrupted(reason: reason))
        }
        if let refusal { throw refusal }
        guard let answer else { throw lostCount() }
        return answer
    }

    /// Sends what libpq still holds, and takes meanwhile what comes, because a server that cannot get rid of its
    /// answers stops reading.
    private func flush(until deadline: ContinuousClock.Instant) throws(PostgresFailure) {
        while true {
            let code = unsafe PQflush(handle)
            guard code >= 0 else { throw breaking(.interrupted(reason: reason)) }
            guard code == 1 else { return }
            let events = try wait(
                for: POLLIN | POLLOUT, until: deadline, orGiveUpAfter: settings.answerMilliseconds)
            if events & POLLIN != 0 { try takeInput() }
        }
    }

    /// - Returns: `nil` at the end of a statement's results.
    private func nextResult(until deadline: ContinuousClock.Instant) throws(PostgresFailure) -> PostgresResult? {
        // What TLS has decrypted and libpq had no room for does not make the socket readable again. A server's records
        // are too small for that; those of a proxy need not be.
        let recheck = unsafe PQsslInUse(handle) == 1 ? Self.recheckMilliseconds : .max
        while unsafe PQisBusy(handle) == 1 {
            _ = try wait(
                for: POLLIN, until: deadline, orGiveUpAfter: settings.answerMilliseconds, recheckMilliseconds: recheck)
            try takeInput()
        }
        guard let pointer = unsafe PQgetResult(handle) else { return nil }
        return unsafe PostgresResult(owning: pointer)
    }

    private func takeInput() throws(PostgresFailure) {
        guard unsafe PQconsumeInput(handle) == 1 else { throw breaking(.interrupted(reason: reason)) }
    }

    /// A refusal; one that ended the connection says nothing about what was done.
    private func refusal(in result: PostgresResult) -> PostgresFailure {
        let refusal = result.refusal
        guard unsafe PQstatus(handle) == CONNECTION_OK else {
            guard case .refused(let sqlState, let message) = refusal else { return breaking(refusal) }
            return breaking(.interrupted(reason: "\(message) (\(sqlState))"))
        }
        if case .interrupted = refusal { return breaking(refusal) }
        return refusal
    }

    /// Answers and statements no longer go together: nobody can say what this connection is at.
    private func lostCount() -> PostgresFailure {
        breaking(.interrupted(reason: "the answers do not fit the statements"))
    }
}
