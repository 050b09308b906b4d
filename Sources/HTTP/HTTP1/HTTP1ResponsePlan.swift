public import Bytes

/// What a connection must do to send a response: pure decisions, no sending.
public struct HTTP1ResponsePlan: Sendable {
    /// What follows the head.
    public enum Body: Sendable {
        case none
        /// Buffers to send as they are, one behind the other.
        case buffers([Bytes])
        /// Bytes made while they are sent, framed as said.
        case stream(Framing, @Sendable (any HTTPBodyWriter) async throws -> Void)
        /// Nothing more in HTTP: behind the head the connection is a WebSocket.
        case webSocket(WebSocketUpgrade)
    }

    /// How the receiver finds the end of a streamed body (RFC 9112, 6.3).
    public enum Framing: Sendable, Equatable {
        /// Exactly so many bytes; the connection must break if the maker gives fewer.
        case length(Int)
        /// Every write is a chunk, made with ``HTTP1Chunk``.
        case chunked
        /// The connection's end is the body's end: all that HTTP/1.0 knows for an unknown length.
        case untilClose
    }

    /// Status line and fields, with the empty line behind them.
    public let head: Bytes
    public let body: Body
    /// Whether the connection is to be closed behind the response.
    public let closesAfter: Bool

    /// Decides.
    ///
    /// - Parameters:
    ///   - response: What the handler answered. Its `date`, `connection`, `content-length` and `transfer-encoding`
    ///     fields are the server's business and are replaced.
    ///   - request: What is being answered.
    ///   - date: The present in the format of ``HTTPDate``, which the server renders once a second.
    ///   - closing: Whether the server wants no further request on the connection.
    public init(_ response: HTTPResponse, to request: HTTP1Request, date: String, closing: Bool = false) {
        self.init(
            response, method: request.request.method, version: request.version,
            keepsAlive: request.keepsAlive && !closing, date: date)
    }

    /// Plans a last response that answers no understood request: ``HTTP1Failure/response``, a timeout, too many
    /// connections. The connection closes behind it.
    public init(closingWith response: HTTPResponse, date: String) {
        self.init(response, method: .get, version: .http11, keepsAlive: false, date: date)
    }

    init(_ given: HTTPResponse, method: HTTPMethod, version: HTTP1Version, keepsAlive: Bool, date: String) {
        var response = given
        if case .webSocket(let upgrade) = given.body {
            if method == .get && version == .http11 && given.status == .switchingProtocols {
                head = HTTP1ResponseHead.serialised(
                    status: given.status, fields: given.fields, date: date, framing: nil, connection: .upgrade)
                closesAfter = true
                body = .webSocket(upgrade)
                return
            }
            // Only a GET of HTTP/1.1 can change the protocol (RFC 6455, 4.1; RFC 9110, 7.8).
            response = WebSocketRefusal.upgradeMissing.response
        }
        let framing = Self.framing(of: response, version: version)
        let closes = !keepsAlive || framing == .untilClose
        head = HTTP1ResponseHead.serialised(
            status: response.status, fields: response.fields, date: date,
            framing: method == .head && framing == .chunked ? nil : framing,
            connection: Self.connection(status: response.status, version: version, closes: closes))
        closesAfter = closes
        guard method != .head, let framing else {
            body = .none
            return
        }
        body =
            switch response.body {
            case .empty, .webSocket: .none
            case .shared(let buffers): .buffers(buffers)
            case .stream(_, let make): .stream(framing, make)
            }
    }

    private static func connection(
        status: HTTPStatus, version: HTTP1Version, closes: Bool
    ) -> HTTP1ResponseHead.Connection {
        // Whoever names another protocol must name that field here too (RFC 9110, 7.8).
        if status == .upgradeRequired && version == .http11 { return closes ? .closeAndUpgrade : .upgrade }
        if closes { return .close }
        return version == .http10 ? .keepAlive : .unsaid
    }

    /// nil when the status forbids a body.
    private static func framing(of response: HTTPResponse, version: HTTP1Version) -> Framing? {
        guard !response.status.forbidsBody else { return nil }
        switch response.body {
        case .empty, .webSocket: return .length(0)
        case .shared(let buffers): return .length(buffers.byteCount)
        case .stream(let length?, _): return .length(length)
        case .stream(nil, _): return version == .http11 ? .chunked : .untilClose
        }
    }
}
