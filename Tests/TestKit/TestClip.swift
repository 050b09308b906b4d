public import Foundation

/// A clip made once per test run by FFmpeg: a test picture with B-frames and a tone.
public struct TestClip: Sendable {
    public let file: URL
    /// Video access units in the clip.
    public let videoFrames: Int
    public let seconds: Int

    /// - Parameters:
    ///   - seconds: How long it is.
    ///   - framesPerSecond: Constant.
    ///   - keyframeInterval: In frames.
    ///   - keyframeSeconds: When keyframes come before the interval is over.
    ///   - kilobits: Per second, of the video.
    ///   - reorders: Whether it has B-frames.
    public static func make(
        in directory: URL, seconds: Int = 12, framesPerSecond: Int = 25, keyframeInterval: Int = 50,
        keyframeSeconds: [Double] = [], size: String = "640x360", kilobits: Int = 800, reorders: Bool = true,
        audio: Bool = true,
        video: Bool = true, name: String = "clip"
    ) async throws -> TestClip {
        let file = directory.appending(path: name + ".flv")
        var command = ["ffmpeg", "-v", "error", "-y"]
        if video {
            command += ["-f", "lavfi", "-i", "testsrc2=size=\(size):rate=\(framesPerSecond):duration=\(seconds)"]
        }
        if audio { command += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=\(seconds)"] }
        if video {
            command += [
                "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "\(keyframeInterval)",
                "-keyint_min", "\(keyframeInterval)", "-sc_threshold", "0", "-bf", reorders ? "2" : "0",
                "-b:v", "\(kilobits)k",
            ]
            if !keyframeSeconds.isEmpty {
                command += ["-force_key_frames", keyframeSeconds.map { "\($0)" }.joined(separator: ",")]
            }
        }
        if audio { command += ["-c:a", "aac", "-b:a", "96k", "-ac", "2"] }
        let result = try await ChildProcess.run(command + [file.path], in: directory, seconds: 60)
        guard result.status == 0 else { throw NeverHappened(description: "ffmpeg made no clip: \(result.errors)") }
        return TestClip(file: file, videoFrames: video ? seconds * framesPerSecond : 0, seconds: seconds)
    }
}
