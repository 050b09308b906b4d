import Bytes

// AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)
//
// +-----------------+---------------------+-------------+- - - - - - - - - - - - - - - - -+
// | object type     | frequency index     | channel     | types 5, 29 (SBR, PS):           |
// | 5, or 31 then 6 | 4, or 15 then 24    | config 4    | extension frequency, core type   |
// +-----------------+---------------------+-------------+- - - - - - - - - - - - - - - - -+
// | frameLengthFlag 1 | dependsOnCoreCoder 1, then delay 14 | extensionFlag 1 |  GASpecificConfig (4.4.1)
// +-------------------+-------------------------------------+-----------------+
// | channel config 0: program config element (4.4.1.1)                        |
// +--------------------------------------------------+------------------------+
// | 0x2b7 11 | 5 | SBR 1 | extension frequency index  | 0x548 11 | PS 1 |  backward compatible, may be absent
// +--------------------------------------------------+-----------------+

/// The fields of an AudioSpecificConfig while they are read.
struct AudioSpecificConfig {
    var coreObjectType = 0
    var coreRate = 0
    var channelConfiguration = 0
    var channelCount = 0
    /// Samples per access unit of the core: 1024 or 960.
    var frameLength = 1024
    /// The output rate with SBR.
    var extensionRate: Int?
    var hasParametricStereo = false

    /// - Throws: `AACFailure` or `OutOfBytes`.
    mutating func read(_ reader: inout BitReader) throws {
        let length = reader.remaining
        let objectType = try Self.readObjectType(&reader)
        coreRate = try Self.readRate(&reader)
        channelConfiguration = Int(try reader.readBits(4))
        coreObjectType = objectType
        if objectType == 5 || objectType == 29 {
            hasParametricStereo = objectType == 29
            extensionRate = try checkedExtension(try Self.readRate(&reader))
            coreObjectType = try Self.readObjectType(&reader)
        }
        guard 1...4 ~= coreObjectType else { throw AACFailure.unsupportedObjectType(coreObjectType) }
        try readGeneralAudio(&reader, length: length)
        // Anything odd behind the configuration proper is padding: the track plays without it.
        if extensionRate == nil { try? readCompatibleExtension(&reader) }
    }

    private static func readObjectType(_ reader: inout BitReader) throws(OutOfBytes) -> Int {
        let type = Int(try reader.readBits(5))
        return type == 31 ? 32 + Int(try reader.readBits(6)) : type
    }

    private static func readRate(_ reader: inout BitReader) throws -> Int {
        let index = Int(try reader.readBits(4))
        if index == 15 {
            let rate = Int(try reader.readBits(24))
            guard AACConfiguration.sampleRates ~= rate else { throw AACFailure.sampleRateOutOfRange(rate) }
            return rate
        }
        guard index < AACSampleRate.table.count else { throw AACFailure.reservedSamplingFrequencyIndex(index) }
        return AACSampleRate.table[index]
    }

    private func checkedExtension(_ rate: Int) throws(AACFailure) -> Int {
        guard rate == coreRate || rate == coreRate * 2 else {
            throw .unusableExtensionRate(rate, core: coreRate)
        }
        return rate
    }

    private mutating func readGeneralAudio(_ reader: inout BitReader, length: Int) throws {
        frameLength = try reader.readFlag() ? 960 : 1024
        if try reader.readFlag() { try reader.skipBits(14) }  // coreCoderDelay
        try reader.skipBits(1)  // extensionFlag, of no effect for object types 1 to 4
        channelCount =
            switch channelConfiguration {
            case 0: try Self.readChannelCount(&reader, length: length)
            case 1...6: channelConfiguration
            case 7, 12, 14: 8
            case 11: 7
            default: throw AACFailure.unusableChannelConfiguration(channelConfiguration)
            }
        guard 1...8 ~= channelCount else { throw AACFailure.unusableChannelConfiguration(channelConfiguration) }
    }

    /// `program_config_element`: counts its channels and reads to its end.
    private static func readChannelCount(_ reader: inout BitReader, length: Int) throws(OutOfBytes) -> Int {
        try reader.skipBits(10)  // element_instance_tag, object_type, sampling_frequency_index
        var pairable = 0  // elements of front, side and back, each of which may be a pair
        for _ in 0..<3 { pairable += Int(try reader.readBits(4)) }
        let lowFrequency = Int(try reader.readBits(2))
        let associatedData = Int(try reader.readBits(3))
        let coupling = Int(try reader.readBits(4))
        if try reader.readFlag() { try reader.skipBits(4) }  // mono_mixdown_element_number
        if try reader.readFlag() { try reader.skipBits(4) }  // stereo_mixdown_element_number
        if try reader.readFlag() { try reader.skipBits(3) }  // matrix_mixdown_idx, pseudo_surround_enable
        var channels = lowFrequency
        for _ in 0..<pairable {
            channels += try reader.readFlag() ? 2 : 1
            try reader.skipBits(4)
        }
        try reader.skipBits(4 * lowFrequency + 4 * associatedData + 5 * coupling)
        try reader.skipBits((8 - (length - reader.remaining) % 8) % 8)  // byte_alignment
        try reader.skipBits(8 * Int(try reader.readBits(8)))  // comment_field
        return channels
    }

    /// The extension behind a configuration that older decoders read as plain AAC (1.6.2.1, syncExtensionType).
    private mutating func readCompatibleExtension(_ reader: inout BitReader) throws {
        guard reader.remaining >= 16, try reader.readBits(11) == 0x2B7 else { return }
        guard try Self.readObjectType(&reader) == 5, try reader.readFlag() else { return }
        extensionRate = try checkedExtension(try Self.readRate(&reader))
        guard reader.remaining >= 12, try reader.readBits(11) == 0x548 else { return }
        hasParametricStereo = try reader.readFlag()
    }
}
