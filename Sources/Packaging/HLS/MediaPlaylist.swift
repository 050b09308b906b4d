public import Bytes
import Media

// Media playlist (RFC 8216bis, 4.4.3 to 4.4.5)
//
// #EXTM3U
// #EXT-X-VERSION:10
// #EXT-X-TARGETDURATION:2                   never changes
// #EXT-X-SERVER-CONTROL:...                 what may be asked for, and how far behind players should stay
// #EXT-X-PART-INF:PART-TARGET=0.33400       never changes
// #EXT-X-MEDIA-SEQUENCE:17                  the first segment's number
// #EXT-X-DISCONTINUITY-SEQUENCE:0           the first segment's
// #EXT-X-SKIP:SKIPPED-SEGMENTS=290          in a delta update, in the place of segments that the player knows
// #EXT-X-MAP:URI="init-17.mp4"              at the beginning and behind every seam
// #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:00.000Z
// #EXT-X-PART:DURATION=0.33333,...          of the last three target durations
// #EXTINF:2.00000,
// segment-17.m4s
// ...
// #EXT-X-PRELOAD-HINT:TYPE=PART,...         the next part
// #EXT-X-RENDITION-REPORT:...               where the other renditions stand
// #EXT-X-ENDLIST                            when the broadcast is over, in the place of hint and reports; no more parts
//
// Players without low latency read the same playlist: to them, the lines about parts are comments.

/// In which form HLS players get segments.
public enum HLSContainer: Sendable, Hashable, CaseIterable {
    /// CMAF: a playlist for each rendition.
    case fragmentedMP4
    /// MPEG-TS: one playlist for each video rendition, with audio and video in the same segments, and without parts.
    case transportStream

    /// `EXT-X-VERSION` of every playlist of a stream, since players compare them.
    ///
    /// 10 is the lowest number that allows delta updates which skip date ranges too, and the highest that Chromium
    /// reads. Of all that playlists of transport streams use, only durations with decimals have a number, and it is 3:
    /// they are for players that know no more.
    var version: Int {
        switch self {
        case .fragmentedMP4: 10
        case .transportStream: 3
        }
    }
}

/// Renders the playlist of one rendition.
public enum MediaPlaylist {
    /// What a player that has a recent copy of a playlist wants left out of the next one: the value of `_HLS_skip`.
    public enum Delta: Sendable, Hashable, CaseIterable {
        /// `YES`: segments before the skip boundary.
        case skip
        /// `v2`: and the date ranges among them. There are none, but the answer says so.
        case skipV2
    }

    /// `HOLD-BACK`, in target durations: how far behind the newest segment others than low-latency players stay.
    static let holdBackTargets = 3
    /// `PART-HOLD-BACK`, in part targets: how far behind the newest part low-latency players stay.
    static let partHoldBackTargets: Int64 = 3
    /// `CAN-SKIP-UNTIL`, in target durations: what is newer is never left out.
    static let skipBoundaryTargets = 6

    /// - Parameters:
    ///   - name: The rendition's folder. With ``HLSContainer/transportStream`` only those of the master playlist are
    ///     meant to be played; audio of the same numbers is in their segments.
    ///   - suffix: For the addresses of segments, and of the playlists that are reported on.
    ///   - delta: What the player asks to leave out. All is there where nothing is old enough, behind the end, and in
    ///     playlists of transport streams, which offer no updates.
    /// - Returns: `nil` when there is no such rendition, or nothing to play yet.
    public static func render(
        _ window: LiveWindow, rendition name: String, container: HLSContainer = .fragmentedMP4,
        suffix: AddressSuffix = .none, delta: Delta? = nil
    ) -> Bytes? {
        guard window.playableRun != nil, let targets = window.targets, let rendition = window.rendition(named: name)
        else { return nil }
        let entries = listed(rendition, in: window, container)
        guard let first = entries.first else { return nil }
        let isLowLatency = container == .fragmentedMP4

        let skipped = delta == nil || !isLowLatency || window.state == .ended ? 0 : skippable(entries, targets)
        var writer = ByteWriter(capacity: 4096 + (entries.count - skipped) * 128)
        writer.write(utf8: "#EXTM3U\n#EXT-X-VERSION:\(container.version)\n")
        if isIndependent(rendition) {
            writer.write(utf8: "#EXT-X-INDEPENDENT-SEGMENTS\n")
        }
        writer.write(utf8: "#EXT-X-TARGETDURATION:\(targets.durationSeconds)\n")
        if isLowLatency { writeControl(targets, &writer) }
        var lines = SegmentLines(rendition: rendition, window: window, container: container, suffix: suffix)
        lines.writeSequence(of: first.segment, to: &writer)
        if skipped > 0 {
            writer.write(utf8: "#EXT-X-SKIP:SKIPPED-SEGMENTS=\(skipped)")
            writer.write(utf8: delta == .skipV2 ? ",RECENTLY-REMOVED-DATERANGES=\"\"\n" : "\n")
            lines.pass(entries.prefix(skipped))
        }
        for index in entries.indices.dropFirst(skipped) { lines.write(entries[index], to: &writer) }
        if window.state == .ended {
            writer.write(utf8: "#EXT-X-ENDLIST\n")
        } else if isLowLatency {
            lines.writeOpenParts(to: &writer)
            writeReports(besides: name, in: window, suffix, &writer)
        }
        return writer.finish()
    }

    /// Whether decoding can start at every segment, the open one included.
    private static func isIndependent(_ rendition: LiveWindow.RenditionWindow) -> Bool {
        rendition.entries.allSatisfy(\.segment.isIndependent)
            && rendition.listedOpenParts.first.map { $0.isIndependent || $0.isGap } ?? true
    }

    /// A transport stream segment exists when all the renditions that go into it do.
    private static func listed(
        _ rendition: LiveWindow.RenditionWindow, in window: LiveWindow, _ container: HLSContainer
    ) -> ArraySlice<LiveWindow.Entry> {
        switch container {
        case .fragmentedMP4: return rendition.entries[...]
        case .transportStream:
            let newest = window.runs.map { run in
                let pieces = run.renditions.filter { $0.name == rendition.name || $0.kind == .audio }
                return (run.number, pieces.map { window.rendition(named: $0.name)?.newestNumber ?? -1 }.min() ?? -1)
            }
            let count = rendition.entries.reversed().prefix { entry in
                newest.last { $0.0 <= entry.segment.run }.map { $0.1 < entry.segment.number } ?? true
            }.count
            return rendition.entries.dropLast(count)
        }
    }

    /// How many segments lie before the skip boundary, which is measured from the end of the last finished segment.
    private static func skippable(_ entries: ArraySlice<LiveWindow.Entry>, _ targets: Targets) -> Int {
        let boundary = MediaTime(ticks: Int64(skipBoundaryTargets * targets.durationSeconds), timescale: 1)
        var milliseconds: Int64 = 0
        for index in entries.indices.reversed() {
            if milliseconds >= boundary.milliseconds { return index - entries.startIndex + 1 }
            let segment = entries[index].segment
            milliseconds += MediaTime(ticks: segment.duration, timescale: segment.timescale).milliseconds
        }
        return 0
    }

    private static func writeControl(_ targets: Targets, _ writer: inout ByteWriter) {
        let part = Int64(targets.partMilliseconds)
        writer.write(utf8: "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=")
        writer.write(secondsOf: MediaTime(milliseconds: part * partHoldBackTargets))
        writer.write(utf8: ",HOLD-BACK=\(holdBackTargets * targets.durationSeconds)")
        writer.write(utf8: ",CAN-SKIP-UNTIL=\(skipBoundaryTargets * targets.durationSeconds)")
        writer.write(utf8: ",CAN-SKIP-DATERANGES=YES\n#EXT-X-PART-INF:PART-TARGET=")
        writer.write(secondsOf: MediaTime(milliseconds: part))
        writer.write(UInt8(ascii: "\n"))
    }

    /// Where the other renditions stand that the newest run has or that the multivariant playlist still leads to, so
    /// that a player that changes to one of them knows what to ask for.
    private static func writeReports(
        besides name: String, in window: LiveWindow, _ suffix: AddressSuffix, _ writer: inout ByteWriter
    ) {
        let newest = window.runs.last?.renditions ?? []
        let playable = window.playableRun
        let offered = playable.map { run in
            MasterPlaylist.offered(in: run, of: window) + run.renditions.filter { $0.kind == .audio }
        }
        for other in newest + (offered ?? []).filter({ old in !newest.contains { $0.name == old.name } }) {
            guard other.name != name, let edge = window.liveEdge(of: other.name) else { continue }
            writer.write(utf8: "#EXT-X-RENDITION-REPORT:URI=\"../\(other.name)/playlist.m3u8\(suffix.text)\"")
            writer.write(utf8: ",LAST-MSN=\(edge.sequence),LAST-PART=\(edge.part)\n")
        }
    }
}
