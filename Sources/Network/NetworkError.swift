/// Why a socket cannot do what it was asked.
public enum NetworkError: Error, Equatable, Sendable {
    /// Somebody else listens on that address.
    case addressInUse(String)
    /// The address is not one of this machine, or needs a privilege.
    case addressNotUsable(String, errno: Int32)
    /// The text is not a numeric address.
    case addressNotUnderstood(String)
    /// The peer sent nothing before the deadline.
    case readTimedOut
    /// The peer took nothing for the whole write timeout.
    case writeTimedOut
    /// The peer reset the connection, or the network did.
    case connectionReset
    /// The connection was closed on this side.
    case connectionClosed
    /// The server drains and the connection was idle.
    case draining
    /// A handler promised a body of one length and wrote another.
    case bodyLengthBroken(promised: Int, written: Int)
    /// Any other refusal of the kernel.
    case system(call: String, errno: Int32)
}

extension NetworkError: CustomStringConvertible {
    /// A sentence for a log or for a person at a terminal.
    public var description: String {
        switch self {
        case .addressInUse(let address): "\(address) is already in use by another process"
        case .addressNotUsable(let address, let errno): "cannot listen on \(address): \(systemMessage(errno))"
        case .addressNotUnderstood(let text): "'\(text)' is not an IPv4 or IPv6 address"
        case .readTimedOut: "the peer sent nothing for too long"
        case .writeTimedOut: "the peer took nothing for too long"
        case .connectionReset: "the connection was reset"
        case .connectionClosed: "the connection is closed"
        case .draining: "the server is shutting down"
        case .bodyLengthBroken(let promised, let written):
            "a body of \(promised) bytes was promised, \(written) written"
        case .system(let call, let errno): "\(call): \(systemMessage(errno))"
        }
    }
}
