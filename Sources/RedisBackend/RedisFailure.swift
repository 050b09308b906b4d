import StreamingCore

/// Why a connection cannot be used, or not any more. Holds no text of the server and no secret.
enum RedisFailure: Error, Equatable {
    /// Resolving or connecting failed; the system's words.
    case unreachable(String)
    /// The TLS handshake or the certificate; OpenSSL's words.
    case tls(String)
    case timedOut
    /// The server closed the connection.
    case closed
    /// A read or a write failed, with this `errno`.
    case inputOutput(Int32)
    /// What came is not the protocol, or larger than a bound.
    case nonsense
    /// The server refused a command of the greeting, with this code.
    case refused(code: String)
    /// The server is a replica, which takes no writes.
    case isReplica

    func error(at address: RedisSettings.Address) -> StreamError {
        .network(reason: "Redis at \(address) \(reason)")
    }

    private var reason: String {
        switch self {
        case .unreachable(let words): "cannot be reached: \(words)"
        case .tls(let words): "cannot be talked to by TLS: \(words)"
        case .timedOut: "did not answer in time"
        case .closed: "closed the connection"
        case .inputOutput(let number): "lost the connection: errno \(number)"
        case .nonsense: "sent what is not an answer"
        case .refused("WRONGPASS"): "refuses the user or the password"
        case .refused("NOAUTH"): "wants a password"
        case .refused("LOADING"): "is still loading its data"
        case .refused(let code): "refuses the connection: \(code)"
        case .isReplica: "is a replica and takes no writes"
        }
    }
}
