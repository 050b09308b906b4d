internal import CPostgres
internal import Glibc

/// An open connection, for one thread at a time, with every statement prepared once.
///
/// libpq is used without blocking, and this type waits for the socket itself: that is the only way to give up on a
/// server that keeps the connection and says nothing. A connection that was given up is of no more use.
///
/// Unsafe code: the handle is valid from `init` to `deinit` and never leaves the object.
@safe final class PostgresConnection {
    let handle: OpaquePointer
    let settings: PostgresSettings
    private let target: PostgresTarget
    /// Names of prepared statements by their text. The texts are constants of this module, which bounds their number.
    var statements: [String: String] = [:]
    /// Whether an answer is missing or the connection ended.
    private(set) var isBroken = false

    /// Takes ownership of what `PQconnectStartParams` returned.
    private init(owning handle: OpaquePointer, target: PostgresTarget, settings: PostgresSettings) {
        unsafe self.handle = handle
        self.target = target
        self.settings = settings
    }

    deinit { unsafe PQfinish(handle) }

    /// Connects, which waits up to ``PostgresSettings/connectMilliseconds``, and sets the limits of the session.
    static func open(
        _ target: PostgresTarget, _ settings: PostgresSettings
    ) throws(PostgresFailure) -> PostgresConnection {
        let started = unsafe target.withOptions { keywords, values in
            unsafe PQconnectStartParams(keywords, values, 0)
        }
        guard let handle = unsafe started else { throw .disconnected(reason: "out of memory") }
        let connection = unsafe PostgresConnection(owning: handle, target: target, settings: settings)
        do throws(PostgresFailure) {
            try connection.establish()
            try connection.limitSession()
        } catch {
            // Nothing was asked for yet that could have had an effect.
            throw error.whileConnecting
        }
        return connection
    }

    private func establish() throws(PostgresFailure) {
        let deadline = ContinuousClock.now + .milliseconds(settings.connectMilliseconds)
        // Refusals then begin with their state, which is how those that will not pass are recognised.
        unsafe PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        // Notices are for interactive clients; without this they go to standard error.
        unsafe PQsetNoticeProcessor(handle, ignoreNotice, nil)
        var next = PGRES_POLLING_WRITING
        while next != PGRES_POLLING_OK {
            guard next != PGRES_POLLING_FAILED, unsafe PQstatus(handle) != CONNECTION_BAD else {
                throw connectionFailure()
            }
            _ = try wait(
                for: next == PGRES_POLLING_READING ? POLLIN : POLLOUT, until: deadline,
                orGiveUpAfter: settings.connectMilliseconds)
            next = unsafe PQconnectPoll(handle)
        }
        guard unsafe PQsetnonblocking(handle, 1) == 0 else { throw .disconnected(reason: reason) }
    }

    /// Sets the session's limits by a statement and not by options of the connection, which some proxies refuse.
    private func limitSession() throws(PostgresFailure) {
        _ = try rows(
            """
            SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false),
                set_config('idle_in_transaction_session_timeout', $3, false)
            """,
            [
                .text(String(settings.statementMilliseconds)), .text(String(settings.lockMilliseconds)),
                .text(String(PostgresSettings.idleTransactionMilliseconds)),
            ]
        ) { _ throws(PostgresFailure) in true }
    }

    /// Why no connection came about. A server that was reached and said no is a refusal, with its state.
    private func connectionFailure() -> PostgresFailure {
        let reason = self.reason
        guard let sqlState = reason.sqlState else { return .disconnected(reason: reason) }
        return .refused(sqlState: sqlState, message: reason)
    }

    /// libpq's words about the newest mistake.
    var reason: String { target.redacted(unsafe String(cString: PQerrorMessage(handle))) }

    /// Whether the connection can be used, as far as can be known without asking the server: a server that ended has
    /// closed it, and said so.
    func isUsable() -> Bool {
        while !isBroken {
            guard unsafe PQstatus(handle) == CONNECTION_OK, unsafe PQtransactionStatus(handle) == PQTRANS_IDLE else {
                return false
            }
            var descriptor = unsafe pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&descriptor, 1, 0) > 0 else { return true }
            // A notice or a changed setting is read away; the end of the connection fails or leaves a bad status.
            guard descriptor.revents & Int16(POLLHUP | POLLERR) == 0, unsafe PQconsumeInput(handle) == 1
            else { return false }
            _ = unsafe PQisBusy(handle)
        }
        return false
    }

    /// Marks the connection as of no more use and returns the failure, to be thrown.
    func breaking(_ failure: PostgresFailure) -> PostgresFailure {
        isBroken = true
        return failure
    }

    /// Waits until the socket is as wished.
    ///
    /// - Parameter recheckMilliseconds: After this time it returns although nothing has happened.
    /// - Returns: What `poll` said about it; 0 when it was to look again.
    func wait(
        for events: Int32, until deadline: ContinuousClock.Instant, orGiveUpAfter milliseconds: Int,
        recheckMilliseconds: Int64 = .max
    ) throws(PostgresFailure) -> Int32 {
        while true {
            let remaining = ContinuousClock.now.duration(to: deadline)
            guard remaining > .zero else { throw breaking(.unanswered(milliseconds: milliseconds)) }
            let patience = min(remaining.millisecondsRoundedUp, recheckMilliseconds)
            var descriptor = unsafe pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
            let count = unsafe poll(&descriptor, 1, Int32(clamping: patience))
            if count > 0 { return Int32(descriptor.revents) }
            guard count == 0 || errno == EINTR else {
                throw breaking(.interrupted(reason: "poll failed: errno \(errno)"))
            }
            if patience == recheckMilliseconds { return 0 }
        }
    }
}

extension PostgresFailure {
    /// As it is when it came before the connection was open.
    fileprivate var whileConnecting: PostgresFailure {
        switch self {
        case .unanswered(let milliseconds): .disconnected(reason: "no answer within \(milliseconds) ms")
        case .interrupted(let reason): .disconnected(reason: reason)
        case .refused, .disconnected, .exhausted, .unexpected: self
        }
    }
}

extension String {
    /// The five characters of a state in `FATAL:  28P01: password authentication failed`.
    fileprivate var sqlState: String? {
        for piece in split(separator: ":  ").dropFirst() {
            let state = piece.prefix(5)
            guard state.utf8.count == 5, piece.dropFirst(5).hasPrefix(": "),
                state.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) })
            else { continue }
            return String(state)
        }
        return nil
    }
}

/// libpq calls it on the thread that uses the connection.
private func ignoreNotice(_ context: UnsafeMutableRawPointer?, _ message: UnsafePointer<CChar>?) {}
