/// What a `Range` field asks of a representation (RFC 9110, 14).
///
///     bytes=0-499      the first 500 bytes
///     bytes=500-       from byte 500
///     bytes=-500       the last 500 bytes
///
/// Several ranges, other units and malformed values are ignored, as the RFC allows: the answer is then the whole.
public enum RangeRequest: Sendable, Equatable {
    case whole
    /// Answered with 206; the range is not empty.
    case part(Range<Int>)
    /// Answered with 416.
    case unsatisfiable

    /// - Parameters:
    ///   - value: The value of `Range`, nil when there is none.
    ///   - length: The length of the whole representation in bytes.
    public init(_ value: String?, length: Int) {
        self = value.flatMap { Self.parse($0.utf8, length: length) } ?? .whole
    }

    private static func parse(_ value: String.UTF8View, length: Int) -> RangeRequest? {
        guard let equals = value.firstIndex(of: ASCII.equals),
            value[..<equals].elementsEqual("bytes".utf8, by: { $0.lowercasedASCII == $1 })
        else { return nil }
        let specification = value[value.index(after: equals)...].trimmingFieldSpace()
        guard let hyphen = specification.firstIndex(of: ASCII.hyphen) else { return nil }
        let first = specification[..<hyphen]
        let last = specification[specification.index(after: hyphen)...]
        if first.isEmpty { return suffix(of: last, length: length) }
        guard let start = first.saturatingInteger, let end = last.isEmpty ? Int.max : last.saturatingInteger,
            start <= end
        else { return nil }
        guard start < length else { return .unsatisfiable }
        return .part(start..<min(end, length - 1) + 1)
    }

    private static func suffix(of digits: Substring.UTF8View, length: Int) -> RangeRequest? {
        guard let suffix = digits.saturatingInteger else { return nil }
        guard suffix > 0 else { return .unsatisfiable }
        // An empty representation has no part that a Content-Range could name.
        return length == 0 ? .whole : .part(max(length - suffix, 0)..<length)
    }
}

extension Substring.UTF8View {
    /// The number that one or more digits write, or `Int.max` when it is larger; nil when they are no digits.
    var saturatingInteger: Int? {
        guard !isEmpty else { return nil }
        var value = 0
        for byte in self {
            guard byte.isDigit else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(byte - ASCII.zero))
            value = overflow || carry ? Int.max : sum
        }
        return value
    }

    /// Without the spaces and tabs at both ends.
    func trimmingFieldSpace() -> Substring.UTF8View {
        var trimmed = self
        while trimmed.first?.isFieldSpace == true { trimmed.removeFirst() }
        while trimmed.last?.isFieldSpace == true { trimmed.removeLast() }
        return trimmed
    }
}
