import APIService
import Foundation
import KafkaBackend
import LocalBackend
import Network
import PostgresBackend
import RedisBackend
import S3Backend
import StreamingCore

/// The back ends that several processes share.
extension Backends {
    mutating func useDatabase(
        _ url: Secret, _ configuration: Configuration, roles: Role, metrics: MetricsRegistry, logger: Logger
    ) async throws {
        var settings = PostgresSettings()
        settings.connectionsMax = configuration.backends.databaseConnectionCount
        let database = try PostgresDatabase(
            url: url, settings: settings, metrics: databaseMetrics, logger: logger)
        metrics.addPool(database, max: settings.connectionsMax)
        for name in try await database.migrate() {
            logger.info("database migrated", ["migration": LogValue(name)])
        }
        if roles.contains(.ingest) {
            try await ownBroadcasts(database, configuration, logger: logger)
        } else {
            streams = PostgresStreamRepository(database)
        }
        keys = PostgresStreamKeyRepository(database)
        levels = PostgresQualityLevelRepository(database)
        sessions = PostgresViewerSessionRepository(database)
        self.metrics = PostgresStreamMetricsRepository(database)
        retention = PostgresAudienceRetention(database)
        // Viewers are served without it.
        if !roles.isDisjoint(with: [.ingest, .api]) {
            checks.append(HealthCheck("database") { try await database.check() })
        } else {
            watched.append(HealthCheck("database") { try await database.check() })
        }
    }

    /// Has the broadcasts that begin here be this process's own, and ends those whose process is gone.
    private mutating func ownBroadcasts(
        _ database: PostgresDatabase, _ configuration: Configuration, logger: Logger
    ) async throws {
        let clock = SystemWallClock()
        let (frames, events) = (frames, events)
        let owned = try await PostgresIngestStreams(
            database, instance: instance, clock: clock, logger: logger,
            graceMilliseconds: Int(configuration.reconnectGraceMilliseconds)
        ) { broadcast in
            do throws(StreamError) {
                try await frames.end(broadcast.stream, fence: broadcast.fence)
                try await events.append(
                    StreamEvent(streamID: broadcast.stream, at: clock.now(), kind: .ended(.graceExpired)))
            } catch {
                logger.error("end not announced", ["stream.id": LogValue(broadcast.stream), "error": LogValue(error)])
            }
        }
        streams = owned
        services.append(owned)
    }

    /// Brings the database up to date.
    ///
    /// - Returns: What was done.
    static func migrate(_ configuration: Configuration, logger: Logger) async throws -> [String] {
        guard let url = configuration.backends.databaseURL else {
            throw StreamError.invalidValue(
                field: "DATABASE_URL", reason: "is not set; a database in DATA_DIR is brought up to date at each start")
        }
        return try await PostgresDatabase(url: url, logger: logger).migrate()
    }

    /// - Parameter database: Where workers lease the partitions that they read.
    mutating func useKafka(
        _ configuration: Configuration, database: Secret, roles: Role, loops: EventLoopGroup,
        metrics: MetricsRegistry, logger: Logger
    ) async throws {
        var settings = KafkaConfiguration(brokers: configuration.backends.kafkaBrokers.joined(separator: ","))
        settings.partitions = configuration.backends.kafkaPartitionCount
        settings.replicas = configuration.backends.kafkaReplicationFactor
        settings.leaseMilliseconds = configuration.backends.transcodeLeaseMilliseconds
        settings.clientID = "sluice-\(configuration.instanceName)"
        settings.prefix = configuration.backends.kafkaTopicPrefix
        settings.frameRetentionMinutes = configuration.backends.kafkaFrameRetentionMinutes
        settings.security = KafkaConfiguration.Security(configuration.backends.kafkaProtection)
        let registry = try configuration.backends.kafkaSchemaRegistryURL.map { try SchemaRegistry.http($0) }
        let leases = try PostgresPartitionLeases(url: database, logger: logger)
        let cluster = try await KafkaCluster.open(
            settings, leases: leases, registry: registry, executors: loops.loops,
            metrics: KafkaMetrics(in: metrics), logger: logger)
        metrics.addKafka(cluster, bytesMax: settings.waitingBytesMax)
        frames = cluster.frames
        timeline = cluster.timeline
        events = cluster.events
        reports = cluster.reports
        // What is on air can be watched without it, up to where it has come.
        let check = HealthCheck("kafka") { () throws(StreamError) in
            guard !cluster.isDown else { throw .network(reason: "kafka does not answer") }
        }
        if roles.isDisjoint(with: [.ingest, .transcode]) { watched.append(check) } else { checks.append(check) }
        services.append(ClusterConnection(cluster: cluster))
    }

    /// Has the API list what is in the bucket, where there is one.
    mutating func useRecordings(_ configuration: Configuration, roles: Role) throws {
        guard roles.contains(.api), let s3 = configuration.backends.s3 else { return }
        recordings = S3RecordingCatalog(S3SegmentStore(try S3Settings(s3)))
    }

    mutating func useSharedSegments(
        _ url: Secret, _ configuration: Configuration, roles: Role, metrics: MetricsRegistry, logger: Logger
    ) throws {
        let clock = SystemWallClock()
        let pool = try RedisPool(RedisSettings(url: url), logger: logger)
        let near = MeasuredSegmentStore(
            RedisSegmentStore(
                pool, segmentMilliseconds: configuration.redisSegmentMilliseconds, clock: clock, logger: logger),
            name: "redis", in: metrics)
        snapshots = RedisTimelineSnapshots(pool)
        checks.append(HealthCheck("redis") { try await pool.check() })
        var far: (any SegmentStore)?
        var uploader: S3Uploader?
        if let s3 = configuration.backends.s3 {
            let store = S3SegmentStore(try S3Settings(s3))
            far = MeasuredSegmentStore(store, name: "s3", in: metrics)
            if roles.contains(.transcode) {
                let made = S3Uploader(store, retentionDays: s3.retentionDays, logger: logger)
                metrics.addUploads(made)
                uploader = made
                archive = made
                checks.append(HealthCheck("s3 uploads") { () throws(StreamError) in try made.check() })
            }
        }
        if roles.contains(.transcode) {
            stored = LayeredSegmentStore(near: near, far: far, clock: clock) { [uploader] name, buffers in
                if name.isKept { uploader?.upload(buffers, under: name) }
            }
        }
        if let uploader { services.append(uploader) }
        if roles.contains(.delivery) {
            let cache = TieredSegmentStore(
                memoryBytesMax: configuration.segmentMemoryBytes,
                over: LayeredSegmentStore(near: near, far: far, clock: clock), logger: logger)
            metrics.addSegments(cache, bytesMax: configuration.segmentMemoryBytes)
            served = cache
            services.append(cache)
        }
    }
}

/// Ends the connection to Kafka in order: what waits is sent.
private struct ClusterConnection: Service {
    let name = "kafka"
    let cluster: KafkaCluster

    func run() async throws {
        await untilCancelled()
        // The cancellation is what brought us here; sending must not end with it.
        await Task { await cluster.close() }.value
    }
}

extension KafkaConfiguration.Security {
    fileprivate init(_ protection: KafkaProtection) {
        let authorities = protection.certificateAuthorityFile
        if let mechanism = protection.mechanism {
            self = .password(
                mechanism: mechanism.rawValue, user: protection.user, protection.password,
                isInsideTLS: protection.usesTLS, authorities: authorities)
        } else {
            self = protection.usesTLS ? .tls(authorities: authorities) : .plaintext
        }
    }
}

extension Configuration {
    /// How long segments stay in Redis, in milliseconds. With a bucket behind it, the time that most viewers need; else
    /// as long as a playlist may list them: for the window, and once more when the broadcast has ended.
    fileprivate var redisSegmentMilliseconds: Int64 {
        guard backends.s3 == nil else { return RedisLifetimes.segmentMilliseconds }
        return max(RedisLifetimes.segmentMilliseconds, 2 * windowMilliseconds + 60_000)
    }
}

extension SegmentName {
    /// Whether the bucket keeps it: whole segments and what is needed to play them. Parts come again within segments.
    fileprivate var isKept: Bool {
        guard let file = path.split(separator: "/").last else { return false }
        return !file.hasPrefix("segment-") || file.split(separator: ".").count == 2
    }
}

extension Configuration {
    /// The name of this process among its like.
    var instanceName: String {
        backends.instance ?? "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)"
    }
}

extension S3Settings {
    fileprivate init(_ configuration: BackendConfiguration.S3Configuration) throws {
        try self.init(
            endpoint: configuration.endpoint, bucket: configuration.bucket, region: configuration.region,
            accessKey: configuration.accessKey, secretKey: configuration.secretKey,
            sessionToken: configuration.sessionToken, usesPathStyle: configuration.usesPathStyle,
            certificateAuthorityFile: configuration.certificateAuthorityFile)
    }
}
