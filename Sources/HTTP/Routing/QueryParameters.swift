/// The parameters of a query, as `application/x-www-form-urlencoded` (WHATWG URL, 5.1).
///
///     _HLS_msn=12&_HLS_part=3&name=a%20b+c
///
/// `+` is a space, `%20` too; an escape that is none stands for itself; bytes that are no UTF-8 are replaced. Nothing
/// is decoded before it is looked up, and only the first ``countMax`` parameters are looked at.
public struct QueryParameters: Sendable {
    /// The most parameters that are looked at.
    public static let countMax = 64

    private let query: String

    /// - Parameter query: What stands behind `?`, as in ``HTTPRequest/query``.
    public init(_ query: String) {
        self.query = query
    }

    /// The decoded value of the first parameter of that name; empty when it has no `=`.
    public subscript(name: String) -> String? {
        var scan = Scan(query)
        while let pair = scan.next() {
            if isNamed(pair, name) { return decoded(pair.value) }
        }
        return nil
    }

    /// Requests for playlists have three to five parameters, and most that is asked for is not among them.
    private func isNamed(_ pair: Scan.Pair, _ name: String) -> Bool {
        pair.isNameEncoded
            ? decoded(pair.name) == name
            : Self.isEqual(query.utf8Span.span.extracting(pair.name), name.utf8Span.span)
    }

    fileprivate func decoded(_ range: Range<Int>) -> String {
        let bytes = query.utf8
        let start = bytes.index(bytes.startIndex, offsetBy: range.lowerBound)
        return Self.decoded(Substring(bytes[start..<bytes.index(start, offsetBy: range.count)]))
    }

    private static func isEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }

    /// The value of a parameter as a number in decimal digits, with no sign and no overflow.
    public func integer(_ name: String) -> Int? { self[name].flatMap(Self.integer) }

    /// A number in decimal digits, with no sign and no overflow.
    public static func integer(_ value: String) -> Int? {
        guard !value.isEmpty, value.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(value)
    }
}

/// Walks the parameters of a query in order, without empty ones: where they stand, as bytes of the query.
private struct Scan {
    struct Pair {
        let name: Range<Int>
        let value: Range<Int>
        let isNameEncoded: Bool
    }

    let query: String
    private var start = 0
    private var taken = 0

    init(_ query: String) { self.query = query }

    mutating func next() -> Pair? {
        let text = query.utf8Span.span
        while start < text.count, taken < QueryParameters.countMax {
            let began = start
            var end = start
            var equals: Int?
            var isNameEncoded = false
            while end < text.count, text[end] != ASCII.ampersand {
                if equals == nil {
                    switch text[end] {
                    case ASCII.equals: equals = end
                    case ASCII.percent, ASCII.plus: isNameEncoded = true
                    default: break
                    }
                }
                end += 1
            }
            start = end + 1
            guard end > began else { continue }
            taken += 1
            let nameEnd = equals ?? end
            return Pair(name: began..<nameEnd, value: min(nameEnd + 1, end)..<end, isNameEncoded: isNameEncoded)
        }
        return nil
    }
}

extension QueryParameters: Sequence {
    /// One `name=value`.
    public struct Parameter: Sendable {
        fileprivate let query: QueryParameters
        fileprivate let pair: (name: Range<Int>, value: Range<Int>)

        public var name: String { query.decoded(pair.name) }
        public var value: String { query.decoded(pair.value) }
    }

    /// Walks the parameters in order, without empty ones.
    public struct Iterator: IteratorProtocol {
        private let query: QueryParameters
        private var scan: Scan

        fileprivate init(_ query: QueryParameters) {
            self.query = query
            scan = Scan(query.query)
        }

        public mutating func next() -> Parameter? {
            scan.next().map { Parameter(query: query, pair: ($0.name, $0.value)) }
        }
    }

    public func makeIterator() -> Iterator { Iterator(self) }

    fileprivate static func decoded(_ text: Substring) -> String {
        guard text.isEncoded else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            if byte == ASCII.percent, let high = rest.first?.hexadecimalValue,
                let low = rest.dropFirst().first?.hexadecimalValue
            {
                bytes.append(high << 4 | low)
                rest.removeFirst(2)
            } else {
                bytes.append(byte == ASCII.plus ? ASCII.space : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Substring {
    fileprivate var isEncoded: Bool { utf8.contains { $0 == ASCII.percent || $0 == ASCII.plus } }
}

extension HTTPRequest {
    /// The parameters of ``query``.
    public var parameters: QueryParameters { QueryParameters(query) }

    /// Whether the query may have a parameter of that name, which is written without escapes and has a value. It costs
    /// next to nothing, for requests that have none.
    public func mayHaveParameter(_ name: String) -> Bool {
        guard !query.isEmpty else { return false }
        let (text, name) = (query.utf8Span.span, name.utf8Span.span)
        var start = 0
        while start + name.count < text.count {
            var length = 0
            while length < name.count, text[start + length] == name[length] { length += 1 }
            if length == name.count, text[start + length] == ASCII.equals { return true }
            while start < text.count, text[start] != ASCII.ampersand { start += 1 }
            start += 1
        }
        return false
    }
}
