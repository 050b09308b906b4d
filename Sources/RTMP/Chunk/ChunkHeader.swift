import Bytes

// A chunk (RTMP 1.0, 5.3.1)
//
// +-----------------------------+---------------------------+-------------------------+---------+
// | basic header: format (2),   | message header            | extended timestamp      | payload |
// | id 3...63, or 0 and 8 bits, | 11, 7, 3 or 0 bytes       | 4 bytes, when the field | at most |
// | or 1 and 16 bits (LE) +64   | for formats 0, 1, 2 and 3 | says FFFFFF             | a chunk |
// +-----------------------------+---------------------------+-------------------------+---------+
//
// message header: timestamp (3) | length (3), type (1) | message stream id (4, little-endian)
// format 0 has all of it; 1 a delta, length and type; 2 a delta; 3 nothing.

/// The header of a chunk that begins a message.
struct ChunkHeader {
    /// How a message's time follows from its header.
    enum Time {
        /// Format 0: the time itself, and the message stream.
        case absolute(UInt32, streamID: UInt32)
        /// Formats 1 and 2: what to add to the time of the message before.
        case delta(UInt32)
        /// Format 3: the same step as before.
        case repeated
    }

    var time: Time
    /// Formats 0 and 1.
    var message: (length: Int, type: UInt8)?
    /// Whether the time came from an extended timestamp.
    var isExtended = false

    static let extendedMark: UInt32 = 0xFF_FFFF

    /// The length of the message header of a format, in bytes.
    static func messageHeaderBytes(format: UInt8) -> Int {
        switch format {
        case 0: 11
        case 1: 7
        case 2: 3
        default: 0
        }
    }
}
