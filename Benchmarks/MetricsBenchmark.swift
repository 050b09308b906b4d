import StreamingCore

/// What it costs to count: it is done for every frame and every request.
func measureMetrics() async throws {
    let repetitions = 1_000_000
    let registry = MetricsRegistry()
    let counter = registry.counter("bench_things_total", "Things.")
    let histogram = registry.histogram("bench_wait_seconds", "A wait.")
    let grid = registry.counters(
        "bench_calls_total", "Calls.", by: StoreOperation.self, and: CallOutcome.self)
    try await Measurement.measure("metrics, counter") {
        for _ in 0..<repetitions { counter.add() }
        return .times(repetitions)
    }
    try await Measurement.measure("metrics, counter with two labels") {
        for _ in 0..<repetitions { grid[.get, .success].add() }
        return .times(repetitions)
    }
    try await Measurement.measure("metrics, histogram", detail: "13 bounds, the seventh bucket") {
        for _ in 0..<repetitions { histogram.observe(nanoseconds: 70_000_000) }
        return .times(repetitions)
    }
    try await Measurement.measure("metrics, stopwatch and histogram") {
        for _ in 0..<repetitions / 10 { histogram.observe(Stopwatch()) }
        return .times(repetitions / 10)
    }
    try await Measurement.measure("metrics, counter, 8 tasks at once", detail: "processor time of all") {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<repetitions / 8 { counter.add() } } }
        }
        return .times(repetitions)
    }
}
