import Bytes
import Media
import Testing

@testable import RTMP

/// What `docs` list of real encoders: what they put into audio, video and data messages.
@Suite struct MediaPitfallTests {
    static func publishing() throws -> Conversation {
        var conversation = Conversation()
        try conversation.beginPublishing()
        return conversation
    }

    /// Publishes some video bodies, 40 ms apart, and returns the frames.
    static func frames(video bodies: [Bytes]) throws -> [EncoderFrame] {
        var conversation = try publishing()
        for (index, body) in bodies.enumerated() { try conversation.sendVideo(body, at: UInt32(index) * 40) }
        return conversation.frames
    }

    static func width(of frame: EncoderFrame) -> Int? {
        guard case .avc(let configuration) = frame.track.configuration else { return nil }
        return configuration.size.width
    }

    @Test func `a repeated sequence header keeps the track, as from a DJI Osmo`() throws {
        var conversation = try Self.publishing()
        for time in 0..<5 as Range<UInt32> {
            try conversation.sendVideo(Samples.videoHeader(), at: time * 40)
            try conversation.sendAudio(Samples.audioHeader(), at: time * 40)
            try conversation.sendVideo(Samples.keyframe, at: time * 40)
            try conversation.sendAudio(Samples.audio(), at: time * 40)
        }
        let tracks = Set(conversation.frames.map { ObjectIdentifier($0.track) })
        #expect(conversation.frames.count == 10)
        #expect(tracks.count == 2)
    }

    @Test func `an equal configuration in another record keeps the track`() throws {
        let frames = try Self.frames(video: [
            Samples.videoHeader(), Samples.keyframe,
            Samples.videoHeader(Samples.join(Samples.record(), Bytes(hex: "FDF8F800"))), Samples.interframe,
        ])
        #expect(frames.count == 2)
        #expect(frames[0].track === frames[1].track)
    }

    @Test func `a changed sequence header is a new track that begins with a keyframe`() throws {
        let other = Samples.record(sps: [Samples.otherSPS], pps: [Samples.otherPPS])
        let frames = try Self.frames(video: [
            Samples.videoHeader(), Samples.keyframe, Samples.interframe, Samples.videoHeader(other), Samples.interframe,
            Samples.keyframe, Samples.interframe,
        ])
        #expect(frames.map(Self.width) == [320, 320, 640, 640])
        #expect(frames.map(\.isKeyframe) == [true, false, true, false])
        #expect(frames[0].track !== frames[2].track)
    }

    @Test func `a changed audio configuration is a new track`() throws {
        var conversation = try Self.publishing()
        for configuration in [Samples.aacConfiguration, Samples.otherAACConfiguration] {
            try conversation.sendAudio(Samples.audioHeader(configuration))
            try conversation.sendAudio(Samples.audio())
        }
        #expect(conversation.frames.map(\.track.timescale) == [44_100, 48_000])
    }

    @Test func `a late sequence header: frames before it are dropped and counted`() throws {
        var conversation = try Self.publishing()
        try conversation.sendVideo(Samples.keyframe)
        try conversation.sendAudio(Samples.audio())
        #expect(conversation.frames.isEmpty)
        let skipped = conversation.session.skippedMessages
        #expect(skipped == 2)
        try conversation.sendVideo(Samples.videoHeader())
        try conversation.sendVideo(Samples.keyframe)
        #expect(conversation.frames.count == 1)
    }

    @Test func `an empty AAC configuration is skipped and a later one counts`() throws {
        var conversation = try Self.publishing()
        try conversation.sendAudio([0xAF, 0])
        try conversation.sendAudio([0xAF, 0, 0])
        try conversation.sendAudio(Samples.audioHeader())
        try conversation.sendAudio([0xAF, 0])
        try conversation.sendAudio(Samples.audio())
        #expect(conversation.frames.count == 1)
    }

    @Test func `an empty AVC configuration is skipped`() throws {
        let frames = try Self.frames(video: [
            [0x17, 0, 0, 0, 0], [0x17, 0, 0, 0, 0, 1], Samples.videoHeader(), [0x17, 0, 0, 0, 0], Samples.keyframe,
        ])
        #expect(frames.count == 1)
    }

    @Test func `no sequence header at all: parameter sets come from the first IDR picture`() throws {
        let first = Samples.video(Samples.units([Samples.sps, Samples.pps, Samples.idr]), key: true)
        let frames = try Self.frames(video: [Samples.interframe, first, Samples.interframe])
        #expect(frames.map(\.isKeyframe) == [true, false])
        #expect(frames.map(Self.width) == [320, 320])
        // Parameter sets travel in the configuration and not in the payload.
        #expect(frames[0].payload == Samples.units([Samples.idr]))
    }

    @Test func `no AAC configuration at all: ADTS headers say it`() throws {
        var conversation = try Self.publishing()
        let configuration = try AACConfiguration(specificConfig: Samples.aacConfiguration)
        let unit: Bytes = [0x21, 0x10, 0x04, 0x60]
        try conversation.sendAudio(Samples.audio(Samples.join(configuration.adtsHeader(payloadLength: 4), unit)))
        try conversation.sendAudio(Samples.audio([0xFF, 0xF1]))
        try conversation.sendAudio(Samples.audio(Samples.join(configuration.adtsHeader(payloadLength: 4), unit)))
        #expect(conversation.frames.map(\.payload) == [unit, unit])
        #expect(conversation.frames[0].track === conversation.frames[1].track)
        #expect(conversation.frames[0].track.timescale == 44_100)
    }

    @Test func `an avcC without parameter sets, which come with the stream`() throws {
        let frames = try Self.frames(video: [
            Samples.videoHeader(Samples.record(sps: [], pps: [], lengthSize: 2)),
            Samples.video(Samples.units([Samples.sps, Samples.pps, Samples.idr], lengthSize: 2), key: true),
        ])
        #expect(frames.map(\.payload) == [Samples.units([Samples.idr])])
    }

    @Test func `an avcC with several parameter sets`() throws {
        let record = Samples.record(sps: [Samples.sps, Samples.sps], pps: [Samples.pps, Samples.otherPPS])
        let frames = try Self.frames(video: [Samples.videoHeader(record), Samples.keyframe])
        guard case .avc(let configuration)? = frames.first?.track.configuration else {
            Issue.record("no frame")
            return
        }
        #expect(configuration.pictureParameterSets.count == 2)
    }

    @Test(arguments: [1, 2, 3, 4]) func `NAL unit lengths of 1, 2, 3 and 4 bytes`(size: Int) throws {
        let frames = try Self.frames(video: [
            Samples.videoHeader(Samples.record(lengthSize: UInt8(size))),
            Samples.video(Samples.units([Samples.idr, Samples.idr], lengthSize: size), key: true),
        ])
        #expect(frames.map(\.payload) == [Samples.units([Samples.idr, Samples.idr])])
    }

    @Test func `Annex B bodies and an Annex B sequence header`() throws {
        let code: Bytes = [0, 0, 0, 1]
        let header = Samples.join([0x17, 0, 0, 0, 0], code, Samples.sps, code, Samples.pps)
        let key = Samples.video(Samples.join(code, [0x09, 0xF0], code, Samples.idr), key: true)
        for first in [header, Samples.videoHeader()] {
            let frames = try Self.frames(video: [first, key, Samples.video(Samples.join(code, Samples.slice))])
            #expect(frames.map(\.payload) == [Samples.units([Samples.idr]), Samples.units([Samples.slice])])
        }
    }

    @Test func `new parameter sets within the stream are a new track`() throws {
        let changed = Samples.video(Samples.units([Samples.otherSPS, Samples.otherPPS, Samples.idr]), key: true)
        let frames = try Self.frames(video: [
            Samples.videoHeader(), Samples.keyframe, changed, Samples.videoHeader(), Samples.interframe,
        ])
        #expect(frames.map(Self.width) == [320, 640, 640])
    }

    @Test(arguments: [
        ("1C 00 000000 01", "HEVC (H.265)"), ("90 68766331 01", "HEVC (H.265) as hvc1"),
        ("90 61763031 81", "AV1 (av01)"),
        (
            "17 00 000000 01 01 60000000 900000000000 5D F000 FC FD F8 F8 00000F 01 20 0001 0001 40",
            "HEVC (H.265) marked as H.264"
        ),
    ])
    func `HEVC under any of its numbers, and AV1, are refused by name`(hex: String, name: String) throws {
        var conversation = try Self.publishing()
        try conversation.sendVideo(Bytes(hex: hex))
        #expect(conversation.codes.last == "NetStream.Publish.Rejected")
        #expect(conversation.lastText == "\(name) is not supported yet: publish H.264.")
        #expect(conversation.ends == [.unsupportedCodec(name)])
        #expect(conversation.closeReasons == [.unsupportedCodec(name)])
    }

    @Test(arguments: [
        ("2F FFFB", "MP3"), ("72 D5", "G.711 A-law"), ("B2 01", "Speex"), ("90 4F707573 01", "Opus"), ("DF 01", "Opus"),
    ])
    func `audio that is not AAC is refused by name`(hex: String, name: String) throws {
        var conversation = try Self.publishing()
        try conversation.sendAudio(Bytes(hex: hex))
        #expect(conversation.codes.last == "NetStream.Publish.Rejected")
        #expect(conversation.lastText == "\(name) is not supported yet: publish AAC.")
        #expect(conversation.closeReasons == [.unsupportedCodec(name)])
    }

    @Test func `H.264 and AAC under enhanced headers are frames like others`() throws {
        var conversation = try Self.publishing()
        let video = Bytes(hex: "61766331")
        let audio = Bytes(hex: "6D703461")
        try conversation.sendVideo(Samples.join([0x90], video, Samples.record()))
        try conversation.sendAudio(Samples.join([0x90], audio, Samples.aacConfiguration))
        try conversation.sendVideo(Samples.join([0x94], video, [2, 0]))
        try conversation.sendVideo(Samples.join([0x91], video, [0, 0, 80], Samples.units([Samples.idr])), at: 40)
        try conversation.sendVideo(Samples.join([0xA3], video, Samples.units([Samples.slice])), at: 80)
        try conversation.sendAudio(Samples.join([0x91], audio, [0x21]), at: 81)
        try conversation.sendVideo(Samples.join([0x92], video))
        #expect(conversation.frames.map(\.compositionOffsetMilliseconds) == [80, 0, 0])
        #expect(conversation.frames.map(\.timestampMilliseconds) == [40, 80, 81])
        #expect(conversation.closeReasons.isEmpty)
    }

    @Test func `of several tracks the first is taken, the second of a Twitch setup is dropped`() throws {
        var conversation = try Self.publishing()
        for (track, unit) in [(0, 0x21), (1, 0x22)] as [(UInt8, UInt8)] {
            try conversation.sendAudio(Samples.join(Bytes(hex: "95 00 6D703461"), [track], Samples.aacConfiguration))
            try conversation.sendAudio(Samples.join(Bytes(hex: "95 01 6D703461"), [track, unit]))
        }
        #expect(conversation.frames.map(\.payload) == [[0x21]])
    }

    @Test func `empty NAL units and zero lengths are skipped, as from DJI`() throws {
        let frames = try Self.frames(video: [
            Samples.videoHeader(), Samples.video(Samples.units([[], Samples.idr, [], []]), key: true),
            Samples.video([0, 0, 0, 0]), Samples.video(Bytes()), Samples.interframe,
        ])
        #expect(frames.map(\.payload) == [Samples.units([Samples.idr]), Samples.units([Samples.slice])])
    }

    @Test func `delimiters, filler and SEI without a picture are no frames`() throws {
        let sei: Bytes = [0x06, 0x05, 0x01, 0x00, 0x80]
        let frames = try Self.frames(video: [
            Samples.videoHeader(), Samples.keyframe, Samples.video(Samples.units([[0x09, 0xF0]])),
            Samples.video(Samples.units([sei])), Samples.video(Samples.units([[0x0C, 0xFF, 0x80]])), Samples.interframe,
        ])
        #expect(frames.count == 2)
    }

    @Test func `a damaged access unit is dropped and the next one is read`() throws {
        let frames = try Self.frames(video: [
            Samples.videoHeader(), Samples.keyframe, Samples.video([0, 0, 0xFF, 0xFF, 0x41]), Samples.interframe,
        ])
        #expect(frames.count == 2)
    }

    @Test func `composition offsets are signed`() throws {
        var conversation = try Self.publishing()
        try conversation.sendVideo(Samples.videoHeader())
        for offset in [-40, 0, 80, -8_388_608, 8_388_607] as [Int32] {
            try conversation.sendVideo(Samples.video(Samples.units([Samples.idr]), key: true, offset: offset))
        }
        #expect(conversation.frames.map(\.compositionOffsetMilliseconds) == [-40, 0, 80, -8_388_608, 8_388_607])
    }

    @Test func `an open GOP stream without IDR pictures starts at a recovery point`() throws {
        let recovery: Bytes = [0x06, 0x06, 0x01, 0xC4, 0x80]
        let frames = try Self.frames(video: [
            Samples.videoHeader(), Samples.interframe,
            Samples.video(Samples.units([recovery, Samples.slice]), key: true),
            Samples.interframe,
        ])
        #expect(frames.map(\.isKeyframe) == [true, false])
    }

    @Test func `a frame marked as a keyframe that is none does not start the stream`() throws {
        let frames = try Self.frames(video: [
            Samples.videoHeader(), Samples.video(Samples.units([Samples.slice]), key: true),
        ])
        #expect(frames.isEmpty)
    }

    @Test func `video before the first keyframe is dropped while audio goes on`() throws {
        var conversation = try Self.publishing()
        try conversation.sendVideo(Samples.videoHeader())
        try conversation.sendAudio(Samples.audioHeader())
        try conversation.sendVideo(Samples.interframe, at: 0)
        try conversation.sendAudio(Samples.audio(), at: 20)
        try conversation.sendVideo(Samples.keyframe, at: 40)
        #expect(conversation.frames.map(\.timestampMilliseconds) == [20, 40])
    }

    @Test func `audio alone and video alone are whole streams`() throws {
        let video = try Self.frames(video: [Samples.videoHeader(), Samples.keyframe])
        #expect(video.map(\.track.kind) == [.video])
        var conversation = try Self.publishing()
        try conversation.sendAudio(Samples.audioHeader())
        try conversation.sendAudio(Samples.audio())
        #expect(conversation.frames.map(\.track.kind) == [.audio])
    }

    @Test func `information frames are ignored`() throws {
        let frames = try Self.frames(video: [
            Samples.videoHeader(), [0x57, 0], [0x57, 1, 0, 0, 0, 9], Samples.keyframe,
        ])
        #expect(frames.count == 1)
    }

    @Test(
        arguments: [
            [0, 0xFFFF_FFF0, 16, 5], [3_600_000, 40, 0, 0], [16_777_214, 16_777_215, 16_777_216],
            [0x7FFF_FFFF, 0x8000_0000],
        ] as [[UInt32]])
    func `times are handed on as they come: huge, back at zero, repeated, around every limit`(times: [UInt32]) throws {
        var conversation = try Self.publishing()
        try conversation.sendVideo(Samples.videoHeader(), at: times[0])
        for time in times { try conversation.sendVideo(Samples.keyframe, at: time) }
        #expect(conversation.frames.map(\.timestampMilliseconds) == times)
    }

    @Test func `an aggregate is its parts`() throws {
        var conversation = try Self.publishing()
        let payload = Samples.join(
            MessageTests.part(9, 1000, Samples.videoHeader()), MessageTests.part(9, 1000, Samples.keyframe),
            MessageTests.part(9, 1040, Samples.interframe))
        try conversation.send(RawMessage(type: 22, timestamp: 7000, streamID: 1, payload: payload), on: 6)
        #expect(conversation.frames.map(\.timestampMilliseconds) == [7000, 7040])
    }

    @Test func `metadata comes wrapped or bare, with every type of value, and is told once`() throws {
        var conversation = try Self.publishing()
        let members: AMFObject = [
            "width": .number(1280), "height": .string("720"), "framerate": .number(29.97), "encoder": .string("Dahua"),
            "videocodecid": .string("avc1"), "audiocodecid": .undefined, "tracks": .strictArray([.string("a"), .null]),
            "when": .date(0), "odd": .unsupported, "nested": .object(["a": .object(["b": .null])]),
            "long": .string(String(repeating: "x", count: 70_000)),
        ]
        try conversation.sendData([.string("@setDataFrame"), .string("onMetaData"), .ecmaArray(members)])
        try conversation.sendData([.string("onMetaData"), .object(members)])
        try conversation.sendData([.string("onMetaData"), .object(["width": .number(64)])])
        #expect(conversation.metadata.map(\.width) == [1280, 64])
        let metadata = try #require(conversation.metadata.first)
        #expect(metadata.height == 720)
        #expect(metadata.frameRate == 29.97)
        #expect(metadata.encoder == "Dahua")
        #expect(metadata.announcesVideo)
        #expect(!metadata.announcesAudio)
    }

    @Test func `metadata that is absent, empty, broken or absurd does no harm`() throws {
        var conversation = try Self.publishing()
        try conversation.sendData([.string("onMetaData")])
        try conversation.sendData([.string("@setDataFrame")])
        try conversation.sendData([.string("onCuePoint"), .object(["width": .number(1)])])
        try conversation.sendData([.number(1)])
        try conversation.send(RawMessage(type: 18, streamID: 1, payload: [2, 0, 10, 0x6F]), on: 5)
        for number in [Double.nan, .infinity, -5, 0, 1e300] {
            try conversation.sendData([
                .string("onMetaData"), .object(["width": .number(number), "framerate": .number(number)]),
            ])
        }
        #expect(conversation.metadata.allSatisfy { $0.width == nil })
        #expect(conversation.closeReasons.isEmpty)
    }

    @Test func `a track that the metadata announces and that never comes is no matter`() throws {
        var conversation = try Self.publishing()
        try conversation.sendData([
            .string("onMetaData"), .object(["audiocodecid": .number(10), "videocodecid": .number(7)]),
        ])
        try conversation.sendVideo(Samples.videoHeader())
        try conversation.sendVideo(Samples.keyframe)
        #expect(conversation.frames.count == 1)
    }

    @Test func `a keyframe of several megabytes passes`() throws {
        let big = Samples.join(Samples.idr, Bytes([UInt8](repeating: 0x5A, count: 3 << 20)))
        let frames = try Self.frames(video: [Samples.videoHeader(), Samples.video(Samples.units([big]), key: true)])
        #expect(frames.first?.payload.count == big.count + 4)
    }
}
