import Packaging
import StreamingCore

/// What a path under `/hls/` or `/dash/` asks for.
///
/// ```
/// /hls/{stream}/master.m3u8 | thumbnail.jpg | thumbnail-N.jpg
/// /hls/{stream}/{rendition}/playlist.m3u8 | playlist-ts.m3u8 | iframes.m3u8 | segment-N.ts
/// /dash/{stream}/manifest.mpd
/// /hls|dash/{stream}/{rendition}/init-E.mp4 | segment-N.m4s | segment-N.P.m4s
/// /hls/{stream}/recording-N.m3u8, /dash/{stream}/recording-N.mpd
/// /hls/{stream}/{rendition}/recording-N.m3u8 | recording-N-iframes.m3u8
/// ```
struct MediaPath: Equatable {
    enum Resource: Equatable {
        case masterPlaylist
        case manifest
        case mediaPlaylist(rendition: String)
        case transportPlaylist(rendition: String)
        /// The key frames of a rendition.
        case keyframePlaylist(rendition: String)
        case initialization(Stored)
        case segment(Stored)
        /// A piece of a segment, counted from zero.
        case part(Stored, number: Int)
        /// An MPEG-TS segment, made from the stored ones.
        case transportSegment(rendition: String, number: Int64)
        /// The newest still picture.
        case latestThumbnail
        /// The still picture of a segment.
        case thumbnail(number: Int64)
        /// A playlist or manifest of the broadcast that began with the segment of this number, which is over.
        case recording(RecordedDocument, number: Int64)
    }

    /// What is stored of a recording.
    enum RecordedDocument: Equatable {
        case master
        case manifest
        case media(rendition: String)
        /// The key frames of a rendition.
        case keyframes(rendition: String)
    }

    /// The name of stored bytes, and what it is made of.
    struct Stored: Equatable {
        let rendition: String
        /// Of the segment, or of the first one that an initialisation segment is for.
        let number: Int64
        /// The store key within the stream.
        let path: String
        /// What tells it from all else under the same URL.
        let tag: String
    }

    let stream: StreamID
    let resource: Resource

    /// `nil` when the path names nothing that we could ever have.
    ///
    /// Works on the bytes of the path: this is done for every request, and characters cost many times as much.
    init?(_ path: String) {
        let text = path.utf8Span.span
        var slashes = InlineArray<4, Int>(repeating: 0)
        var count = 0
        for index in text.indices where text[index] == UInt8(ascii: "/") {
            guard count < 4 else { return nil }
            slashes[count] = index
            count += 1
        }
        // A path begins with "/".
        guard count >= 3, slashes[0] == 0,
            let stream = StreamID(utf8: text.extracting(slashes[1] + 1..<slashes[2]))
        else { return nil }
        self.stream = stream
        let section = text.extracting(1..<slashes[1])
        let isHLS = section.isEqual(to: "hls")
        guard isHLS || section.isEqual(to: "dash") else { return nil }
        let file = text.extracting(slashes[count - 1] + 1..<text.count)
        if count == 3 {
            guard let resource = Self.resource(ofStream: file, isHLS: isHLS) else { return nil }
            self.resource = resource
            return
        }
        let rendition = Self.text(of: path, slashes[2] + 1..<slashes[3])
        guard Rendition.isLegalName(rendition) else { return nil }
        let stored = { (number: Int64, tag: Range<Int>) in
            Stored(
                rendition: rendition, number: number, path: Self.text(of: path, slashes[2] + 1..<path.utf8.count),
                tag: Self.text(of: path, tag))
        }
        if let number = Self.number(in: file, prefix: "segment-", suffix: ".m4s") {
            resource = .segment(stored(number, slashes[3] + 9..<text.count - 4))
        } else if let (number, part) = Self.part(in: file) {
            resource = .part(stored(number, slashes[3] + 9..<text.count - 4), number: part)
        } else if let number = Self.number(in: file, prefix: "init-", suffix: ".mp4") {
            resource = .initialization(stored(number, slashes[3] + 1..<text.count - 4))
        } else if isHLS, let resource = Self.resource(of: rendition, file) {
            self.resource = resource
        } else {
            return nil
        }
    }

    private static func resource(ofStream file: borrowing Span<UInt8>, isHLS: Bool) -> Resource? {
        guard isHLS else {
            if file.isEqual(to: "manifest.mpd") { return .manifest }
            return number(in: file, prefix: "recording-", suffix: ".mpd").map { .recording(.manifest, number: $0) }
        }
        if file.isEqual(to: "master.m3u8") { return .masterPlaylist }
        if file.isEqual(to: "thumbnail.jpg") { return .latestThumbnail }
        if let number = number(in: file, prefix: "recording-", suffix: ".m3u8") {
            return .recording(.master, number: number)
        }
        return number(in: file, prefix: "thumbnail-", suffix: ".jpg").map { .thumbnail(number: $0) }
    }

    /// What only HLS has.
    private static func resource(of rendition: String, _ file: borrowing Span<UInt8>) -> Resource? {
        if file.isEqual(to: "playlist.m3u8") { return .mediaPlaylist(rendition: rendition) }
        if file.isEqual(to: "playlist-ts.m3u8") { return .transportPlaylist(rendition: rendition) }
        if file.isEqual(to: "iframes.m3u8") { return .keyframePlaylist(rendition: rendition) }
        if let number = number(in: file, prefix: "recording-", suffix: ".m3u8") {
            return .recording(.media(rendition: rendition), number: number)
        }
        if let number = number(in: file, prefix: "recording-", suffix: "-iframes.m3u8") {
            return .recording(.keyframes(rendition: rendition), number: number)
        }
        return number(in: file, prefix: "segment-", suffix: ".ts").map {
            .transportSegment(rendition: rendition, number: $0)
        }
    }

    /// The numbers in `segment-N.P.m4s`.
    private static func part(in file: borrowing Span<UInt8>) -> (segment: Int64, part: Int)? {
        for index in file.indices where file[index] == UInt8(ascii: ".") {
            guard let segment = number(in: file.extracting(0..<index), prefix: "segment-", suffix: ""),
                let part = number(in: file.extracting(index..<file.count), prefix: ".", suffix: ".m4s"),
                part < Part.countPerSegmentMax
            else { return nil }
            return (segment, Int(part))
        }
        return nil
    }

    /// A number as we write it, so that one thing has one name: digits alone, no sign, no leading zero.
    private static func number(in file: borrowing Span<UInt8>, prefix: String, suffix: String) -> Int64? {
        let (head, tail) = (prefix.utf8.count, suffix.utf8.count)
        let digits = file.count - head - tail
        guard 1...18 ~= digits, file.extracting(0..<head).isEqual(to: prefix),
            file.extracting(file.count - tail..<file.count).isEqual(to: suffix),
            digits == 1 || file[head] != UInt8(ascii: "0")
        else { return nil }
        var value: Int64 = 0
        for index in head..<head + digits {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= file[index] else { return nil }
            value = value * 10 + Int64(file[index] - UInt8(ascii: "0"))
        }
        return value
    }

    private static func text(of path: String, _ range: Range<Int>) -> String {
        let utf8 = path.utf8
        let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
        return String(Substring(utf8[start..<utf8.index(start, offsetBy: range.count)]))
    }
}

extension Span<UInt8> {
    fileprivate func isEqual(to text: String) -> Bool {
        let other = text.utf8Span.span
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}
