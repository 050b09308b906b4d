import Bytes
import HTTP
import StreamingCore

/// Counts the clients and messages of a hub, and those that it gives up, and hands them on.
struct MeasuredWebSocketAudience<Audience: WebSocketAudience>: WebSocketAudience {
    private let audience: Audience
    private let metrics: WebSocketMetrics

    init(_ audience: Audience, _ metrics: WebSocketMetrics) {
        self.audience = audience
        self.metrics = metrics
    }

    func publish(_ frame: Bytes, to topic: Audience.Topic, snapshot: [Bytes]?) {
        audience.publish(frame, to: topic, snapshot: snapshot)
        metrics.messages.add(audience.count(of: topic))
    }

    func forget(_ topic: Audience.Topic) { audience.forget(topic) }

    func end(_ topic: Audience.Topic, _ close: WebSocketClose) { audience.end(topic, close) }

    func count(of topic: Audience.Topic) -> Int { audience.count(of: topic) }

    func attend(
        _ topic: Audience.Topic, _ channel: any WebSocketChannel, initial: [Bytes],
        heard: @Sendable (WebSocketMessage) async throws -> Void
    ) async throws {
        metrics.clients.add()
        defer {
            metrics.clients.add(-1)
            if channel.wasTooSlow { metrics.dropped.add() }
        }
        try await audience.attend(topic, channel, initial: initial, heard: heard)
    }
}
