import Bytes
import Foundation
import HTTP
import Network
import Synchronization
import TestKit

/// How many watch a stream, as one process tells it over its WebSocket second by second.
final class ToldViewers: Sendable {
    private let port: Int
    private let numbers = Mutex<[Int]>([])

    init(on port: Int) { self.port = port }

    /// All that was told, the newest last.
    var all: [Int] { numbers.withLock { $0 } }

    /// Listens until the server closes.
    func listen(to stream: String) async throws {
        let request =
            "GET /ws/stream/\(stream) HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        try await Wire.connect(to: port) { [self] connection in
            try await connection.write(Bytes(utf8: request))
            var head = ByteAccumulator()
            var reader: WebSocketReader?
            while let bytes = try await connection.read() {
                if reader == nil {
                    head.append(bytes)
                    guard let frames = try Self.frames(behind: head.readable) else { continue }
                    reader = WebSocketReader(from: .server)
                    reader?.receive(frames)
                } else {
                    reader?.receive(bytes)
                }
                while let event = try reader?.next() {
                    switch event {
                    case .message(.text(let text)): told(text)
                    case .ping(let payload): try await connection.write(WebSocketFrame.pong(payload, mask: 0x1234_5678))
                    default: break
                    }
                }
            }
        }
    }

    /// What follows the answer to the handshake; `nil` when there is more of it to come.
    private static func frames(behind answer: Bytes) throws -> Bytes? {
        for end in 4..<max(4, answer.count + 1) where answer[end - 4..<end] == [13, 10, 13, 10] {
            guard answer.prefix(13) == Bytes(utf8: "HTTP/1.1 101 ") else {
                throw NeverHappened(description: "it is no WebSocket: \(answer.string)")
            }
            return answer.dropFirst(end)
        }
        return nil
    }

    private func told(_ text: Bytes) {
        guard let message = try? JSONSerialization.jsonObject(with: Data(text.array)) as? [String: Any],
            message["type"] as? String == "metrics",
            let viewers = (message["data"] as? [String: Any])?["viewers"] as? Int
        else { return }
        numbers.withLock { $0.append(viewers) }
    }
}
