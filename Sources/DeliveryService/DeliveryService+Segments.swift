import Bytes
import HTTP
import Packaging
import StreamingCore

// Media: segments, parts, and segments that are made while they are sent.

extension DeliveryService {
    /// Answers with bytes that were stored before anybody could know of them.
    ///
    /// - Parameter isAnnounced: Whether they were announced a moment ago, so that they must be there.
    func stored(
        _ stored: MediaPath.Stored, of stream: StreamID, _ request: HTTPRequest, isAnnounced: Bool = false
    ) async -> HTTPResponse {
        do throws(StreamError) {
            let modified = { self.channels.find(stream)?.lastModified(rendition: $0, number: $1) }
            let found = try await fetch(request.path) { () async throws(StreamError) in
                let name = SegmentName(stream: stream, path: stored.path)
                let body = isAnnounced ? try await announced(name) : try await store.get(name)
                return body.map {
                    immutable(
                        $0, type: mediaType(of: stored.rendition), tag: stored.tag,
                        modified: modified(stored.rendition, stored.number))
                }
            }
            return found?.response(to: request) ?? segmentNotFound(isAnnounced ? .soon : .lasting(seconds: 1))
        } catch {
            return failed(error, "segment not fetched", of: stream)
        }
    }

    /// Gets what was announced a moment ago. A store that does not have it was emptied or is away, and is asked again
    /// for ``DeliveryLimits/missingMilliseconds``, once for all viewers.
    private func announced(_ name: SegmentName) async throws(StreamError) -> [Bytes]? {
        let deadline = ContinuousClock.now + .milliseconds(DeliveryLimits.missingMilliseconds)
        let pauses = DeliveryLimits.missingPauseMilliseconds
        var delay = RetryDelay(firstMilliseconds: pauses.lowerBound, millisecondsMax: pauses.upperBound)
        while true {
            let found: Result<[Bytes]?, StreamError>
            do throws(StreamError) { found = .success(try await store.get(name)) } catch { found = .failure(error) }
            if case .success(_?) = found { return try found.get() }
            let pause = delay.next(random: .random(in: .min ... .max))
            guard ContinuousClock.now + pause < deadline else { return try found.get() }
            do { try await Task.sleep(for: pause) } catch {
                // This viewer has gone; the others must not take it for an answer.
                throw .network(reason: "nobody waits for it any more")
            }
        }
    }

    /// Answers with a segment; with what there is of one that is not finished, and the rest as it comes.
    func segment(_ stored: MediaPath.Stored, of stream: StreamID, _ request: HTTPRequest) async -> HTTPResponse {
        guard let channel = channels.find(stream) else { return await self.stored(stored, of: stream, request) }
        var standing = channel.standing(of: stored.number, in: stored.rendition, at: clock.now())
        if standing == .coming {
            // The player's clock is a little fast.
            let first = PlaylistPlace(sequence: stored.number, part: 0)
            _ = await channel.wait(for: .part(first), of: stored.rendition, until: mediaDeadline(of: channel))
            standing = channel.standing(of: stored.number, in: stored.rendition, at: clock.now())
        }
        switch standing {
        case .settled:
            guard channel.isGap(stored.number, in: stored.rendition) else {
                let isAnnounced = channel.isFresh(stored.number, in: stored.rendition)
                return await self.stored(stored, of: stream, request, isAnnounced: isAnnounced)
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

    /// Answers with a part; one that may come is waited for.
    ///
    /// Another process may have told the player of parts that this one has not heard of yet.
    func part(
        _ number: Int, _ stored: MediaPath.Stored, of stream: StreamID, _ request: HTTPRequest
    ) async -> HTTPResponse {
        guard let channel = channels.find(stream) else { return await self.stored(stored, of: stream, request) }
        let place = PlaylistPlace(sequence: stored.number, part: number)
        switch await progress(of: stored.rendition, at: place, in: channel) {
        case .made:
            let isFresh = channel.isFresh(stored.number, in: stored.rendition)
            return await self.stored(stored, of: stream, request, isAnnounced: isFresh)
        case .unlisted: return await self.stored(stored, of: stream, request)
        case .awaited, .tooFarAhead: return segmentNotFound(.soon)
        case .absent: return segmentNotFound()
        }
    }

    /// How a part stands when it has been waited for: `awaited` only when it did not come in time.
    private func progress(
        of rendition: String, at place: PlaylistPlace, in channel: StreamChannel
    ) async -> LiveWindow.PartProgress {
        let deadline = mediaDeadline(of: channel)
        while true {
            let progress = channel.progress(of: rendition, at: place, at: clock.now())
            guard progress == .awaited else { return progress }
            // Where all requests were woken because the window is another one it is waited for again.
            guard case .came = await channel.wait(for: .part(place), of: rendition, until: deadline) else {
                return .awaited
            }
        }
    }

    private func mediaDeadline(of channel: StreamChannel) -> WallTime {
        clock.now().adding(milliseconds: channel.mediaHoldMilliseconds)
    }

    /// The buffers of a part, fetched once for all who send it.
    ///
    /// - Parameter isAnnounced: As ``stored(_:of:_:isAnnounced:)`` has it.
    func part(
        _ number: Int, of segment: Int64, in rendition: String, of stream: StreamID, isAnnounced: Bool
    ) async throws(StreamError) -> [Bytes]? {
        let tag = "\(segment).\(number)"
        let path = "\(rendition)/segment-\(tag).m4s"
        return try await fetch("/hls/\(stream)/\(path)") { () async throws(StreamError) in
            let name = SegmentName(stream: stream, path: path)
            let body = isAnnounced ? try await announced(name) : try await store.get(name)
            return body.map { immutable($0, type: mediaType(of: rendition), tag: tag) }
        }?.body
    }

    /// What is hot, or what `make` makes for all who ask meanwhile, which is then hot.
    func fetch(
        _ path: String, _ make: () async throws(StreamError) -> HTTPRepresentation?
    ) async throws(StreamError) -> HTTPRepresentation? {
        if let hot = hot.find(path, at: clock.now()) { return hot.representation }
        return try await fetches.value(for: path) { () async throws(StreamError) in
            // Somebody may have made it between the look above and now.
            if let hot = hot.find(path, at: clock.now()) { return hot.representation }
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
        // Where the viewer has gone, that is the reason.
        if !Task.isCancelled { logger.error(message, ["stream.id": LogValue(stream), "error": LogValue(error)]) }
        return unavailable("The segment store does not answer.")
    }
}
