import Bytes
import Network

/// Connections of the tests' own, for what no well-behaved client sends.
enum Wire {
    /// One loop carries them all. Shared by all tests and never stopped: it ends with the process.
    private static let group = Result { try EventLoopGroup(count: 1) }

    static func connect<Value: Sendable>(
        to port: Int, receiveBufferBytes: Int? = nil,
        _ body: @escaping @Sendable (TCPConnection) async throws -> Value
    ) async throws -> Value {
        var options = TCPConnectionOptions()
        options.readTimeout = .seconds(20)
        options.receiveBufferBytes = receiveBufferBytes
        let address = try SocketAddress(host: "127.0.0.1", port: UInt16(clamping: port))
        return try await TCPConnection.withConnection(
            to: address, on: try group.get().any(), options: options, body)
    }

    /// Sends bytes and reads until the server closes.
    ///
    /// - Returns: What came; a reset ends it as a close does.
    static func exchange(_ bytes: Bytes, with port: Int) async throws -> Bytes {
        try await connect(to: port) { connection in
            var answer = ByteWriter()
            do {
                try await connection.write(bytes)
                while let bytes = try await connection.read() { answer.write(bytes) }
            } catch NetworkError.connectionReset {
                // The server closed with some of our bytes unread.
            }
            return answer.finish()
        }
    }
}
