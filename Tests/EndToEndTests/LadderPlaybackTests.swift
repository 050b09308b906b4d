import Foundation
import TestKit
import Testing

extension LadderTests {
    /// Real players decode each rendition, picture for picture.
    @Suite(.timeLimit(.minutes(5))) struct LadderPlaybackTests {
        @Test func `players decode every rendition, picture for picture`() async throws {
            let sluice = try await SluiceProcess(environment: LadderTests.small)
            let clip = try await LadderTests.clip(in: sluice, seconds: 12)
            let stream = try await sluice.makeStream()
            let publisher = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url)
            try await eventually("all renditions are reported") {
                try await sluice.report(of: stream).pictures == LadderTests.names
            }
            #expect(try await publisher.wait(seconds: 60) == 0, "\(publisher.errors)")
            try await eventually("the stream has ended") { try await sluice.state(of: stream) == "ended" }
            for name in LadderTests.names {
                let folder = "/hls/\(stream.id)/\(name)/"
                try await eventually("\(name) is complete") {
                    try await sluice.text(folder + "playlist.m3u8").contains("#EXT-X-ENDLIST")
                }
                for (player, playlist) in [
                    (Player.ffmpegHLS, "playlist.m3u8"), (.ffmpegTransportStream, "playlist-ts.m3u8"),
                    (.gstreamerHLS, "playlist.m3u8"),
                ] {
                    let url = sluice.url(folder + playlist).absoluteString
                    let count = try await player.countPictures(at: url, on: sluice)
                    #expect(count == clip.videoFrames, "\(player), \(name)")
                }
            }
            for player in [Player.ffmpegHLS, .ffmpegTransportStream, .gstreamerHLS, .gstreamerDASH] {
                #expect(try await player.countPictures(of: stream, on: sluice) == clip.videoFrames, "\(player)")
            }
            for (index, height) in [360, 240, 180].enumerated() {
                let decoded = try await representation(index, of: stream, on: sluice)
                #expect(decoded == [height, clip.videoFrames])
            }
        }

        /// - Returns: The height of a representation of the manifest, and how many pictures of it FFmpeg decodes.
        private func representation(
            _ index: Int, of stream: TestStream, on sluice: SluiceProcess
        ) async throws -> [Int] {
            let probe = try await ChildProcess.run(
                [
                    "ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:\(index)", "-show_entries",
                    "stream=height,nb_read_frames", "-of", "csv=p=0", sluice.url(stream.manifest).absoluteString,
                ], in: sluice.directory.url, seconds: 60)
            #expect(probe.errors == "")
            return probe.output.split(separator: "\n").last?.split(separator: ",").compactMap { Int($0) } ?? []
        }
    }
}
