import Foundation
import TestKit

/// A real player that plays a stream to its end and says how many pictures it decoded.
enum Player: String, CaseIterable, Sendable {
    case ffmpegHLS, ffmpegTransportStream, ffmpegDASH, gstreamerHLS, gstreamerDASH

    func url(of stream: TestStream, on sluice: SluiceProcess) -> String {
        switch self {
        case .ffmpegHLS, .gstreamerHLS: sluice.url(stream.master).absoluteString
        case .ffmpegTransportStream: sluice.url(stream.master).absoluteString + "?container=ts"
        case .ffmpegDASH, .gstreamerDASH: sluice.url(stream.manifest).absoluteString
        }
    }

    /// Plays a broadcast that has ended, from its first segment.
    func countPictures(of stream: TestStream, on sluice: SluiceProcess) async throws -> Int {
        try await countPictures(at: url(of: stream, on: sluice), on: sluice)
    }

    /// Plays what is at an address, to its end.
    func countPictures(at url: String, on sluice: SluiceProcess) async throws -> Int {
        switch self {
        case .ffmpegHLS, .ffmpegTransportStream, .ffmpegDASH:
            let probe = try await ChildProcess.run(
                [
                    "ffprobe", "-v", "warning", "-count_frames", "-select_streams", "v:0", "-show_entries",
                    "stream=nb_read_frames", "-of", "csv=p=0", url,
                ], in: sluice.directory.url, seconds: 60)
            let count = probe.output.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }
            guard let count else { throw NeverHappened(description: "ffprobe read nothing of \(url): \(probe.errors)") }
            return count
        case .gstreamerHLS, .gstreamerDASH:
            let play = try await ChildProcess.run(
                [
                    "gst-launch-1.0", "-v", "playbin3", "uri=\(url)", "video-sink=fakesink silent=false sync=false",
                    "audio-sink=fakesink sync=false",
                ], in: sluice.directory.url, seconds: 60)
            guard play.status == 0 else { throw NeverHappened(description: "playbin3 failed: \(play.errors)") }
            // The video sink alone tells of each buffer.
            return play.output.split(separator: "\n").count { $0.contains("last-message = chain") }
        }
    }
}
