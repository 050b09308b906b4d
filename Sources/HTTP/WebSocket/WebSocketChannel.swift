public import Bytes

/// A connection that goes on as a WebSocket.
public struct WebSocketUpgrade: Sendable {
    /// The most that the client may send.
    public var limits: WebSocketLimits
    /// Speaks with the client, on the connection's own task.
    ///
    /// When it returns, the client is told goodbye with 1000 unless one side has said it already; when it throws, with
    /// 1011. It is to call ``WebSocketChannel/receive()`` again and again: pings, the client's goodbye and that it is
    /// gone are only noticed in there.
    public var serve: @Sendable (any WebSocketChannel) async throws -> Void

    public init(
        limits: WebSocketLimits = WebSocketLimits(),
        _ serve: @escaping @Sendable (any WebSocketChannel) async throws -> Void
    ) {
        self.limits = limits
        self.serve = serve
    }
}

/// A WebSocket as a handler sees it. Frames come from ``WebSocketFrame``, made once for all who get them.
public protocol WebSocketChannel: AnyObject, Sendable {
    /// The address of the client without the port.
    var peerAddress: String { get }

    /// The next message, one caller at a time.
    ///
    /// - Returns: nil when the WebSocket has ended, whoever ended it.
    /// - Throws: When the client is gone without a word, or is cut off; `CancellationError`.
    func receive() async throws -> WebSocketMessage?

    /// Sends a frame and waits while the client is slow, one caller at a time and never beside ``receive()``.
    ///
    /// - Throws: When the WebSocket has ended or is about to; `CancellationError`.
    func send(_ frame: Bytes) async throws

    /// Puts a frame behind those that the client has not taken yet, and never waits; from anywhere.
    ///
    /// A client with too many of them is told 1013, try again later, and cut off: it costs nobody else anything.
    func offer(_ frame: Bytes)

    /// Whether the client was given up because it did not take what it was offered; from anywhere.
    var wasTooSlow: Bool { get }

    /// Lets the WebSocket end soon, from anywhere: what was offered before goes out, then the goodbye.
    func end(_ close: WebSocketClose)
}

/// Many clients that get the same messages, by topic.
///
/// Messages about one topic are to come from one task at a time; every client gets them in that order.
public protocol WebSocketAudience<Topic>: Sendable {
    associatedtype Topic: Hashable & Sendable

    /// Sends a frame to all who listen to a topic, and never waits.
    ///
    /// - Parameters:
    ///   - snapshot: What a client gets first that joins from now on, instead of this and all earlier messages; nil
    ///     when the message changes nothing of it.
    func publish(_ frame: Bytes, to topic: Topic, snapshot: [Bytes]?)

    /// Forgets the topic's snapshot; who listens goes on to.
    func forget(_ topic: Topic)

    /// Says goodbye to all who listen to a topic.
    func end(_ topic: Topic, _ close: WebSocketClose)

    /// How many listen to a topic.
    func count(of topic: Topic) -> Int

    /// Lets a client listen until it ends: first it gets the snapshot, then every later message, without a gap.
    ///
    /// - Parameters:
    ///   - initial: What it gets first when the topic has no snapshot.
    ///   - heard: Gets what the client says.
    func attend(
        _ topic: Topic, _ channel: any WebSocketChannel, initial: [Bytes],
        heard: @Sendable (WebSocketMessage) async throws -> Void
    ) async throws
}
