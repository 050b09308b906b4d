public import Bytes

/// The versions of HTTP that share the textual framing of RFC 9112.
public enum HTTP1Version: Sendable, Equatable {
    case http10
    case http11
}

/// How the end of a request's body is found (RFC 9112, 6.3).
public enum HTTP1BodyFraming: Sendable, Equatable {
    case none
    /// So many bytes, at least one, at most the limit.
    case length(Int)
    case chunked
}

/// A request with what only its connection needs to know.
public struct HTTP1Request: Sendable {
    /// What a handler sees. `fields["host"]` is the authority of the request, also when the target named it.
    public var request: HTTPRequest
    public let version: HTTP1Version
    /// The target as the client wrote it, for logs.
    public let target: Bytes
    public let framing: HTTP1BodyFraming
    /// Whether the client wants another request to follow on this connection (RFC 9112, 9.3).
    public let keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110, 10.1.1).
    public let expectsContinue: Bool
}

/// What a connection learns from received bytes.
public enum HTTP1Event: Sendable {
    /// A request whose body follows; `request.body` is still empty. The same request comes again when it is complete.
    case head(HTTP1Request)
    /// A complete request.
    case request(HTTP1Request)
}
