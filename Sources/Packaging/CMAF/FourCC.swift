import Bytes

/// The type of a box: four characters (ISO/IEC 14496-12, 4.2).
struct FourCC: RawRepresentable, Sendable, Hashable, ExpressibleByStringLiteral {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(stringLiteral characters: String) {
        precondition(characters.utf8.count == 4, "a box type has four characters")
        rawValue = characters.utf8.reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension ByteWriter {
    mutating func write(_ type: FourCC) { write(type.rawValue) }

    /// Writes a box around what `body` writes.
    mutating func box(_ type: FourCC, _ body: (inout ByteWriter) -> Void) {
        let start = count
        write(UInt32(0))
        write(type)
        body(&self)
        overwrite(UInt32(count - start), at: start)
    }

    /// Writes a box that begins with a version and flags.
    mutating func fullBox(
        _ type: FourCC, version: UInt8 = 0, flags: UInt32 = 0, _ body: (inout ByteWriter) -> Void
    ) {
        box(type) { writer in
            writer.write(UInt32(version) << 24 | flags)
            body(&writer)
        }
    }
}
