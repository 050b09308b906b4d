/// SHA-1 (FIPS 180-4), for the opening handshake of WebSocket alone: as a proof of anything it is broken.
public enum SHA1 {
    /// How many bytes a digest has.
    public static let digestBytes = 20

    /// The digest of a message of at most a few kilobytes.
    public static func hash(_ message: Bytes) -> Bytes {
        var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        var padded = ByteWriter(capacity: message.count + 72)
        padded.write(message)
        padded.write(UInt8(0x80))
        padded.write(repeating: 0, count: (119 - message.count % 64) % 64)
        padded.write(UInt64(message.count) * 8)
        let blocks = padded.finish()
        var schedule = [UInt32](repeating: 0, count: 80)
        for block in stride(from: 0, to: blocks.count, by: 64) {
            compress(blocks, at: block, into: &state, schedule: &schedule)
        }
        var digest = ByteWriter(capacity: digestBytes)
        for word in state { digest.write(word) }
        return digest.finish()
    }

    private static func compress(
        _ bytes: Bytes, at offset: Int, into state: inout [UInt32], schedule: inout [UInt32]
    ) {
        for index in 0..<16 { schedule[index] = bytes.bigEndian(at: offset + index * 4, as: UInt32.self) }
        for index in 16..<80 {
            schedule[index] = rotate(
                schedule[index - 3] ^ schedule[index - 8] ^ schedule[index - 14] ^ schedule[index - 16], 1)
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for index in 0..<80 {
            let (mixed, constant): (UInt32, UInt32) =
                switch index {
                case ..<20: ((b & c) | (~b & d), 0x5a82_7999)
                case ..<40: (b ^ c ^ d, 0x6ed9_eba1)
                case ..<60: ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc)
                default: (b ^ c ^ d, 0xca62_c1d6)
                }
            (e, d, c, b, a) = (d, c, rotate(b, 30), a, rotate(a, 5) &+ mixed &+ e &+ constant &+ schedule[index])
        }
        for (index, word) in [a, b, c, d, e].enumerated() { state[index] &+= word }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
}
