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
    let lookup: StreamLookup
    let hot: HotSegments
    /// What is fetched from the store, by the path of its answer.
    let fetches = SharedWork<String, HTTPRepresentation?>()
    let transport: TransportSegments
    let viewers: Viewers
    let store: any SegmentStore
    /// Whether the store has what broadcasts leave behind: where others announce, they also record.
    var servesRecordings: Bool { snapshots != nil }
    private let timeline: any TimelineLog
    private let snapshots: (any TimelineSnapshots)?
    private let events: any EventLog
    let clock: any WallClock
    private let metrics: DeliveryMetrics
    let logger: Logger

    /// - Parameters:
    ///   - retentionMilliseconds: How long an ended broadcast can still be watched.
    ///   - snapshots: What was announced before this process began, where others announce.
    ///   - audience: How those who watch are counted.
    public init(
        window: LiveWindow.Configuration, retentionMilliseconds: Int64, streams: any StreamRepository,
        store: any SegmentStore, timeline: any TimelineLog, snapshots: (any TimelineSnapshots)? = nil,
        events: any EventLog, audience: Audience, clock: any WallClock, metrics: DeliveryMetrics = DeliveryMetrics(),
        logger: Logger
    ) {
        channels = StreamChannels(
            window: window, retentionMilliseconds: retentionMilliseconds, metrics: metrics)
        hot = HotSegments(metrics: metrics)
        self.metrics = metrics
        lookup = StreamLookup(streams: streams)
        transport = TransportSegments(store: store)
        viewers = Viewers(audience)
        self.store = store
        self.timeline = timeline
        self.snapshots = snapshots
        self.events = events
        self.clock = clock
        self.logger = logger
    }

    /// Follows the timelines of all streams until cancelled.
    public func run() async throws {
        await withDiscardingTaskGroup { group in
            if let snapshots {
                let catchUp = TimelineCatchUp(
                    snapshots, logger: logger, restore: { self.restore($1, of: $0) },
                    pass: { self.received($1, of: $0) })
                group.addTask { await self.timeline.follow { catchUp.received($1, of: $0) } }
                group.addTask { await catchUp.run() }
            } else {
                group.addTask { await self.timeline.follow { self.received($1, of: $0) } }
            }
            group.addTask {
                await self.events.follow { event in
                    switch event.kind {
                    case .deleted: self.channels.forget(event.streamID)
                    case .started: self.lookup.forget(event.streamID)
                    case .interrupted, .resumed, .ended, .keyRevoked, .renditionsChanged, .transcodingRefused,
                        .transcodingFailed:
                        break
                    }
                }
            }
            group.addTask { await self.tellAudiences() }
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

    private func restore(_ events: [TimelineEvent], of stream: StreamID) {
        guard let channel = channels.open(stream, at: clock.now()) else {
            logger.error("stream not served: too many", ["stream.id": LogValue(stream)])
            return
        }
        channel.restore(events, at: clock.now())
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
            if let age = channel.age(of: event, at: now) { metrics.partCame(ageMilliseconds: age) }
        } catch {
            logger.error("timeline record not understood", ["stream.id": LogValue(stream), "error": LogValue(error)])
        }
    }

    /// Answers `GET` and `HEAD` below `/hls/` and `/dash/`.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        guard request.method == .get || request.method == .head else {
            return ProblemDocument(.methodNotAllowed, code: "method_not_allowed").response(fields: [
                "allow": "GET, HEAD"
            ])
        }
        let now = clock.now()
        if let hot = hot.find(request.path, at: now), let subject = hot.subject {
            let caller = ViewerCaller(request, salt: subject.salt)
            var answer = hot.representation.response(to: request)
            viewers.count(&answer, to: request, by: caller, about: subject, at: now)
            return answer
        }
        guard let path = MediaPath(request.path) else { return notFound("There is nothing at this path.") }
        let subject = ViewerSubject(path, isDASH: request.path.hasPrefix("/dash/"))
        let caller = ViewerCaller(request, salt: subject.salt)
        guard !viewers.mustWait(caller, for: subject) else { return tooManyViewers() }
        var answer = await answer(to: request, for: path)
        viewers.count(&answer, to: request, by: caller, about: subject, at: now)
        return answer
    }

    private func answer(to request: HTTPRequest, for path: MediaPath) async -> HTTPResponse {
        let stream = path.stream
        switch path.resource {
        case .masterPlaylist:
            guard let container = container(of: request) else {
                return badRequest("The parameter container must be fmp4 or ts.", code: "invalid_container")
            }
            return await document(.master(container), of: stream, request)
        case .manifest: return await document(.manifest, of: stream, request)
        case .mediaPlaylist(let rendition): return await playlist(of: rendition, of: stream, request)
        case .transportPlaylist(let rendition):
            return await document(.media(rendition: rendition, .transportStream, nil), of: stream, request)
        case .keyframePlaylist(let rendition):
            return await document(.keyframes(rendition: rendition), of: stream, request)
        case .initialization(let stored): return await self.stored(stored, of: stream, request)
        case .segment(let stored): return await segment(stored, of: stream, request)
        case .part(let stored, let number): return await part(number, stored, of: stream, request)
        case .transportSegment(let rendition, let number):
            return await transportSegment(number, in: rendition, of: stream, request)
        case .latestThumbnail: return await latestThumbnail(of: stream, request)
        case .thumbnail(let number): return await thumbnail(number, of: stream, request)
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

    /// The media type of a rendition's files.
    func mediaType(of rendition: String) -> String {
        rendition == audioName ? MediaType.audioMP4 : MediaType.videoMP4
    }
}
