public import HTTP

/// An HTTP/1.1 server.
///
/// Each connection is a task on its event loop; handlers run there too, without a switch, so they must not block.
/// Requests of one connection are answered one after the other and in order; answers to requests that arrived together
/// leave together.
///
/// While a handler works, the connection is watched: when the client resets it, or has shut down its side and
/// `departureGrace` has passed, the handler's task is cancelled.
public final class HTTPServer: Sendable {
    /// Where it listens, with the real port.
    public var address: SocketAddress { listener.address }

    private let listener: TCPListener
    private let configuration: HTTPServerConfiguration
    private let timeouts: HTTPServerTimeouts
    private let handler: any HTTPHandler

    /// Binds and listens; requests are answered from `run` on.
    ///
    /// - Parameters:
    ///   - configuration: Where and how.
    ///   - group: The loops that serve.
    ///   - handler: Answers the requests.
    ///   - report: Hears of failures.
    /// - Throws: `NetworkError` when the address cannot be had.
    public convenience init(
        _ configuration: HTTPServerConfiguration, group: EventLoopGroup, handler: any HTTPHandler,
        report: @escaping NetworkEventHook = { _ in }
    ) throws(NetworkError) {
        self.init(configuration, listener: try configuration.listen(on: group, report: report), handler: handler)
    }

    /// Serves on a listener that ``HTTPServerConfiguration/listen(on:report:)`` made, for handlers that must know the
    /// port.
    public init(_ configuration: HTTPServerConfiguration, listener: TCPListener, handler: any HTTPHandler) {
        self.configuration = configuration
        timeouts = HTTPServerTimeouts(configuration)
        self.handler = handler
        self.listener = listener
    }

    /// How many connections are open.
    public var connectionCount: Int { listener.connectionCount }

    /// Serves until the task is cancelled.
    ///
    /// Then it accepts no more, closes idle connections, answers the requests in work with `Connection: close`, and
    /// cancels what is left after the configured grace.
    public func run() async {
        await listener.run(grace: configuration.drainGrace) { [configuration, timeouts, handler] connection in
            let socket = try await Self.answerRequests(on: connection, handler, configuration, timeouts)
            try await socket?.serve()
        }
    }

    /// A function of its own, so that a WebSocket does not carry the memory of the HTTP session before it.
    private static func answerRequests(
        on connection: TCPConnection, _ handler: any HTTPHandler, _ configuration: HTTPServerConfiguration,
        _ timeouts: HTTPServerTimeouts
    ) async throws -> WebSocketConnection? {
        var session = HTTP1ServerSession(connection, handler, configuration.limits, timeouts)
        return try await session.serve().map {
            WebSocketConnection(connection, $0.upgrade, rest: $0.rest, configuration.webSocket)
        }
    }
}
