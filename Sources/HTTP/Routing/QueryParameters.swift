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
        for parameter in self where parameter.isNamed(name) { return parameter.value }
        return nil
    }

    /// The value of a parameter as a number in decimal digits, with no sign and no overflow.
    public func integer(_ name: String) -> Int? {
        guard let value = self[name], !value.isEmpty, value.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(value)
    }
}

extension QueryParameters: Sequence {
    /// One `name=value`, still encoded.
    public struct Parameter: Sendable {
        fileprivate let encodedName: Substring
        fileprivate let encodedValue: Substring

        public var name: String { QueryParameters.decoded(encodedName) }
        public var value: String { QueryParameters.decoded(encodedValue) }

        fileprivate func isNamed(_ name: String) -> Bool {
            encodedName.utf8.elementsEqual(name.utf8) || encodedName.isEncoded && self.name == name
        }
    }

    /// Walks the parameters in order, without empty ones.
    public struct Iterator: IteratorProtocol {
        private var rest: Substring.UTF8View
        private var taken = 0

        fileprivate init(_ query: String) {
            rest = query.utf8[...]
        }

        public mutating func next() -> Parameter? {
            while !rest.isEmpty, taken < QueryParameters.countMax {
                let end = rest.firstIndex(of: ASCII.ampersand) ?? rest.endIndex
                let pair = rest[..<end]
                rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...]
                guard !pair.isEmpty else { continue }
                taken += 1
                guard let equals = pair.firstIndex(of: ASCII.equals) else {
                    return Parameter(encodedName: Substring(pair), encodedValue: "")
                }
                let value = pair[pair.index(after: equals)...]
                return Parameter(encodedName: Substring(pair[..<equals]), encodedValue: Substring(value))
            }
            return nil
        }
    }

    public func makeIterator() -> Iterator { Iterator(query) }

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
