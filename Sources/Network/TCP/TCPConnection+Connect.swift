internal import Glibc

extension TCPConnection {
    /// Connects, runs `body` with the connection and closes it.
    ///
    /// - Parameters:
    ///   - address: Where to.
    ///   - loop: The loop that the connection lives on, and that `body` runs on.
    ///   - timeout: How long the attempt may take.
    /// - Throws: `NetworkError` of the attempt, and what `body` throws.
    public static func withConnection<Value: Sendable>(
        to address: SocketAddress, on loop: EventLoop, options: TCPConnectionOptions = TCPConnectionOptions(),
        timeout: Duration = .seconds(10), _ body: @escaping @Sendable (TCPConnection) async throws -> Value
    ) async throws -> Value {
        try await loop.run { loop in
            let connection = try await connect(to: address, on: loop, options, timeout)
            defer { connection.close() }
            return try await body(connection)
        }
    }

    private static func connect(
        to address: SocketAddress, on loop: EventLoop, _ options: TCPConnectionOptions, _ timeout: Duration
    ) async throws -> TCPConnection {
        let family = address.ip.isIPv4 ? AF_INET : AF_INET6
        let socket = try Socket.make(family: family)
        let connection = TCPConnection(loop: loop, socket: socket, peer: address, timeouts: TCPTimeouts(options))
        do {
            let status = unsafe address.withSocketAddress(family: family) {
                unsafe Glibc.connect(socket.descriptor, $0, $1)
            }
            guard status == 0 || errno == EINPROGRESS else { throw NetworkError.system(call: "connect", errno: errno) }
            connection.isConnecting = status != 0
            connection.isWritable = status == 0
            try connection.open(options)
            if connection.isConnecting { try await connection.waitUntilConnected(before: loop.turnBegan + timeout) }
            return connection
        } catch {
            if connection.registration != nil { connection.close() } else { socket.close() }
            throw error
        }
    }

    private func waitUntilConnected(before deadline: LoopTime) async throws {
        try await wait(.writing, until: deadline)
        isConnecting = false
        let code = socket.pendingError
        guard code == 0 else { throw NetworkError.system(call: "connect", errno: code) }
    }
}
