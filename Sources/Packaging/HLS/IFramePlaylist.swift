public import Bytes
import Media

// I-frame playlist (RFC 8216bis, 4.4.3.6)
//
// #EXTM3U
// #EXT-X-VERSION:10
// #EXT-X-TARGETDURATION:2
// #EXT-X-I-FRAMES-ONLY
// #EXT-X-MEDIA-SEQUENCE:17
// #EXT-X-DISCONTINUITY-SEQUENCE:0
// #EXT-X-MAP:URI="init-17.mp4"
// #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:00.000Z
// #EXTINF:2.00000,                          until the next key frame
// #EXT-X-BYTERANGE:41234@0                  the beginning of the segment, up to the end of its key frame
// segment-17.m4s
// ...

/// Renders the playlist of the key frames with which a rendition's segments begin: for fast seeking and previews.
///
/// It lists the same numbers as the rendition's own playlist, so that both agree about discontinuities; a segment
/// without a key frame is a gap here.
public enum IFramePlaylist {
    /// - Parameters:
    ///   - name: The rendition's folder.
    ///   - suffix: For the addresses of segments.
    /// - Returns: `nil` when there is no such rendition, it has no key frames, or there is nothing to play yet.
    public static func render(
        _ window: LiveWindow, rendition name: String, suffix: AddressSuffix = .none
    ) -> Bytes? {
        guard window.playableRun != nil, let targets = window.targets, let rendition = window.rendition(named: name),
            let first = rendition.entries.first?.segment,
            rendition.entries.contains(where: { $0.segment.keyframeByteCount > 0 })
        else { return nil }
        var writer = ByteWriter(capacity: 512 + rendition.entries.count * 160)
        writer.write(utf8: "#EXTM3U\n#EXT-X-VERSION:\(HLSContainer.fragmentedMP4.version)\n")
        writer.write(utf8: "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-TARGETDURATION:\(targets.durationSeconds)\n")
        writer.write(utf8: "#EXT-X-I-FRAMES-ONLY\n")
        var lines = SegmentLines(
            rendition: rendition, window: window, container: .fragmentedMP4, suffix: suffix, isKeyframesOnly: true)
        lines.writeSequence(of: first, to: &writer)
        for entry in rendition.entries { lines.write(entry, to: &writer) }
        if window.state == .ended { writer.write(utf8: "#EXT-X-ENDLIST\n") }
        return writer.finish()
    }
}
