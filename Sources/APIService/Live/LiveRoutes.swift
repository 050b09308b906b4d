public import HTTP
public import StreamingCore

/// The WebSocket of pages that look at one stream.
///
/// ```
///  GET    /ws/stream/{id}               without a token
/// ```
public struct LiveRoutes: Sendable {
    /// Pages have little to say, in bytes.
    static let messageBytesMax = 4096

    private let live: LiveStatus
    private let streams: any StreamRepository
    private let cors: CORSPolicy

    /// - Parameters:
    ///   - live: What is known of streams from second to second; somebody must run it.
    ///   - cors: Which pages may open a WebSocket.
    public init(live: LiveStatus, streams: any StreamRepository, cors: CORSPolicy) {
        self.live = live
        self.streams = streams
        self.cors = cors
    }

    /// Adds the route to a router, which may have others.
    public func add(to router: inout Router) {
        router.on(.get, "/ws/stream/{id}") { request, parameters in
            guard let id = StreamID(parameters["id"]) else { return APIFailure.notFound(kind: "stream").response }
            let handshake: WebSocketHandshake
            do throws(WebSocketRefusal) {
                handshake = try WebSocketHandshake(request, from: cors)
            } catch {
                return error.response
            }
            let stream: Stream
            do throws(StreamError) { stream = try await streams.get(id) } catch {
                return APIFailure.stream(error).response
            }
            return handshake.accept(
                WebSocketUpgrade(limits: WebSocketLimits(messageBytesMax: Self.messageBytesMax)) { [live] channel in
                    try await live.attend(stream, channel)
                })
        }
    }
}

extension WebSocketHandshake {
    /// Reads a request of a program, of a page of this server, or of one that may connect.
    init(_ request: HTTPRequest, from cors: CORSPolicy) throws(WebSocketRefusal) {
        try self.init(request)
        // Browsers write their page's origin as scheme, host and port.
        let isOurs = origin?.split(separator: "/").last.map(String.init) == request.fields["host"]
        guard isOurs || cors.allows(origin: origin) else { throw .originNotAllowed }
    }
}
