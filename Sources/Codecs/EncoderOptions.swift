internal import Media

/// How each encoder is told to make key frames only where they are ordered, and to hold few pictures.
struct EncoderOptions {
    /// The encoder's own options.
    let values: KeyValuePairs<String, String>
    /// After how many pictures the encoder may make a key frame unasked; practically never.
    let keyframeDistanceMax: Int32
    let bidirectionalPictures: Int32
    /// Pictures that are inside before the first comes out.
    let delayFrames: Int

    /// Pictures that libx264 looks ahead. With eight it loses next to nothing to the preset's own ten, with six 0.1 dB,
    /// with four 0.3: it cannot know what will be referred to.
    private static let lookaheadPictures = 8
    /// Pictures in a row that refer to later ones, as in the presets.
    private static let bidirectionalPicturesMax = 3
    /// What no option of libavcodec says: units behind lengths, pictures instead of slices for each thread, no thread
    /// of its own for looking ahead.
    ///
    /// At the default preset, a quarter of the time is saved for less than 0.1 dB: a smaller search pattern, no small
    /// partitions in B-frames, and up to 720p none in P-frames (at 1080p that costs 0.4 dB where little moves). Bits
    /// are moved less from busy to flat places: at the ladder's rates that gains 0.1 dB and loses no similarity.
    private static func x264Parameters(_ settings: VideoEncoderSettings) -> String {
        let basic = "annexb=0:sliced-threads=0:sync-lookahead=0"
        guard settings.preset == .veryfast else { return basic }
        let isLarge = settings.size.width * settings.size.height > largestWithoutSmallPartitions
        return basic + ":me=dia:aq-strength=0.8:partitions=" + (isLarge ? "p8x8,i8x8,i4x4" : "i8x8,i4x4")
    }

    private static let largestWithoutSmallPartitions = 1280 * 720

    init(_ settings: VideoEncoderSettings) {
        switch settings.kind {
        case .libx264:
            let lookahead = settings.preset <= .superfast ? 0 : Self.lookaheadPictures
            let bidirectional = settings.preset == .ultrafast ? 0 : Self.bidirectionalPicturesMax
            values = [
                "preset": settings.preset.rawValue, "sc_threshold": "0", "forced-idr": "1",
                "rc-lookahead": "\(lookahead)", "x264-params": Self.x264Parameters(settings),
            ]
            keyframeDistanceMax = 1 << 30
            bidirectionalPictures = Int32(bidirectional)
            // And the one that follows, whose time says how long a picture is shown, and one for each further thread.
            delayFrames = max(lookahead, bidirectional) + settings.threadCount
        case .h264_nvenc:
            values = [
                "preset": "p4", "tune": "ll", "rc": "vbr", "forced-idr": "1", "no-scenecut": "1", "strict_gop": "1",
                "delay": "0", "zerolatency": "1",
            ]
            keyframeDistanceMax = 1 << 30
            bidirectionalPictures = 0
            delayFrames = 0
        case .h264_vaapi:
            values = ["rc_mode": "VBR", "async_depth": "1"]
            keyframeDistanceMax = 1 << 30
            bidirectionalPictures = 0
            delayFrames = 0
        case .h264_qsv:
            values = ["forced_idr": "1", "async_depth": "1", "look_ahead": "0"]
            // The interface has 16 bits for it.
            keyframeDistanceMax = 32_767
            bidirectionalPictures = 0
            delayFrames = 0
        }
    }
}
