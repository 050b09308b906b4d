import Bytes
import HTTP
import Packaging
import StreamingCore

// Broadcasts that are over: their playlists were written beside their segments, and stay as long as these.

extension DeliveryService {
    /// How long caches may keep what a stream's last broadcast left, in seconds: the next one takes its place.
    private static let newestSeconds = 10
    /// How long caches may keep a recording's own playlists, in seconds. They do not change, but go when they are old.
    private static let numberedSeconds = 60

    /// Answers with a document of the stream's last broadcast; `nil` where it was not kept, or another is on air.
    func recorded(
        _ kind: StreamChannel.Document, of stream: StreamID, _ request: HTTPRequest
    ) async -> HTTPResponse? {
        guard channels.find(stream) == nil, let document = kind.recorded else { return nil }
        return await recorded(document, .newest, of: stream, request, seconds: Self.newestSeconds)
    }

    /// Answers with a document of one broadcast, whether or not another is on air.
    func recording(
        _ document: MediaPath.RecordedDocument, number: Int64, of stream: StreamID, _ request: HTTPRequest
    ) async -> HTTPResponse {
        await recorded(document, .numbered(number), of: stream, request, seconds: Self.numberedSeconds)
            ?? notFound("There is no such recording, or not any more.", code: "recording_not_found")
    }

    private func recorded(
        _ document: MediaPath.RecordedDocument, _ names: RecordingNames, of stream: StreamID, _ request: HTTPRequest,
        seconds: Int
    ) async -> HTTPResponse? {
        guard servesRecordings else { return nil }
        let isManifest = document == .manifest
        do throws(StreamError) {
            let found = try await fetch(request.path) { () async throws(StreamError) in
                let name = SegmentName(stream: stream, path: document.name(among: names))
                guard let body = try await store.get(name) else { return nil }
                return HTTPRepresentation(
                    body: body, contentType: isManifest ? MediaType.dashManifest : MediaType.hlsPlaylist,
                    etag: EntityTag(RenderedDocument.tag(of: body)),
                    cacheControl: CacheControl(maxAgeSeconds: seconds).value)
            }
            guard let found else { return nil }
            guard let session = ViewerCaller.parameter(of: request) else { return found.response(to: request) }
            return named(found, as: session, isManifest: isManifest).response(to: request)
        } catch {
            return failed(error, "recording not fetched", of: stream)
        }
    }
}

extension MediaPath.RecordedDocument {
    /// The name that it is stored under.
    fileprivate func name(among names: RecordingNames) -> String {
        switch self {
        case .master: names.master
        case .manifest: names.manifest
        case .media(let rendition): names.playlist(of: rendition)
        case .keyframes(let rendition): names.keyframes(of: rendition)
        }
    }
}

extension RenderedDocument.Kind {
    /// What a recording has of it; `nil` for what is not recorded.
    fileprivate var recorded: MediaPath.RecordedDocument? {
        switch self {
        case .master(.fragmentedMP4): .master
        case .media(let rendition, .fragmentedMP4, _): .media(rendition: rendition)
        case .keyframes(let rendition): .keyframes(rendition: rendition)
        case .manifest: .manifest
        case .master(.transportStream), .media(_, .transportStream, _): nil
        }
    }
}
