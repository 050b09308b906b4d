import Foundation
import TestKit

/// A real encoder that publishes a clip in real time.
enum Encoder: String, CaseIterable, Sendable {
    /// FFmpeg's own RTMP.
    case ffmpeg
    /// GStreamer's own RTMP.
    case gstreamer
    /// librtmp, the library of rtmpdump, driven by GStreamer.
    case librtmp

    /// - Parameter loops: Whether the clip repeats until the encoder is stopped.
    func publish(_ clip: TestClip, to url: String, in directory: URL, loops: Bool = false) throws -> ChildProcess {
        switch self {
        case .ffmpeg:
            return try ChildProcess(
                ["ffmpeg", "-v", "warning", "-re"] + (loops ? ["-stream_loop", "-1"] : [])
                    + ["-i", clip.file.path, "-c", "copy", "-f", "flv", url], in: directory)
        case .gstreamer:
            return try ChildProcess(
                ["gst-launch-1.0", "-q", "-e"] + Self.pipeline(clip) + ["rtmp2sink", "location=\(url)", "sync=true"],
                in: directory, name: "rtmp2sink")
        case .librtmp:
            return try ChildProcess(
                ["gst-launch-1.0", "-q", "-e"] + Self.pipeline(clip)
                    + ["rtmpsink", "location=\(url) live=1", "sync=true"], in: directory, name: "rtmpsink")
        }
    }

    private static func pipeline(_ clip: TestClip) -> [String] {
        [
            "filesrc", "location=\(clip.file.path)", "!", "flvdemux", "name=d", "flvmux", "name=m", "streamable=true",
            "d.video", "!", "queue", "!", "h264parse", "!", "m.", "d.audio", "!", "queue", "!", "aacparse", "!", "m.",
            "m.", "!", "queue", "!",
        ]
    }
}
