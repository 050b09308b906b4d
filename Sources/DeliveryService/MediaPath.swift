import Packaging
import StreamingCore

/// What a path under `/hls/` or `/dash/` asks for.
///
/// ```
/// /hls/{stream}/master.m3u8
/// /hls/{stream}/{rendition}/playlist.m3u8 | playlist-ts.m3u8 | init-E.mp4 | segment-N.m4s | segment-N.ts
/// /dash/{stream}/manifest.mpd
/// /dash/{stream}/{rendition}/init-E.mp4 | segment-N.m4s
/// ```
struct MediaPath: Equatable {
    enum Resource: Equatable {
        case masterPlaylist
        case manifest
        case mediaPlaylist(rendition: String)
        case transportPlaylist(rendition: String)
        /// Bytes that are stored: an initialisation segment or a segment.
        case stored(Stored)
        /// An MPEG-TS segment, made from the stored ones.
        case transportSegment(rendition: String, number: Int64)
    }

    /// The name of stored bytes, and what it is made of.
    struct Stored: Equatable {
        let rendition: String
        let number: Int64
        /// The store key within the stream.
        let path: String
        /// What tells it from all else under the same URL.
        let tag: String
    }

    let stream: StreamID
    let resource: Resource

    /// `nil` when the path names nothing that we could ever have.
    init?(_ path: String) {
        let pieces = path.split(separator: "/", omittingEmptySubsequences: false)
        // A path begins with "/", so the first piece is empty.
        guard pieces.count == 4 || pieces.count == 5, pieces[0].isEmpty, let stream = StreamID(pieces[2]) else {
            return nil
        }
        self.stream = stream
        let isHLS = pieces[1] == "hls"
        guard isHLS || pieces[1] == "dash" else { return nil }
        if pieces.count == 4 {
            switch pieces[3] {
            case "master.m3u8" where isHLS: resource = .masterPlaylist
            case "manifest.mpd" where !isHLS: resource = .manifest
            default: return nil
            }
            return
        }
        guard Rendition.isLegalName(String(pieces[3])),
            let found = Self.resource(named: pieces[4], of: String(pieces[3]), isHLS: isHLS)
        else { return nil }
        resource = found
    }

    private static func resource(named file: Substring, of rendition: String, isHLS: Bool) -> Resource? {
        switch file {
        case "playlist.m3u8": return isHLS ? .mediaPlaylist(rendition: rendition) : nil
        case "playlist-ts.m3u8": return isHLS ? .transportPlaylist(rendition: rendition) : nil
        default: break
        }
        if let number = number(in: file, prefix: "init-", suffix: ".mp4") {
            return .stored(
                Stored(
                    rendition: rendition, number: number, path: "\(rendition)/init-\(number).mp4", tag: "init-\(number)"
                ))
        }
        if isHLS, let number = number(in: file, prefix: "segment-", suffix: ".ts") {
            return .transportSegment(rendition: rendition, number: number)
        }
        if let number = number(in: file, prefix: "segment-", suffix: ".m4s") {
            return .stored(
                Stored(
                    rendition: rendition, number: number, path: "\(rendition)/segment-\(number).m4s", tag: "\(number)"))
        }
        return nil
    }

    private static func number(in file: Substring, prefix: String, suffix: String) -> Int64? {
        guard file.hasPrefix(prefix), file.hasSuffix(suffix), file.utf8.count > prefix.utf8.count + suffix.utf8.count
        else { return nil }
        return canonicalNumber(file.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count))
    }

    /// A number as we write it, so that one thing has one name: digits alone, no sign, no leading zero.
    private static func canonicalNumber(_ text: Substring) -> Int64? {
        guard text.utf8.count <= 18, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int64(text),
            text.utf8.count == 1 || text.utf8.first != 0x30
        else { return nil }
        return value
    }
}
