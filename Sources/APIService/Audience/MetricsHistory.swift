import StreamingCore

/// The measurements of the last ten minutes, the newest last.
struct MetricsHistory {
    /// How far back it goes, in milliseconds.
    static let milliseconds: Int64 = 600_000
    private static let countMax = Int(milliseconds / 1000)

    private var ring: [StreamMetrics] = []
    /// Where the oldest stands once the ring is full.
    private var start = 0

    var last: StreamMetrics? {
        ring.isEmpty ? nil : ring[(start + ring.count - 1) % ring.count]
    }

    mutating func append(_ metrics: StreamMetrics) {
        guard ring.count == Self.countMax else {
            ring.append(metrics)
            return
        }
        ring[start] = metrics
        start = (start + 1) % ring.count
    }

    /// Those of the last `milliseconds` before the newest, in order.
    func recent(milliseconds: Int64) -> [StreamMetrics] {
        guard let last else { return [] }
        let since = last.at.adding(milliseconds: -milliseconds)
        // From the newest back: a minute is asked for every second, and ten are kept.
        let count = (0..<ring.count).prefix { ring[(start + ring.count - 1 - $0) % ring.count].at > since }.count
        return (ring.count - count..<ring.count).map { ring[(start + $0) % ring.count] }
    }
}
