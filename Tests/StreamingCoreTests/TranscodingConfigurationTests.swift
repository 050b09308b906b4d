import StreamingCore
import Testing

@Suite struct TranscodingConfigurationTests {
    /// The levels as `name@kbit/s`.
    private func levels(_ ladder: QualityLadder) -> [String] {
        ladder.levels.map { "\($0.name)@\($0.videoBitsPerSecond / 1000)" }
    }

    private func mistakes(_ environment: [String: String]) -> [String] {
        do throws(ConfigurationFailure) {
            _ = try Configuration(environment: environment)
            return []
        } catch {
            return error.mistakes.map(\.description)
        }
    }

    @Test func `without any variable there are three rungs, a copy where it fits, and still pictures`() throws {
        let configuration = try Configuration(environment: [:])
        #expect(levels(configuration.ladder) == ["1080p@8000", "720p@5000", "480p@2000"])
        #expect(configuration.ladder.levels.map(\.height) == [1080, 720, 480])
        #expect(configuration.ladder.levels.allSatisfy { $0.frameRateMax == nil && $0.isEnabled })
        #expect(configuration.ladderTop == .auto)
        #expect(configuration.encoder == .auto)
        #expect(configuration.x264Preset == .veryfast)
        #expect(configuration.audioBitsPerSecond == 128_000)
        #expect(configuration.thumbnailMilliseconds == 10_000)
        #expect(configuration.transcodeLagMilliseconds == 1500)
        #expect(configuration.transcodeStallMilliseconds == 300_000)
        #expect(configuration.transcodeLoadMax == 0.95)
        #expect(configuration.transcodeStreamsMax == nil)
    }

    @Test(arguments: [
        ("none", []), ("720p", ["720p@5000"]), ("480p, 1080p ,720p", ["1080p@8000", "720p@5000", "480p@2000"]),
        ("360p:800", ["360p@800"]), ("2160p:20000,1080p:6000,240p:300", ["2160p@20000", "1080p@6000", "240p@300"]),
    ])
    func `a ladder is a list of names, sorted, with bit rates where they are not known`(
        text: String, expected: [String]
    ) throws {
        #expect(levels(try Configuration(environment: ["LADDER": text]).ladder) == expected)
    }

    @Test(arguments: [
        ("8k", "must be none or list names such as 720p or 360p:800, not '8k'"),
        ("1080p,", "must be none or list names such as 720p or 360p:800, not '1080p,'"),
        ("1080p,none", "must be none or list names such as 720p or 360p:800, not '1080p,none'"),
        ("720p 480p", "must be none or list names such as 720p or 360p:800, not '720p 480p'"),
        ("+720p", "must be none or list names such as 720p or 360p:800, not '+720p'"),
        ("0720p", "must be none or list names such as 720p or 360p:800, not '0720p'"),
        ("360p", "must give 360p its kbit/s, as in 360p:800"),
        ("360p:", "must give 360p kbit/s from 50 to 100000, not '360p:'"),
        ("360p:49", "must give 360p kbit/s from 50 to 100000, not '360p:49'"),
        ("360p:1:2", "must give 360p kbit/s from 50 to 100000, not '360p:1:2'"),
        ("360p:9999999999999999999", "must give 360p kbit/s from 50 to 100000, not '360p:9999999999999999999'"),
        ("361p:800", "must have even heights from 144 to 4320, not 361p"),
        ("4322p:800", "must have even heights from 144 to 4320, not 4322p"),
        ("720p,480p,720p:1000", "has 720p twice"),
        ("720p:2000,480p", "must give 480p fewer kbit/s than 720p"),
        (
            "1080p:900,900p:800,720p:700,540p:600,480p:500,360p:400,240p:300,200p:200,144p:100",
            "must have at most 8 names, not 9"
        ),
    ])
    func `a ladder that is none is refused with the reason`(text: String, reason: String) {
        #expect(mistakes(["LADDER": text]) == ["LADDER " + reason])
    }

    @Test func `frame rates are halved in the small renditions alone`() throws {
        let environment = ["LADDER": "1080p,480p,360p:800", "LADDER_HALVE_FPS": "yes"]
        let ladder = try Configuration(environment: environment).ladder
        #expect(ladder.levels.map(\.frameRateMax) == [nil, 30, 30])
        #expect(levels(ladder) == ["1080p@8000", "480p@2000", "360p@800"])
    }

    @Test func `choices take their words`() throws {
        for word in ["auto", "copy", "encode"] {
            #expect(try Configuration(environment: ["LADDER_TOP": word]).ladderTop.rawValue == word)
        }
        for word in ["auto", "libx264", "h264_nvenc", "h264_vaapi", "h264_qsv"] {
            #expect(try Configuration(environment: ["ENCODER": word]).encoder.rawValue == word)
        }
        for word in ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"] {
            #expect(try Configuration(environment: ["X264_PRESET": word]).x264Preset.rawValue == word)
        }
    }

    @Test func `zero stands for no still pictures, and for no limit of streams but the load`() throws {
        let none = try Configuration(environment: ["THUMBNAIL_SECONDS": "0", "TRANSCODE_STREAMS_MAX": "0"])
        #expect(none.thumbnailMilliseconds == nil && none.transcodeStreamsMax == nil)
        let some = try Configuration(environment: ["THUMBNAIL_SECONDS": "2.5", "TRANSCODE_STREAMS_MAX": "4"])
        #expect(some.thumbnailMilliseconds == 2500 && some.transcodeStreamsMax == 4)
    }

    @Test func `every value that is out of its range is told with the range`() {
        let environment = [
            "LADDER_TOP": "Copy", "LADDER_HALVE_FPS": "1", "ENCODER": "x264", "X264_PRESET": "slow",
            "AUDIO_KBITS": "31", "THUMBNAIL_SECONDS": "0.5", "TRANSCODE_LAG_SECONDS": "0.499",
            "TRANSCODE_STALL_SECONDS": "9", "TRANSCODE_LOAD_MAX": "1.001", "TRANSCODE_STREAMS_MAX": "-1",
        ]
        #expect(
            Set(mistakes(environment)) == [
                "LADDER_TOP must be one of auto, copy, encode, not 'Copy'",
                "LADDER_HALVE_FPS must be one of no, yes, not '1'",
                "ENCODER must be one of auto, libx264, h264_nvenc, h264_vaapi, h264_qsv, not 'x264'",
                "X264_PRESET must be one of ultrafast, superfast, veryfast, faster, fast, medium, not 'slow'",
                "AUDIO_KBITS must be a whole number from 32 to 320, not '31'",
                "THUMBNAIL_SECONDS must be 0 or seconds from 1 to 3600, not '0.5'",
                "TRANSCODE_LAG_SECONDS must be seconds from 0.5 to 10, not '0.499'",
                "TRANSCODE_STALL_SECONDS must be seconds from 10 to 3600, not '9'",
                "TRANSCODE_LOAD_MAX must be a number from 0.1 to 1, not '1.001'",
                "TRANSCODE_STREAMS_MAX must be a whole number from 0 to 10000, not '-1'",
            ])
    }
}
