import StreamingCore
import Testing

/// What every ``AudienceRetention`` does.
@Suite(.timeLimit(.minutes(2))) struct AudienceRetentionContract {
    private static let day: Int64 = 86_400

    private func session(_ token: String, of stream: StreamID, from start: Int64, seen: Int64) -> ViewerSession {
        ViewerSession(
            id: ViewerSessionID(stream: stream, token: token), streamID: stream, streamingProtocol: .hls,
            startedAt: .noon(start), lastSeenAt: .noon(seen), endedAt: .noon(seen))
    }

    @Test(arguments: RepositoryBackend.all)
    func `what is older than is kept is forgotten, and nothing else`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        let kept = Int64(AudienceLimits.daysKept) * Self.day
        // When the old was new.
        _ = try await repositories.retention.maintain(at: .noon(-kept - 2 * Self.day))
        try await repositories.sessions.record([
            session("old", of: stream, from: -kept - 100, seen: -kept - 1),
            session("long", of: stream, from: -kept - 100, seen: -kept),
            session("new", of: stream, from: -10, seen: -5),
        ])
        try await repositories.metrics.record(
            [-kept - Self.day, -kept, 0].map { StreamMetrics(streamID: stream, at: .noon($0)) })
        let changes = try await repositories.retention.maintain(at: .noon)
        #expect(changes.sessions == 1)
        #expect(changes.measurements == 1 || changes.partitionsDropped.count >= 1)
        let sessions = try await repositories.sessions.list(of: stream, isOpen: nil, before: nil, limit: 9)
        #expect(sessions.map(\.startedAt) == [.noon(-10), .noon(-kept - 100)])
        let points = try await repositories.metrics.range(
            of: stream, from: .noon(-kept - 5 * Self.day), to: .noon(Self.day), stepSeconds: 86_400)
        #expect(points.map(\.seconds) == [1, 1])
        #expect(try await repositories.retention.maintain(at: .noon) == AudienceRetentionChanges())
    }

    @Test(arguments: RepositoryBackend.all)
    func `all that is old goes, however much it is`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        let count = AudienceLimits.rowsAtOnceMax + 1
        for start in stride(from: 0, to: count, by: AudienceLimits.sessionsPerWriteMax) {
            let numbers = start..<min(count, start + AudienceLimits.sessionsPerWriteMax)
            try await repositories.sessions.record(numbers.map { session("\($0)", of: stream, from: 1, seen: 2) })
            try await repositories.metrics.record(
                numbers.map { StreamMetrics(streamID: stream, at: .noon(Int64($0))) })
        }
        let later = WallTime.noon(Int64(AudienceLimits.daysKept + 2) * Self.day)
        #expect(try await repositories.retention.maintain(at: later).sessions == count)
        #expect(try await repositories.sessions.list(of: stream, isOpen: nil, before: nil, limit: 9) == [])
        #expect(try await repositories.metrics.latest(of: stream) == nil)
    }

    @Test(arguments: RepositoryBackend.all)
    func `there is room for the coming days`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let stream = StreamID(at: .noon)
        for days in [-1, 0, 1, 7] {
            try await repositories.metrics.record([StreamMetrics(streamID: stream, at: .noon(Int64(days) * Self.day))])
        }
        let points = try await repositories.metrics.range(
            of: stream, from: .noon(-2 * Self.day), to: .noon(9 * Self.day), stepSeconds: 3600)
        #expect(points.count == 4)
    }
}
