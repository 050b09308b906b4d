public import Bytes

// ADTS header (ISO/IEC 13818-7, 6.2), 7 bytes, or 9 with a CRC
//
// +----------+----+-------+---------------+---------+-----------+---------+---------------+
// | FFF      | ID | layer | no CRC        | profile | frequency | private | channel       |
// | 12       | 1  | 2, 00 | 1             | 2       | index 4   | 1       | config 3      |
// +----------+----+-------+---------------+---------+-----------+---------+---------------+
// | original, home, copyright 4 | frame length 13, header included | fullness 11 | blocks-1 2 |
// +-----------------------------+----------------------------------+-------------+------------+

/// The header that makes a raw AAC access unit a self-describing frame.
public struct ADTSHeader: Sendable, Hashable {
    /// The MPEG-4 audio object type, 1 to 4: the `profile` field plus one.
    public let objectType: Int
    /// 0 to 12.
    public let samplingFrequencyIndex: Int
    /// 0 to 7.
    public let channelConfiguration: Int
    /// Where the access unit begins: 7, or 9 with a CRC.
    public let headerLength: Int
    /// Header and access unit together, in bytes; at most 8191.
    public let frameLength: Int
    /// Raw data blocks in the frame, 1 to 4; encoders for streaming send one.
    public let blockCount: Int

    /// The longest access unit that the length field can say, in bytes.
    public static let payloadBytesMax = 8191 - 7

    /// Reads the header at the front of some bytes. Whether `frameLength` bytes are there is the caller's to check.
    public init(_ bytes: Bytes) throws(AACFailure) {
        guard bytes.count >= 7 else { throw .truncated }
        guard Self.begins(bytes) else { throw .noADTSSync }
        headerLength = bytes[1] & 1 == 1 ? 7 : 9
        objectType = Int(bytes[2] >> 6) + 1
        samplingFrequencyIndex = Int(bytes[2] >> 2 & 15)
        guard samplingFrequencyIndex < AACSampleRate.table.count else {
            throw .reservedSamplingFrequencyIndex(samplingFrequencyIndex)
        }
        channelConfiguration = Int(bytes[2] & 1) << 2 | Int(bytes[3] >> 6)
        frameLength = Int(bytes[3] & 3) << 11 | Int(bytes[4]) << 3 | Int(bytes[5] >> 5)
        blockCount = Int(bytes[6] & 3) + 1
        guard frameLength > headerLength else { throw .adtsFrameTooShort(frameLength) }
    }

    init(objectType: Int, samplingFrequencyIndex: Int, channelConfiguration: Int, payloadLength: Int) {
        self.objectType = objectType
        self.samplingFrequencyIndex = samplingFrequencyIndex
        self.channelConfiguration = channelConfiguration
        headerLength = 7
        frameLength = 7 + max(0, min(payloadLength, Self.payloadBytesMax))
        blockCount = 1
    }

    /// Whether bytes begin with the sync word and the layer of ADTS.
    public static func begins(_ bytes: Bytes) -> Bool {
        bytes.count >= 2 && bytes[0] == 0xFF && bytes[1] & 0xF6 == 0xF0
    }

    /// Samples per second of the core.
    public var sampleRate: Int { AACSampleRate.table[samplingFrequencyIndex] }

    /// The header in seven bytes, MPEG-4, without a CRC, for a stream of variable rate.
    public var serialized: Bytes {
        let length = UInt64(frameLength - headerLength + 7)
        var fields: UInt64 = 0xFFF1 << 40
        fields |= UInt64(objectType - 1) << 38
        fields |= UInt64(samplingFrequencyIndex) << 34
        fields |= UInt64(channelConfiguration) << 30
        fields |= length << 13
        fields |= 0x7FF << 2
        fields |= UInt64(blockCount - 1)
        var writer = ByteWriter(capacity: 7)
        writer.writeUInt24(UInt32(truncatingIfNeeded: fields >> 32))
        writer.write(UInt32(truncatingIfNeeded: fields))
        return writer.finish()
    }
}
