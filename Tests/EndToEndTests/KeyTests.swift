import Foundation
import TestKit
import Testing

/// Who may publish.
@Suite(.serialized, .timeLimit(.minutes(3))) struct KeyTests {
    @Test func `a wrong key is refused, and nothing of it is logged`() async throws {
        let sluice = try await SluiceProcess(environment: ["LOG_LEVEL": "debug"])
        let clip = try await TestClip.make(in: sluice.directory.url, seconds: 4)
        _ = try await sluice.makeStream()
        let wrong = "wrong-key-that-nobody-made-0123456789"
        let publisher = try Encoder.ffmpeg.publish(
            clip, to: "rtmp://127.0.0.1:\(sluice.rtmpPort)/live/\(wrong)", in: sluice.directory.url)
        #expect(try await publisher.wait(seconds: 20) != 0)
        #expect(!sluice.child.errors.contains(wrong))
        #expect(sluice.child.errors.contains("publish refused"))
    }

    @Test func `a revoked key ends its broadcast and lets nobody in again`() async throws {
        let sluice = try await SluiceProcess()
        let clip = try await TestClip.make(in: sluice.directory.url, seconds: 6)
        let stream = try await sluice.makeStream()
        let first = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
        try await eventually("the stream is active") { try await sluice.state(of: stream) == "active" }
        let keys =
            try JSONSerialization.jsonObject(
                with: try await sluice.get("/streams/\(stream.id)/keys").body) as? [String: Any]
        let list = try #require(keys?["keys"] as? [[String: Any]])
        let keyID = try #require(list.first?["key_id"] as? String)
        #expect(try await sluice.request("DELETE", "/streams/\(stream.id)/keys/\(keyID)").status == 204)
        #expect(try await first.wait(seconds: 20) != 0)
        let second = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url)
        #expect(try await second.wait(seconds: 20) != 0)
    }

    @Test func `a second publisher with the same key takes over`() async throws {
        let sluice = try await SluiceProcess()
        let clip = try await TestClip.make(in: sluice.directory.url, seconds: 6)
        let stream = try await sluice.makeStream()
        let playlist = "/hls/\(stream.id)/source/playlist.m3u8"
        let first = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
        try await eventually("there is something to play") { try await sluice.get(playlist).status == 200 }
        let second = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
        try await eventually("the first publisher is sent away") { !first.isRunning }
        try await eventually("the broadcast goes on behind a discontinuity") {
            try await sluice.text(playlist).contains("#EXT-X-DISCONTINUITY\n")
        }
        #expect(try await sluice.state(of: stream) == "active")
        _ = try await second.stop()
    }
}
