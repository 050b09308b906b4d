/// Tells as early as possible whether bytes that come in pieces are UTF-8 (RFC 3629, 4).
///
/// It fails at the first byte that cannot be continued to a valid sequence: overlong forms, surrogates and code points
/// above U+10FFFF are found at their second byte.
public struct UTF8Validator: Sendable {
    /// How many bytes of the current character are missing.
    private var missing = 0
    /// What the next of them may be.
    private var next: ClosedRange<UInt8> = 0x80...0xBF

    public init() {}

    /// Whether the bytes so far end with a whole character.
    public var isComplete: Bool { missing == 0 }

    /// Looks at the next piece.
    ///
    /// - Returns: Whether the text may still become valid; after false the validator is not to be used.
    public mutating func receive(_ bytes: Bytes) -> Bool {
        // Reads are inside: `position + 8 <= count` for the words, `position < count` for the bytes.
        unsafe bytes.withUnsafeBytes { memory in
            var position = 0
            while position < memory.count {
                if missing == 0 {
                    while position &+ 8 <= memory.count,
                        unsafe memory.loadUnaligned(fromByteOffset: position, as: UInt64.self) & Self.highBits == 0
                    {
                        position &+= 8
                    }
                    guard position < memory.count else { return true }
                }
                guard receive(unsafe memory[position]) else { return false }
                position &+= 1
            }
            return true
        }
    }

    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    @inline(__always) private mutating func receive(_ byte: UInt8) -> Bool {
        if missing > 0 {
            guard next.contains(byte) else { return false }
            missing &-= 1
            next = 0x80...0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F: break
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, next) = (2, 0xA0...0xBF)
        case 0xED: (missing, next) = (2, 0x80...0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, next) = (3, 0x90...0xBF)
        case 0xF1...0xF3: missing = 3
        case 0xF4: (missing, next) = (3, 0x80...0x8F)
        default: return false
        }
        return true
    }
}
