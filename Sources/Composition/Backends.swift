import APIService
import LocalBackend
import Network
import RedisBackend
import StreamingCore

/// What stands behind the ports of a process.
struct Backends {
    /// What the process calls itself before others, another name at every start: who has started again answers for
    /// nothing that it had before.
    let instance: String
    var streams: any StreamRepository
    var keys: any StreamKeyRepository
    var levels: any QualityLevelRepository
    var frames: any FrameLog
    var timeline: any TimelineLog
    var events: any EventLog
    var reports: any ReportLog
    var sessions: any ViewerSessionRepository
    var metrics: any StreamMetricsRepository
    var retention: any AudienceRetention
    /// Where other processes can catch up with timelines; `nil` where there are none.
    var snapshots: (any TimelineSnapshots)?
    /// Where whole broadcasts are kept; `nil` where they are not, and where nothing is packaged.
    var archive: (any SegmentArchive)?
    /// What knows the recordings that there are; `nil` where there are none, and where nobody asks for them.
    var recordings: (any RecordingCatalog)?
    /// Where segments are stored that are made here; only in a process that packages.
    var stored: (any SegmentStore)?
    /// Where segments come from that are served here; only in a process that serves.
    var served: (any SegmentStore)?
    /// Which of several processes tells others of an event.
    var webhookClaims: any WebhookClaims = SoleSender()
    /// What the back ends themselves have to do, in the order in which it is to end.
    var services: [any Service] = []
    /// What must work for the process to be ready.
    var checks: [HealthCheck] = []
    /// What is watched beside them: the process is of use without it.
    var watched: [HealthCheck] = []
    /// Where calls to the database are counted, whichever it is.
    let databaseMetrics: DatabaseMetrics

    /// Opens what the configuration names.
    ///
    /// - Parameters:
    ///   - loops: Where the readers of the frame log run.
    ///   - metrics: Where they count, and are read.
    static func open(
        _ configuration: Configuration, roles: Role, loops: EventLoopGroup, metrics: MetricsRegistry, logger: Logger
    ) async throws -> Backends {
        var backends = try await embedded(configuration, roles: roles, loops: loops, metrics: metrics, logger: logger)
        // The configuration has no brokers without a database.
        if !configuration.backends.kafkaBrokers.isEmpty, let url = configuration.backends.databaseURL {
            try await backends.useKafka(
                configuration, database: url, roles: roles, loops: loops, metrics: metrics, logger: logger)
        }
        if let url = configuration.backends.databaseURL {
            try await backends.useDatabase(url, configuration, roles: roles, metrics: metrics, logger: logger)
        }
        // Of several processes one tells; they agree on that there.
        if let url = configuration.backends.redisURL, roles.contains(.api), !configuration.webhookAddresses.isEmpty {
            backends.webhookClaims = RedisWebhookClaims(try RedisPool(RedisSettings(url: url), logger: logger))
        }
        try backends.useRecordings(configuration, roles: roles)
        // Nobody else stores segments or asks for them.
        if let url = configuration.backends.redisURL, !roles.isDisjoint(with: [.transcode, .delivery]) {
            try backends.useSharedSegments(url, configuration, roles: roles, metrics: metrics, logger: logger)
        }
        return backends
    }
}
