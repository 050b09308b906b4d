import Foundation
import TestKit
import Testing

extension LadderTests {
    /// What goes wrong on a normal day: viewers play on, numbers never go back, and memory stays bounded.
    @Suite(.timeLimit(.minutes(5))) struct ChaosTests {
        @Test func `a pause, another picture size and a busy machine end no playback`() async throws {
            let sluice = try await SluiceProcess(
                environment: LadderTests.small.merging(["SEGMENT_MEMORY_MB": "16"]) { $1 })
            let clip = try await LadderTests.clip(in: sluice, reorders: false)
            let small = try await TestClip.make(
                in: sluice.directory.url, seconds: 8, size: "426x240", kilobits: 300, reorders: false, name: "small")
            let stream = try await sluice.makeStream()
            let first = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
            try await eventually("there is something to play") { try await sluice.get(stream.master).status == 200 }
            var viewer = StrictViewer(of: stream, on: sluice)
            try await viewer.open()
            let player = try LivePlayback(of: "/hls/\(stream.id)/180p/playlist-ts.m3u8", on: sluice)
            try await viewer.watch(seconds: 6)
            let memory = sluice.residentBytes

            first.signal(SIGSTOP)
            try await viewer.watch(seconds: 5)
            first.signal(SIGCONT)
            try await viewer.watch(seconds: 5)
            #expect(try await sluice.report(of: stream).copies == ["360p"])

            first.signal(SIGKILL)
            let second = try Encoder.ffmpeg.publish(small, to: stream.publishURL, in: sluice.directory.url, loops: true)
            try await viewer.watch(seconds: 10)
            #expect(try await sluice.report(of: stream).pictures == ["240p", "180p"])

            let load = try BusyLoops(count: 2, in: sluice.directory.url)
            try await viewer.watch(seconds: 8)
            try await load.end()
            try await viewer.watch(seconds: 3)
            try await second.stop()
            try await viewer.watch(seconds: 30)

            expectLegal(viewer)
            try await expectPlayed(player, "180p", by: viewer)
            #expect(sluice.residentBytes < memory + 96 << 20, "from \(memory) to \(sluice.residentBytes)")
        }

        @Test func `without enough CPU quality is given up, viewers are told, and playback goes on`() async throws {
            let sluice = try await SluiceProcess(environment: [
                "LADDER": "480p:1500,360p:700,240p:400", "LADDER_TOP": "encode", "X264_PRESET": "medium",
                "ENCODER": "libx264", "SEGMENT_MEMORY_MB": "16",
            ])
            let clip = try await TestClip.make(in: sluice.directory.url, seconds: 8, size: "854x480", reorders: false)
            let stream = try await sluice.makeStream()
            let encoder = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
            try await eventually("there is something to play") { try await sluice.get(stream.master).status == 200 }
            var viewer = StrictViewer(of: stream, on: sluice)
            try await viewer.open()
            let player = try LivePlayback(of: "/hls/\(stream.id)/240p/playlist-ts.m3u8", on: sluice)
            try await viewer.watch(seconds: 2)

            let load = try BusyLoops(count: 24, in: sluice.directory.url)
            var worst: StreamReport.Transcoding?
            let deadline = ContinuousClock.now + .seconds(30)
            while worst?.shedRenditions.isEmpty ?? true, ContinuousClock.now < deadline {
                try await viewer.watch(seconds: 1)
                let transcoding = try await sluice.report(of: stream).transcoding
                if transcoding?.degraded ?? false { worst = transcoding }
            }
            try await load.end()
            #expect(worst?.state == "degraded")
            #expect(worst?.reason != nil)
            #expect(worst?.preset != "medium")
            #expect(worst?.shedRenditions.isEmpty == false)
            try await viewer.watch(seconds: 8)
            let left = try await sluice.report(of: stream)
            #expect(left.pictures.contains("240p"))
            try await encoder.stop()
            try await viewer.watch(seconds: 30)

            expectLegal(viewer)
            try await expectPlayed(player, "240p", by: viewer)
        }

        private func expectLegal(_ viewer: StrictViewer) {
            #expect(viewer.hasSeenTheEnd)
            #expect(viewer.refusals == [])
            for rule in viewer.inspection.broken {
                let broken = viewer.inspection.violations.filter { $0.rule == rule }
                Issue.record("\(rule.rawValue): \(broken.count) times, as \(broken.first?.detail ?? "")")
            }
        }

        /// Holds what a player decoded against what the playlist lists.
        private func expectPlayed(_ player: LivePlayback, _ rendition: String, by viewer: StrictViewer) async throws {
            let playlist = try #require(viewer.inspection.media["\(rendition)/playlist.m3u8"])
            let listed = playlist.segments.filter { !$0.isGap }.reduce(0) { $0 + $1.duration }
            let end = try await player.end(within: 30)
            #expect(end.status == 0, "\(end.complaints)")
            // It began with the third segment from the end at that time.
            #expect(end.pictures >= listed * 25 / 100_000 * 9 / 10, "\(end.pictures) pictures of \(listed)")
        }
    }
}
