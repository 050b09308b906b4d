import Bytes
import HTTP
import Network
import Synchronization
import Testing

/// All tests of the module run one after the other: several of them count descriptors or measure the process.
@Suite(.serialized) enum NetworkTests {}

/// What the tests share.
enum Loopback {
    /// `try!`: without threads or descriptors no test can run.
    static let group = try! EventLoopGroup(count: 2)
    /// The loop that clients live on, apart from the servers'.
    static let clients = try! EventLoopGroup(count: 1)
    static var client: EventLoop { clients.loops[0] }

    /// Runs a listener while `body` runs.
    static func listening<Value: Sendable>(
        _ options: TCPListenerOptions = TCPListenerOptions(), report: @escaping NetworkEventHook = { _ in },
        serve: @escaping @Sendable (TCPConnection) async throws -> Void,
        _ body: (TCPListener) async throws -> Value
    ) async throws -> Value {
        let listener = try TCPListener(host: "127.0.0.1", port: 0, group: group, options: options, report: report)
        let running = Task { await listener.run(serve) }
        defer { running.cancel() }
        let value = try await body(listener)
        running.cancel()
        await running.value
        return value
    }

    /// Runs an HTTP server while `body` runs.
    static func serving<Value: Sendable>(
        _ handler: any HTTPHandler, report: @escaping NetworkEventHook = { _ in },
        configure: (inout HTTPServerConfiguration) -> Void = { _ in },
        _ body: (HTTPServer) async throws -> Value
    ) async throws -> Value {
        var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0)
        configuration.drainGrace = .milliseconds(200)
        configure(&configuration)
        let server = try HTTPServer(configuration, group: group, handler: handler, report: report)
        let running = Task { await server.run() }
        defer { running.cancel() }
        let value = try await body(server)
        running.cancel()
        await running.value
        return value
    }

    /// Connects and runs `body` on the clients' loop.
    static func connected<Value: Sendable>(
        to address: SocketAddress, options: TCPConnectionOptions = TCPConnectionOptions(),
        _ body: @escaping @Sendable (TCPConnection) async throws -> Value
    ) async throws -> Value {
        try await TCPConnection.withConnection(to: address, on: client, options: options, body)
    }

    /// Sends text and returns all that comes back until the server closes.
    static func exchange(_ text: String, with address: SocketAddress) async throws -> String {
        try await connected(to: address) { connection in
            try await connection.write(Bytes(utf8: text))
            return try await connection.readToEnd().string
        }
    }

    /// Waits for a condition that another thread makes true.
    static func eventually(
        within limit: Duration = .seconds(5), _ condition: () async throws -> Bool, _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let deadline = LoopTime.current + limit
        while !(try await condition()) {
            guard LoopTime.current < deadline else {
                Issue.record(comment ?? "the condition did not become true", sourceLocation: sourceLocation)
                return
            }
            try await client.sleep(for: .milliseconds(1))
        }
    }
}

extension TCPConnection {
    /// Everything until the peer sends no more.
    func readToEnd() async throws -> Bytes {
        var all = ByteWriter()
        while let bytes = try await read() { all.write(bytes) }
        return all.finish()
    }

    /// At least so many bytes, or fewer when the peer ends before.
    func read(atLeast count: Int) async throws -> Bytes {
        var all = ByteWriter()
        while all.count < count, let bytes = try await read() { all.write(bytes) }
        return all.finish()
    }

    /// What has come when it contains a text, or when the peer ends.
    func read(until text: String) async throws -> String {
        var all = ""
        while !all.contains(text), let bytes = try await read() { all += bytes.string }
        return all
    }
}

/// Keeps what a hook or a handler was told.
final class Recorder<Value: Sendable>: Sendable {
    private let storage = Mutex<[Value]>([])
    var values: [Value] { storage.withLock { $0 } }
    func record(_ value: Value) { storage.withLock { $0.append(value) } }
}
