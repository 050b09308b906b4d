/// All lines of one metric: its name, what it is, and how to read it.
struct MetricFamily: Sendable {
    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// One line without the family's name.
    struct Sample {
        /// `_bucket`, `_sum`, `_count`, or nothing.
        var suffix = ""
        var labels: MetricLabelValues = []
        var value: Double
    }

    let name: String
    let help: String
    let kind: Kind
    /// Called at each scrape.
    let read: @Sendable () -> [Sample]

    init(_ name: String, _ help: String, _ kind: Kind, read: @escaping @Sendable () -> [Sample]) {
        precondition(Self.isName(name), "a metric's name has lower-case letters, digits and underscores")
        precondition(name.hasSuffix("_total") == (kind == .counter), "counters, and they alone, end in _total")
        precondition(!help.isEmpty, "a metric says what it is")
        self.name = name
        self.help = help
        self.kind = kind
        self.read = read
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first) else { return false }
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }
}

extension LatencyHistogram {
    /// The lines of a histogram. Buckets contain those below them.
    func samples(_ labels: MetricLabelValues = []) -> [MetricFamily.Sample] {
        let (counts, seconds) = state
        var samples: [MetricFamily.Sample] = []
        var sum = 0
        for (place, count) in counts.enumerated() {
            sum += count
            let bound = place < bounds.count ? "\(bounds[place])" : "+Inf"
            samples.append(
                MetricFamily.Sample(suffix: "_bucket", labels: labels + [("le", bound)], value: Double(sum)))
        }
        samples.append(MetricFamily.Sample(suffix: "_sum", labels: labels, value: seconds))
        samples.append(MetricFamily.Sample(suffix: "_count", labels: labels, value: Double(sum)))
        return samples
    }
}
