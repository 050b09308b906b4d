import Bytes

/// Reads the raw byte sequence payload of a NAL unit (ITU-T H.264, 7.3.1): its fields after the header byte, without
/// the emulation prevention bytes (`00 00 03` stands for `00 00`).
struct RBSPReader {
    private var bits: BitReader

    /// - Parameter unit: A NAL unit with its header, which is skipped.
    init(_ unit: Bytes) {
        bits = BitReader(Self.withoutEmulationPrevention(unit.dropFirst(1)))
    }

    /// How many bits are left.
    var remaining: Int { bits.remaining }

    mutating func unsigned(_ count: Int) throws(AVCFailure) -> Int {
        do { return Int(try bits.readBits(count)) } catch { throw .truncated }
    }

    mutating func flag() throws(AVCFailure) -> Bool { try unsigned(1) == 1 }

    mutating func skip(_ count: Int) throws(AVCFailure) {
        do { try bits.skipBits(count) } catch { throw .truncated }
    }

    /// `ue(v)`, refused above `max`.
    mutating func exponential(_ field: String, max: Int) throws(AVCFailure) -> Int {
        let value = try exponential()
        guard value <= max else { throw .valueOutOfRange(field: field, value: Int64(value)) }
        return value
    }

    /// `ue(v)` of any value, at most 2³² - 2.
    mutating func exponential() throws(AVCFailure) -> Int {
        do { return Int(try bits.readUnsignedExpGolomb()) } catch { throw .truncated }
    }

    /// `se(v)`.
    mutating func signedExponential() throws(AVCFailure) -> Int {
        do { return Int(try bits.readSignedExpGolomb()) } catch { throw .truncated }
    }

    /// The bytes themselves when there is nothing to remove.
    static func withoutEmulationPrevention(_ bytes: Bytes) -> Bytes {
        guard var escape = nextEscape(in: bytes, from: 2) else { return bytes }
        var writer = ByteWriter(capacity: bytes.count)
        var copied = 0
        while true {
            writer.write(bytes[copied..<escape])
            copied = escape + 1
            // Two zeros after the escape byte are needed for another one.
            guard let next = nextEscape(in: bytes, from: copied + 2) else { break }
            escape = next
        }
        writer.write(bytes[copied..<bytes.count])
        return writer.finish()
    }

    /// The position of the next 3 that stands behind two zeros.
    private static func nextEscape(in bytes: Bytes, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == 3 && bytes[index - 1] == 0 && bytes[index - 2] == 0 { return index }
            index += 1
        }
        return nil
    }
}
