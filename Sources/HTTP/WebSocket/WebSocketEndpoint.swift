public import Bytes

/// How a WebSocket ended.
public enum WebSocketEnd: Sendable, Equatable {
    /// The peer said goodbye first, with its reason if it gave one.
    case closedByPeer(WebSocketClose?)
    /// This end said goodbye, and the peer has confirmed it.
    case closed
    /// The peer broke the protocol.
    case failed(WebSocketFailure)
}

/// One end of a WebSocket: what arrives becomes messages, answers and the closing handshake (RFC 6455, 5.5 and 7).
///
/// It owns no socket and no clock, and what it says must be sent by its owner, in order.
public struct WebSocketEndpoint: ~Copyable {
    /// What is to be done.
    public enum Step: Sendable {
        case message(WebSocketMessage)
        /// Send this.
        case answer(Bytes)
        /// The peer has answered a ping, or said something nobody asked for.
        case pong
        /// Send this if there is something, then close the TCP connection.
        case end(WebSocketEnd, last: Bytes?)
    }

    private enum State {
        /// Becomes `closing` by us or `ended` by the peer.
        case open
        /// Our goodbye is sent; what still comes is not looked at, except the peer's. Becomes `ended`.
        case closing
        /// Final.
        case ended
    }

    private var reader: WebSocketReader
    private var state = State.open

    /// The end that a server has.
    public init(limits: WebSocketLimits = WebSocketLimits()) {
        reader = WebSocketReader(from: .client, limits: limits)
    }

    /// Whether messages may be sent.
    public var isOpen: Bool { state == .open }
    /// Whether both ends have said goodbye, or the peer has failed.
    public var hasEnded: Bool { state == .ended }
    /// Whether something has begun to arrive that is not whole yet.
    public var isWithinMessage: Bool { reader.isWithinMessage }

    /// Takes what the network delivered.
    public mutating func receive(_ bytes: Bytes) {
        guard state != .ended else { return }
        reader.receive(bytes)
    }

    /// What is to be done next; nil when more bytes are needed or the end has come.
    public mutating func next() -> Step? {
        while state != .ended {
            let event: WebSocketEvent?
            do throws(WebSocketFailure) {
                event = try reader.next()
            } catch {
                let last = state == .open ? WebSocketFrame.close(WebSocketClose(error.closeCode)) : nil
                state = .ended
                return .end(.failed(error), last: last)
            }
            guard let event else { return nil }
            if case .close(let close) = event { return peerClosed(close) }
            guard state == .open else { continue }
            switch event {
            case .message(let message): return .message(message)
            case .ping(let payload): return .answer(WebSocketFrame.pong(payload))
            case .pong, .close: return .pong
            }
        }
        return nil
    }

    private mutating func peerClosed(_ close: WebSocketClose?) -> Step {
        let isOurs = state == .closing
        state = .ended
        guard !isOurs else { return .end(.closed, last: nil) }
        // The code is repeated, the reason is not (5.5.1).
        return .end(.closedByPeer(close), last: WebSocketFrame.close(close.map { WebSocketClose($0.code) }))
    }

    /// Says goodbye.
    ///
    /// - Returns: What to send; nil when one of the ends has already said it.
    public mutating func close(_ close: WebSocketClose) -> Bytes? {
        guard state == .open else { return nil }
        state = .closing
        return WebSocketFrame.close(close)
    }
}
