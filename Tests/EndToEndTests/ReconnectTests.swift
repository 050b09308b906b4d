import Foundation
import TestKit
import Testing

/// What viewers keep when an encoder, or our own process, goes.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ReconnectTests {
    private func mediaSequence(_ playlist: String) -> Int? {
        playlist.split(separator: "\n").first { $0.hasPrefix("#EXT-X-MEDIA-SEQUENCE:") }.flatMap {
            Int($0.split(separator: ":")[1])
        }
    }

    private func segments(_ playlist: String) -> [Int] {
        playlist.split(separator: "\n").filter { $0.hasPrefix("segment-") }.compactMap {
            Int($0.dropFirst("segment-".count).prefix { $0.isNumber })
        }
    }

    @Test func `a killed encoder that comes back continues the same playlist`() async throws {
        let sluice = try await SluiceProcess()
        let clip = try await TestClip.make(in: sluice.directory.url, seconds: 6)
        let stream = try await sluice.makeStream()
        let playlist = "/hls/\(stream.id)/source/playlist.m3u8"
        let first = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
        try await eventually("two segments are there") {
            let answer = try await sluice.get(playlist)
            return answer.status == 200 && segments(String(decoding: answer.body, as: UTF8.self)).count >= 2
        }
        first.signal(SIGKILL)
        try await eventually("viewers are told") { try await sluice.state(of: stream) == "reconnecting" }
        let before = segments(try await sluice.text(playlist))
        let second = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
        try await eventually("the stream is active again") { try await sluice.state(of: stream) == "active" }
        try await eventually("new segments follow a discontinuity") {
            let text = try await sluice.text(playlist)
            return text.contains("#EXT-X-DISCONTINUITY\n") && segments(text).count > before.count
        }
        let after = segments(try await sluice.text(playlist))
        #expect(Array(after.prefix(before.count)) == before)
        #expect(after == Array((after.first ?? 0)..<(after.first ?? 0) + after.count))
        second.signal(SIGKILL)
        _ = try await second.wait(seconds: 10)
    }

    @Test func `an encoder that stays away ends the broadcast after the grace time`() async throws {
        let sluice = try await SluiceProcess(environment: ["RECONNECT_GRACE_SECONDS": "1"])
        let clip = try await TestClip.make(in: sluice.directory.url, seconds: 6)
        let stream = try await sluice.makeStream()
        let publisher = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
        try await eventually("there is something to play") { try await sluice.get(stream.master).status == 200 }
        publisher.signal(SIGKILL)
        try await eventually("the stream has ended") { try await sluice.state(of: stream) == "ended" }
        try await eventually("the playlist is closed") {
            try await sluice.text("/hls/\(stream.id)/source/playlist.m3u8").contains("#EXT-X-ENDLIST")
        }
    }

    @Test func `segment numbers never go back over a restart of the process`() async throws {
        let directory = try TemporaryDirectory()
        let first = try await SluiceProcess(directory: directory)
        let clip = try await TestClip.make(in: directory.url, seconds: 6)
        let stream = try await first.makeStream()
        let playlist = "/hls/\(stream.id)/source/playlist.m3u8"
        var encoder = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: directory.url, loops: true)
        try await eventually("there is something to play") { try await first.get(playlist).status == 200 }
        let before = try #require(segments(try await first.text(playlist)).last)
        first.child.signal(SIGKILL)
        _ = try await encoder.wait(seconds: 20)
        let second = try await SluiceProcess(directory: directory)
        #expect(try await second.state(of: stream) == "ended")
        encoder = try Encoder.ffmpeg.publish(
            clip, to: "rtmp://127.0.0.1:\(second.rtmpPort)/live/\(stream.key)", in: directory.url, loops: true)
        try await eventually("there is something to play again") { try await second.get(playlist).status == 200 }
        #expect(try #require(mediaSequence(try await second.text(playlist))) > before)
        _ = try await encoder.stop()
    }

    @Test func `a shutdown ends what is on air and leaves nothing behind`() async throws {
        let directory = try TemporaryDirectory()
        let sluice = try await SluiceProcess(directory: directory)
        let clip = try await TestClip.make(in: directory.url, seconds: 6)
        let stream = try await sluice.makeStream()
        let encoder = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: directory.url, loops: true)
        try await eventually("the stream is active") { try await sluice.state(of: stream) == "active" }
        #expect(try await sluice.child.stop() == 0, "\(sluice.child.errors)")
        _ = try await encoder.wait(seconds: 20)
        let again = try await SluiceProcess(directory: directory)
        #expect(try await again.state(of: stream) == "ended")
    }

    @Test func `a viewer who is connected at a shutdown still sees that the broadcast is over`() async throws {
        let sluice = try await SluiceProcess()
        let clip = try await TestClip.make(in: sluice.directory.url, seconds: 6)
        let stream = try await sluice.makeStream()
        let playlist = "/hls/\(stream.id)/source/playlist.m3u8"
        let encoder = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
        try await eventually("there is something to play") { try await sluice.get(playlist).status == 200 }
        sluice.child.signal(SIGTERM)
        try await eventually("the playlist is closed", within: 2) {
            try await sluice.text(playlist).contains("#EXT-X-ENDLIST")
        }
        #expect(try await sluice.child.wait(seconds: 10) == 0)
        _ = try await encoder.wait(seconds: 20)
    }

    @Test func `after fifty random disconnects memory and descriptors are back where they were`() async throws {
        let sluice = try await SluiceProcess(environment: ["RECONNECT_GRACE_SECONDS": "1", "SEGMENT_MEMORY_MB": "16"])
        let clip = try await TestClip.make(in: sluice.directory.url, seconds: 6, size: "320x180")
        let stream = try await sluice.makeStream()
        var generator = SystemRandomNumberGenerator()
        var baseline = (descriptors: 0, memory: 0)
        for round in 0..<50 {
            let encoder = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
            try await eventually("the stream is active") { try await sluice.state(of: stream) == "active" }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<400, using: &generator)))
            encoder.signal(SIGKILL)
            _ = try await encoder.wait(seconds: 10)
            // The first rounds warm up what stays: connection pools, prepared statements, the allocator's arenas.
            if round == 4 { baseline = (sluice.descriptorCount, sluice.residentBytes) }
        }
        try await eventually("the stream has ended") { try await sluice.state(of: stream) == "ended" }
        // Our own connections may be a few more than then; what forty-five rounds leave behind is more than that.
        try await eventually("descriptors are back: \(baseline.descriptors)") {
            sluice.descriptorCount <= baseline.descriptors + 8
        }
        #expect(sluice.residentBytes < baseline.memory + 24 << 20, "from \(baseline.memory) to \(sluice.residentBytes)")
    }
}
