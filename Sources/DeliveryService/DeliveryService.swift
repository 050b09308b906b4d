public import HTTP
public import Packaging
import Bytes
public import StreamingCore

/// Serves HLS and DASH to viewers.
///
/// Playlists come from the live windows that the timeline log fills, segments from the segment store. A response is the
/// same buffers for every viewer; nothing is copied per viewer.
public final class DeliveryService: Service, HTTPHandler {
    public let name = "delivery"
    /// The rendition whose files hold audio alone.
    private let audioName = Packager.Configuration().audioName
    let channels: StreamChannels
    private let lookup: StreamLookup
    private let hot = HotSegments()
    private let transport: TransportSegments
    private let store: any SegmentStore
    private let timeline: any TimelineLog
    private let events: any EventLog
    private let clock: any WallClock
    private let logger: Logger

    /// - Parameter retentionMilliseconds: How long an ended broadcast can still be watched.
    public init(
        window: LiveWindow.Configuration, retentionMilliseconds: Int64, streams: any StreamRepository,
        store: any SegmentStore, timeline: any TimelineLog, events: any EventLog, clock: any WallClock, logger: Logger
    ) {
        channels = StreamChannels(window: window, retentionMilliseconds: retentionMilliseconds)
        lookup = StreamLookup(streams: streams)
        transport = TransportSegments(store: store)
        self.store = store
        self.timeline = timeline
        self.events = events
        self.clock = clock
        self.logger = logger
    }

    /// Follows the timelines of all streams until cancelled.
    public func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.timeline.follow { self.received($1, of: $0) } }
            group.addTask {
                await self.events.follow { event in
                    switch event.kind {
                    case .deleted: self.channels.forget(event.streamID)
                    case .started: self.lookup.forget(event.streamID)
                    case .interrupted, .resumed, .ended, .keyRevoked: break
                    }
                }
            }
            while !Task.isCancelled {
                // A cancelled sleep ends the loop by its condition.
                try? await Task.sleep(for: .milliseconds(DeliveryLimits.sweepMilliseconds))
                let now = clock.now()
                channels.timePassed(now)
                hot.timePassed(now)
            }
        }
    }

    /// Whether a broadcast ended in the last ``DeliveryLimits/justEndedMilliseconds``.
    public var hasJustEnded: Bool {
        let since = clock.now().adding(milliseconds: -DeliveryLimits.justEndedMilliseconds)
        return channels.all.contains { $0.endedAt.map { $0 >= since } ?? false }
    }

    private func received(_ record: Bytes, of stream: StreamID) {
        let now = clock.now()
        do {
            let event = try TimelineEvent(decoding: record)
            guard let channel = channels.open(stream, at: now) else {
                logger.error("stream not served: too many", ["stream.id": LogValue(stream)])
                return
            }
            channel.apply(event, at: now)
        } catch {
            logger.error("timeline record not understood", ["stream.id": LogValue(stream), "error": LogValue(error)])
        }
    }

    // MARK: - Requests

    /// Answers `GET` and `HEAD` below `/hls/` and `/dash/`.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        guard request.method == .get || request.method == .head else {
            return ProblemDocument(.methodNotAllowed, code: "method_not_allowed").response(fields: [
                "allow": "GET, HEAD"
            ])
        }
        let now = clock.now()
        if let hot = hot.find(request.path, at: now) { return hot.response(to: request) }
        guard let path = MediaPath(request.path) else { return notFound("There is nothing at this path.") }
        switch path.resource {
        case .masterPlaylist:
            guard let container = container(of: request) else {
                return ProblemDocument(
                    .badRequest, detail: "The parameter container must be fmp4 or ts.", code: "invalid_container"
                ).response()
            }
            return await document(.master(container), of: path.stream, request)
        case .manifest: return await document(.manifest, of: path.stream, request)
        case .mediaPlaylist(let rendition):
            return await document(.media(rendition: rendition, .fragmentedMP4), of: path.stream, request)
        case .transportPlaylist(let rendition):
            return await document(.media(rendition: rendition, .transportStream), of: path.stream, request)
        case .stored(let stored): return await segment(stored, of: path.stream, request)
        case .transportSegment(let rendition, let number):
            return await transportSegment(number, in: rendition, of: path.stream, request)
        }
    }

    private func container(of request: HTTPRequest) -> HLSContainer? {
        guard !request.query.isEmpty, let name = request.parameters["container"] else { return .fragmentedMP4 }
        switch name {
        case "fmp4": return .fragmentedMP4
        case "ts": return .transportStream
        default: return nil
        }
    }

    private func document(
        _ document: StreamChannel.Document, of stream: StreamID, _ request: HTTPRequest
    ) async -> HTTPResponse {
        if case .ready(let ready) = channels.find(stream)?.document(document) { return ready.response(to: request) }
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
        return await held(
            document, of: channel, until: now.adding(milliseconds: DeliveryLimits.holdMilliseconds), request)
    }

    /// What is on air is about to have something to play: the request is held a while rather than refused.
    private func held(
        _ document: StreamChannel.Document, of channel: StreamChannel, until deadline: WallTime, _ request: HTTPRequest
    ) async -> HTTPResponse {
        while true {
            switch channel.document(document) {
            case .ready(let ready): return ready.response(to: request)
            case .absent: return notFound("There is no such rendition.", code: "rendition_not_found")
            case .notYet(let version):
                switch await channel.waitForChange(beyond: version, until: deadline) {
                case .changed: continue
                case .timedOut, .refused, .cancelled:
                    return unavailable("The stream has begun but has nothing to play yet.")
                }
            }
        }
    }

    private func segment(
        _ stored: MediaPath.Stored, of stream: StreamID, _ request: HTTPRequest
    ) async -> HTTPResponse {
        let name = SegmentName(stream: stream, path: stored.path)
        do throws(StreamError) {
            guard let body = try await store.get(name) else {
                return notFound("There is no such segment, or not any more.", code: "segment_not_found")
            }
            let modified = channels.find(stream)?.lastModified(rendition: stored.rendition, number: stored.number)
            let type = stored.rendition == audioName ? MediaType.audioMP4 : MediaType.videoMP4
            let answer = immutable(body, type: type, tag: stored.tag, modified: modified)
            hot.keep(answer, for: request.path, at: clock.now())
            return answer.response(to: request)
        } catch {
            logger.error("segment not fetched", ["stream.id": LogValue(stream), "error": LogValue(error)])
            return unavailable("The segment store does not answer.")
        }
    }

    private func transportSegment(
        _ number: Int64, in rendition: String, of stream: StreamID, _ request: HTTPRequest
    ) async -> HTTPResponse {
        guard let channel = channels.find(stream), let pieces = channel.pieces(of: number, in: rendition) else {
            return notFound("There is no such segment, or not any more.", code: "segment_not_found")
        }
        do throws(StreamError) {
            guard let body = try await transport.segment(number, in: rendition, of: stream, from: pieces) else {
                return notFound("There is no such segment, or not any more.", code: "segment_not_found")
            }
            let modified = channel.lastModified(rendition: rendition, number: number)
            let tag = "ts-\(rendition)-\(number)"
            let answer = immutable([body], type: MediaType.videoMPEGTS, tag: tag, modified: modified)
            hot.keep(answer, for: request.path, at: clock.now())
            return answer.response(to: request)
        } catch {
            logger.error("transport segment not made", ["stream.id": LogValue(stream), "error": LogValue(error)])
            return unavailable("The segment cannot be made.")
        }
    }

    // MARK: - Answers

    /// Bytes under a segment's name never change, so a name is all the tag that is needed.
    private func immutable(_ body: [Bytes], type: String, tag: String, modified: Int?) -> HTTPRepresentation {
        HTTPRepresentation(
            body: body, contentType: type, etag: EntityTag(tag), lastModifiedUnixSeconds: modified,
            cacheControl: Self.segmentCacheControl)
    }

    private static let segmentCacheControl: String = {
        var control = CacheControl(maxAgeSeconds: 3600)
        control.isImmutable = true
        return control.value
    }()

    private func notFound(_ detail: String, code: String = "not_found") -> HTTPResponse {
        // What is not there may be there in a second.
        var response = ProblemDocument(.notFound, detail: detail, code: code).response()
        response.fields.set("cache-control", CacheControl(maxAgeSeconds: 1).value)
        return response
    }

    private func unavailable(_ detail: String) -> HTTPResponse {
        ProblemDocument(.serviceUnavailable, detail: detail, code: "not_ready").response(fields: ["retry-after": "1"])
    }
}
