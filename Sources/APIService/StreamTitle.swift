public import StreamingCore

/// A stream's title that was checked.
public struct StreamTitle: Sendable, Equatable {
    /// A character can be built from any number of code points; this bounds what is stored.
    public static let utf8BytesMax = 4000

    public let text: String

    /// Takes a title without the white space around it.
    ///
    /// - Throws: ``StreamError/invalidValue(field:reason:)`` unless 1 to ``Stream/titleCharactersMax`` characters are
    ///   left, none of them a control character.
    public init(_ text: String) throws(StreamError) {
        guard text.utf8.count <= Self.utf8BytesMax else { throw Self.refusal("has too many code points") }
        var trimmed = text[...]
        while trimmed.first?.isWhitespace == true { trimmed.removeFirst() }
        while trimmed.last?.isWhitespace == true { trimmed.removeLast() }
        guard (1...Stream.titleCharactersMax).contains(trimmed.count) else {
            throw Self.refusal("must have 1 to \(Stream.titleCharactersMax) characters, not \(trimmed.count)")
        }
        guard !trimmed.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Self.refusal("must not have control characters")
        }
        self.text = String(trimmed)
    }

    private static func refusal(_ reason: String) -> StreamError { .invalidValue(field: "title", reason: reason) }
}
