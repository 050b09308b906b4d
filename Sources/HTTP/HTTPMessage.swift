public import Bytes

/// A request as a handler sees it, whatever protocol version carried it.
public struct HTTPRequest: Sendable {
    public var method: HTTPMethod
    /// The percent-decoded absolute path, without query, dot segments or control characters: `/hls/abc/master.m3u8`.
    /// For `OPTIONS` it can be `*`, the whole server.
    public var path: String
    /// What stands behind `?`, not decoded; empty when there is none.
    public var query: String
    /// The header. `host` is the authority of the request in every version of HTTP, wherever the version carries it.
    public var fields: HTTPFields
    /// The whole body; the server has bounded it.
    public var body: Bytes
    /// The peer's address without the port, for rate limits and logs.
    public var peerAddress: String

    public init(
        method: HTTPMethod, path: String, query: String = "", fields: HTTPFields = HTTPFields(), body: Bytes = Bytes(),
        peerAddress: String = ""
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
        self.body = body
        self.peerAddress = peerAddress
    }
}

/// A response as a handler makes it. The server adds `Date`, `Content-Length` or chunked coding and `Connection`.
public struct HTTPResponse: Sendable {
    public var status: HTTPStatus
    public var fields: HTTPFields
    public var body: HTTPBody
    /// Hears how much of a body of shared buffers did not leave; those of streamed bodies see it by their writes.
    public var receipt: (any HTTPBodyReceipt)?

    public init(_ status: HTTPStatus, fields: HTTPFields = HTTPFields(), body: HTTPBody = .empty) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// What follows the header of a response.
public enum HTTPBody: Sendable {
    case empty
    /// Buffers that go out one behind the other, shared with every other viewer of the same thing.
    case shared([Bytes])
    /// Bytes made while they are sent. The closure writes and returns; `write` waits while the peer is slow and throws
    /// when it is gone.
    case stream(length: Int?, @Sendable (any HTTPBodyWriter) async throws -> Void)
    /// No body: the connection goes on as a WebSocket. ``WebSocketHandshake/accept(_:subprotocols:)`` makes such a
    /// response.
    case webSocket(WebSocketUpgrade)
}

/// Somebody who counts the bodies that were sent.
public protocol HTTPBodyReceipt: AnyObject, Sendable {
    /// The connection broke while the last so many bytes of the body had not been handed to the kernel. It is said once
    /// at most, on any thread, and not at all when everything has left.
    func bytesNotSent(_ count: Int)
}

/// Where a streamed body goes.
public protocol HTTPBodyWriter: Sendable {
    /// Sends bytes as one unit (one chunk in HTTP/1.1); returns when the connection can take more.
    func write(_ bytes: Bytes) async throws
}

/// Answers requests. Handlers know nothing of sockets, versions or TLS.
public protocol HTTPHandler: Sendable {
    func respond(to request: HTTPRequest) async -> HTTPResponse
}
