/// A time-ordered identifier (RFC 9562, 5.7): 48 bits of Unix milliseconds, then random bits.
public struct UUIDv7: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64

    /// Makes an identifier from its time and 74 random bits of the two numbers.
    public init(at time: WallTime, random: (UInt64, UInt64)) {
        high = UInt64(bitPattern: time.unixMilliseconds) << 16 | 0x7000 | (random.0 & 0x0FFF)
        low = 0x8000_0000_0000_0000 | (random.1 & 0x3FFF_FFFF_FFFF_FFFF)
    }

    /// Makes an identifier from the system's random numbers.
    public init(at time: WallTime) {
        self.init(at: time, random: (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)))
    }

    /// Reads the 36-character form, in either case; `nil` for anything else, also for other UUID versions.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        self.init(utf8: text.utf8Span.span)
    }

    /// As `init(_:)`, for a piece of a path that is no string of its own: this is read for every request.
    public init?(utf8 text: borrowing Span<UInt8>) {
        guard text.count == 36 else { return nil }
        var digits: (UInt64, UInt64) = (0, 0)
        var count = 0
        for index in text.indices {
            let byte = text[index]
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Self.value(of: byte) else { return nil }
            if count < 16 { digits.0 = digits.0 << 4 | digit } else { digits.1 = digits.1 << 4 | digit }
            count += 1
        }
        guard digits.0 & 0xF000 == 0x7000, digits.1 >> 62 == 2 else { return nil }
        (high, low) = digits
    }

    private static func value(of byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}

extension UUIDv7: CustomStringConvertible {
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for nibble in 0..<32 {
            if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { text.append(UInt8(ascii: "-")) }
            let word = nibble < 16 ? high : low
            text.append(digits[Int(word >> UInt64(60 - (nibble & 15) * 4) & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
