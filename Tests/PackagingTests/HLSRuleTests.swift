import Bytes
import Foundation
import Media
import Packaging
import TestKit
import Testing

/// Every rule of the strict reader can be broken: a reader that finds nothing wrong with these would be no check.
@Suite struct HLSRuleTests {
    /// The playlists of a broadcast at three moments, in the order in which they are read.
    struct Reading: Sendable {
        var master: String
        var video: [String]
        var audio: [String]
        var keyframes: [String]
        var delta: String
        var isDeltaForDateRanges = true
        /// Behind the end, read twice.
        var over: [String]

        var inspection: HLSInspection {
            var inspection = HLSInspection()
            inspection.read(master: master)
            for moment in video.indices {
                if moment == 1 {
                    inspection.read(
                        delta: delta, at: "source/playlist.m3u8", skipsDateRanges: isDeltaForDateRanges,
                        full: video[1])
                }
                inspection.read(media: video[moment], at: "source/playlist.m3u8")
                inspection.read(media: audio[moment], at: "audio/playlist.m3u8")
                inspection.read(media: keyframes[moment], at: "source/iframes.m3u8")
                inspection.compareRenditions()
            }
            for text in over { inspection.read(media: text, at: "source/playlist.m3u8") }
            return inspection
        }
    }

    static let good: Reading = {
        var studio = Studio(window: .init(windowMilliseconds: 26_000))
        studio.append(FrameScript(reorder: 2).frames(to: 12_000))
        studio.append(.interrupted)
        let frames = FrameScript(reorder: 2, discontinuitySequence: 1).frames(from: 20_000, to: 37_000)
        let slice = { (from: Double, to: Double) in
            frames.filter { from..<to ~= Double($0.decodeTime) / Double($0.track.timescale) }
        }
        studio.append(slice(20, 34.5))
        let first = studio.window
        studio.append(slice(34.5, 35))
        let between = studio.window
        studio.append(slice(35, 37))
        let last = studio.window
        studio.append(.ended)
        let media = { (window: LiveWindow, name: String, delta: MediaPlaylist.Delta?) in
            MediaPlaylist.render(window, rendition: name, delta: delta)?.string ?? ""
        }
        let windows = [first, between, last]
        return Reading(
            master: MasterPlaylist.render(first)?.string ?? "", video: windows.map { media($0, "source", nil) },
            audio: windows.map { media($0, "audio", nil) },
            keyframes: windows.map { IFramePlaylist.render($0, rendition: "source")?.string ?? "" },
            delta: media(between, "source", .skipV2),
            over: [media(studio.window, "source", nil), media(studio.window, "source", nil)])
    }()

    @Test func `what is rendered keeps every rule, and every rule is looked at`() {
        let inspection = Self.good.inspection
        #expect(inspection.violations == [])
        #expect(inspection.unapplied == [])
    }

    @Test(arguments: HLSRule.allCases) func `a broken rule is found`(rule: HLSRule) throws {
        let offences = Self.offences.filter { $0.rule == rule }
        try #require(!offences.isEmpty, "nothing breaks \(rule)")
        for offence in offences {
            var reading = Self.good
            offence.commit(&reading)
            #expect(reading.inspection.broken.contains(rule), "\(rule)")
        }
    }

    /// How to break a rule.
    struct Offence: Sendable {
        let rule: HLSRule
        let commit: @Sendable (inout Reading) -> Void
    }

    /// Replaces the first, or another, place of a text in one of the playlists. An offence that finds nothing to
    /// replace leaves the playlists good, and its test fails.
    static func change(
        _ rule: HLSRule, _ playlist: any WritableKeyPath<Reading, String> & Sendable, _ text: String, _ other: String,
        isLast: Bool = false
    ) -> Offence {
        Offence(rule: rule) { reading in
            let options: String.CompareOptions = isLast ? [.backwards] : []
            guard let range = reading[keyPath: playlist].range(of: text, options: options) else { return }
            reading[keyPath: playlist].replaceSubrange(range, with: other)
        }
    }

    /// Takes the lines that begin with a text out of one of the playlists.
    static func drop(
        _ rule: HLSRule, _ playlist: any WritableKeyPath<Reading, String> & Sendable, _ prefix: String
    ) -> Offence {
        Offence(rule: rule) { reading in
            let lines = reading[keyPath: playlist].split(separator: "\n", omittingEmptySubsequences: false)
            reading[keyPath: playlist] = lines.filter { !$0.hasPrefix(prefix) }.joined(separator: "\n")
        }
    }
}
