import Bytes
import HTTP
import Network
import Testing

/// A client for tests: it does what it is told, also what a browser would not.
enum WebSocketClient {
    /// The server has closed.
    struct Ended: Error {}

    static let upgrade =
        "GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    /// Connects to a server and runs `body` on the clients' loop.
    ///
    /// - Parameter behind: What is sent together with the request.
    static func connected<Value: Sendable>(
        to server: HTTPServer, options: TCPConnectionOptions = TCPConnectionOptions(), behind: Bytes = Bytes(),
        _ body: @escaping @Sendable (inout WebSocketConversation) async throws -> Value
    ) async throws -> Value {
        try await Loopback.connected(to: server.address, options: options) { connection in
            try await connection.write([Bytes(utf8: upgrade), behind])
            var conversation = WebSocketConversation(connection)
            conversation.received(try await frames(behindHeadOn: connection))
            return try await body(&conversation)
        }
    }

    private static func frames(behindHeadOn connection: TCPConnection) async throws -> Bytes {
        var received = ByteAccumulator()
        while let bytes = try await connection.read() {
            received.append(bytes)
            let head = received.readable
            for end in 4..<max(4, head.count + 1) where head[end - 4..<end] == [13, 10, 13, 10] {
                guard head.prefix(13) == Bytes(utf8: "HTTP/1.1 101 ") else { throw Ended() }
                return head.dropFirst(end)
            }
        }
        throw Ended()
    }
}

/// What goes over a client's connection.
struct WebSocketConversation: ~Copyable {
    let connection: TCPConnection
    private var reader = WebSocketReader(from: .server, limits: WebSocketLimits(messageBytesMax: 64 << 20))

    init(_ connection: TCPConnection) { self.connection = connection }

    mutating func received(_ bytes: Bytes) { reader.receive(bytes) }

    func send(_ text: String) async throws {
        try await connection.write(WebSocketFrame.message(.text(Bytes(utf8: text)), mask: 0x1234_5678))
    }

    /// The next event; nil when the server has closed the connection.
    mutating func next() async throws -> WebSocketEvent? {
        while true {
            if let event = try reader.next() { return event }
            guard let bytes = try await connection.read() else { return nil }
            reader.receive(bytes)
        }
    }

    /// The next text.
    mutating func text() async throws -> String? {
        while let event = try await next() {
            if case .message(.text(let bytes)) = event { return bytes.string }
        }
        return nil
    }

    /// Reads the next text, which must be this one.
    mutating func expect(_ expected: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let text = try await text()
        #expect(text == expected, sourceLocation: sourceLocation)
    }

    /// Reads on until the server says goodbye.
    mutating func goodbye() async throws -> WebSocketCloseCode? {
        while let event = try await next() {
            if case .close(let close) = event { return close?.code }
        }
        return nil
    }
}

/// A handler that makes every request a WebSocket.
struct WebSocketAnswers: HTTPHandler {
    var limits = WebSocketLimits()
    let serve: @Sendable (any WebSocketChannel) async throws -> Void

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            return try WebSocketHandshake(request).accept(WebSocketUpgrade(limits: limits, serve))
        } catch {
            return error.response
        }
    }

    /// Sends back whatever comes.
    static let echo = WebSocketAnswers { channel in
        while let message = try await channel.receive() { try await channel.send(WebSocketFrame.message(message)) }
    }
}
