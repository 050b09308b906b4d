/// What this module accepts of H.264 at most; everything above is refused with an `AVCFailure`.
public enum AVCLimits {
    /// One access unit, in bytes. A keyframe of a 4K picture at 100 Mbit/s stays below 2 MiB.
    public static let accessUnitBytesMax = 16 << 20
    /// NAL units in one access unit, empty ones included.
    public static let unitsPerAccessUnitMax = 2048
    /// One parameter set, in bytes. Real ones have fewer than 100; scaling lists make a few hundred.
    public static let parameterSetBytesMax = 4096
    /// All parameter sets of a configuration together, in bytes.
    public static let parameterSetBytesTotalMax = 65_535
    /// Sequence parameter sets of a configuration: what avcC can count, and nearly what the standard can number (32).
    public static let sequenceParameterSetsMax = 31
    /// Picture parameter sets of a configuration: what avcC can count, and nearly what the standard can number (256).
    public static let pictureParameterSetsMax = 255
    /// The width and the height of a picture, in pixels.
    public static let pictureSideMax = 16_384
    /// How much of an SEI NAL unit is searched for a recovery point, in bytes.
    public static let searchedSEIBytesMax = 4096
}
