import Foundation
import TestKit

/// FFmpeg, watching a live broadcast.
struct LivePlayback {
    private let child: ChildProcess

    init(of path: String, on sluice: SluiceProcess) throws {
        child = try ChildProcess(
            [
                "ffmpeg", "-v", "warning", "-nostdin", "-live_start_index", "0", "-i", sluice.url(path).absoluteString,
                "-map", "0:v:0", "-progress", "pipe:1", "-f", "null", "-",
            ], in: sluice.directory.url, name: "viewer")
    }

    /// Waits until it has seen the end of the broadcast.
    func end(within seconds: Double) async throws -> (status: Int32, pictures: Int, complaints: String) {
        let status = try await child.wait(seconds: seconds)
        let last = child.output.split(separator: "\n").last { $0.hasPrefix("frame=") }
        let pictures = last.flatMap { Int($0.dropFirst("frame=".count)) } ?? 0
        return (status, pictures, String(child.errors.suffix(2000)))
    }
}
