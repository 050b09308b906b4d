public import Bytes

// AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1), the content of `avcC` and of FLV's AVC sequence header
//
// +---------+---------+---------------+-------+-----------------+-----------------+
// | version | profile | compatibility | level | 111111 length-1 | 111 SPS count   |
// | 8, is 1 | 8       | 8             | 8     | 6      2        | 3   5           |
// +---------+---------+---------------+-------+-----------------+-----------------+
// | per SPS: length 16, unit | PPS count 8 | per PPS: length 16, unit             |
// +--------------------------+-------------+--------------------------------------+
// | High profiles, often missing: 111111 chroma 2 | 11111 luma-8 3 | 11111 chroma-8 3 | SPS extension count 8, ...
// +-----------------------------------------------+----------------+------------------+

/// The decoder configuration record as encoders send it, which is not always complete.
public struct AVCDecoderConfigurationRecord: Sendable, Hashable {
    /// How many bytes stand before each NAL unit of the stream: 1 to 4.
    public let lengthSize: Int
    /// Possibly none; empty sets and sets of another type are left out.
    public let sequenceParameterSets: [Bytes]
    /// Possibly none; empty sets and sets of another type are left out.
    public let pictureParameterSets: [Bytes]

    /// Reads a record.
    ///
    /// Lenient, because encoders are not careful here: lists may be empty, the extension and whatever follows is
    /// ignored, and profile and level are taken from the parameter sets and not from the record.
    public init(_ record: Bytes) throws(AVCFailure) {
        do {
            var reader = ByteReader(record)
            let version = try reader.readUInt8()
            guard version == 1 else { throw AVCFailure.unknownRecordVersion(version) }
            try reader.skip(3)
            lengthSize = Int(try reader.readUInt8() & 3) + 1
            let sequenceCount = Int(try reader.readUInt8() & 31)
            sequenceParameterSets = try Self.readSets(&reader, sequenceCount, .sequenceParameterSet)
            let pictureCount = reader.isAtEnd ? 0 : Int(try reader.readUInt8())
            pictureParameterSets = try Self.readSets(&reader, pictureCount, .pictureParameterSet)
        } catch let failure as AVCFailure {
            throw failure
        } catch {
            throw .truncated
        }
    }

    private static func readSets(
        _ reader: inout ByteReader, _ count: Int, _ type: NALUnitType
    ) throws(OutOfBytes) -> [Bytes] {
        var sets: [Bytes] = []
        for _ in 0..<count {
            let set = try reader.readBytes(Int(try reader.readUInt16()))
            if NALUnit(set)?.type == type { sets.append(set) }
        }
        return sets
    }
}

extension AVCConfiguration {
    /// The configuration in a record, as far as it is complete.
    public init(record: AVCDecoderConfigurationRecord) throws(AVCFailure) {
        try self.init(
            sequenceParameterSets: record.sequenceParameterSets, pictureParameterSets: record.pictureParameterSets)
    }

    /// The content of an `avcC` box (ISO/IEC 14496-15, 5.3.3.1), with 4-byte lengths.
    public var decoderConfigurationRecord: Bytes {
        let lists = [sequenceParameterSets, pictureParameterSets]
        var writer = ByteWriter(capacity: lists.joined().reduce(11) { $0 + 2 + $1.count })
        writer.write(1 as UInt8)
        writer.write(sequence.profileIDC)
        writer.write(sequence.constraintFlags)
        writer.write(sequence.levelIDC)
        writer.write(0xFF as UInt8)  // a length has 3 + 1 bytes
        writer.write(0xE0 | UInt8(sequenceParameterSets.count))
        for set in sequenceParameterSets { Self.write(set, to: &writer) }
        writer.write(UInt8(pictureParameterSets.count))
        for set in pictureParameterSets { Self.write(set, to: &writer) }
        if SequenceParameterSet.hasSampleFormat(profileIDC: sequence.profileIDC) {
            writer.write(0xFC | UInt8(sequence.chromaFormat))
            writer.write(0xF8 | UInt8(sequence.lumaBitDepth - 8))
            writer.write(0xF8 | UInt8(sequence.chromaBitDepth - 8))
            writer.write(0 as UInt8)  // no sequence parameter set extensions
        }
        return writer.finish()
    }

    /// Counts and lengths fit their fields: `AVCLimits` bounds both.
    private static func write(_ set: Bytes, to writer: inout ByteWriter) {
        writer.write(UInt16(set.count))
        writer.write(set)
    }
}
