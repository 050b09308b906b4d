import Bytes

// SEI NAL unit (ITU-T H.264, 7.3.2.3.1)
//
// +----+-------------------------+-------------------------+---------+- - more messages - -+----+
// | 06 | payload type: FF... + n | payload size: FF... + n | payload |                     | 80 |
// +----+-------------------------+-------------------------+---------+---------------------+----+

/// The recovery point SEI message (ITU-T H.264, D.1.8): decoding may start at a picture that is not an IDR picture.
enum RecoveryPoint {
    private static let payloadType = 6

    /// `recovery_frame_cnt` of the first recovery point among the messages of an SEI unit.
    static func frameCount(in unit: NALUnit) -> Int? {
        let head = unit.bytes.prefix(AVCLimits.searchedSEIBytesMax)
        return try? search(ByteReader(RBSPReader.withoutEmulationPrevention(head.dropFirst(1))))
    }

    private static func search(_ messages: ByteReader) throws -> Int? {
        var reader = messages
        // One byte is the trailing bits, two are the least of a message.
        while reader.remaining > 2 {
            let type = try readNumber(&reader)
            let payload = try reader.readBytes(try readNumber(&reader))
            if type == payloadType {
                var bits = BitReader(payload)
                return Int(try bits.readUnsignedExpGolomb())
            }
        }
        return nil
    }

    /// A number as a run of `FF` and a last byte, which are added up.
    private static func readNumber(_ reader: inout ByteReader) throws(OutOfBytes) -> Int {
        var sum = 0
        while true {
            let byte = Int(try reader.readUInt8())
            sum += byte
            if byte != 255 { return sum }
        }
    }
}
