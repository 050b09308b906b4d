public import Bytes

/// The configuration of an H.264 track: its parameter sets and what the first SPS says (ITU-T H.264, 7.3.2.1).
///
/// The picture sizes are those to display: `size` after cropping, and `displaySize` also after the sample aspect ratio.
public struct AVCConfiguration: Sendable, Hashable {
    /// Sequence parameter sets, each with its NAL header and without a length. At least one.
    public let sequenceParameterSets: [Bytes]
    /// Picture parameter sets, in the same form. At least one.
    public let pictureParameterSets: [Bytes]
    /// What the first sequence parameter set says.
    public let sequence: SequenceParameterSet

    /// Takes parameter sets, without those that repeat another byte for byte.
    ///
    /// The sets are copied: a configuration lives as long as its stream and must not hold on to a network buffer.
    ///
    /// - Throws: `AVCFailure` when a kind is missing, a set is of another kind, there are too many or they are too
    ///   long, or when the first sequence parameter set cannot be read.
    public init(
        sequenceParameterSets: [Bytes], pictureParameterSets: [Bytes]
    ) throws(AVCFailure) {
        guard let first = sequenceParameterSets.first else { throw .noSequenceParameterSet }
        guard !pictureParameterSets.isEmpty else { throw .noPictureParameterSet }
        let length =
            sequenceParameterSets.reduce(0) { $0 + $1.count } + pictureParameterSets.reduce(0) { $0 + $1.count }
        guard length <= AVCLimits.parameterSetBytesTotalMax else {
            throw .parameterSetsTooLong(length, limit: AVCLimits.parameterSetBytesTotalMax)
        }
        sequence = try SequenceParameterSet(first)
        self.sequenceParameterSets = try Self.checked(
            sequenceParameterSets, type: .sequenceParameterSet, limit: AVCLimits.sequenceParameterSetsMax)
        self.pictureParameterSets = try Self.checked(
            pictureParameterSets, type: .pictureParameterSet, limit: AVCLimits.pictureParameterSetsMax)
    }

    /// The picture after cropping, in samples.
    public var size: PictureSize { sequence.size }

    /// The size to show on square pixels.
    public var displaySize: PictureSize { sequence.displaySize }

    /// `avc1` with profile, constraint flags and level in hexadecimal (RFC 6381, 3.3), for example `avc1.64001f`.
    public var codecString: String {
        "avc1." + [sequence.profileIDC, sequence.constraintFlags, sequence.levelIDC].map(Self.hexadecimal).joined()
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private static func checked(
        _ sets: [Bytes], type expected: NALUnitType, limit: Int
    ) throws(AVCFailure) -> [Bytes] {
        guard sets.count <= limit else { throw .tooManyParameterSets(sets.count, limit: limit) }
        var kept: [Bytes] = []
        for set in sets {
            guard !set.isEmpty else { throw .truncated }
            guard set.count <= AVCLimits.parameterSetBytesMax else {
                throw .parameterSetsTooLong(set.count, limit: AVCLimits.parameterSetBytesMax)
            }
            let type = NALUnitType(header: set[0])
            guard type == expected else { throw .unexpectedUnitType(type.rawValue) }
            if !kept.contains(set) { kept.append(set.ownCopy) }
        }
        return kept
    }
}

extension Bytes {
    /// The same bytes in memory of their own size.
    var ownCopy: Bytes {
        var writer = ByteWriter(capacity: count)
        writer.write(self)
        return writer.finish()
    }
}
