import HTTP
import StreamingCore

/// Where a segment lies in the bucket, and as what browsers get it.
///
/// ```
///  {stream}/source/segment-17.m4s      a segment
///  {stream}/source/init-17.mp4         an initialisation segment
///  {stream}/source/playlist.m3u8       of the recording, as are:
///  {stream}/master.m3u8
///  {stream}/manifest.mpd
///  {stream}/recording-17.m3u8          the same of the broadcast that began with segment 17, as are:
///  {stream}/recording-17.mpd
///  {stream}/source/recording-17.m3u8
///  {stream}/recording-17.json          what a list of recordings says of it
/// ```
/// Addresses in playlists are relative, so that the recording plays from wherever the bucket can be read.
struct S3ObjectKey: Sendable, Hashable {
    static let pathCharactersMax = 200
    static let componentsMax = 4

    let text: String

    /// - Throws: ``S3Failure/illegalName`` unless the name's path is one to four components of ASCII letters, digits,
    ///   `-`, `_` and `.`, none empty or starting with a dot: the names that every store takes.
    init(_ name: SegmentName) throws(S3Failure) {
        let components = name.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard name.path.utf8.count <= Self.pathCharactersMax, components.count <= Self.componentsMax,
            components.allSatisfy({ $0.first != nil && $0.first != UInt8(ascii: ".") && $0.allSatisfy(Self.isAllowed) })
        else { throw .illegalName }
        text = Self.prefix(of: name.stream) + name.path
    }

    /// What the keys of a stream begin with.
    static func prefix(of stream: StreamID) -> String { stream.description + "/" }

    /// The type that is stored with the object and that the store tells whoever fetches it.
    var contentType: String {
        if text.hasSuffix(".m3u8") { return MediaType.hlsPlaylist }
        if text.hasSuffix(".mpd") { return MediaType.dashManifest }
        if text.hasSuffix(".jpg") { return MediaType.jpeg }
        if text.hasSuffix(".json") { return MediaType.json }
        guard text.hasSuffix(".m4s") || text.hasSuffix(".mp4") else { return MediaType.octetStream }
        return text.contains("/audio/") ? MediaType.audioMP4 : MediaType.videoMP4
    }

    /// How long copies are good. Media never changes; the playlists of a stream's recording do, with its next one.
    var cacheControl: String {
        switch contentType {
        case MediaType.videoMP4, MediaType.audioMP4, MediaType.jpeg: "public, max-age=31536000, immutable"
        default: "public, max-age=60"
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
