import Network
import StreamingCore

/// What is told of a port's connections.
struct NetworkMetrics: Sendable {
    private let refusals: CounterGrid<Port, Refusal>
    private let failures: Counters<Port>
    private let accepts: Counters<Port>

    enum Port: Int, MetricLabel {
        case rtmp, http
        static let name = "port"
    }

    enum Refusal: Int, MetricLabel {
        case connectionsMax, connectionsPerAddressMax, descriptorsExhausted
        static let name = "reason"
    }

    init(in registry: MetricsRegistry) {
        refusals = registry.counters(
            "sluice_connections_refused_total", "Connections that were closed as soon as they were accepted.",
            by: Port.self, and: Refusal.self)
        failures = registry.counters(
            "sluice_connection_failures_total", "Connections that ended with an error.", by: Port.self)
        accepts = registry.counters(
            "sluice_accept_failures_total", "Times that the kernel would not hand over a connection.", by: Port.self)
    }

    /// Counts what it hears and passes it on.
    func hook(for port: Port, then next: @escaping NetworkEventHook) -> NetworkEventHook {
        { event in
            switch event {
            case .refused(_, .connectionsMax): refusals[port, .connectionsMax].add()
            case .refused(_, .connectionsPerAddressMax): refusals[port, .connectionsPerAddressMax].add()
            case .refused(_, .descriptorsExhausted): refusals[port, .descriptorsExhausted].add()
            case .acceptFailed: accepts[port].add()
            case .connectionFailed: failures[port].add()
            case .listening, .drainBegan, .drainCutShort: break
            }
            next(event)
        }
    }
}
