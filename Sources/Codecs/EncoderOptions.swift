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

    /// Pictures that libx264 looks ahead. Fewer cost quality: it cannot know what will be referred to.
    private static let lookaheadPictures = 4
    /// Pictures in a row that refer to later ones.
    private static let bidirectionalPicturesMax = 2

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
            // And the one that follows, whose time says how long a picture is shown.
            delayFrames = max(lookahead, bidirectional) + 1
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

    /// What no option of libavcodec says.
    ///
    /// Looking ahead by four pictures instead of ten costs small pictures 0.3 dB, but not large ones, which gain from
    /// fewer B-frames. So at the default preset large pictures do without small partitions, which hardly help
    /// them and save a fifth of the time, and small ones take a little more time for each block. All are within 0.1 dB
    /// of the plain preset then.
    private static func x264Parameters(_ settings: VideoEncoderSettings) -> String {
        // Units behind lengths, slices instead of pictures for each thread, no thread of its own for looking ahead.
        let basic = "annexb=0:sliced-threads=1:sync-lookahead=0"
        guard settings.preset == .veryfast else { return basic }
        let pixels = settings.size.width * settings.size.height
        if pixels >= 1920 * 1080 { return basic + ":partitions=i8x8,i4x4" }
        return pixels <= 960 * 540 ? basic + ":trellis=1:subme=3" : basic
    }
}
