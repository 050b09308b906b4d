import Bytes
import Media

// Program association and program map sections (ISO/IEC 13818-1, 2.4.4.3 and 2.4.4.8), one packet each
//
// +-------+----------+---------+----+----+----+---------+--------+
// | table | length   | id      | C1 | 00 | 00 | entries | CRC 32 |
// | 8     | 4, 12    | 16      | 8  | 8  | 8  |         | 32     |
// +-------+----------+---------+----+----+----+---------+--------+

/// Where each part of the only program is.
enum PacketID {
    static let programAssociation: UInt16 = 0
    static let programMap: UInt16 = 0x1000
    static let video: UInt16 = 0x100
    static let audio: UInt16 = 0x101
}

/// The tables that say what is in the stream. The same in every segment of a run.
struct ProgramTables {
    let association: Bytes
    let map: Bytes

    private static let program: UInt16 = 1

    init(hasVideo: Bool, hasAudio: Bool) {
        association = Self.section(table: 0, id: 1) { writer in
            writer.write(Self.program)
            writer.write(0xE000 | PacketID.programMap)
        }
        map = Self.section(table: 2, id: Self.program) { writer in
            writer.write(0xE000 | (hasVideo ? PacketID.video : PacketID.audio))  // where the clock is
            writer.write(UInt16(0xF000))  // no descriptors
            if hasVideo { Self.writeStream(&writer, type: 0x1B, PacketID.video) }  // H.264
            if hasAudio { Self.writeStream(&writer, type: 0x0F, PacketID.audio) }  // AAC in ADTS
        }
    }

    private static func writeStream(_ writer: inout ByteWriter, type: UInt8, _ packetID: UInt16) {
        writer.write(type)
        writer.write(0xE000 | packetID)
        writer.write(UInt16(0xF000))
    }

    /// A section behind its pointer field, with its check sum.
    private static func section(table: UInt8, id: UInt16, _ body: (inout ByteWriter) -> Void) -> Bytes {
        var content = ByteWriter()
        body(&content)
        let entries = content.finish()
        var writer = ByteWriter()
        writer.write(table)
        writer.write(UInt16(0xB000) | UInt16(entries.count + 9))
        writer.write(id)
        writer.write(0xC1 as UInt8)  // version 0, valid now
        writer.write(UInt16(0))  // the first section of one
        writer.write(entries)
        let section = writer.finish()
        var whole = ByteWriter()
        whole.write(0 as UInt8)
        whole.write(section)
        whole.write(CRC32.checksum(of: section))
        return whole.finish()
    }
}

/// The check sum of sections (ISO/IEC 13818-1, annex A): polynomial 04C11DB7, most significant bit first, not inverted.
enum CRC32 {
    static func checksum(of bytes: Bytes) -> UInt32 {
        bytes.reduce(0xFFFF_FFFF) { checksum, byte in
            (0..<8).reduce(checksum ^ UInt32(byte) << 24) { value, _ in
                value & 0x8000_0000 == 0 ? value << 1 : value << 1 ^ 0x04C1_1DB7
            }
        }
    }
}
