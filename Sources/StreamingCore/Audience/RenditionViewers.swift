/// Viewers by rendition as databases keep them: the names in one text and the numbers in a fixed count of columns, so
/// that a database adds up seconds with the same names without taking anything apart.
public struct RenditionViewers: Sendable, Equatable {
    /// In their order, a space between them; empty when there are none.
    public let names: String
    /// How many watch each, in the order of the names.
    public let counts: [Int64]

    /// - Parameter viewers: By the rendition's name. Of more than ``AudienceLimits/renditionsMax`` those with the
    ///   fewest viewers are left out, and names that no rendition can have are, too.
    public init(_ viewers: [String: Int]) {
        let legal = viewers.filter { Self.isLegal($0.key) }
        let kept = legal.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(AudienceLimits.renditionsMax)
        let ordered = kept.sorted { $0.key < $1.key }
        names = ordered.map(\.key).joined(separator: " ")
        counts = ordered.map { Int64($0.value) }
    }

    /// The number for a column, counted from 0; `nil` where there is no rendition for it.
    public func count(inColumn column: Int) -> Int64? {
        counts.indices.contains(column) ? counts[column] : nil
    }

    /// The names in the text of ``names``.
    public static func names(in text: String) -> [String] { text.split(separator: " ").map(String.init) }

    /// Whether a rendition can have this name. Databases do not take every text, and one must not keep out all that is
    /// written with it.
    public static func isLegal(_ name: String) -> Bool {
        (1...QualityLevel.nameCharactersMax).contains(name.utf8.count)
            && name.utf8.allSatisfy { $0 > UInt8(ascii: " ") && $0 < 0x7F }
    }
}
