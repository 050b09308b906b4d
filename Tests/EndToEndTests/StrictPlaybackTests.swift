import Foundation
import TestKit
import Testing

extension LadderTests {
    /// Live playlists, held to every rule of the specification while things happen to the broadcast.
    @Suite(.timeLimit(.minutes(5))) struct StrictPlaybackTests {
        @Test func `for a minute, over a stall, a reconnect and the end, playlists keep every rule`() async throws {
            try await withThrowingTaskGroup { group in
                for ladder in ["none", LadderTests.small["LADDER"] ?? ""] {
                    group.addTask { try await broadcast(ladder: ladder) }
                }
                try await group.waitForAll()
            }
        }

        private func broadcast(ladder: String) async throws {
            // A window that is short enough for segments to leave it, and long enough for something to be skipped.
            let sluice = try await SluiceProcess(
                environment: LadderTests.small.merging([
                    "LADDER": ladder, "DVR_SECONDS": "24", "RECONNECT_GRACE_SECONDS": "10",
                ]) { $1 })
            let clip = try await LadderTests.clip(in: sluice, reorders: false)
            let stream = try await sluice.makeStream()
            let first = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
            try await eventually("there is something to play") { try await sluice.get(stream.master).status == 200 }
            var viewer = StrictViewer(of: stream, on: sluice)
            try await viewer.open()
            try await viewer.watch(seconds: 22)
            for address in viewer.inspection.master?.renditions ?? [] {
                #expect(try await viewer.segmentsUnlikeTheirParts(in: address) == [])
            }
            first.signal(SIGSTOP)
            try await viewer.watch(seconds: 5)
            first.signal(SIGCONT)
            try await viewer.watch(seconds: 8)
            first.signal(SIGKILL)
            try await viewer.watch(seconds: 3)
            let second = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
            try await viewer.watch(seconds: 14)
            let hasSeenTheEnd = viewer.hasSeenTheEnd
            #expect(!hasSeenTheEnd, "\(ladder): \(second.errors)")
            #expect(try await sluice.state(of: stream) == "active", "\(ladder)")
            try await second.stop()
            try await viewer.watch(seconds: 20)
            #expect(viewer.hasSeenTheEnd, "\(ladder)")
            #expect(viewer.refusals == [], "\(ladder)")
            for rule in HLSRule.allCases {
                let broken = viewer.inspection.violations.filter { $0.rule == rule }
                #expect(
                    broken.isEmpty, "\(ladder): \(rule.rawValue): \(broken.count) times, \(broken.first?.detail ?? "")")
            }
            // Nobody asks again behind the end.
            let unapplied = viewer.inspection.unapplied.subtracting([.endIsFinal])
            #expect(unapplied == [], "\(ladder): rules that nothing was held to")
        }
    }
}
