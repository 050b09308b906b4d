import Bytes
@testable import Network
import Testing

extension NetworkTests {
    @Suite(.timeLimit(.minutes(1))) struct TCPConnectionTests {
        @Sendable static func echo(_ connection: TCPConnection) async throws {
            while let bytes = try await connection.read() { try await connection.write(bytes) }
            try await connection.shutdownWrite()
        }

        @Test func `what is sent comes back`() async throws {
            try await Loopback.listening(serve: Self.echo) { listener in
                let answer = try await Loopback.connected(to: listener.address) { connection in
                    try await connection.write([Bytes(utf8: "one "), Bytes(), Bytes(utf8: "two")])
                    return try await connection.read(atLeast: 7)
                }
                #expect(answer.string == "one two")
            }
        }

        @Test func `a peer that has ended its side still gets the answer`() async throws {
            try await Loopback.listening(
                serve: { connection in
                    let question = try await connection.readToEnd()
                    try await connection.write([Bytes(utf8: "you said "), question])
                }
            ) { listener in
                let answer = try await Loopback.connected(to: listener.address) { connection in
                    try await connection.write(Bytes(utf8: "nothing more"))
                    try await connection.shutdownWrite()
                    return try await connection.readToEnd()
                }
                #expect(answer.string == "you said nothing more")
            }
        }

        @Test func `a connection can be used from outside its loop`() async throws {
            try await Loopback.listening(serve: Self.echo) { listener in
                let answer = try await Loopback.connected(to: listener.address) { connection in
                    try await Task.detached {
                        try await connection.write(Bytes(utf8: "from elsewhere"))
                        return try await connection.read(atLeast: 14).string
                    }.value
                }
                #expect(answer == "from elsewhere")
            }
        }

        /// 60 MB in odd pieces, more of them than one call takes, through a small send buffer: hundreds of partial
        /// writes.
        @Test func `a large vectored write arrives intact`() async throws {
            let pattern = Bytes((0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
            let buffers = (0..<1_500).map { pattern.dropFirst($0 * 7 % 50_000) }
            let count = buffers.reduce(0) { $0 + $1.count }
            var options = TCPListenerOptions()
            options.connection.sendBufferBytes = 256 * 1024
            try await Loopback.listening(options, serve: { try await $0.write(buffers) }) { listener in
                let received = try await Loopback.connected(to: listener.address) { connection in
                    var digest = Digest()
                    while let bytes = try await connection.read() { digest.add(bytes) }
                    return digest
                }
                var sent = Digest()
                for buffer in buffers { sent.add(buffer) }
                #expect(received.count == count)
                #expect(received == sent)
            }
        }

        @Test func `a slow reader holds the writer back`() async throws {
            let written = Recorder<Int>()
            let piece = Bytes([UInt8](repeating: 7, count: 64 * 1024))
            var options = TCPListenerOptions()
            options.connection.sendBufferBytes = 64 * 1024
            let serve: @Sendable (TCPConnection) async throws -> Void = { connection in
                for number in 0..<1_000 {
                    try await connection.write(piece)
                    written.record(number)
                    // The server's own queue is empty whenever a write has returned.
                    #expect(connection.outgoing.isEmpty)
                }
            }
            try await Loopback.listening(options, serve: serve) { listener in
                var small = TCPConnectionOptions()
                small.receiveBufferBytes = 64 * 1024
                try await Loopback.connected(to: listener.address, options: small) { connection in
                    // Until the writer stands still, because both kernel buffers are full.
                    var last = -1
                    try await Loopback.eventually {
                        defer { last = written.values.count }
                        try await Loopback.client.sleep(for: .milliseconds(20))
                        return last > 0 && written.values.count == last
                    }
                    #expect(written.values.count < 20)
                    let count = try await connection.readToEnd().count
                    #expect(count == 64_000 * 1024)
                }
            }
        }

        @Test func `a read ends with its deadline, and the connection lives on`() async throws {
            var options = TCPListenerOptions()
            options.connection.readTimeout = .milliseconds(5)
            let serve: @Sendable (TCPConnection) async throws -> Void = { connection in
                await #expect(throws: NetworkError.readTimedOut) { try await connection.read() }
                try await connection.write(Bytes(utf8: "still here"))
            }
            try await Loopback.listening(options, serve: serve) { listener in
                let text = try await Loopback.connected(to: listener.address) { try await $0.readToEnd().string }
                #expect(text == "still here")
            }
        }

        @Test func `a peer that takes nothing is dropped`() async throws {
            var options = TCPListenerOptions()
            options.connection.writeTimeout = .milliseconds(50)
            options.connection.sendBufferBytes = 16 * 1024
            let outcome = Recorder<NetworkError>()
            let serve: @Sendable (TCPConnection) async throws -> Void = { connection in
                do {
                    try await connection.write(Bytes([UInt8](repeating: 1, count: 16 << 20)))
                } catch let error as NetworkError {
                    outcome.record(error)
                }
            }
            try await Loopback.listening(options, serve: serve) { listener in
                var small = TCPConnectionOptions()
                small.receiveBufferBytes = 16 * 1024
                try await Loopback.connected(to: listener.address, options: small) { _ in
                    try await Loopback.eventually { outcome.values == [.writeTimedOut] }
                }
            }
        }

        @Test func `cancelling ends a read and a write that wait`() async throws {
            try await Loopback.listening(serve: { connection in _ = try await connection.readToEnd() }) { listener in
                try await Loopback.connected(to: listener.address) { connection in
                    let reading = Task { try await connection.read() }
                    try await Loopback.client.sleep(for: .milliseconds(2))
                    reading.cancel()
                    await #expect(throws: CancellationError.self) { try await reading.value }
                    // The connection is as good as before.
                    try await connection.write(Bytes(utf8: "x"))
                }
            }
        }

        @Test func `closing ends a read that waits`() async throws {
            try await Loopback.listening(serve: { connection in _ = try await connection.readToEnd() }) { listener in
                try await Loopback.connected(to: listener.address) { connection in
                    let reading = Task { try await connection.read() }
                    try await Loopback.client.sleep(for: .milliseconds(2))
                    connection.close()
                    await #expect(throws: NetworkError.connectionClosed) { try await reading.value }
                    await #expect(throws: NetworkError.connectionClosed) { try await connection.write(Bytes([1])) }
                }
            }
        }

        /// Without the lingering, the unread bytes would turn the close into a reset that destroys the answer.
        @Test func `the last bytes arrive although the peer's were not read`() async throws {
            let last = Bytes([UInt8](repeating: 9, count: 200_000))
            let serve: @Sendable (TCPConnection) async throws -> Void = { connection in
                _ = try await connection.read()
                await connection.close(sending: [last])
            }
            try await Loopback.listening(serve: serve) { listener in
                for _ in 0..<20 {
                    let count = try await Loopback.connected(to: listener.address) { connection in
                        try await connection.write(Bytes([UInt8](repeating: 1, count: 300_000)))
                        return try await connection.readToEnd().count
                    }
                    #expect(count == 200_000)
                }
            }
        }

        @Test func `a port that nobody listens on refuses`() async throws {
            let listener = try TCPListener(host: "127.0.0.1", port: 0, group: Loopback.group)
            let address = listener.address
            listener.close()
            try await Loopback.eventually {
                do {
                    try await Loopback.connected(to: address) { _ in }
                    return false
                } catch NetworkError.system(call: "connect", _) {
                    return true
                }
            }
        }
    }
}

/// A running sum that depends on every byte and its place.
struct Digest: Equatable {
    private(set) var count = 0
    private var value: UInt64 = 14_695_981_039_346_656_037

    mutating func add(_ bytes: Bytes) {
        count += bytes.count
        bytes.withUnsafeBytes { memory in
            var value = value
            for byte in memory { value = (value ^ UInt64(byte)) &* 1_099_511_628_211 }
            self.value = value
        }
    }
}
