import StreamingCore

/// What went wrong with a statement, and what that says about the data.
enum PostgresFailure: Error, Equatable {
    /// The server refused the statement; nothing was changed. `sqlState` is one of the codes of PostgreSQL's manual,
    /// appendix A; the message names tables and columns, never values.
    case refused(sqlState: String, message: String)
    /// There is no connection, or it ended before anything was changed.
    case disconnected(reason: String)
    /// The connection ended before the answer came: what was asked for may have happened or not.
    case interrupted(reason: String)
    /// The answer did not come in time: what was asked for may have happened, may still happen, or not.
    case unanswered(milliseconds: Int)
    /// No connection became free, or too many calls wait for one.
    case exhausted(connections: Int, waitMilliseconds: Int)
    /// Something is stored that does not belong there.
    case unexpected(String)

    /// Whether the same call may succeed on another connection.
    ///
    /// - Parameter isRepeatable: Whether it does no harm to do twice what the call does.
    func mayBeRepeated(_ isRepeatable: Bool) -> Bool {
        switch self {
        case .refused(let sqlState, _): Self.passingStates.contains(sqlState)
        case .disconnected: true
        case .interrupted: isRepeatable
        // Who waited that long once must not wait again.
        case .unanswered, .exhausted, .unexpected: false
        }
    }

    /// Whether the connection holds statements that the server no longer has, or has otherwise.
    var makesStatementsStale: Bool {
        guard case .refused(let sqlState, _) = self else { return false }
        return sqlState == "0A000" || sqlState == "26000"
    }

    /// Whether an attempt to connect that failed like this may succeed a moment later. What does not pass is wrong in
    /// the configuration or on the server: a password, a name, a right.
    var passesByItself: Bool {
        switch self {
        // Class 53: the server has no room. Class 57: it starts or ends.
        case .refused(let sqlState, _): sqlState.hasPrefix("53") || sqlState.hasPrefix("57")
        case .disconnected, .interrupted, .unanswered, .exhausted, .unexpected: true
        }
    }

    /// States that say that the same statement may be done the next time: a serialisation failure, a deadlock, a plan
    /// or a prepared statement that a change of the schema or somebody else's reset took away.
    private static let passingStates: Set<String> = ["40001", "40P01", "0A000", "26000"]

    /// For callers of the back end. `.database` promises that nothing was changed; `.network` does not.
    var streamError: StreamError {
        switch self {
        case .refused(let sqlState, let message): .database(reason: "PostgreSQL refused: \(message) (\(sqlState))")
        case .disconnected(let reason): .database(reason: "PostgreSQL cannot be reached: \(reason)")
        case .interrupted(let reason):
            .network(reason: "the connection to PostgreSQL ended before its answer came: \(reason)")
        case .unanswered(let milliseconds):
            .network(reason: "PostgreSQL did not answer within \(milliseconds) ms")
        case .exhausted(let connections, let milliseconds):
            .overloaded(what: "\(connections) connections to PostgreSQL, waited for up to \(milliseconds) ms")
        case .unexpected(let what): .database(reason: what)
        }
    }

    /// As it is when what was asked for is undone with the connection.
    var withoutEffect: PostgresFailure {
        switch self {
        case .interrupted(let reason): .disconnected(reason: reason)
        case .refused, .disconnected, .unanswered, .exhausted, .unexpected: self
        }
    }
}
