public import Bytes

/// The configuration of an AAC track (ISO/IEC 14496-3, 1.6.2.1, AudioSpecificConfig).
///
/// Times of the track count samples of the output. With SBR that is twice the core's rate, so an access unit of 1,024
/// core samples lasts 2,048 ticks: the same span either way, but only the output rate is what players and manifests are
/// told, and an SBR decoder delivers 2,048 samples per access unit whatever the container counts in.
public struct AACConfiguration: Sendable, Hashable {
    /// The AudioSpecificConfig as the encoder sent it.
    public let specificConfig: Bytes
    /// The MPEG-4 audio object type: 2 for AAC-LC, 5 for HE-AAC, 29 for HE-AAC v2.
    public let objectType: Int
    /// The object type below SBR and PS: 1 Main, 2 LC, 3 SSR, 4 LTP. Equal to `objectType` without SBR.
    public let coreObjectType: Int
    /// Samples per second of the output: with SBR the extension rate.
    public let sampleRate: Int
    /// Samples per second below SBR.
    public let coreSampleRate: Int
    /// `channelConfiguration` as it was sent; 0 when the channels are listed in a program config element.
    public let channelConfiguration: Int
    /// Channels of the output, 1 to 8: two with parametric stereo, although the core has one.
    public let channelCount: Int
    /// Samples that one access unit decodes to, in units of `sampleRate`: 1024 (960), doubled with SBR.
    public let samplesPerFrame: Int

    /// The longest AudioSpecificConfig to accept, in bytes. A program config element with a comment has about 300.
    public static let specificConfigBytesMax = 512
    /// Rates to accept, in samples per second.
    public static let sampleRates = 7350...96000

    /// Reads an AudioSpecificConfig.
    ///
    /// SBR that no field announces (implicit signalling) cannot be known from here: such a track counts as AAC-LC at
    /// the core's rate, with correct times.
    public init(specificConfig: Bytes) throws(AACFailure) {
        guard specificConfig.count <= Self.specificConfigBytesMax else {
            throw .configurationTooLong(specificConfig.count, limit: Self.specificConfigBytesMax)
        }
        var fields = AudioSpecificConfig()
        do {
            var reader = BitReader(specificConfig)
            try fields.read(&reader)
        } catch let failure as AACFailure {
            throw failure
        } catch {
            throw .truncated
        }
        self.specificConfig = specificConfig.ownCopy
        objectType = fields.hasParametricStereo ? 29 : fields.extensionRate != nil ? 5 : fields.coreObjectType
        coreObjectType = fields.coreObjectType
        coreSampleRate = fields.coreRate
        sampleRate = fields.extensionRate ?? fields.coreRate
        channelConfiguration = fields.channelConfiguration
        channelCount = fields.hasParametricStereo ? max(2, fields.channelCount) : fields.channelCount
        samplesPerFrame = fields.frameLength * (sampleRate / coreSampleRate)
    }

    /// The configuration that an ADTS header implies, for encoders that send ADTS and no configuration.
    public init(adtsHeader header: ADTSHeader) throws(AACFailure) {
        let rate = UInt16(header.samplingFrequencyIndex)
        let fields = UInt16(header.objectType) << 11 | rate << 7 | UInt16(header.channelConfiguration) << 3
        try self.init(specificConfig: [UInt8(fields >> 8), UInt8(fields & 0xFF)])
    }

    /// `mp4a.40` with the object type (RFC 6381, 3.3): `mp4a.40.2` for AAC-LC.
    public var codecString: String { "mp4a.40.\(objectType)" }

    /// An ADTS header for one access unit, as MPEG transport streams need it.
    ///
    /// It describes the core, as ADTS must: decoders find SBR in the access unit itself. Channels that only a
    /// program config element describes are announced by their number, and frames of 960 samples cannot be told from
    /// those of 1024.
    ///
    /// - Parameter payloadLength: Bytes of the raw access unit. Above `ADTSHeader.payloadBytesMax` the length field
    ///   is at its end and the receiver loses the frame; no decodable access unit of up to 8 channels is that long.
    public func adtsHeader(payloadLength: Int) -> Bytes {
        ADTSHeader(
            objectType: coreObjectType, samplingFrequencyIndex: AACSampleRate.nearestIndex(to: coreSampleRate),
            channelConfiguration: adtsChannelConfiguration, payloadLength: payloadLength
        ).serialized
    }

    /// ADTS has three bits: what does not fit is said by the number of channels.
    private var adtsChannelConfiguration: Int {
        if 1...7 ~= channelConfiguration { return channelConfiguration }
        return channelCount <= 6 ? channelCount : 7
    }
}
