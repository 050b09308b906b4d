import Bytes
import Foundation
import RTMP
import TestKit
import Testing

/// What encoders in the field get wrong, from the wire to the playlists and a real player.
@Suite(.timeLimit(.minutes(1))) struct EncoderPitfallTests {
    private let sluice: SluiceProcess
    private let clip: TestClip
    private let flv: FLVClip
    private let stream: TestStream

    init() async throws {
        sluice = try await SluiceProcess(environment: ["EVENT_LOOPS": "1"])
        clip = try await TestClip.make(in: sluice.directory.url, seconds: 8, size: "320x180")
        flv = try FLVClip(clip)
        stream = try await sluice.makeStream()
    }

    /// Publishes messages, ends, and gives the playlists of both tracks.
    private func broadcast(_ messages: [RawMessage]) async throws -> (video: StrictPlaylist, audio: StrictPlaylist) {
        try await ScriptedEncoder.connect(to: stream, on: sluice) { encoder in
            try await encoder.publish()
            try await encoder.send(messages)
            try await encoder.finish()
        }
        try await eventually("the stream has ended") { try await sluice.state(of: stream) == "ended" }
        let video = try StrictPlaylist(await sluice.text("/hls/\(stream.id)/source/playlist.m3u8"))
        let audio = try StrictPlaylist(await sluice.text("/hls/\(stream.id)/audio/playlist.m3u8"))
        #expect(video.hasEnded && audio.hasEnded)
        #expect(video.violations == [] && audio.violations == [])
        return (video, audio)
    }

    private func pictures() async throws -> Int {
        try await Player.ffmpegTransportStream.countPictures(of: stream, on: sluice)
    }

    private func expectSeamless(_ playlists: (video: StrictPlaylist, audio: StrictPlaylist)) async throws {
        for playlist in [playlists.video, playlists.audio] {
            #expect(playlist.discontinuities == 0)
            #expect(abs(playlist.seconds - 8) < 0.2)
        }
        #expect(try await pictures() == clip.videoFrames)
    }

    @Test(arguments: [0 as UInt32, 16_773_216, 2_147_479_648, 4_294_963_296])
    func `wherever timestamps begin and wrap there is no seam`(first: UInt32) async throws {
        try await expectSeamless(try await broadcast(flv.messages.map { $0.delayed(by: first) }))
    }

    @Test func `sequence headers and metadata before every keyframe change nothing`() async throws {
        let messages = flv.frames.flatMap { frame in
            frame.isKeyframe ? flv.headers.map { $0.at(frame.timestamp) } + [frame] : [frame]
        }
        try await expectSeamless(try await broadcast(messages))
    }

    @Test func `empty bodies, empty NAL units and unknown messages are passed over`() async throws {
        let oddities: [(UInt8, Bytes)] = [
            (MessageType.video, []), (MessageType.audio, []), (MessageType.video, [0x27, 1, 0, 0, 0]),
            (MessageType.video, [0x27, 1, 0, 0, 0, 0, 0, 0, 0]), (MessageType.audio, [0xAF, 1]),
            (MessageType.video, [0x57, 0]), (MessageType.dataAMF0, [0, 1, 2, 3]), (MessageType.dataAMF3, []),
            (99, [1, 2, 3]),
        ]
        let messages = flv.frames.enumerated().flatMap { index, frame in
            let (type, body) = oddities[index % oddities.count]
            return [RawMessage(type: type, timestamp: frame.timestamp, payload: body), frame]
        }
        try await expectSeamless(try await broadcast(flv.headers + messages))
    }

    @Test func `timestamps that jitter by two frames leave every frame where it belongs`() async throws {
        let jittered = flv.frames.enumerated().map { index, frame in
            frame.at(UInt32(max(0, Int(frame.timestamp) + [0, 55, -60, 20, -35, 60, -10][index % 7])))
        }
        let playlists = try await broadcast(flv.headers + jittered)
        #expect(playlists.video.discontinuities == 0)
        #expect(try await pictures() == clip.videoFrames)
    }

    @Test(arguments: [3_600_000, 7000, -3000])
    func `a jump of both tracks is a discontinuity and no hole`(jump: Int) async throws {
        let messages = flv.frames.map { $0.timestamp < 4000 ? $0 : $0.delayed(by: UInt32(truncatingIfNeeded: jump)) }
        let playlists = try await broadcast(flv.headers + messages)
        #expect(playlists.video.discontinuities == 1)
        #expect(playlists.audio.discontinuities == 1)
        #expect(abs(playlists.video.seconds - 8) < 0.2)
        #expect(try await pictures() == clip.videoFrames)
    }

    @Test func `a clip that begins again at zero goes on behind a discontinuity`() async throws {
        let playlists = try await broadcast(flv.messages + flv.messages)
        #expect(playlists.video.discontinuities == 1)
        #expect(abs(playlists.video.seconds - 16) < 0.3)
        #expect(try await pictures() == clip.videoFrames * 2)
    }

    @Test(arguments: [1000, 3000, 4500])
    func `a hole in both tracks before a keyframe costs no picture`(milliseconds: UInt32) async throws {
        let messages = flv.frames.map { $0.timestamp < 4000 ? $0 : $0.delayed(by: milliseconds) }
        _ = try await broadcast(flv.headers + messages)
        #expect(try await pictures() == clip.videoFrames)
    }

    @Test(arguments: [1000, 3000, 4500])
    func `a hole in both tracks costs at most the rest of its picture group`(milliseconds: UInt32) async throws {
        let messages = flv.frames.map { $0.timestamp < 3000 ? $0 : $0.delayed(by: milliseconds) }
        _ = try await broadcast(flv.headers + messages)
        #expect((clip.videoFrames - 25...clip.videoFrames).contains(try await pictures()))
    }

    @Test(arguments: [true, false])
    func `a track that stops leaves gaps and keeps the promises of the playlists`(isAudio: Bool) async throws {
        let messages = flv.frames.filter { $0.isAudio != isAudio || $0.timestamp < 3000 }
        let playlists = try await broadcast(flv.headers + messages)
        let (stopped, other) = isAudio ? (playlists.audio, playlists.video) : (playlists.video, playlists.audio)
        #expect(stopped.segments.contains { $0.isGap })
        #expect(!other.segments.contains { $0.isGap })
    }

    @Test func `another picture size is another initialization behind a discontinuity`() async throws {
        let small = try FLVClip(
            try await TestClip.make(in: sluice.directory.url, seconds: 4, size: "160x90", name: "small"))
        let playlists = try await broadcast(
            flv.messages + small.headers.filter { $0.type != MessageType.dataAMF0 }.map { $0.at(8040) }
                + small.frames.map { $0.delayed(by: 8040) })
        #expect(playlists.video.discontinuities == 1)
        let text = try await sluice.text("/hls/\(stream.id)/source/playlist.m3u8")
        #expect(text.split(separator: "\n").count { $0.hasPrefix("#EXT-X-MAP:") } == 2)
        #expect(try await pictures() == clip.videoFrames + 100)
        let manifest = try await sluice.text(stream.manifest)
        #expect(manifest.split(separator: "<Period ").count == 3)
        #expect(manifest.contains(#"width="320" height="180""#) && manifest.contains(#"width="160" height="90""#))
    }

    @Test func `audio on a clock of its own begins with the video`() async throws {
        let messages = flv.frames.map { $0.isAudio ? $0.delayed(by: 3_600_000) : $0 }
        let playlists = try await broadcast(flv.headers + messages)
        let video = try #require(playlists.video.segments.first), audio = try #require(playlists.audio.segments.first)
        #expect(abs(video.dateTime.timeIntervalSince(audio.dateTime)) < 0.15)
        #expect(abs(playlists.audio.seconds - 8) < 0.3)
    }

    @Test func `metadata that lies changes nothing`() async throws {
        var lie = ByteWriter()
        // onMetaData with an ECMA array that announces four billion members, a null duration, and no end marker.
        lie.write(
            [2, 0, 10] + Array("onMetaData".utf8) + [8, 0xFF, 0xFF, 0xFF, 0xFF, 0, 8] + Array("duration".utf8) + [5])
        let metadata = RawMessage(type: MessageType.dataAMF0, payload: lie.finish())
        try await expectSeamless(try await broadcast([metadata] + flv.messages))
    }
}
