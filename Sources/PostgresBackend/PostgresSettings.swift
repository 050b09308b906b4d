/// How a process uses its database. All times are bounds: nothing waits longer than they say.
public struct PostgresSettings: Sendable, Equatable {
    /// The most connections at once, in ``connectionsRange``. They are opened when they are needed and closed when they
    /// were not for ``idleMilliseconds``.
    public var connectionsMax = 20
    /// How long a call waits for a connection: for one of the others to end, and for a server that is away to return.
    public var waitMilliseconds = 5_000
    /// How long making a connection may take, without looking up a name, for which the resolver has its own limit.
    public var connectMilliseconds = 3_000
    /// How long the server may work on a statement (`statement_timeout`). The answer may take
    /// ``answerGraceMilliseconds`` longer.
    public var statementMilliseconds = 5_000
    /// How long the server may wait for a lock (`lock_timeout`).
    public var lockMilliseconds = 3_000
    /// How long a connection is kept without use.
    public var idleMilliseconds = 60_000

    /// What ``connectionsMax`` may be.
    public static let connectionsRange = 1...30
    /// How much later than ``statementMilliseconds`` an answer may come before the connection is given up.
    public static let answerGraceMilliseconds = 1_000
    /// How long a transaction may be open without a statement (`idle_in_transaction_session_timeout`): what the server
    /// does about a process that was stopped in the middle of one and holds locks.
    public static let idleTransactionMilliseconds = 10_000
    /// How long the server's kernel may leave sent data unacknowledged (`tcp_user_timeout`).
    public static let unacknowledgedMilliseconds = 10_000

    public init() {}

    /// How long an answer may take.
    var answerMilliseconds: Int { statementMilliseconds + Self.answerGraceMilliseconds }
}
