/// An IPv4 or IPv6 address, as text has it, without a port and without asking anybody.
///
/// An IPv4 address and its mapped form `::ffff:192.0.2.1` are the same.
public struct InternetAddress: Sendable, Hashable {
    /// The 128 bits of an IPv6 address; an IPv4 address stands in the low 32 bits of its mapped form.
    let high: UInt64
    let low: UInt64

    private static let mappedPrefix: UInt64 = 0xFFFF << 32

    /// Whether this is an IPv4 address.
    public var isIPv4: Bool { high == 0 && low & 0xFFFF_FFFF_0000_0000 == Self.mappedPrefix }

    /// Reads `192.0.2.1` or `2001:db8::1` (RFC 4291, 2.2); `nil` for anything else, also with brackets or a zone, and
    /// for numbers with needless zeros in IPv4, which some read as octal.
    public init?(_ text: some StringProtocol) {
        guard (2...45).contains(text.utf8.count) else { return nil }
        if !text.utf8.contains(UInt8(ascii: ":")) {
            guard let v4 = Self.v4(text) else { return nil }
            (high, low) = (0, Self.mappedPrefix | UInt64(v4))
            return
        }
        guard let groups = Self.groups(of: String(text)) else { return nil }
        high = groups[..<4].reduce(0) { $0 << 16 | UInt64($1) }
        low = groups[4...].reduce(0) { $0 << 16 | UInt64($1) }
    }

    private static func v4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
                part.utf8.count == 1 || part.utf8.first != 0x30, let value = UInt8(part)
            else { return nil }
            number = number << 8 | UInt32(value)
        }
        return number
    }

    /// The eight groups of an IPv6 address.
    private static func groups(of text: String) -> [UInt16]? {
        var halves = [text[...]]
        if let gap = text.firstRange(of: "::") {
            halves = [text[..<gap.lowerBound], text[gap.upperBound...]]
            guard halves[1].firstRange(of: "::") == nil, !halves[1].hasPrefix(":") else { return nil }
        }
        var read: [[UInt16]] = []
        for (index, half) in halves.enumerated() {
            guard let groups = list(half, mayEndInV4: index == halves.count - 1) else { return nil }
            read.append(groups)
        }
        let count = read.reduce(0) { $0 + $1.count }
        guard read.count == 2 else { return count == 8 ? read[0] : nil }
        // The gap stands for one group at least.
        guard count < 8 else { return nil }
        return read[0] + Array(repeating: 0, count: 8 - count) + read[1]
    }

    private static func list(_ text: Substring, mayEndInV4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        for (index, part) in parts.enumerated() {
            if mayEndInV4, index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
                guard let v4 = v4(part) else { return nil }
                groups += [UInt16(v4 >> 16), UInt16(v4 & 0xFFFF)]
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0.isHexadecimalDigit }),
                let value = UInt16(part, radix: 16)
            else { return nil }
            groups.append(value)
        }
        return groups
    }
}

extension InternetAddress: CustomStringConvertible {
    /// The one spelling of RFC 5952.
    public var description: String {
        if isIPv4 { return "\(low >> 24 & 255).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255)" }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - index % 4 * 16))
        }
        // The longest run of two zeros or more, the first of them, is left out.
        var gap = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || groups[index] != 0 {
            if index - start > max(1, gap.count) { gap = start..<index }
            start = index + 1
        }
        func text(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        return gap.isEmpty ? text(0..<8) : "\(text(0..<gap.lowerBound))::\(text(gap.upperBound..<8))"
    }
}

/// All addresses that begin alike: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
public struct AddressPrefix: Sendable, Hashable {
    private let address: InternetAddress
    /// 0 to 128 bits of the IPv6 form.
    private let bits: Int

    /// Reads the form of RFC 4632, 3.1, and RFC 4291, 2.3; `nil` for anything else, also where bits are set behind the
    /// prefix, which is a mistake more often than not.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = InternetAddress(parts[0]) else { return nil }
        let isWrittenAsV4 = !parts[0].utf8.contains(UInt8(ascii: ":"))
        var bits = 128
        if parts.count == 2 {
            let digits = parts[1]
            guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
                let length = Int(digits), length <= (isWrittenAsV4 ? 32 : 128)
            else { return nil }
            bits = isWrittenAsV4 ? 96 + length : length
        }
        self.address = address
        self.bits = bits
        let mask = mask
        guard address.high & ~mask.high == 0, address.low & ~mask.low == 0 else { return nil }
    }

    private var mask: (high: UInt64, low: UInt64) {
        // A shift by the whole width gives zero in Swift.
        (~0 << UInt64(max(0, 64 - bits)), bits <= 64 ? 0 : ~0 << UInt64(128 - bits))
    }

    public func contains(_ other: InternetAddress) -> Bool {
        let mask = mask
        return other.high & mask.high == address.high && other.low & mask.low == address.low
    }
}

extension UInt8 {
    fileprivate var isHexadecimalDigit: Bool {
        0x30...0x39 ~= self || 0x41...0x46 ~= self || 0x61...0x66 ~= self
    }
}
