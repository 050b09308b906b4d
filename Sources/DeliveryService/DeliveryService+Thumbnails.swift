import HTTP
import Packaging
import StreamingCore

// Still pictures of a stream: the newest, and each by the number of its segment.

extension DeliveryService {
    /// Answers with the newest picture under a name that does not change.
    func latestThumbnail(of stream: StreamID, _ request: HTTPRequest) async -> HTTPResponse {
        guard let number = channels.find(stream)?.window.latestThumbnail else {
            return notFound("There is no picture of this stream.", code: "thumbnail_not_found")
        }
        return await thumbnail(number, of: stream, request) { picture, tag in
            HTTPRepresentation(
                body: picture.body, contentType: MediaType.jpeg, etag: EntityTag(tag),
                cacheControl: CacheControl(maxAgeSeconds: DeliveryLimits.thumbnailSeconds).value)
        }
    }

    /// Answers with the picture of a segment.
    func thumbnail(_ number: Int64, of stream: StreamID, _ request: HTTPRequest) async -> HTTPResponse {
        await thumbnail(number, of: stream, request) { picture, _ in picture }
    }

    private func thumbnail(
        _ number: Int64, of stream: StreamID, _ request: HTTPRequest,
        _ answer: (HTTPRepresentation, _ tag: String) -> HTTPRepresentation
    ) async -> HTTPResponse {
        let name = TimelineEvent.thumbnailName(number)
        let tag = "thumbnail-\(number)"
        do throws(StreamError) {
            let found = try await fetch("/hls/\(stream)/\(name)") { () async throws(StreamError) in
                let body = try await store.get(SegmentName(stream: stream, path: name))
                return body.map { immutable($0, type: MediaType.jpeg, tag: tag) }
            }
            guard let found else {
                return notFound("There is no such picture, or not any more.", code: "thumbnail_not_found")
            }
            return answer(found, tag).response(to: request)
        } catch {
            return failed(error, "thumbnail not fetched", of: stream)
        }
    }
}
