import StreamingCore

/// Counts wrong tokens per address, and bars an address that sent too many.
///
/// The table is bounded: when it is full, the address whose span began first is forgotten.
struct FailedAttempts {
    static let attemptsMax = 30
    static let spanMilliseconds: Int64 = 60_000
    static let addressesMax = 4096

    private struct Span {
        let start: WallTime
        var count: Int
    }

    private var spans: [String: Span] = [:]

    /// How long an address must wait before its next attempt, in milliseconds; `nil` when it need not.
    func wait(for address: String, at now: WallTime) -> Int64? {
        guard let span = spans[address], span.count >= Self.attemptsMax else { return nil }
        let rest = span.start.unixMilliseconds + Self.spanMilliseconds - now.unixMilliseconds
        // A clock that was set back must not bar anybody for longer than a span.
        return rest > 0 && rest <= Self.spanMilliseconds ? rest : nil
    }

    mutating func attemptFailed(from address: String, at now: WallTime) {
        let age = spans[address].map { now.unixMilliseconds - $0.start.unixMilliseconds }
        if let age, (0..<Self.spanMilliseconds).contains(age) {
            spans[address]?.count += 1
            return
        }
        if spans[address] == nil, spans.count >= Self.addressesMax { forgetOldest() }
        spans[address] = Span(start: now, count: 1)
    }

    private mutating func forgetOldest() {
        guard let oldest = spans.min(by: { $0.value.start < $1.value.start }) else { return }
        spans[oldest.key] = nil
    }
}
