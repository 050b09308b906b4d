import Bytes
import Foundation
import HTTP
import Network
import Synchronization
import TestKit

/// What an open page is told of a stream by one process, over its WebSocket.
final class StreamPage: Sendable {
    private struct Told {
        var viewers: [Int] = []
        var states: [(state: String, at: ContinuousClock.Instant)] = []
    }

    private let port: Int
    private let told = Mutex(Told())

    init(on port: Int) { self.port = port }

    /// How many watch, second by second, the newest last.
    var viewers: [Int] { told.withLock { $0.viewers } }
    /// The states that the stream was said to be in, the newest last, and when it was said.
    var states: [(state: String, at: ContinuousClock.Instant)] { told.withLock { $0.states } }

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
                    case .message(.text(let text)): heard(text)
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

    private func heard(_ text: Bytes) {
        let now = ContinuousClock.now
        guard let message = try? JSONSerialization.jsonObject(with: Data(text.array)) as? [String: Any],
            let data = message["data"] as? [String: Any]
        else { return }
        switch message["type"] as? String {
        case "metrics": if let viewers = data["viewers"] as? Int { told.withLock { $0.viewers.append(viewers) } }
        case "status": if let state = data["state"] as? String { told.withLock { $0.states.append((state, now)) } }
        default: break
        }
    }
}
