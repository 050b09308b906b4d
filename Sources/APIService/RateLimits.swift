import HTTP
import StreamingCore

/// Counts requests per address, and says when an address has had its share of a minute.
///
/// A minute begins with an address's first request. The table is bounded: when it is full, minutes that are over are
/// forgotten, and if there are none, the one that began first. Addresses of one IPv6 network of 64 bits are one.
struct RateLimits {
    static let spanMilliseconds: Int64 = 60_000
    static let addressesMax = 65_536

    /// What an answer says of it (draft-ietf-httpapi-ratelimit-headers-06).
    struct Standing: Equatable {
        let limit: Int
        let remaining: Int
        /// Until the minute is over.
        let resetSeconds: Int
        /// Whether the request is one too many.
        let isExceeded: Bool

        func add(to fields: inout HTTPFields) {
            fields.set("ratelimit-limit", String(limit))
            fields.set("ratelimit-remaining", String(remaining))
            fields.set("ratelimit-reset", String(resetSeconds))
        }
    }

    private struct Span {
        let start: WallTime
        var count: Int
    }

    private var spans: [String: Span] = [:]

    /// Counts a request.
    ///
    /// - Parameter limit: 1 or more requests in a minute.
    mutating func requested(by address: String, limit: Int, at now: WallTime) -> Standing {
        let key = Self.network(of: address)
        var span = spans[key] ?? Span(start: now, count: 0)
        let age = now.unixMilliseconds - span.start.unixMilliseconds
        // A clock that was set back must not lengthen a minute.
        if !(0..<Self.spanMilliseconds).contains(age) { span = Span(start: now, count: 0) }
        if spans[key] == nil, spans.count >= Self.addressesMax { forget(at: now) }
        span.count = min(span.count + 1, limit + 1)
        spans[key] = span
        let rest = span.start.unixMilliseconds + Self.spanMilliseconds - now.unixMilliseconds
        return Standing(
            limit: limit, remaining: max(0, limit - span.count), resetSeconds: Int((rest + 999) / 1000),
            isExceeded: span.count > limit)
    }

    private mutating func forget(at now: WallTime) {
        spans = spans.filter { now.unixMilliseconds - $0.value.start.unixMilliseconds < Self.spanMilliseconds }
        guard spans.count >= Self.addressesMax, let oldest = spans.min(by: { $0.value.start < $1.value.start }) else {
            return
        }
        spans[oldest.key] = nil
    }

    /// The first four groups of an IPv6 address as it is written in full or short; anything else as it is.
    private static func network(of address: String) -> String {
        let groups = address.split(separator: ":", omittingEmptySubsequences: false)
        guard groups.count > 2, !address.contains(".") else { return address }
        let front = groups.prefix { !$0.isEmpty }
        let filled = front + Array(repeating: "0", count: max(0, 4 - front.count))
        return filled.prefix(4).joined(separator: ":")
    }
}
