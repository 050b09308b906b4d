/// What is told of calls to the database, whichever it is.
public struct DatabaseMetrics: Sendable {
    private let calls: Counters<CallOutcome>
    private let durations: LatencyHistogram

    public init(in registry: MetricsRegistry = MetricsRegistry()) {
        calls = registry.counters("sluice_database_calls_total", "Calls to the database.", by: CallOutcome.self)
        durations = registry.histogram(
            "sluice_database_call_duration_seconds",
            "How long calls to the database took, with the wait for a connection.", bounds: LatencyHistogram.fineBounds)
    }

    /// A call has ended. What the database refuses by its rules is no failure of it.
    public func ended(_ stopwatch: Stopwatch, failure: StreamError? = nil) {
        durations.observe(stopwatch)
        switch failure {
        case .database, .network, .overloaded: calls[.failure].add()
        case nil, .invalidKey, .revokedKey, .notFound, .invalidValue, .conflict, .transcoding: calls[.success].add()
        }
    }
}
