/// Reads bit fields, most significant bit first, as H.264 and AAC headers are written.
public struct BitReader: Sendable {
    private let bytes: Bytes
    private var bit = 0

    public init(_ bytes: Bytes) { self.bytes = bytes }

    /// How many bits are left.
    public var remaining: Int { bytes.count * 8 - bit }

    /// The next `count` bits, 0 to 32, as an unsigned number.
    public mutating func readBits(_ count: Int) throws(OutOfBytes) -> UInt32 {
        precondition(count >= 0 && count <= 32, "a bit field has 0 to 32 bits")
        guard count <= remaining else { throw OutOfBytes(needed: count, available: remaining) }
        var value: UInt32 = 0
        for _ in 0..<count {
            value = value << 1 | UInt32(bytes[bit >> 3] >> UInt8(7 - bit & 7) & 1)
            bit += 1
        }
        return value
    }

    public mutating func readFlag() throws(OutOfBytes) -> Bool { try readBits(1) == 1 }

    public mutating func skipBits(_ count: Int) throws(OutOfBytes) {
        guard count >= 0, count <= remaining else { throw OutOfBytes(needed: count, available: remaining) }
        bit += count
    }

    /// An unsigned Exp-Golomb code, `ue(v)` (ITU-T H.264, 9.1). More than 31 leading zeros is no legal code.
    public mutating func readUnsignedExpGolomb() throws(OutOfBytes) -> UInt32 {
        var zeros = 0
        while try readBits(1) == 0 {
            zeros += 1
            guard zeros < 32 else { throw OutOfBytes(needed: zeros, available: remaining) }
        }
        return (UInt32(1) << UInt32(zeros)) &- 1 &+ (try readBits(zeros))
    }

    /// A signed Exp-Golomb code, `se(v)` (ITU-T H.264, 9.1.1).
    public mutating func readSignedExpGolomb() throws(OutOfBytes) -> Int32 {
        let code = Int64(try readUnsignedExpGolomb())
        return Int32(truncatingIfNeeded: code & 1 == 1 ? (code + 1) / 2 : -(code / 2))
    }
}
