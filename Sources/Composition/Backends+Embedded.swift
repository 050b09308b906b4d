import APIService
import Foundation
import IngestService
import LocalBackend
import Network
import SQLiteBackend
import StreamingCore

extension Backends {
    /// The back ends of a single machine: SQLite, logs in this process, and segments in memory over a folder. What the
    /// configuration has elsewhere is not opened.
    static func embedded(
        _ configuration: Configuration, roles: Role, loops: EventLoopGroup, metrics: MetricsRegistry, logger: Logger
    ) async throws -> Backends {
        try makeFolder(configuration.dataDirectory)
        // With PostgreSQL it stays empty and in memory.
        let isUsed = configuration.backends.databaseURL == nil
        let databaseMetrics = DatabaseMetrics(in: metrics)
        let database = try await SQLiteDatabase.open(
            at: isUsed ? .file(configuration.dataDirectory + "/sluice.db") : .memory,
            metrics: isUsed ? databaseMetrics : DatabaseMetrics())
        var limits = FrameLogLimits()
        limits.streamsMax = IngestLimits.broadcastsMax
        let frames = LocalFrameLog(limits: limits, executors: loops.loops)
        if configuration.backends.kafkaBrokers.isEmpty { metrics.addFrameLog(frames) }
        var backends = Backends(
            instance: "\(configuration.instanceName)/\(UUIDv7(at: SystemWallClock().now()))",
            streams: SQLiteStreamRepository(database), keys: SQLiteStreamKeyRepository(database),
            levels: SQLiteQualityLevelRepository(database),
            frames: frames, timeline: LocalTimelineLog(), events: LocalEventLog(), reports: LocalReportLog(),
            sessions: SQLiteViewerSessionRepository(database), metrics: SQLiteStreamMetricsRepository(database),
            retention: SQLiteAudienceRetention(database), databaseMetrics: databaseMetrics)
        if isUsed { backends.checks.append(HealthCheck("database") { try await database.check() }) }
        if configuration.backends.redisURL == nil, !roles.isDisjoint(with: [.transcode, .delivery]) {
            let folder = try await DirectorySegmentStore.open(at: configuration.dataDirectory + "/segments")
            let segments = TieredSegmentStore(
                memoryBytesMax: configuration.segmentMemoryBytes, over: folder, logger: logger)
            metrics.addSegments(segments, bytesMax: configuration.segmentMemoryBytes)
            backends.stored = segments
            backends.served = segments
            backends.services.append(segments)
            backends.checks.append(HealthCheck("segments") { try segments.check() })
        }
        return backends
    }

    private static func makeFolder(_ path: String) throws(StreamError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .database(reason: "DATA_DIR '\(path)' is no folder and cannot be made one")
        }
    }
}
