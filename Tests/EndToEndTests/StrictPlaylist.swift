import Foundation
import TestKit

/// A media playlist, read strictly: what it says, and which promises it breaks. See ``HLSRule`` for these.
struct StrictPlaylist {
    struct Segment {
        let name: String
        let seconds: Double
        let dateTime: Date
        /// How many discontinuities were before it, since the broadcast began.
        let discontinuity: Int
        let isGap: Bool
    }

    let targetDuration: Int
    let mediaSequence: Int
    let segments: [Segment]
    let hasEnded: Bool
    /// Broken promises, as sentences.
    let violations: [String]

    init(_ text: String) throws {
        var inspection = HLSInspection()
        let playlist = inspection.read(media: text, at: "playlist.m3u8")
        targetDuration = playlist.targetSeconds
        mediaSequence = playlist.mediaSequence
        hasEnded = playlist.hasEnded
        violations = inspection.violations.map(\.description)
        // What has no date is among the violations.
        segments = playlist.segments.compactMap { segment in
            segment.dateTime.map {
                Segment(
                    name: segment.address, seconds: Double(segment.duration) / 100_000, dateTime: $0,
                    discontinuity: segment.discontinuity, isGap: segment.isGap)
            }
        }
    }

    /// How many discontinuities are between its segments.
    var discontinuities: Int { (segments.last?.discontinuity ?? 0) - (segments.first?.discontinuity ?? 0) }
    /// All that it plays, in seconds.
    var seconds: Double { segments.reduce(0) { $0 + $1.seconds } }
}
