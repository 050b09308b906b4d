extension Configuration {
    /// Whether the highest rendition may be a copy of the source. The raw values are the texts of `LADDER_TOP`.
    public enum LadderTop: String, Sendable, CaseIterable {
        /// A copy where the source is fit for it.
        case auto
        /// A copy, whatever the source is like.
        case copy
        /// Encoded, always.
        case encode
    }

    /// What encodes video. The raw values are the texts of `ENCODER` and libavcodec's names.
    public enum EncoderChoice: String, Sendable, CaseIterable {
        /// Hardware where it opens and works, else libx264.
        case auto
        case libx264
        case nvenc = "h264_nvenc"
        case vaapi = "h264_vaapi"
        case quickSync = "h264_qsv"
    }

    /// How much work libx264 does, from the least on. The raw values are the texts of `X264_PRESET` and its own names.
    public enum X264Preset: String, Sendable, CaseIterable {
        case ultrafast, superfast, veryfast, faster, fast, medium
    }
}
