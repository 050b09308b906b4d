public import Bytes

/// Turns the bytes of one connection into requests (RFC 9112).
///
/// The parser owns no socket and no clock. Bytes go in with ``receive(_:)``; ``next()`` is then called until it returns
/// nil. Requests may follow each other without a pause. After a failure the parser is dead and fails the same way
/// again.
public struct HTTP1RequestParser: ~Copyable {
    private enum State {
        /// Reading a head. Becomes `lengthBody` or `chunkedBody` when the request has a body; else starts again.
        case head
        /// So many bytes of the body are missing. Becomes `head`.
        case lengthBody(HTTP1Request, missing: Int)
        /// Becomes `head` behind the trailer.
        case chunkedBody(HTTP1Request, HTTP1ChunkReader)
        /// Final.
        case failed(HTTP1Failure)
    }

    private let limits: HTTP1Limits
    private let peerAddress: String
    private var state = State.head
    private var reader: HTTP1HeadReader
    /// Received and not yet understood: never more than a head, a chunk size line or the last received buffer.
    private var pending = ByteAccumulator()
    /// The body so far, when it did not come in one piece; it grows as bytes arrive, not as they are announced.
    private var body = ByteWriter(capacity: 0)

    /// - Parameters:
    ///   - limits: The most that a client may send.
    ///   - peerAddress: What requests carry as ``HTTPRequest/peerAddress``.
    public init(limits: HTTP1Limits = HTTP1Limits(), peerAddress: String = "") {
        self.limits = limits
        self.peerAddress = peerAddress
        reader = HTTP1HeadReader(limits: limits)
    }

    /// Whether the connection is between two requests: nothing of another one was received.
    public var isIdle: Bool {
        guard case .head = state else { return false }
        return pending.count == 0
    }

    /// Takes what the network delivered. Request fields share its memory, so a buffer is not to be much larger than
    /// what was received into it.
    public mutating func receive(_ bytes: Bytes) {
        if case .failed = state { return }
        pending.append(bytes)
    }

    /// The next event, or nil when more bytes are needed.
    ///
    /// - Throws: The reason why the connection is to be closed behind an answer with ``HTTP1Failure/status``.
    public mutating func next() throws(HTTP1Failure) -> HTTP1Event? {
        do throws(HTTP1Failure) {
            switch state {
            case .head: return try readHead()
            case .lengthBody(let request, let missing): return readBody(of: request, missing: missing)
            case .chunkedBody(let request, let chunks): return try readChunks(of: request, chunks)
            case .failed(let failure): throw failure
            }
        } catch {
            state = .failed(error)
            pending = ByteAccumulator()
            throw error
        }
    }

    /// Takes what was received behind the last request: the beginning of another protocol.
    public mutating func takeRest() -> Bytes { pending.consume(pending.count) }

    private mutating func readHead() throws(HTTP1Failure) -> HTTP1Event? {
        guard pending.count > 0, let length = try reader.read(pending.readable) else { return nil }
        let request = try reader.finish(pending.consume(length), peerAddress: peerAddress)
        switch request.framing {
        case .none:
            return .request(request)
        case .length(let length):
            state = .lengthBody(request, missing: length)
        case .chunked:
            state = .chunkedBody(request, HTTP1ChunkReader(limits: limits))
        }
        return .head(request)
    }

    private mutating func readBody(of request: HTTP1Request, missing: Int) -> HTTP1Event? {
        let part = pending.consume(min(missing, pending.count))
        if part.count == missing, body.count == 0 { return complete(request, body: part) }
        body.write(part)
        if part.count == missing { return complete(request, body: takeBody()) }
        state = .lengthBody(request, missing: missing - part.count)
        return nil
    }

    private mutating func readChunks(
        of request: HTTP1Request, _ reader: HTTP1ChunkReader
    ) throws(HTTP1Failure) -> HTTP1Event? {
        var chunks = reader
        while true {
            switch try chunks.next(pending.readable) {
            case .wait:
                state = .chunkedBody(request, chunks)
                return nil
            case .skip(let length):
                pending.consume(length)
            case .data(let length):
                body.write(pending.consume(length))
            case .end(let length):
                pending.consume(length)
                return complete(request, body: takeBody())
            }
        }
    }

    private mutating func complete(_ request: HTTP1Request, body: Bytes) -> HTTP1Event {
        state = .head
        var request = request
        request.request.body = body
        return .request(request)
    }

    private mutating func takeBody() -> Bytes {
        var taken = ByteWriter(capacity: 0)
        swap(&taken, &body)
        return taken.finish()
    }
}
