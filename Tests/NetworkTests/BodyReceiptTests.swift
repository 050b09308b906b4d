import Bytes
import HTTP
import Network
import Synchronization
import Testing

extension NetworkTests {
    /// Who counts bodies hears of what did not leave.
    @Suite(.timeLimit(.minutes(1))) struct BodyReceiptTests {
        /// Far more than the buffers of both sockets hold.
        private static let length = 32 << 20

        private final class Receipt: HTTPBodyReceipt {
            let unsent = Recorder<Int>()
            func bytesNotSent(_ count: Int) { unsent.record(count) }
        }

        private struct Handler: HTTPHandler {
            let receipt = Receipt()

            func respond(to request: HTTPRequest) async -> HTTPResponse {
                let length = request.path == "/large" ? BodyReceiptTests.length : 12
                var response = HTTPResponse(.ok, body: .shared([Bytes([UInt8](repeating: 1, count: length))]))
                response.receipt = receipt
                return response
            }
        }

        @Test func `a connection that breaks in a body tells how much of it was left`() async throws {
            let handler = Handler()
            let ended = Recorder<String>()
            try await Loopback.serving(handler, report: { _ in ended.record("over") }) { server in
                try await Loopback.connected(to: server.address) { connection in
                    try await connection.write(Bytes(utf8: "GET /large HTTP/1.1\r\nHost: test\r\n\r\n"))
                    _ = try await connection.read()
                }
                while ended.values.isEmpty { try await Loopback.client.sleep(for: .milliseconds(1)) }
            }
            let unsent = try #require(handler.receipt.unsent.values.first)
            #expect(unsent > 0 && unsent < Self.length)
            #expect(handler.receipt.unsent.values.count == 1)
        }

        @Test func `a body that leaves is not told of`() async throws {
            let handler = Handler()
            try await Loopback.serving(handler) { server in
                try await Loopback.connected(to: server.address) { connection in
                    let close = "GET /small HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
                    try await connection.write(Bytes(utf8: close))
                    _ = try await connection.readToEnd()
                }
            }
            #expect(handler.receipt.unsent.values.isEmpty)
        }
    }
}
