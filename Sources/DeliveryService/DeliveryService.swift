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

    /// A request that is not answered at once, and what is known of it.
    private struct Visit {
        let path: MediaPath
        let subject: ViewerSubject
        let caller: ViewerCaller
        /// The name to give with the answer.
        let given: GivenName?
        let now: WallTime
        /// `nil` for media.
        let wanted: WantedDocument?
    }

    private enum Beginning {
        case answered(HTTPResponse)
        case visit(Visit)
    }

    /// Answers `GET` and `HEAD` below `/hls/` and `/dash/`.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        switch begin(request) {
        case .answered(let answer): return answer
        case .visit(let visit):
            guard let wanted = visit.wanted else {
                return counted(await media(at: visit.path, request), visit, request)
            }
            if let given = visit.given, given.isInAddresses {
                return counted(await document(wanted, under: given, of: visit.path.stream, request), visit, request)
            }
            return counted(await document(wanted, of: visit.path.stream, request), visit, request)
        }
    }

    /// Answers as if the request had shown the name. Not inlined, so that what others keep has no room for it.
    @inline(never)
    private func document(
        _ wanted: WantedDocument, under given: GivenName, of stream: StreamID, _ request: HTTPRequest
    ) async -> HTTPResponse {
        await document(wanted, of: stream, given.asked(request))
    }

    /// All that needs no waiting. Not inlined, so that what it works with is not part of what a held request keeps.
    @inline(never)
    private func begin(_ request: HTTPRequest) -> Beginning {
        guard request.method == .get || request.method == .head else {
            let problem = ProblemDocument(.methodNotAllowed, code: "method_not_allowed")
            return .answered(problem.response(fields: ["allow": "GET, HEAD"]))
        }
        let now = clock.now()
        if let hot = hot.find(request.path, at: now), let subject = hot.subject {
            let caller = ViewerCaller(request, salt: subject.salt)
            var answer = hot.representation.response(to: request)
            viewers.count(&answer, to: request, by: caller, about: subject, at: now)
            return .answered(answer)
        }
        guard let path = MediaPath(request.path) else {
            return .answered(notFound("There is nothing at this path."))
        }
        let subject = ViewerSubject(path, isDASH: request.path.hasPrefix("/dash/"))
        let caller = ViewerCaller(request, salt: subject.salt)
        let given = viewers.name(for: caller, request, about: subject)
        guard !viewers.mustWait(caller, for: subject, given: given) else { return .answered(tooManyViewers()) }
        do throws(Refusal) {
            let wanted = try wantedDocument(path, request)
            return .visit(
                Visit(path: path, subject: subject, caller: caller, given: given, now: now, wanted: wanted))
        } catch {
            return .answered(error.response)
        }
    }

    @inline(never)
    private func counted(_ answer: HTTPResponse, _ visit: Visit, _ request: HTTPRequest) -> HTTPResponse {
        var answer = answer
        viewers.count(
            &answer, to: request, by: visit.caller, about: visit.subject, given: visit.given, at: visit.now)
        return answer
    }

    private func document(_ wanted: WantedDocument, of stream: StreamID, _ request: HTTPRequest) async -> HTTPResponse {
        var hasWaited = false
        while true {
            switch prospect(of: wanted, in: stream, request) {
            case .answer(let ready): return ready
            case .held(let held):
                let outcome = await held.channel.wait(for: held.wish, of: held.rendition, until: held.deadline)
                return answer(wanted, after: outcome, of: held.channel, request)
            case .notYet:
                guard !hasWaited else { return nothingYet }
                if let other = await awaitFirst(wanted, of: stream, request) { return other }
                hasWaited = true
            }
        }
    }

    /// Answers with what is stored, or about to be.
    @inline(never)
    private func media(at path: MediaPath, _ request: HTTPRequest) async -> HTTPResponse {
        let stream = path.stream
        switch path.resource {
        case .initialization(let stored): return await self.stored(stored, of: stream, request)
        case .segment(let stored): return await segment(stored, of: stream, request)
        case .part(let stored, let number): return await part(number, stored, of: stream, request)
        case .transportSegment(let rendition, let number):
            return await transportSegment(number, in: rendition, of: stream, request)
        case .latestThumbnail: return await latestThumbnail(of: stream, request)
        case .thumbnail(let number): return await thumbnail(number, of: stream, request)
        case .recording(let document, let number):
            return await recording(document, number: number, of: stream, request)
        case .masterPlaylist, .manifest, .mediaPlaylist, .transportPlaylist, .keyframePlaylist:
            return notFound("There is nothing at this path.")
        }
    }

    /// The media type of a rendition's files.
    func mediaType(of rendition: String) -> String {
        rendition == audioName ? MediaType.audioMP4 : MediaType.videoMP4
    }
}
