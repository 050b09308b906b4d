import Bytes
import Media
import Testing

@testable import RTMP

@Suite struct FLVTests {
    @Test(
        arguments: [
            ("17 00 000000 01", VideoTag.Content.sequenceStart([1]), true),
            ("17 01 000028 AA", .frame([0xAA], compositionOffset: 40), true),
            ("27 01 FFFFD8 AA", .frame([0xAA], compositionOffset: -40), false),
            ("27 01 800000 AA", .frame([0xAA], compositionOffset: -8_388_608), false),
            ("27 02 000000", .nothing, false), ("17 02 000000 00", .nothing, true), ("57 00", .nothing, false),
            ("52 01", .nothing, false), ("17", .nothing, true), ("17 01 0000", .nothing, true),
            ("27 01 000000", .nothing, false),
            // Enhanced: sequence start, coded frames, end, coded frames without offset, metadata, unknown.
            ("90 61766331 01", .sequenceStart([1]), true),
            ("91 61766331 FFFFD8 AA", .frame([0xAA], compositionOffset: -40), true),
            ("92 61766331", .nothing, true), ("A3 61766331 AA", .frame([0xAA], compositionOffset: 0), false),
            ("94 61766331 02", .nothing, true), ("95 61766331 AA", .nothing, true), ("98 61766331 AA", .nothing, true),
            ("91 61766331 00", .nothing, true),
            // A command frame, then ModEx twice: with 1 byte, and with a 16-bit length.
            ("D1 00", .nothing, false), ("97 00 FF 03 61766331 AA", .frame([0xAA], compositionOffset: 0), true),
            ("97 02 000001 07 00 00 03 61766331 AA", .frame([0xAA], compositionOffset: 0), true),
            ("97 FF 0001 BBBB 03 61766331 AA", .frame([0xAA], compositionOffset: 0), true), ("97 00", .nothing, false),
            // Multitrack: one track, many tracks with one codec, many codecs, and only another track.
            ("96 03 61766331 00 AA", .frame([0xAA], compositionOffset: 0), true),
            ("96 13 61766331 01 000001 BB 00 000001 AA", .frame([0xAA], compositionOffset: 0), true),
            ("96 23 68766331 01 000001 BB 61766331 00 000001 AA", .frame([0xAA], compositionOffset: 0), true),
            ("96 03 61766331 01 AA", .nothing, false), ("96 13 61766331 00 0000FF AA", .nothing, false),
        ] as [(String, VideoTag.Content, Bool)])
    func `video tags of H.264`(hex: String, content: VideoTag.Content, isKeyframe: Bool) {
        let tag = VideoTag(Bytes(hex: hex))
        #expect(tag.content == content)
        #expect(tag.isKeyframe == isKeyframe)
        if content != .nothing { #expect(tag.codec == .avc) }
    }

    @Test(
        arguments: [
            ("AF 00 1210", AudioTag.Content.sequenceStart([0x12, 0x10])), ("AF 01 21", .frame([0x21])),
            ("AF 00", .sequenceStart([])),
            ("AF", .nothing), ("AF 05 00", .nothing), ("90 6D703461 1210", .sequenceStart([0x12, 0x10])),
            ("91 6D703461 21", .frame([0x21])), ("92 6D703461", .nothing), ("94 6D703461 0102", .nothing),
            ("95 01 6D703461 00 21", .frame([0x21])), ("95 11 6D703461 01 000001 22 00 000001 21", .frame([0x21])),
            ("95 01 6D703461 01 21", .nothing), ("97 00 FF 01 6D703461 21", .frame([0x21])), ("91 6D70", .nothing),
            ("9F 6D703461", .nothing),
        ] as [(String, AudioTag.Content)])
    func `audio tags of AAC`(hex: String, content: AudioTag.Content) {
        let tag = AudioTag(Bytes(hex: hex))
        #expect(tag.content == content)
        if content != .nothing { #expect(tag.codec == .aac) }
    }

    @Test(arguments: [
        ("1C 01 000000 AA", "HEVC (H.265)"), ("90 68766331 AA", "HEVC (H.265) as hvc1"),
        ("90 61763031 AA", "AV1 (av01)"),
        ("90 76703039 AA", "VP9 (vp09)"), ("90 76703038 AA", "VP8 (vp08)"), ("90 76766331 AA", "VVC (vvc1)"),
        ("1D AA", "AV1"), ("12 AA", "Sorenson H.263"), ("13 AA", "Screen Video"), ("14 AA", "VP6"),
        ("15 AA", "VP6"), ("1A AA", "video codec 10"), ("90 FF2A3F3F AA", "video codec ?*??"),
    ])
    func `video codecs that are not supported are named`(hex: String, name: String) {
        var assembler = FrameAssembler()
        #expect(throws: FrameAssembler.UnsupportedCodec(name: name, kind: .video)) {
            try assembler.receiveVideo(Bytes(hex: hex), timestamp: 0)
        }
    }

    @Test(arguments: [
        ("2F AA", "MP3"), ("EF AA", "MP3"), ("0F AA", "PCM"), ("3F AA", "PCM"), ("1F AA", "ADPCM"),
        ("4F AA", "Nellymoser"),
        ("6F AA", "Nellymoser"), ("7F AA", "G.711 A-law"), ("8F AA", "G.711 mu-law"), ("BF AA", "Speex"),
        ("DF AA", "Opus"),
        ("FF AA", "audio codec 15"), ("90 4F707573 AA", "Opus"), ("91 664C6143 AA", "FLAC (fLaC)"),
        ("91 61632D33 AA", "AC-3 (ac-3)"), ("91 65632D33 AA", "E-AC-3 (ec-3)"), ("91 2E6D7033 AA", "MP3 (.mp3)"),
    ])
    func `audio codecs that are not supported are named`(hex: String, name: String) {
        var assembler = FrameAssembler()
        #expect(throws: FrameAssembler.UnsupportedCodec(name: name, kind: .audio)) {
            try assembler.receiveAudio(Bytes(hex: hex), timestamp: 0)
        }
    }

    @Test(arguments: ["1C", "2F", "BF", "90", "97", "D1 00", "92 68766331", "12"])
    func `a header of another codec with nothing behind it is no reason to refuse`(hex: String) throws {
        var assembler = FrameAssembler()
        let video = try assembler.receiveVideo(Bytes(hex: hex), timestamp: 0)
        #expect(video == nil)
        guard hex != "D1 00" else { return }
        let audio = try assembler.receiveAudio(Bytes(hex: hex).prefix(1), timestamp: 0)
        #expect(audio == nil)
    }

    @Test func `a payload is a slice of its message`() throws {
        var assembler = FrameAssembler()
        _ = try assembler.receiveVideo(Samples.videoHeader(), timestamp: 0)
        let assembled = try assembler.receiveVideo(Samples.keyframe, timestamp: 5)
        let frame = try #require(assembled)
        #expect(frame.payload == Samples.keyframe.dropFirst(5))
        #expect(frame.timestampMilliseconds == 5)
    }

    @Test(arguments: 0..<60 as Range<UInt64>) func `damaged tags give a frame, nothing or a refusal`(seed: UInt64) {
        var random = SeededGenerator(seed)
        var assembler = FrameAssembler()
        for _ in 0..<100 {
            var body =
                [
                    Samples.videoHeader(), Samples.keyframe, Samples.audioHeader(), Samples.audio(),
                    Bytes(hex: "96 23 68766331"),
                ]
                .randomElement(using: &random)?.array ?? [0]
            body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            body.removeLast(Int.random(in: 0..<body.count, using: &random))
            _ = try? assembler.receiveVideo(Bytes(body), timestamp: 0)
            _ = try? assembler.receiveAudio(Bytes(body), timestamp: 0)
        }
    }

    @Test func `frames written and read again are the same`() throws {
        var assembler = FrameAssembler()
        var tracks: [MediaKind: Track] = [:]
        for frame in try SessionTests.someFrames() {
            if tracks[frame.track.kind] !== frame.track {
                tracks[frame.track.kind] = frame.track
                let none = try Self.assemble(FLVWriter.sequenceHeader(of: frame.track), &assembler)
                #expect(none == nil)
            }
            let assembled = try Self.assemble(FLVWriter.message(of: frame), &assembler)
            let got = try #require(assembled)
            #expect(got.payload == frame.payload)
            #expect(got.compositionOffsetMilliseconds == frame.compositionOffsetMilliseconds)
            #expect(got.isKeyframe == frame.isKeyframe)
            #expect(got.track.configuration == frame.track.configuration)
        }
        #expect(assembler.skippedMessages == 0)
    }

    static func assemble(_ raw: RawMessage, _ assembler: inout FrameAssembler) throws -> EncoderFrame? {
        raw.type == MessageType.video
            ? try assembler.receiveVideo(raw.payload, timestamp: raw.timestamp)
            : try assembler.receiveAudio(raw.payload, timestamp: raw.timestamp)
    }
}
