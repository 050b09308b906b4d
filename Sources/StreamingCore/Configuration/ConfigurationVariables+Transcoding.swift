/// What renditions are made, by what, and what happens when that is too slow.
extension Variables {
    static let ladder = ConfigurationVariable<QualityLadder>(
        name: "LADDER", fallback: "1080p,720p,480p",
        help: "renditions to make, with kbit/s where not known (360p:800); none passes the source on alone",
        parse: LadderText.parse)
    static let ladderTop = ConfigurationVariable<Configuration.LadderTop>.choice(
        "LADDER_TOP", "auto", Configuration.LadderTop.allCases.map { ($0.rawValue, $0) },
        "highest rendition: copy of the source, encode, or auto, a copy where the source is fit")
    static let ladderHalveFPS = ConfigurationVariable<Bool>.choice(
        "LADDER_HALVE_FPS", "no", [("no", false), ("yes", true)],
        "yes halves frame rates above 30 in renditions of 480p and below")
    static let encoder = ConfigurationVariable<Configuration.EncoderChoice>.choice(
        "ENCODER", "auto", Configuration.EncoderChoice.allCases.map { ($0.rawValue, $0) },
        "video encoder: libx264, h264_nvenc, h264_vaapi, h264_qsv, or auto, hardware where it works")
    static let x264Preset = ConfigurationVariable<Configuration.X264Preset>.choice(
        "X264_PRESET", "veryfast", Configuration.X264Preset.allCases.map { ($0.rawValue, $0) },
        "work that libx264 may do: ultrafast, superfast, veryfast, faster, fast or medium")
    static let audioKilobits = ConfigurationVariable<Int>.number(
        "AUDIO_KBITS", 128, in: 32...320, "kbit/s of the sound beside encoded renditions")
    static let thumbnailSeconds = ConfigurationVariable<Int64>.seconds(
        "THUMBNAIL_SECONDS", "10", in: 1000...3_600_000, orZero: true, "time between still pictures; 0 makes none")
    static let transcodeLag = ConfigurationVariable<Int64>.seconds(
        "TRANSCODE_LAG_SECONDS", "1.5", in: 500...10_000,
        "how far transcoding may fall behind before it takes a faster preset and then fewer renditions")
    static let transcodeStall = ConfigurationVariable<Int64>.seconds(
        "TRANSCODE_STALL_SECONDS", "300", in: 10_000...3_600_000,
        "how long transcoding may stand still before the source is passed on alone")
    static let transcodeLoadMax = ConfigurationVariable<Double>.share(
        "TRANSCODE_LOAD_MAX", "0.95", in: 100...1000,
        "share of all cores that transcoding may use; further streams are then passed on without it")
    static let transcodeStreamsMax = ConfigurationVariable<Int>.number(
        "TRANSCODE_STREAMS_MAX", 0, in: 0...10_000,
        "how many streams are encoded at once, at the most; 0 leaves it to the load")
}
