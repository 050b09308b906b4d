public import Media

/// The encoders of H.264 that can be used.
public enum VideoEncoderKind: String, CaseIterable, Sendable {
    /// On the processor: works everywhere.
    case libx264
    /// NVIDIA.
    case h264_nvenc
    /// Intel and AMD, through VA-API.
    case h264_vaapi
    /// Intel Quick Sync.
    case h264_qsv
}

/// How much time libx264 takes for a picture. "Less" is faster, and needs more bits for the same quality.
public enum X264Preset: String, CaseIterable, Comparable, Sendable {
    case ultrafast, superfast, veryfast, faster, fast, medium, slow, slower, veryslow

    public static func < (left: X264Preset, right: X264Preset) -> Bool { left.position < right.position }

    private var position: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What a `VideoEncoder` is to make.
public struct VideoEncoderSettings: Sendable, Hashable {
    public var kind: VideoEncoderKind
    /// Of effect for libx264 only.
    public var preset: X264Preset
    /// Even sides, above zero.
    public var size: PictureSize
    public var sampleAspectRatio: Ratio
    /// Nominal: it says what level is needed and what the stream says of itself. Pictures may come at any times.
    public var frameRate: Ratio
    /// On average, in bits per second.
    public var bitRate: Int
    /// Pictures that are encoded at the same time, 1 to 16; each above 1 adds a picture of delay.
    public var threadCount: Int
    /// What sample values mean, carried over from the source; `nil` leaves it to players.
    public var colour: VideoUsability.ColourDescription?

    public init(
        kind: VideoEncoderKind = .libx264, preset: X264Preset = .veryfast, size: PictureSize,
        sampleAspectRatio: Ratio = .one, frameRate: Ratio, bitRate: Int, threadCount: Int = 1,
        colour: VideoUsability.ColourDescription? = nil
    ) {
        self.kind = kind
        self.preset = preset
        self.size = size
        self.sampleAspectRatio = sampleAspectRatio
        self.frameRate = frameRate
        self.bitRate = bitRate
        self.threadCount = threadCount
        self.colour = colour
    }
}

extension VideoEncoderSettings {
    /// No second has more bits than this, but for what the buffer has saved. Part of ten of the average.
    static let peakTenths = 11
    /// What the decoder's buffer holds of the average rate: 1.5 s, in tenths of a second.
    static let bufferTenths = 15

    var peakBitRate: Int { bitRate / 10 * Self.peakTenths }
    var bufferBits: Int { bitRate / 10 * Self.bufferTenths }
}
