/// What the documents of a recording are called within the stream, in the store and in URLs.
///
/// ```
///  newest                   numbered(17)
///  source/playlist.m3u8     source/recording-17.m3u8
///  source/iframes.m3u8      source/recording-17-iframes.m3u8
///  master.m3u8              recording-17.m3u8
///  manifest.mpd             recording-17.mpd
/// ```
/// Both lie in the same folders, so that all but the master playlist are the same bytes under either name.
public enum RecordingNames: Sendable, Hashable {
    /// Those that a stream's last broadcast has: the next one takes them.
    case newest
    /// Those that a broadcast keeps, with the number of its first segment (``Recording/number``).
    case numbered(Int64)

    /// Where HLS players begin.
    public var master: String {
        switch self {
        case .newest: "master.m3u8"
        case .numbered(let number): "recording-\(number).m3u8"
        }
    }

    /// Where DASH players begin.
    public var manifest: String {
        switch self {
        case .newest: "manifest.mpd"
        case .numbered(let number): "recording-\(number).mpd"
        }
    }

    /// The playlist of a rendition.
    public func playlist(of rendition: String) -> String {
        switch self {
        case .newest: "\(rendition)/playlist.m3u8"
        case .numbered(let number): "\(rendition)/recording-\(number).m3u8"
        }
    }

    /// The playlist of a rendition's key frames.
    public func keyframes(of rendition: String) -> String {
        switch self {
        case .newest: "\(rendition)/iframes.m3u8"
        case .numbered(let number): "\(rendition)/recording-\(number)-iframes.m3u8"
        }
    }
}
