/// Why AAC data cannot be used.
public enum AACFailure: Error, Equatable, Sendable {
    /// A structure ends before all of its fields, or is empty.
    case truncated
    /// A configuration is longer than `AACConfiguration.specificConfigBytesMax`.
    case configurationTooLong(Int, limit: Int)
    /// An audio object type other than AAC Main, LC, SSR, LTP, and HE-AAC on top of them.
    case unsupportedObjectType(Int)
    /// `samplingFrequencyIndex` 13 or 14.
    case reservedSamplingFrequencyIndex(Int)
    /// A rate outside 7,350 to 96,000 samples per second.
    case sampleRateOutOfRange(Int)
    /// An SBR rate that is neither the core's nor twice the core's.
    case unusableExtensionRate(Int, core: Int)
    /// A channel configuration that is reserved, or that leads to no channel or to more than eight.
    case unusableChannelConfiguration(Int)
    /// Bytes that should be an ADTS header have no sync word.
    case noADTSSync
    /// An ADTS frame is shorter than its own header.
    case adtsFrameTooShort(Int)
}
