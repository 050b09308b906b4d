/// Text that must not be seen by anyone but the code that checks it: a stream key or a token.
///
/// It prints as a placeholder, also within other values.
public struct StreamKeyText: Sendable, Hashable {
    /// The text itself. Not to be logged, put into an error or sent anywhere.
    public let revealed: String

    public init(_ text: String) { revealed = text }

    public var isEmpty: Bool { revealed.isEmpty }
}

extension StreamKeyText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
