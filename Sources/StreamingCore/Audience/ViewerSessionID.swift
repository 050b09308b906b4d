internal import Bytes

/// The name of a viewer's session: a UUID that every replica derives alike from what the player shows
/// (RFC 9562, 5.8: version 8, of a SHA-256).
///
/// What the player shows (a cookie of ours, the `sid` of CMCD, its address) cannot be had back from it, so that it may
/// stand in logs, in the database and in answers of the API.
public struct ViewerSessionID: Sendable, Hashable {
    /// The 16 bytes in two halves, the first eight as `high`.
    public let high: UInt64
    public let low: UInt64

    /// - Parameters:
    ///   - stream: The stream that is watched: the same player on another one is another session.
    ///   - token: What tells the player from others, of any form.
    public init(stream: StreamID, token: String) {
        let digest = SHA256.hash(Bytes(utf8: "\(stream)\n\(token)"))
        var halves: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            halves.0 = halves.0 << 8 | UInt64(digest[index])
            halves.1 = halves.1 << 8 | UInt64(digest[index + 8])
        }
        high = halves.0 & ~0xF000 | 0x8000
        low = halves.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    }

    /// The halves of one that was made before, as a report or a database has them.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

extension ViewerSessionID: CustomStringConvertible {
    /// The 36-character form.
    public var description: String {
        let digits = [high, low].map { half in
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        let (first, last) = (digits[0], digits[1])
        return
            "\(first.prefix(8))-\(first.dropFirst(8).prefix(4))-\(first.suffix(4))-\(last.prefix(4))-\(last.suffix(12))"
    }

    /// Reads the 36-character form, in either case; `nil` for anything else.
    public init?(_ text: String) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12],
            groups.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isHexDigit } }),
            let high = UInt64(groups[0] + groups[1] + groups[2], radix: 16),
            let low = UInt64(groups[3] + groups[4], radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}
