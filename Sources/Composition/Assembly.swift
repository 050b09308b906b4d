import APIService
import DeliveryService
import Foundation
import HTTP
import IngestService
import Network
import Packaging
import StreamingCore
import TranscodeService

/// The services of a process, wired to the back ends that the configuration names.
struct Assembly {
    var services: [any Service] = []
    let backends: Backends
    /// Only where the API is served.
    let adminToken: Secret?
    /// Held as long as the process takes broadcasts.
    private var ingestLock: FolderLock?
    private(set) var rtmpPort: Int
    var httpPort: Int
    let clock: any WallClock = SystemWallClock()
    let configuration: Configuration
    let roles: Role
    let metrics = MetricsRegistry()
    let page: MetricsPage
    let network: NetworkMetrics
    let health: HealthRoutes
    let logger: Logger

    /// Opens the back ends, binds the ports and makes the services. Nothing runs yet.
    ///
    /// The services stand in the order in which they are to end: what feeds others before what it feeds.
    init(_ configuration: Configuration, roles: Role, loops: EventLoopGroup, logger: Logger) async throws {
        self.configuration = configuration
        self.roles = roles
        self.logger = logger
        page = MetricsPage(metrics)
        network = NetworkMetrics(in: metrics)
        metrics.addBuild(roles)
        rtmpPort = configuration.rtmpPort
        httpPort = configuration.httpPort
        backends = try await Backends.open(
            configuration, roles: roles, loops: loops, metrics: metrics, logger: logger.with("service", "store"))
        adminToken =
            roles.contains(.api)
            ? try configuration.adminToken ?? AdminToken.load(from: configuration.dataDirectory) : nil
        let watch = DependencyWatch(backends.checks + backends.watched, in: metrics)
        health = HealthRoutes(
            checks: backends.checks, watched: { [watched = backends.watched] in watch.states(of: watched) },
            logger: logger)
        if roles.contains(.ingest) { try await addIngest(loops) }
        if roles.contains(.transcode) { addTranscode() }
        try addFront(loops)
        services += backends.services
        services.append(watch)
        if let port = configuration.adminPort(of: roles) {
            services.append(
                try AdminPort(
                    configuration, port: port, page: page, health: health, loops: loops, logger: logger))
        }
    }

    private mutating func addIngest(_ loops: EventLoopGroup) async throws {
        let logger = logger.with("service", "ingest")
        ingestLock = try FolderLock(configuration.dataDirectory + "/ingest.lock")
        for stream in try await backends.streams.endAbandoned(at: clock.now()) {
            logger.warning(
                "broadcast ended: it was left on air by a process that died", ["stream.id": LogValue(stream)])
        }
        var options = TCPListenerOptions()
        options.connectionsMax = configuration.rtmpConnectionsMax
        options.connection.readTimeout = .milliseconds(configuration.rtmpIdleMilliseconds)
        if configuration.rtmpReceiveBufferBytes > 0 {
            options.connection.receiveBufferBytes = configuration.rtmpReceiveBufferBytes
        }
        let listener = try TCPListener(
            host: configuration.listenHost, port: UInt16(configuration.rtmpPort), group: loops, options: options,
            report: network.hook(for: .rtmp, then: logger.networkEvents))
        rtmpPort = Int(listener.address.port)
        metrics.addConnections(listener, port: "rtmp", max: options.connectionsMax)
        let ingest = IngestMetrics(in: metrics)
        let registry = BroadcastRegistry(
            streams: backends.streams, log: backends.frames, events: backends.events, clock: clock,
            graceMilliseconds: configuration.reconnectGraceMilliseconds, reports: (backends.reports, backends.instance),
            metrics: ingest, logger: logger)
        metrics.addBroadcasts(registry)
        let settings = configuration.ingest
        services.append(
            IngestService(
                configuration: settings, listener: listener, keys: backends.keys, registry: registry,
                events: backends.events, clock: clock, metrics: ingest, logger: logger))
    }

    var window: LiveWindow.Configuration {
        LiveWindow.Configuration(windowMilliseconds: configuration.windowMilliseconds)
    }

    private mutating func addTranscode() {
        guard let segments = backends.stored else { return }
        let settings = TranscodeService.Configuration(
            packager: Packager.Configuration(
                segmentMilliseconds: configuration.segmentMilliseconds, partMilliseconds: configuration.partMilliseconds
            ),
            ladder: configuration.ladderConfiguration, thumbnailMilliseconds: configuration.thumbnailMilliseconds,
            window: window,
            retentionMilliseconds: configuration.windowMilliseconds,
            drainMilliseconds: min(2000, configuration.shutdownGraceMilliseconds))
        services.append(
            TranscodeService(
                configuration: settings, levels: backends.levels, log: backends.frames, store: segments,
                timeline: backends.timeline, snapshots: backends.snapshots, archive: backends.archive,
                events: backends.events, clock: clock, metrics: TranscodeMetrics(in: metrics),
                logger: logger.with("service", "transcode")))
    }

    /// What an administrator can do, for the first stream.
    var administration: StreamAdministration {
        StreamAdministration(streams: backends.streams, keys: backends.keys, events: backends.events)
    }
}
