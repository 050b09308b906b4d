import Packaging
import StreamingCore

/// What a request is about, as far as audiences are concerned.
struct ViewerSubject: Sendable {
    enum Kind: Sendable {
        case masterPlaylist
        case manifest
        /// A playlist of one rendition.
        case playlist
        /// Segments, parts and what is needed to play them.
        case media
        /// A still picture, which nobody plays.
        case picture
    }

    let stream: StreamID
    /// Tells the stream's viewers from those of others in a ``Fingerprint``.
    let salt: UInt64
    let streamingProtocol: StreamingProtocol
    let kind: Kind
    /// The video rendition of a segment or part; `nil` for all else.
    let rendition: String?
    /// Of the segment.
    let number: Int64

    /// The rendition whose files hold audio alone.
    private static let audioName = Packager.Configuration().audioName

    init(_ path: MediaPath, isDASH: Bool) {
        stream = path.stream
        salt = UInt64(bitPattern: Int64(path.stream.hashValue))
        streamingProtocol = isDASH ? .dash : .hls
        var segment: (rendition: String, number: Int64)?
        switch path.resource {
        case .masterPlaylist: kind = .masterPlaylist
        case .manifest: kind = .manifest
        case .mediaPlaylist, .transportPlaylist, .keyframePlaylist: kind = .playlist
        case .initialization: kind = .media
        case .segment(let stored), .part(let stored, _):
            kind = .media
            segment = (stored.rendition, stored.number)
        case .transportSegment(let rendition, let number):
            kind = .media
            segment = (rendition, number)
        case .latestThumbnail, .thumbnail: kind = .picture
        case .recording(.master, _): kind = .masterPlaylist
        case .recording(.manifest, _): kind = .manifest
        case .recording(.media, _), .recording(.keyframes, _): kind = .playlist
        }
        rendition = segment?.rendition == Self.audioName ? nil : segment?.rendition
        number = segment?.number ?? 0
    }

    /// Whether it is the same for everybody: documents may lead on under the name of a session.
    var isMedia: Bool {
        switch kind {
        case .media, .picture: true
        case .masterPlaylist, .manifest, .playlist: false
        }
    }

    /// Whether players begin with it.
    var isBeginning: Bool {
        switch kind {
        case .masterPlaylist, .manifest: true
        case .playlist, .media, .picture: false
        }
    }
}
