import Foundation
import TestKit
import Testing

/// Live playlists, held to every rule of the specification while things happen to the broadcast.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StrictPlaybackTests {
    @Test(arguments: ["none", "720p,480p"])
    func `for a minute, over a stall, a reconnect and the end, playlists keep every rule`(
        ladder: String
    ) async throws {
        // A window that is short enough for segments to leave it, and long enough for something to be skipped.
        let sluice = try await SluiceProcess(environment: [
            "LADDER": ladder, "X264_PRESET": "ultrafast", "DVR_SECONDS": "24", "RECONNECT_GRACE_SECONDS": "8",
        ])
        let clip = try await TestClip.make(in: sluice.directory.url, seconds: 8, size: "1280x720")
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
        try await viewer.watch(seconds: 4)
        let second = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
        try await viewer.watch(seconds: 14)
        try await second.stop()
        try await viewer.watch(seconds: 20)
        #expect(viewer.hasSeenTheEnd)
        #expect(viewer.refusals == [])
        for rule in HLSRule.allCases {
            let broken = viewer.inspection.violations.filter { $0.rule == rule }
            #expect(broken.isEmpty, "\(rule.rawValue): \(broken.count) times, as \(broken.first?.detail ?? "")")
        }
        // Nobody asks again behind the end.
        let unapplied = viewer.inspection.unapplied.subtracting([.endIsFinal])
        #expect(unapplied == [], "rules that nothing was held to")
    }
}
