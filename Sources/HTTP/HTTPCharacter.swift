/// The character classes of RFC 9110, 5.6 and RFC 3986 as tests on single bytes.
extension UInt8 {
    /// `tchar`: what names of methods, fields and codings are made of. The masks hold one bit per ASCII character.
    @inline(__always) var isTokenCharacter: Bool {
        isIn(0x03ff_6cfa_0000_0000, 0x57ff_ffff_c7ff_fffe)
    }

    /// What a host, an IP literal in brackets and a port are made of (RFC 3986, 3.2.2), without user information.
    @inline(__always) var isHostCharacter: Bool {
        isIn(0x2fff_7ff2_0000_0000, 0x47ff_fffe_afff_fffe)
    }

    /// `field-vchar`, space and tab: what a field value is made of. CR, LF, NUL and other controls are not in it.
    @inline(__always) var isFieldValueCharacter: Bool { self >= 0x20 && self != 0x7F || self == 0x09 }

    /// What stands in a request target: visible ASCII, but no fragment.
    @inline(__always) var isTargetCharacter: Bool { self > 0x20 && self < 0x7F && self != ASCII.hash }

    /// Space or tab, `OWS`.
    @inline(__always) var isFieldSpace: Bool { self == ASCII.space || self == ASCII.tab }

    @inline(__always) var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    /// Small letters for capital ones, everything else as it is.
    @inline(__always) var lowercasedASCII: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }

    /// 0 to 15 for a hexadecimal digit of either case.
    var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }

    @inline(__always) private func isIn(_ low: UInt64, _ high: UInt64) -> Bool {
        let mask = self & 64 == 0 ? low : high
        return self < 128 && mask &>> UInt64(self & 63) & 1 == 1
    }
}

/// The bytes that the syntax of HTTP names.
enum ASCII {
    static var tab: UInt8 { 0x09 }
    static var lineFeed: UInt8 { 0x0A }
    static var carriageReturn: UInt8 { 0x0D }
    static var space: UInt8 { 0x20 }
    static var quote: UInt8 { 0x22 }
    static var hash: UInt8 { 0x23 }
    static var percent: UInt8 { 0x25 }
    static var ampersand: UInt8 { 0x26 }
    static var asterisk: UInt8 { 0x2A }
    static var plus: UInt8 { 0x2B }
    static var comma: UInt8 { 0x2C }
    static var hyphen: UInt8 { 0x2D }
    static var dot: UInt8 { 0x2E }
    static var slash: UInt8 { 0x2F }
    static var zero: UInt8 { 0x30 }
    static var colon: UInt8 { 0x3A }
    static var semicolon: UInt8 { 0x3B }
    static var equals: UInt8 { 0x3D }
    static var questionMark: UInt8 { 0x3F }
    static var openingBracket: UInt8 { 0x5B }
    static var backslash: UInt8 { 0x5C }
    static var closingBracket: UInt8 { 0x5D }
}
