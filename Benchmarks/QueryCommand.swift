import Foundation
import PostgresBackend
import SQLiteBackend
import StreamingCore

/// How long the database takes to draw a day of a busy stream together: 86,400 measurements, one for each second, to a
/// point for each minute. That is what `GET /metrics/{id}` waits for.
///
/// - Parameter postgres: A database that nobody else uses.
func measureQueries(postgres: String) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = try await SQLiteDatabase.open(at: .file(folder.appending(path: "metrics.db").path))
    try await measureDay(
        "SQLite", SQLiteStreamMetricsRepository(file), SQLiteAudienceRetention(file), SQLiteStreamRepository(file))
    let logger = Logger(service: "bench", level: .error)
    let server = try PostgresDatabase(url: Secret(postgres), logger: logger)
    _ = try await server.migrate()
    try await measureDay(
        "PostgreSQL", PostgresStreamMetricsRepository(server), PostgresAudienceRetention(server),
        PostgresStreamRepository(server))
}

private func measureDay(
    _ name: String, _ metrics: any StreamMetricsRepository, _ retention: any AudienceRetention,
    _ streams: any StreamRepository
) async throws {
    let now = SystemWallClock().now()
    // A whole day that is over, for which there is room.
    let start = WallTime(unixMilliseconds: (now.unixMilliseconds / 86_400_000) * 86_400_000)
    _ = try await retention.maintain(at: now)
    let stream = Stream(id: StreamID(at: now), title: "bench", createdAt: now)
    try await streams.create(
        stream,
        key: StreamKey(
            id: UUIDv7(at: now), streamID: stream.id, digest: StreamKey.digest(of: StreamKey.makeText()),
            createdAt: now))
    for first in stride(from: 0, to: 86_400, by: AudienceLimits.metricsPerWriteMax) {
        try await metrics.record(
            (first..<min(first + AudienceLimits.metricsPerWriteMax, 86_400)).map { second in
                StreamMetrics(
                    streamID: stream.id, at: start.adding(milliseconds: Int64(second) * 1000),
                    viewers: 5000 + second % 997,
                    viewersByRendition: ["1080p": 3000 + second % 499, "720p": 1500, "480p": 500],
                    ingressBitsPerSecond: 6_000_000, egressBitsPerSecond: 20_000_000_000, stallRatio: 0.001,
                    startup: StreamMetrics.Percentiles(count: 40, median: 700, percentile95: 1900),
                    source: SourceHealth(picturesPerSecond: 30, keyframeIntervalMilliseconds: 2000))
            })
    }
    var times: [Double] = []
    for _ in 0..<7 {
        let began = ContinuousClock.now
        let points = try await metrics.range(
            of: stream.id, from: start, to: start.adding(milliseconds: 86_400_000), stepSeconds: 60)
        times.append(began.duration(to: .now) / .milliseconds(1))
        try BenchmarkFailure.check("points", points.count, is: 1440)
    }
    times.sort()
    print(
        "a day by the minute, \(name): median \(String(format: "%.0f", times[3])) ms"
            + " (\(String(format: "%.0f to %.0f", times[0], times[6])))")
}
