import Bytes
import HTTP
import Packaging
import StreamingCore

// Media: segments, parts, and segments that are made while they are sent.

extension DeliveryService {
    /// Answers with bytes that were stored before anybody could know of them.
    func stored(_ stored: MediaPath.Stored, of stream: StreamID, _ request: HTTPRequest) async -> HTTPResponse {
        do throws(StreamError) {
            let modified = { self.channels.find(stream)?.lastModified(rendition: $0, number: $1) }
            let found = try await fetch(request.path) { () async throws(StreamError) in
                let body = try await store.get(SegmentName(stream: stream, path: stored.path))
                return body.map {
                    immutable(
                        $0, type: mediaType(of: stored.rendition), tag: stored.tag,
                        modified: modified(stored.rendition, stored.number))
                }
            }
            return found?.response(to: request) ?? segmentNotFound()
        } catch {
            return failed(error, "segment not fetched", of: stream)
        }
    }

    /// Answers with a segment; with what there is of one that is not finished, and the rest as it comes.
    func segment(_ stored: MediaPath.Stored, of stream: StreamID, _ request: HTTPRequest) async -> HTTPResponse {
        guard let channel = channels.find(stream) else { return await self.stored(stored, of: stream, request) }
        var standing = channel.standing(of: stored.number, in: stored.rendition)
        if standing == .coming {
            // The player's clock is a little fast.
            let first = PlaylistPlace(sequence: stored.number, part: 0)
            _ = await channel.wait(for: .part(first), of: stored.rendition, until: mediaDeadline(of: channel))
            standing = channel.standing(of: stored.number, in: stored.rendition)
        }
        switch standing {
        case .settled:
            guard channel.isGap(stored.number, in: stored.rendition) else {
                return await self.stored(stored, of: stream, request)
            }
            var response = HTTPResponse(
                .ok, fields: ["content-type": mediaType(of: stored.rendition)], body: .shared([EmptySegment.bytes]))
            // A rendition that was shed may be back when others get there.
            response.fields.set("cache-control", "no-cache")
            return response
        case .coming, .tooFarAhead: return segmentNotFound(.soon)
        case .growing:
            let segment = GrowingSegment(
                stream: stream, rendition: stored.rendition, number: stored.number, channel: channel, service: self)
            let type = mediaType(of: stored.rendition)
            return segment.response(to: request, as: immutable([], type: type, tag: stored.tag))
        }
    }

    /// Answers with a part; the one that playlists hint at is waited for.
    func part(
        _ number: Int, _ stored: MediaPath.Stored, of stream: StreamID, _ request: HTTPRequest
    ) async -> HTTPResponse {
        guard let channel = channels.find(stream) else { return await self.stored(stored, of: stream, request) }
        let place = PlaylistPlace(sequence: stored.number, part: number)
        if channel.progress(of: stored.rendition, at: place) == .awaited {
            if channel.isHinted(stored.path, of: stored.rendition) {
                let outcome = await channel.wait(
                    for: .part(place), of: stored.rendition, until: mediaDeadline(of: channel))
                guard case .came = outcome else { return segmentNotFound(.soon) }
            } else if channel.progress(of: stored.rendition, at: place) == .awaited {
                // It did not come between the two looks, in which case the hint would have moved on.
                return segmentNotFound(.soon)
            }
        }
        return await self.stored(stored, of: stream, request)
    }

    private func mediaDeadline(of channel: StreamChannel) -> WallTime {
        clock.now().adding(milliseconds: channel.mediaHoldMilliseconds)
    }

    /// The buffers of a part, fetched once for all who send it.
    func part(_ number: Int, of segment: Int64, in rendition: String, of stream: StreamID) async throws(StreamError)
        -> [Bytes]?
    {
        let tag = "\(segment).\(number)"
        let path = "\(rendition)/segment-\(tag).m4s"
        return try await fetch("/hls/\(stream)/\(path)") { () async throws(StreamError) in
            let body = try await store.get(SegmentName(stream: stream, path: path))
            return body.map { immutable($0, type: mediaType(of: rendition), tag: tag) }
        }?.body
    }

    /// What is hot, or what `make` makes for all who ask meanwhile, which is then hot.
    func fetch(
        _ path: String, _ make: () async throws(StreamError) -> HTTPRepresentation?
    ) async throws(StreamError) -> HTTPRepresentation? {
        if let hot = hot.find(path, at: clock.now()) { return hot }
        return try await fetches.value(for: path) { () async throws(StreamError) in
            // Somebody may have made it between the look above and now.
            if let hot = hot.find(path, at: clock.now()) { return hot }
            guard let made = try await make() else { return nil }
            hot.keep(made, for: path, at: clock.now())
            return made
        }
    }

    func transportSegment(
        _ number: Int64, in rendition: String, of stream: StreamID, _ request: HTTPRequest
    ) async -> HTTPResponse {
        guard let channel = channels.find(stream), let pieces = channel.pieces(of: number, in: rendition) else {
            return segmentNotFound()
        }
        do throws(StreamError) {
            guard let body = try await transport.segment(number, in: rendition, of: stream, from: pieces) else {
                return segmentNotFound()
            }
            let modified = channel.lastModified(rendition: rendition, number: number)
            let tag = "ts-\(rendition)-\(number)"
            let answer = immutable([body], type: MediaType.videoMPEGTS, tag: tag, modified: modified)
            hot.keep(answer, for: request.path, at: clock.now())
            return answer.response(to: request)
        } catch {
            return failed(error, "transport segment not made", of: stream)
        }
    }

    func failed(_ error: StreamError, _ message: StaticString, of stream: StreamID) -> HTTPResponse {
        logger.error(message, ["stream.id": LogValue(stream), "error": LogValue(error)])
        return unavailable("The segment store does not answer.")
    }
}
