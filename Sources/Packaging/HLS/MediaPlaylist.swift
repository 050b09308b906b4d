public import Bytes
import Media

// Media playlist (RFC 8216, 4.3.2 and 4.3.3)
//
// #EXTM3U
// #EXT-X-VERSION:6
// #EXT-X-TARGETDURATION:2                   never changes
// #EXT-X-MEDIA-SEQUENCE:17                  the first segment's number
// #EXT-X-DISCONTINUITY-SEQUENCE:0           the first segment's
// #EXT-X-MAP:URI="init-17.mp4"              at the beginning and behind every seam
// #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:00.000Z
// #EXTINF:2.00000,
// segment-17.m4s
// ...
// #EXT-X-ENDLIST                            when the broadcast is over

/// In which form HLS players get segments.
public enum HLSContainer: Sendable, Hashable, CaseIterable {
    /// CMAF: a playlist for each rendition.
    case fragmentedMP4
    /// MPEG-TS: one playlist, with audio and video in the same segments.
    case transportStream
}

/// Renders the playlist of one rendition.
public enum MediaPlaylist {
    /// `EXT-X-VERSION` of every playlist, since players compare them: 6 is the first that allows `EXT-X-MAP` in
    /// playlists of ordinary segments, and nothing newer is used.
    static let version = 6

    /// - Parameters:
    ///   - name: The rendition's folder. With ``HLSContainer/transportStream`` only the first one of the master
    ///     playlist is meant to be played; audio of the same numbers is in its segments.
    ///   - suffix: For the addresses of segments.
    /// - Returns: `nil` when there is no such rendition, or nothing to play yet.
    public static func render(
        _ window: LiveWindow, rendition name: String, container: HLSContainer = .fragmentedMP4,
        suffix: AddressSuffix = .none
    ) -> Bytes? {
        guard window.playableRun != nil, let targets = window.targets, let rendition = window.rendition(named: name)
        else { return nil }
        let entries = listed(rendition, in: window, container)
        guard let first = entries.first, let firstRun = window.run(first.segment.run) else { return nil }

        var writer = ByteWriter(capacity: 256 + entries.count * 128)
        writer.write(utf8: "#EXTM3U\n#EXT-X-VERSION:\(version)\n")
        if rendition.entries.allSatisfy(\.segment.isIndependent) {
            writer.write(utf8: "#EXT-X-INDEPENDENT-SEGMENTS\n")
        }
        writer.write(utf8: "#EXT-X-TARGETDURATION:\(targets.durationSeconds)\n")
        writer.write(utf8: "#EXT-X-MEDIA-SEQUENCE:\(first.segment.number)\n")
        let sequence = discontinuitySequence(of: firstRun, in: window, container)
        writer.write(utf8: "#EXT-X-DISCONTINUITY-SEQUENCE:\(sequence)\n")

        var lines = Lines(window: window, container: container, suffix: suffix)
        for entry in entries { lines.write(entry.segment, to: &writer) }
        // The playlist is complete only when it has caught up with the end of all that it shows.
        if window.state == .ended { writer.write(utf8: "#EXT-X-ENDLIST\n") }
        return writer.finish()
    }

    /// Counts the seams that the container shows as discontinuities, of which there is one between two numbers.
    private static func discontinuitySequence(
        of run: Run, in window: LiveWindow, _ container: HLSContainer
    ) -> Int {
        switch container {
        case .fragmentedMP4: run.discontinuitySequence
        case .transportStream: (window.origin?.firstDiscontinuitySequence ?? 0) + run.ordinal
        }
    }

    /// A transport stream segment exists when all the renditions that go into it do.
    private static func listed(
        _ rendition: LiveWindow.RenditionWindow, in window: LiveWindow, _ container: HLSContainer
    ) -> ArraySlice<LiveWindow.Entry> {
        switch container {
        case .fragmentedMP4: return rendition.entries[...]
        case .transportStream:
            return rendition.entries.prefix { entry in
                window.run(entry.segment.run)?.renditions.allSatisfy { other in
                    let newest = window.rendition(named: other.name)?.entries.last?.segment.number
                    return newest.map { $0 >= entry.segment.number } ?? false
                } ?? false
            }
        }
    }

    /// Writes segments one by one, with the tags that depend on the one before.
    private struct Lines {
        let window: LiveWindow
        let container: HLSContainer
        let suffix: AddressSuffix
        private var run: Run?
        private var epoch: Int64?

        init(window: LiveWindow, container: HLSContainer, suffix: AddressSuffix) {
            self.window = window
            self.container = container
            self.suffix = suffix
        }

        mutating func write(_ segment: Segment, to writer: inout ByteWriter) {
            if run?.number != segment.run { writeSeam(before: segment, &writer) }
            writer.write(utf8: "#EXT-X-PROGRAM-DATE-TIME:")
            writer.write(dateOf: window.unixMilliseconds(at: segment.startTime))
            writer.write(utf8: "\n#EXTINF:")
            writer.write(secondsOf: MediaTime(ticks: segment.duration, timescale: segment.timescale))
            writer.write(utf8: segment.isGap ? ",\n#EXT-X-GAP\nsegment-" : ",\nsegment-")
            writer.write(decimal: segment.number)
            switch container {
            case .fragmentedMP4: writer.write(utf8: ".m4s")
            case .transportStream: writer.write(utf8: ".ts")
            }
            writer.write(utf8: suffix.text)
            writer.write(UInt8(ascii: "\n"))
        }

        private func isSeen(from run: Run, to next: Run) -> Bool {
            MediaPlaylist.discontinuitySequence(of: run, in: window, container)
                != MediaPlaylist.discontinuitySequence(of: next, in: window, container)
        }

        /// A new run: a discontinuity unless its sequence is the same, and the initialisation segment.
        private mutating func writeSeam(before segment: Segment, _ writer: inout ByteWriter) {
            let next = window.run(segment.run)
            var isDiscontinuous = false
            if let run, let next, isSeen(from: run, to: next) {
                isDiscontinuous = true
                writer.write(utf8: "#EXT-X-DISCONTINUITY\n")
            }
            run = next
            // Gaps of a rendition that its run does not have are under the last initialisation segment.
            guard container == .fragmentedMP4, let epoch = next?.rendition(named: segment.rendition)?.epoch,
                isDiscontinuous || epoch != self.epoch
            else { return }
            self.epoch = epoch
            writer.write(utf8: "#EXT-X-MAP:URI=\"init-\(epoch).mp4\(suffix.text)\"\n")
        }
    }
}
