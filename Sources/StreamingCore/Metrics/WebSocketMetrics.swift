/// What is told of clients that follow streams over WebSocket.
public struct WebSocketMetrics: Sendable {
    /// Those that are connected.
    public let clients: Gauge
    /// Messages that were handed to connections, each for every client that it goes to.
    public let messages: Counter
    /// Those that were cut off because they did not take what they were sent.
    public let dropped: Counter

    public init(in registry: MetricsRegistry = MetricsRegistry()) {
        clients = registry.gauge("sluice_websocket_clients", "Clients connected over WebSocket.")
        messages = registry.counter(
            "sluice_websocket_messages_total", "Messages handed to connections of WebSocket clients.")
        dropped = registry.counter(
            "sluice_websocket_clients_dropped_total",
            "WebSocket clients that were cut off because they did not take what they were sent.")
    }
}
