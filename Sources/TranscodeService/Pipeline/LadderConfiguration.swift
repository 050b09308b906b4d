import Codecs
public import StreamingCore

/// What to make of every stream.
public struct LadderConfiguration: Sendable {
    /// The rungs, highest first, where the database has no quality levels.
    public var rungs: [Rung]
    /// Whether the source may become the highest rendition as it is.
    public var copyPolicy: CopyPolicy
    /// Which encoder makes the others; `nil` takes hardware where it works, and libx264 elsewhere.
    let encoder: VideoEncoderKind?
    /// The preset to begin with; a worker that falls behind takes faster ones.
    let preset: X264Preset
    /// Of the sound that all renditions share, in bits per second.
    public var audioBitRate: Int
    /// How far a stream may fall behind before its renditions become fewer or simpler, in milliseconds.
    public var lagMilliseconds: Int64
    /// How far still pictures are apart, in milliseconds; `nil` for none.
    public var thumbnailMilliseconds: Int64?
    /// How long nothing may come out of the encoders before the source alone goes on, in milliseconds.
    public var stallMilliseconds: Int64
    /// How many streams are transcoded at once; `nil` for as many as the load allows.
    public var streamsMax: Int?
    /// How many cores transcoding may keep busy before new streams are refused.
    public var loadMax: Double

    /// - Parameters:
    ///   - encoder: The name of an encoder: `libx264`, `h264_nvenc`, `h264_vaapi` or `h264_qsv`; `nil` for whichever
    ///     works.
    ///   - preset: A name of libx264's: `veryfast`.
    public init(
        rungs: [Rung], copyPolicy: CopyPolicy = .auto, encoder: String? = nil, preset: String = "veryfast",
        audioBitRate: Int = 128_000,
        lagMilliseconds: Int64 = 1500, thumbnailMilliseconds: Int64? = 10_000, stallMilliseconds: Int64 = 300_000,
        streamsMax: Int? = nil, loadMax: Double = 2
    ) {
        self.rungs = rungs
        self.copyPolicy = copyPolicy
        self.encoder = encoder.flatMap(VideoEncoderKind.init(rawValue:))
        self.preset = X264Preset(rawValue: preset) ?? .veryfast
        self.audioBitRate = audioBitRate
        self.lagMilliseconds = lagMilliseconds
        self.thumbnailMilliseconds = thumbnailMilliseconds
        self.stallMilliseconds = stallMilliseconds
        self.streamsMax = streamsMax
        self.loadMax = loadMax
    }
}

extension Rung {
    /// A quality level as it is configured or stored.
    public init(_ level: QualityLevel) {
        self.init(
            name: level.name, height: level.height, bitRate: level.videoBitsPerSecond,
            frameRateMax: level.frameRateMax)
    }
}
