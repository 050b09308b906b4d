import APIService
import Foundation
import IngestService
import LocalBackend
import Network
import SQLiteBackend
import StreamingCore

/// The back ends of a single machine: SQLite, logs in this process, and segments in memory over a folder.
struct EmbeddedBackends {
    let database: SQLiteDatabase
    let streams: any StreamRepository
    let keys: any StreamKeyRepository
    let levels: any QualityLevelRepository
    let frames: any FrameLog
    let timeline: any TimelineLog
    let events: any EventLog
    /// Only in a process that packages or serves; another may share the folder with it.
    let segments: TieredSegmentStore?

    /// - Parameters:
    ///   - needsSegments: Whether this process stores segments or serves them.
    ///   - loops: Where the readers of the frame log run.
    init(
        _ configuration: Configuration, needsSegments: Bool, loops: EventLoopGroup, logger: Logger
    ) async throws {
        try Self.makeFolder(configuration.dataDirectory)
        database = try await SQLiteDatabase.open(at: .file(configuration.dataDirectory + "/sluice.db"))
        streams = SQLiteStreamRepository(database)
        keys = SQLiteStreamKeyRepository(database)
        levels = SQLiteQualityLevelRepository(database)
        var limits = FrameLogLimits()
        limits.streamsMax = IngestLimits.broadcastsMax
        frames = LocalFrameLog(limits: limits, executors: loops.loops)
        timeline = LocalTimelineLog()
        events = LocalEventLog()
        if needsSegments {
            let folder = try await DirectorySegmentStore.open(at: configuration.dataDirectory + "/segments")
            segments = TieredSegmentStore(
                memoryBytesMax: configuration.segmentMemoryBytes, over: folder, logger: logger)
        } else {
            segments = nil
        }
    }
    private static func makeFolder(_ path: String) throws(StreamError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .database(reason: "DATA_DIR '\(path)' is no folder and cannot be made one")
        }
    }

    /// What must work for the process to be ready.
    var checks: [HealthCheck] {
        let (database, segments) = (database, segments)
        var checks = [HealthCheck("database") { try await database.check() }]
        if let segments { checks.append(HealthCheck("segments") { try segments.check() }) }
        return checks
    }
}
