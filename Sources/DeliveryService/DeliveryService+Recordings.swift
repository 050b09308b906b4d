import Bytes
import HTTP
import Packaging
import StreamingCore

// Broadcasts that are over: their playlists were written beside their segments, and stay as long as these.

extension DeliveryService {
    /// How long caches may keep a recording's playlist, in seconds: the stream's next broadcast takes its place.
    private static let recordingSeconds = 10

    /// Answers with a document of the stream's last broadcast; `nil` where it was not kept, or another is on air.
    func recorded(
        _ kind: StreamChannel.Document, of stream: StreamID, _ request: HTTPRequest
    ) async -> HTTPResponse? {
        guard servesRecordings, channels.find(stream) == nil, let name = kind.recordedName else { return nil }
        do throws(StreamError) {
            let found = try await fetch(request.path) { () async throws(StreamError) in
                guard let body = try await store.get(SegmentName(stream: stream, path: name)) else { return nil }
                return HTTPRepresentation(
                    body: body, contentType: kind == .manifest ? MediaType.dashManifest : MediaType.hlsPlaylist,
                    etag: EntityTag(RenderedDocument.tag(of: body)),
                    cacheControl: CacheControl(maxAgeSeconds: Self.recordingSeconds).value)
            }
            guard let found else { return nil }
            guard let session = ViewerCaller.parameter(of: request) else { return found.response(to: request) }
            return named(found, as: session, isManifest: kind == .manifest).response(to: request)
        } catch {
            return failed(error, "recording not fetched", of: stream)
        }
    }
}

extension RenderedDocument.Kind {
    /// The name that it is stored under in a recording; `nil` for what is not recorded.
    fileprivate var recordedName: String? {
        switch self {
        case .master(.fragmentedMP4): RecordingPlaylists.masterName
        case .media(let rendition, .fragmentedMP4, _): "\(rendition)/playlist.m3u8"
        case .keyframes(let rendition): "\(rendition)/iframes.m3u8"
        case .manifest: RecordingPlaylists.manifestName
        case .master(.transportStream), .media(_, .transportStream, _): nil
        }
    }
}
