public import Bytes

/// What a peer has sent, whole.
public enum WebSocketEvent: Sendable, Equatable {
    case message(WebSocketMessage)
    /// To be answered with a pong of the same payload.
    case ping(Bytes)
    case pong(Bytes)
    /// The last there is: what comes behind it is not looked at.
    case close(WebSocketClose?)
}

/// Turns the bytes of one direction of a WebSocket into messages (RFC 6455, 5).
///
/// The reader owns no socket and no clock. Bytes go in with ``receive(_:)``; ``next()`` is then called until it returns
/// nil. However the bytes are cut, the events are the same. After a failure the reader is dead and fails the same way
/// again.
public struct WebSocketReader: ~Copyable {
    private enum State {
        /// Becomes `payload`.
        case header
        /// So many bytes of the payload are missing. Becomes `header`, or `closed` behind a close frame.
        case payload(WebSocketFrameHeader, missing: Int)
        /// Final.
        case closed
        /// Final.
        case failed(WebSocketFailure)
    }

    /// A message of which the last frame is missing.
    private enum Unfinished { case none, text, binary }

    private let sender: WebSocketRole
    private let limits: WebSocketLimits
    private var state = State.header
    /// Received and not yet understood: a part of a header or of a control frame, or the last received buffer.
    private var pending = ByteAccumulator()
    private var unfinished = Unfinished.none
    /// The message so far, when it does not come in one piece; it grows as bytes arrive, not as they are announced.
    private var body = ByteWriter(capacity: 0)
    private var validator = UTF8Validator()

    /// - Parameters:
    ///   - sender: Whose bytes these are.
    ///   - limits: The most that it may send.
    public init(from sender: WebSocketRole, limits: WebSocketLimits = WebSocketLimits()) {
        self.sender = sender
        self.limits = limits
    }

    /// Whether something has begun that is not whole yet.
    public var isWithinMessage: Bool {
        if case .payload = state { return true }
        return unfinished != .none || pending.count > 0
    }

    /// Takes what the network delivered.
    public mutating func receive(_ bytes: Bytes) {
        switch state {
        case .header, .payload: pending.append(bytes)
        case .closed, .failed: break
        }
    }

    /// The next event, or nil when more bytes are needed.
    ///
    /// - Throws: The reason why the connection is to be closed behind a close frame with
    ///   ``WebSocketFailure/closeCode``.
    public mutating func next() throws(WebSocketFailure) -> WebSocketEvent? {
        do throws(WebSocketFailure) {
            while true {
                switch state {
                case .header: guard try readHeader() else { return keepTail() }
                case .payload(let header, let missing):
                    let waitsForAll = header.opcode.isControl
                    guard missing == 0 || pending.count >= (waitsForAll ? missing : 1) else { return keepTail() }
                    if let event = try readPayload(of: header, missing: missing) { return event }
                case .closed: return nil
                case .failed(let failure): throw failure
                }
            }
        } catch {
            state = .failed(error)
            forgetBytes()
            throw error
        }
    }

    /// Copies the few bytes that wait for more, which would keep a whole received buffer alive.
    private mutating func keepTail() -> WebSocketEvent? {
        guard pending.count > 0 else { return nil }
        var tail = ByteWriter(capacity: pending.count)
        tail.write(pending.readable)
        pending = ByteAccumulator()
        pending.append(tail.finish())
        return nil
    }

    private mutating func forgetBytes() {
        pending = ByteAccumulator()
        body = ByteWriter(capacity: 0)
    }

    private mutating func readHeader() throws(WebSocketFailure) -> Bool {
        guard let header = try WebSocketFrameHeader.read(pending.readable, from: sender) else { return false }
        switch header.opcode {
        case .close, .ping, .pong: break
        case .continuation: guard unfinished != .none else { throw .continuationUnexpected }
        case .text, .binary: guard unfinished == .none else { throw .continuationMissing }
        }
        if !header.opcode.isControl {
            guard header.payloadCount <= limits.messageBytesMax - body.count else {
                throw .messageTooBig(limit: limits.messageBytesMax)
            }
        }
        switch header.opcode {
        case .text: unfinished = .text
        case .binary: unfinished = .binary
        case .continuation, .close, .ping, .pong: break
        }
        pending.consume(header.count)
        state = .payload(header, missing: header.payloadCount)
        return true
    }

    private mutating func readPayload(
        of header: WebSocketFrameHeader, missing: Int
    ) throws(WebSocketFailure) -> WebSocketEvent? {
        let received = pending.consume(min(missing, pending.count))
        let piece = header.mask.map { received.masked(with: $0, phase: header.payloadCount - missing) } ?? received
        let isFrameComplete = piece.count == missing
        state = isFrameComplete ? .header : .payload(header, missing: missing - piece.count)
        switch header.opcode {
        case .ping: return .ping(piece)
        case .pong: return .pong(piece)
        case .close:
            let close = try Self.close(piece)
            state = .closed
            forgetBytes()
            return .close(close)
        case .continuation, .text, .binary:
            return try append(piece, endsMessage: isFrameComplete && header.isFinal)
        }
    }

    private mutating func append(_ piece: Bytes, endsMessage: Bool) throws(WebSocketFailure) -> WebSocketEvent? {
        let isText = unfinished == .text
        if isText {
            guard validator.receive(piece), !endsMessage || validator.isComplete else { throw .textInvalid }
        }
        guard endsMessage else {
            body.write(piece)
            return nil
        }
        unfinished = .none
        guard body.count > 0 else { return .message(isText ? .text(piece) : .binary(piece)) }
        body.write(piece)
        var whole = ByteWriter(capacity: 0)
        swap(&whole, &body)
        let payload = whole.finish()
        return .message(isText ? .text(payload) : .binary(payload))
    }

    private static func close(_ payload: Bytes) throws(WebSocketFailure) -> WebSocketClose? {
        guard !payload.isEmpty else { return nil }
        guard payload.count >= 2 else { throw .closeTruncated }
        let value = UInt16(payload[0]) << 8 | UInt16(payload[1])
        guard let code = WebSocketCloseCode(value) else { throw .closeCodeInvalid(value) }
        let reason = payload.dropFirst(2)
        var validator = UTF8Validator()
        guard validator.receive(reason), validator.isComplete else { throw .textInvalid }
        return WebSocketClose(code, reason.string)
    }
}
