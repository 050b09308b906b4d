import HTTP
import Packaging
import StreamingCore

// Playlists and manifests: the first of a stream is waited for, and those of LL-HLS for as long as a player likes.
//
// Thousands of requests wait at a time, and the memory of a task is that of the deepest call it ever made. So all that
// can be said at once is said without `async`, and what waits keeps little.

extension DeliveryService {
    /// What a request for a document names.
    struct WantedDocument {
        let kind: StreamChannel.Document
        /// What it is to contain; `nil` when any will do.
        var place: PlaylistPlace?
    }

    /// What is to be said to a request for a document, as far as that is known without waiting.
    enum Prospect {
        case answer(HTTPResponse)
        case held(HeldPlaylist)
        /// The stream has no such document, or not yet.
        case notYet
    }

    /// What a request for a playlist waits for.
    struct HeldPlaylist {
        let channel: StreamChannel
        let wish: StreamChannel.Wish
        let rendition: String
        let deadline: WallTime
    }

    /// The document that a request names; `nil` when it is for something else.
    ///
    /// - Throws: The answer to a query that nobody can understand.
    func wantedDocument(_ path: MediaPath, _ request: HTTPRequest) throws(Refusal) -> WantedDocument? {
        switch path.resource {
        case .masterPlaylist: WantedDocument(kind: .master(try container(of: request)))
        case .manifest: WantedDocument(kind: .manifest)
        case .mediaPlaylist(let rendition): try wantedPlaylist(of: rendition, request)
        case .transportPlaylist(let rendition):
            WantedDocument(kind: .media(rendition: rendition, .transportStream, nil))
        case .keyframePlaylist(let rendition): WantedDocument(kind: .keyframes(rendition: rendition))
        case .initialization, .segment, .part, .transportSegment, .latestThumbnail, .thumbnail, .recording: nil
        }
    }

    private func wantedPlaylist(of rendition: String, _ request: HTTPRequest) throws(Refusal) -> WantedDocument {
        do throws(PlaylistDirectives.Failure) {
            let directives = try PlaylistDirectives(request.query)
            return WantedDocument(
                kind: .media(rendition: rendition, .fragmentedMP4, directives.delta), place: directives.wanted)
        } catch {
            switch error {
            case .notANumber(let parameter):
                throw refusal("The parameter '\(parameter)' must be a number.", code: "invalid_directive")
            case .partWithoutSegment:
                throw refusal("The parameter '_HLS_part' needs '_HLS_msn'.", code: "invalid_directive")
            }
        }
    }

    private func container(of request: HTTPRequest) throws(Refusal) -> HLSContainer {
        guard !request.query.isEmpty, let name = request.parameters["container"] else { return .fragmentedMP4 }
        switch name {
        case "fmp4": return .fragmentedMP4
        case "ts": return .transportStream
        default: throw refusal("The parameter container must be fmp4 or ts.", code: "invalid_container")
        }
    }

    private func refusal(_ detail: String, code: String) -> Refusal {
        Refusal(response: badRequest(detail, code: code))
    }

    /// Looks what there is of a document.
    @inline(never)
    func prospect(of wanted: WantedDocument, in stream: StreamID, _ request: HTTPRequest) -> Prospect {
        guard let channel = channels.find(stream), case .ready(let document) = channel.document(wanted.kind) else {
            return .notYet
        }
        guard let place = wanted.place, let rendition = wanted.kind.rendition else {
            return .answer(answer(document, .plain, request))
        }
        switch channel.decide(on: place, of: rendition, at: clock.now()) {
        case .contained: return .answer(present(wanted.kind, of: channel, .satisfied, request))
        case .over: return .answer(answer(document, .plain, request))
        case .unknown: return .answer(answer(document, .unchanged, request))
        case .tooFarAhead:
            return .answer(badRequest("The playlist will not contain this for a while.", code: "too_far_ahead"))
        case .hold(let milliseconds):
            return .held(
                HeldPlaylist(
                    channel: channel, wish: .playlist(place, wanted.kind, coding(of: request)), rendition: rendition,
                    deadline: clock.now().adding(milliseconds: milliseconds)))
        }
    }

    /// The answer to a request that has waited.
    @inline(never)
    func answer(
        _ wanted: WantedDocument, after outcome: StreamChannel.Outcome, of channel: StreamChannel,
        _ request: HTTPRequest
    ) -> HTTPResponse {
        switch outcome {
        case .came(let document?): answer(document, .satisfied, request)
        // Better an old playlist in time than none: see BlockingReload.patienceMilliseconds.
        case .came(nil), .timedOut, .refused, .cancelled: present(wanted.kind, of: channel, .unchanged, request)
        }
    }

    private func present(
        _ kind: StreamChannel.Document, of channel: StreamChannel, _ caching: RenderedDocument.Caching,
        _ request: HTTPRequest
    ) -> HTTPResponse {
        switch channel.document(kind) {
        case .ready(let document): answer(document, caching, request)
        case .absent, .notYet: nothingYet
        }
    }

    var nothingYet: HTTPResponse { unavailable("Another broadcast has begun and has nothing to play yet.") }

    // MARK: - A stream that begins

    /// Waits for the first document of a stream that has just begun.
    ///
    /// - Returns: `nil` when it is there; otherwise what to say instead.
    @inline(never)
    func awaitFirst(_ wanted: WantedDocument, of stream: StreamID, _ request: HTTPRequest) async -> HTTPResponse? {
        guard let absence = await absence(of: wanted, in: stream) else { return nil }
        return await recorded(wanted.kind, of: stream, request) ?? absence
    }

    private func absence(of wanted: WantedDocument, in stream: StreamID) async -> HTTPResponse? {
        let now = clock.now()
        let state: StreamState?
        do throws(StreamError) { state = try await lookup.state(of: stream, at: now) } catch {
            logger.error("stream not looked up", ["stream.id": LogValue(stream), "error": LogValue(error)])
            return unavailable("The database does not answer.")
        }
        guard let state else { return notFound("There is no such stream.", code: "stream_not_found") }
        guard state == .active || state == .reconnecting else {
            return notFound("The stream is not on air.", code: "stream_not_live")
        }
        guard let channel = channels.open(stream, at: now) else { return unavailable("Too many streams are on air.") }
        return await absence(
            of: wanted, in: channel, until: now.adding(milliseconds: DeliveryLimits.holdMilliseconds))
    }

    /// What is on air is about to have something to play: the request is held a while rather than refused.
    private func absence(
        of wanted: WantedDocument, in channel: StreamChannel, until deadline: WallTime
    ) async -> HTTPResponse? {
        while true {
            switch channel.document(wanted.kind) {
            case .ready: return nil
            case .absent:
                let seconds = channel.absenceSeconds(isBlocking: wanted.place != nil)
                return notFound("There is no such rendition.", code: "rendition_not_found", .lasting(seconds: seconds))
            case .notYet(let version):
                switch await channel.waitForChange(beyond: version, until: deadline) {
                case .came: continue
                case .timedOut, .refused, .cancelled:
                    return unavailable("The stream has begun but has nothing to play yet.")
                }
            }
        }
    }

    // MARK: - Answering

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

/// What is said to somebody who asks for what cannot be.
struct Refusal: Error {
    let response: HTTPResponse
}
