/// What happens in the network layer and is worth a line in a log or a count.
///
/// The hook that receives them is called on an event loop and must return at once.
public enum NetworkEvent: Sendable {
    /// Why a connection was closed as soon as it was accepted.
    public enum Refusal: Sendable {
        /// The listener holds as many connections as it may.
        case connectionsMax(Int)
        /// The peer's address holds as many connections as it may.
        case connectionsPerAddressMax(Int)
        /// The process has no descriptor left.
        case descriptorsExhausted
    }

    /// A listener accepts connections on this address.
    case listening(SocketAddress)
    /// A connection was accepted and closed.
    case refused(peer: SocketAddress?, Refusal)
    /// The kernel refused to hand over a connection; accepting pauses shortly.
    case acceptFailed(NetworkError)
    /// A connection ended with an error that its code did not handle.
    case connectionFailed(peer: SocketAddress, any Error)
    /// A listener stopped accepting and waits for its connections to end.
    case drainBegan(connections: Int)
    /// The time to drain has passed; what was left was cancelled.
    case drainCutShort(connections: Int)
}

/// Receives network events.
public typealias NetworkEventHook = @Sendable (NetworkEvent) -> Void
