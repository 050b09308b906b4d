/// Names one state of a representation (RFC 9110, 8.8.3): `"v1"`, or `W/"v1"` when it is only equivalent, not equal.
public struct EntityTag: Sendable, Equatable, CustomStringConvertible {
    public let opaque: String
    public let isWeak: Bool

    /// - Parameter opaque: Visible characters other than the quote; it comes from code.
    public init(_ opaque: String, isWeak: Bool = false) {
        precondition(opaque.utf8.allSatisfy(\.isEntityTagCharacter), "an entity tag has visible characters only")
        self.opaque = opaque
        self.isWeak = isWeak
    }

    /// The tag as it stands in a field.
    public var description: String { isWeak ? "W/\"\(opaque)\"" : "\"\(opaque)\"" }

    /// Whether both name equivalent states: enough for `If-None-Match`.
    public func matchesWeakly(_ other: EntityTag) -> Bool { opaque == other.opaque }

    /// Whether both name the very same bytes: what `If-Match` and `If-Range` need.
    public func matchesStrongly(_ other: EntityTag) -> Bool { !isWeak && !other.isWeak && opaque == other.opaque }

    /// Reads one tag from the front of a field value and removes it; nil when there is none.
    init?(removingFrom text: inout Substring.UTF8View) {
        var rest = text
        var isWeak = false
        if rest.starts(with: "W/".utf8) {
            isWeak = true
            rest.removeFirst(2)
        }
        guard rest.popFirst() == ASCII.quote, let end = rest.firstIndex(of: ASCII.quote) else { return nil }
        guard rest[..<end].allSatisfy(\.isEntityTagCharacter) else { return nil }
        opaque = String(Substring(rest[..<end]))
        self.isWeak = isWeak
        text = rest[rest.index(after: end)...]
    }
}

/// A list of entity tags as conditional fields hold it: `"a", W/"b"` or `*`.
enum EntityTagList: Equatable {
    /// `*`: any representation at all.
    case any
    case tags([EntityTag])

    /// Nobody sends more than a few; what stands behind them is not read.
    private static let tagCountMax = 64

    /// - Returns: The tags before the first malformed one.
    init(_ value: String) {
        var rest = value.utf8[...].trimmingFieldSpace()
        if rest.elementsEqual([ASCII.asterisk]) {
            self = .any
            return
        }
        var tags: [EntityTag] = []
        while tags.count < Self.tagCountMax, let tag = EntityTag(removingFrom: &rest) {
            tags.append(tag)
            while let byte = rest.first, byte.isFieldSpace || byte == ASCII.comma { rest.removeFirst() }
        }
        self = .tags(tags)
    }

    func contains(_ tag: EntityTag?, by matches: (EntityTag, EntityTag) -> Bool) -> Bool {
        switch self {
        case .any: true
        case .tags(let tags): tag.map { tag in tags.contains { matches($0, tag) } } ?? false
        }
    }
}

extension UInt8 {
    /// `etagc`: visible ASCII but the quote, and everything above ASCII.
    fileprivate var isEntityTagCharacter: Bool { self == 0x21 || self >= 0x23 && self != 0x7F }
}
