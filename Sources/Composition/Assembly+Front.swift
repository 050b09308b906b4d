import APIService
import DeliveryService
import HTTP
import Network
import Packaging
import StreamingCore

// What is served over HTTP: playback, the API, pages and their WebSockets.

extension Assembly {
    mutating func addFront(_ loops: EventLoopGroup) throws {
        guard !roles.isDisjoint(with: [.delivery, .api]) else { return }
        let listener = try configuration.httpServer.listen(
            on: loops, report: network.hook(for: .http, then: logger.networkEvents))
        metrics.addConnections(listener, port: "http", max: configuration.httpConnectionsMax)
        httpPort = Int(listener.address.port)
        var router = Router(cors: configuration.corsPolicy)
        let delivery = addPlayback(to: &router)
        let live = LiveStatus(
            reports: backends.reports, events: backends.events, streams: backends.streams,
            hub: MeasuredWebSocketAudience(WebSocketHub<LiveTopic>(group: loops), WebSocketMetrics(in: metrics)),
            recorder: roles.contains(.api) ? recorder : nil, clock: clock,
            metrics: AudienceMetrics(in: metrics, clock: clock), logger: logger.with("service", "live"))
        if let adminToken {
            addAPI(to: &router, adminToken, live)
        } else {
            LiveRoutes(live: live, streams: backends.streams, cors: configuration.corsPolicy).add(to: &router)
            health.add(to: &router)
        }
        if configuration.tellsMetricsToAll(roles) { page.add(to: &router) }
        let handler = MeasuredHandler(router, HTTPMetrics(in: metrics))
        services.append(HTTPFront(configuration, listener: listener, handler: handler, delivery: delivery))
        if let delivery { services.append(delivery) }
        services.append(live)
    }

    /// Writes down who watches; the API does, so that each measurement is written by few.
    private var recorder: AudienceRecorder {
        AudienceRecorder(
            sessions: backends.sessions, metrics: backends.metrics, clock: clock,
            logger: logger.with("service", "audience"))
    }

    /// `nil` where everybody may play.
    private var signer: PlaybackSigner? { configuration.playbackSecret.map { PlaybackSigner($0) } }

    /// - Returns: `nil` where nothing is played.
    private func addPlayback(to router: inout Router) -> DeliveryService? {
        guard roles.contains(.delivery), let segments = backends.served else { return nil }
        let service = DeliveryService(
            window: window, retentionMilliseconds: configuration.windowMilliseconds, streams: backends.streams,
            store: segments, timeline: backends.timeline, snapshots: backends.snapshots, events: backends.events,
            audience: Audience(
                reports: backends.reports, instance: backends.instance, sessionsMax: configuration.viewerSessionsMax,
                offersCookies: configuration.offersViewerCookies), clock: clock,
            metrics: DeliveryMetrics(in: metrics), logger: logger.with("service", "delivery"))
        metrics.addDelivery(service)
        let playback: any HTTPHandler = signer.map { PlaybackGuard($0, clock: clock, next: service) } ?? service
        for pattern in ["/hls/{path...}", "/dash/{path...}"] {
            router.on(.get, pattern) { request, _ in await playback.respond(to: request) }
        }
        for section in ["hls", "dash"] {
            router.on(.post, "/\(section)/{id}/beacon") { request, parameters in
                guard let id = StreamID(parameters["id"]) else {
                    return ProblemDocument(.notFound, detail: "There is no such stream.", code: "stream_not_found")
                        .response()
                }
                return service.beacon(for: id, isDASH: section == "dash", request)
            }
        }
        router.on(.get, "/streams/{id}/quality") { request, parameters in
            guard let id = StreamID(parameters["id"]) else {
                return ProblemDocument(.notFound, detail: "There is no such stream.", code: "stream_not_found")
                    .response()
            }
            return service.recommendation(for: id, to: request)
        }
        return service
    }

    /// The addresses that are given out, when the ports are bound.
    var publicURLs: PublicURLs {
        PublicURLs(
            host: configuration.publicHost, httpScheme: configuration.publicHTTPScheme,
            httpPort: configuration.publicHTTPPort ?? httpPort, rtmpScheme: configuration.publicRTMPScheme,
            rtmpPort: configuration.publicRTMPPort ?? rtmpPort)
    }

    private mutating func addAPI(to router: inout Router, _ adminToken: Secret, _ live: LiveStatus) {
        if adminToken.isGuessable { logger.warning("ADMIN_TOKEN is short: it can be guessed") }
        if configuration.viewerToken?.isGuessable ?? false {
            logger.warning("VIEWER_TOKEN is short: it can be guessed")
        }
        APIRoutes(
            administration: administration,
            qualities: QualityAdministration(levels: backends.levels, configured: configuration.ladder), live: live,
            audience: AudienceHistory(sessions: backends.sessions, metrics: backends.metrics),
            catalog: backends.recordings, adminToken: adminToken,
            viewerToken: configuration.viewerToken, cors: configuration.corsPolicy,
            requestsPerMinute: configuration.apiRequestsPerMinute, urls: publicURLs, playback: signer,
            health: health, logger: logger.with("service", "api")
        ).add(to: &router)
        WebPages(directory: configuration.webDirectory).add(to: &router)
        if !configuration.webhookAddresses.isEmpty, let secret = configuration.webhookSecret {
            services.append(
                WebhookSender(
                    addresses: configuration.webhookAddresses, secret: secret, events: backends.events,
                    claims: backends.webhookClaims, clock: clock, logger: logger.with("service", "webhooks")))
        }
        services.append(
            AudienceUpkeep(
                backends.retention, sessions: backends.sessions, logger: logger.with("service", "audience")))
    }
}
