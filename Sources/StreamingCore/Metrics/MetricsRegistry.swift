import Synchronization

/// The metrics of a process, each registered once at its start under a name of its own.
///
/// Names follow the conventions of Prometheus: `sluice_` in front, the unit in its base form behind (`_seconds`,
/// `_bytes`), `_total` at the end of what only rises. Labels are enumerations, or are cut to a maximum of values.
public final class MetricsRegistry: Sendable {
    private struct State {
        var families: [MetricFamily] = []
        var names: Set<String> = []
    }

    private let state = Mutex(State())

    public init() {}

    private func add(_ family: MetricFamily) {
        state.withLock { state in
            precondition(state.names.insert(family.name).inserted, "two metrics with the name \(family.name)")
            state.families.append(family)
        }
    }

    /// What was registered, by name.
    var families: [MetricFamily] { state.withLock { $0.families }.sorted { $0.name < $1.name } }

    // MARK: Counters

    /// - Parameter unit: What one is, when the counter counts in smaller pieces: 1e9 for seconds in nanoseconds.
    public func counter(_ name: String, _ help: String, unit: Double = 1) -> Counter {
        let counter = Counter()
        add(MetricFamily(name, help, .counter) { [.init(value: Double(counter.value) / unit)] })
        return counter
    }

    public func counters<Label: MetricLabel>(
        _ name: String, _ help: String, by: Label.Type
    ) -> Counters<Label> {
        let counters = Counters<Label>()
        let texts = Label.texts
        add(
            MetricFamily(name, help, .counter) {
                zip(texts, counters.children).map { .init(labels: [(Label.name, $0)], value: Double($1.value)) }
            })
        return counters
    }

    public func counters<Row: MetricLabel, Column: MetricLabel>(
        _ name: String, _ help: String, by: Row.Type, and: Column.Type
    ) -> CounterGrid<Row, Column> {
        let grid = CounterGrid<Row, Column>()
        let (rows, columns) = (Row.texts, Column.texts)
        add(
            MetricFamily(name, help, .counter) {
                let labels = rows.flatMap { row in columns.map { [(Row.name, row), (Column.name, $0)] } }
                return zip(labels, grid.children).map { .init(labels: $0, value: Double($1.value)) }
            })
        return grid
    }

    /// Counters of names that are not known beforehand; see ``NamedCounters``.
    public func counters(_ name: String, _ help: String, byNameOf label: String) -> NamedCounters {
        let counters = NamedCounters(label: label)
        add(
            MetricFamily(name, help, .counter) {
                counters.values.sorted { $0.key < $1.key }.map {
                    .init(labels: [(label, $0.key)], value: Double($0.value))
                }
            })
        return counters
    }

    /// A sum that somebody else keeps.
    ///
    /// - Parameter read: Is called at each scrape, on a thread of its own, and must not wait.
    public func counter(_ name: String, _ help: String, read: @escaping @Sendable () -> Double) {
        add(MetricFamily(name, help, .counter) { [.init(value: read())] })
    }

    // MARK: Gauges

    public func gauge(_ name: String, _ help: String) -> Gauge {
        let gauge = Gauge()
        add(MetricFamily(name, help, .gauge) { [.init(value: Double(gauge.value))] })
        return gauge
    }

    /// A number that somebody else keeps.
    ///
    /// - Parameter read: Is called at each scrape, on a thread of its own, and must not wait. Without a value there is
    ///   no line.
    public func gauge(_ name: String, _ help: String, read: @escaping @Sendable () -> Double?) {
        add(MetricFamily(name, help, .gauge) { read().map { [.init(value: $0)] } ?? [] })
    }

    /// Numbers that differ in a label whose values are not known beforehand.
    ///
    /// - Parameters:
    ///   - label: Its name.
    ///   - childrenMax: How many values have a line; the others are put together as `other`.
    ///   - merge: How two numbers are put together.
    ///   - read: The most important first. Is called at each scrape, on a thread of its own, and must not wait.
    public func gauges(
        _ name: String, _ help: String, label: String, childrenMax: Int,
        merge: @escaping @Sendable (Double, Double) -> Double = { $0 + $1 },
        read: @escaping @Sendable () -> [(label: String, value: Double)]
    ) {
        add(
            MetricFamily(name, help, .gauge) {
                let all = read()
                var samples = all.prefix(childrenMax).map {
                    MetricFamily.Sample(labels: [(label, $0.label)], value: $0.value)
                }
                if let first = all.dropFirst(childrenMax).first {
                    let rest = all.dropFirst(childrenMax + 1).reduce(first.value) { merge($0, $1.value) }
                    samples.append(.init(labels: [(label, NamedCounters.otherName)], value: rest))
                }
                return samples
            })
    }

    // MARK: Histograms

    public func histogram(
        _ name: String, _ help: String, bounds: [Double] = LatencyHistogram.usualBounds
    ) -> LatencyHistogram {
        precondition(name.hasSuffix("_seconds"), "a histogram of durations ends in _seconds")
        let histogram = LatencyHistogram(bounds: bounds)
        add(MetricFamily(name, help, .histogram) { histogram.samples() })
        return histogram
    }

    public func histograms<Label: MetricLabel>(
        _ name: String, _ help: String, by: Label.Type, bounds: [Double] = LatencyHistogram.usualBounds
    ) -> LatencyHistograms<Label> {
        precondition(name.hasSuffix("_seconds"), "a histogram of durations ends in _seconds")
        let histograms = LatencyHistograms<Label>(bounds: bounds)
        let texts = Label.texts
        add(
            MetricFamily(name, help, .histogram) {
                zip(texts, histograms.children).flatMap { $1.samples([(Label.name, $0)]) }
            })
        return histograms
    }
}
