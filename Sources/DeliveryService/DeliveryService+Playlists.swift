import HTTP
import Packaging
import StreamingCore

// Playlists and manifests: the first of a stream is waited for, and those of LL-HLS for as long as a player likes.

extension DeliveryService {
    /// A document of a stream, or why there is none.
    private enum Found {
        case document(RenderedDocument, StreamChannel)
        case absent(HTTPResponse)
    }

    /// Answers with a document as it is now.
    func document(
        _ kind: StreamChannel.Document, of stream: StreamID, _ request: HTTPRequest
    ) async -> HTTPResponse {
        switch await find(kind, of: stream) {
        case .document(let document, _): answer(document, .plain, request)
        case .absent(let response): await recorded(kind, of: stream, request) ?? response
        }
    }

    /// Answers with a media playlist, when it has what the query asks for.
    func playlist(of rendition: String, of stream: StreamID, _ request: HTTPRequest) async -> HTTPResponse {
        let directives: PlaylistDirectives
        do throws(PlaylistDirectives.Failure) { directives = try PlaylistDirectives(request.query) } catch {
            switch error {
            case .notANumber(let parameter):
                return badRequest("The parameter '\(parameter)' must be a number.", code: "invalid_directive")
            case .partWithoutSegment:
                return badRequest("The parameter '_HLS_part' needs '_HLS_msn'.", code: "invalid_directive")
            }
        }
        let kind = StreamChannel.Document.media(rendition: rendition, .fragmentedMP4, directives.delta)
        guard let place = directives.wanted else { return await document(kind, of: stream, request) }
        switch await find(kind, of: stream, isBlocking: true) {
        case .absent(let response): return await recorded(kind, of: stream, request) ?? response
        case .document(let document, let channel):
            switch channel.decide(on: place, of: rendition, at: clock.now()) {
            case .contained: return await self.document(kind, of: channel, .satisfied, request)
            case .over: return answer(document, .plain, request)
            case .unknown: return answer(document, .unchanged, request)
            case .tooFarAhead:
                return badRequest("The playlist will not contain this for a while.", code: "too_far_ahead")
            case .hold(let milliseconds):
                let wish = StreamChannel.Wish.playlist(place, kind, coding(of: request))
                let deadline = clock.now().adding(milliseconds: milliseconds)
                switch await channel.wait(for: wish, of: rendition, until: deadline) {
                case .came(let document?): return answer(document, .satisfied, request)
                // Better an old playlist in time than none: see BlockingReload.patienceMilliseconds.
                case .came(nil), .timedOut, .refused, .cancelled:
                    return await self.document(kind, of: channel, .unchanged, request)
                }
            }
        }
    }

    private func document(
        _ kind: StreamChannel.Document, of channel: StreamChannel, _ caching: RenderedDocument.Caching,
        _ request: HTTPRequest
    ) async -> HTTPResponse {
        switch channel.document(kind) {
        case .ready(let document): answer(document, caching, request)
        case .absent, .notYet: unavailable("Another broadcast has begun and has nothing to play yet.")
        }
    }

    /// Finds a document, and waits for the first one of a stream that has just begun.
    private func find(
        _ kind: StreamChannel.Document, of stream: StreamID, isBlocking: Bool = false
    ) async -> Found {
        if let channel = channels.find(stream), case .ready(let ready) = channel.document(kind) {
            return .document(ready, channel)
        }
        let now = clock.now()
        let state: StreamState?
        do throws(StreamError) { state = try await lookup.state(of: stream, at: now) } catch {
            logger.error("stream not looked up", ["stream.id": LogValue(stream), "error": LogValue(error)])
            return .absent(unavailable("The database does not answer."))
        }
        guard let state else { return .absent(notFound("There is no such stream.", code: "stream_not_found")) }
        guard state == .active || state == .reconnecting else {
            return .absent(notFound("The stream is not on air.", code: "stream_not_live"))
        }
        guard let channel = channels.open(stream, at: now) else {
            return .absent(unavailable("Too many streams are on air."))
        }
        return await held(
            kind, of: channel, until: now.adding(milliseconds: DeliveryLimits.holdMilliseconds), isBlocking: isBlocking)
    }

    /// What is on air is about to have something to play: the request is held a while rather than refused.
    private func held(
        _ kind: StreamChannel.Document, of channel: StreamChannel, until deadline: WallTime, isBlocking: Bool
    ) async -> Found {
        while true {
            switch channel.document(kind) {
            case .ready(let ready): return .document(ready, channel)
            case .absent:
                let seconds = channel.absenceSeconds(isBlocking: isBlocking)
                return .absent(
                    notFound(
                        "There is no such rendition.", code: "rendition_not_found", .lasting(seconds: seconds)))
            case .notYet(let version):
                switch await channel.waitForChange(beyond: version, until: deadline) {
                case .came: continue
                case .timedOut, .refused, .cancelled:
                    return .absent(unavailable("The stream has begun but has nothing to play yet."))
                }
            }
        }
    }

    private func coding(of request: HTTPRequest) -> ContentCoding {
        AcceptEncoding.choose(request.fields.list("accept-encoding"), offered: [.gzip])
    }

    private func answer(
        _ document: RenderedDocument, _ caching: RenderedDocument.Caching, _ request: HTTPRequest
    ) -> HTTPResponse {
        if let named = named(document, caching, request) { return named }
        let form = RenderedDocument.Form(coding: coding(of: request), caching: caching)
        guard let representation = document.representation(form) else {
            return unavailable("There is nothing to play.")
        }
        return representation.response(to: request)
    }
}
