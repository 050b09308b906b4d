/// A value that does not print: not in logs, not in string interpolation, not in a debugger's dump.
public struct Secret: Sendable, Equatable {
    private let value: String

    public init(_ value: String) { self.value = value }

    /// The value itself; every use is a place to look at in a review.
    public func reveal() -> String { value }

    /// Whether it is so short that somebody might find it by trying.
    public var isGuessable: Bool { value.utf8.count < 16 }

    /// Compares in a time that depends on the length alone.
    public static func == (left: Secret, right: Secret) -> Bool {
        let (a, b) = (Array(left.value.utf8), Array(right.value.utf8))
        var difference = UInt64(a.count ^ b.count)
        for index in 0..<min(a.count, b.count) { difference |= UInt64(a[index] ^ b[index]) }
        return difference == 0
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<secret>" }
    public var debugDescription: String { "<secret>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
