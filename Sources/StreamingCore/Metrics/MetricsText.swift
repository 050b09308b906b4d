/// The two forms that metrics are asked for in.
///
/// ```
/// # HELP sluice_ingest_frames_total Frames that encoders sent.
/// # TYPE sluice_ingest_frames_total counter
/// sluice_ingest_frames_total 1203
/// ```
public enum MetricsFormat: Sendable {
    /// Prometheus text exposition, 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.0: counters are named without `_total` in their head, and the end is marked.
    case openMetrics

    /// What a client asks for.
    ///
    /// - Parameter accept: Its `Accept` field.
    public init(accept: String?) {
        self = accept?.contains("application/openmetrics-text") == true ? .openMetrics : .prometheus
    }

    /// The media type of an answer.
    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}

extension MetricsRegistry {
    /// All metrics as they are now. Takes as long as there are lines; not for an event loop.
    public func text(_ format: MetricsFormat = .prometheus) -> String {
        var text = ""
        for family in families {
            let isShort = format == .openMetrics && family.kind == .counter
            let head = isShort ? String(family.name.dropLast("_total".count)) : family.name
            text += "# HELP \(head) \(Self.escaped(family.help))\n# TYPE \(head) \(family.kind.rawValue)\n"
            for sample in family.read() {
                text += family.name + sample.suffix + Self.written(sample.labels) + " "
                text += Self.written(sample.value) + "\n"
            }
        }
        return format == .openMetrics ? text + "# EOF\n" : text
    }

    private static func written(_ labels: MetricLabelValues) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }

    /// A backslash, a line break and a quotation mark end nothing.
    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        return String(
            text.flatMap { character -> [Character] in
                switch character {
                case "\\": ["\\", "\\"]
                case "\n": ["\\", "n"]
                case "\"": ["\\", "\""]
                default: [character]
                }
            })
    }

    private static func written(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return abs(value) < 1e15 && value == value.rounded() ? String(Int(value)) : "\(value)"
    }
}
