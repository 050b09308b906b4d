import StreamingCore
import Testing

/// What every ``StreamMetricsRepository`` does.
@Suite(.timeLimit(.minutes(2))) struct StreamMetricsRepositoryContract {
    private func range(
        _ repositories: Repositories, of stream: StreamID, _ seconds: Range<Int64>, step: Int
    ) async throws -> [StreamMetricsPoint] {
        try await repositories.metrics.range(
            of: stream, from: .noon(seconds.lowerBound), to: .noon(seconds.upperBound), stepSeconds: step)
    }

    @Test(arguments: RepositoryBackend.all)
    func `measurements come back as they were, and the newest is the latest`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = StreamID(at: .noon)
        #expect(try await repositories.metrics.latest(of: stream) == nil)
        let full = StreamMetrics(
            streamID: stream, at: .noon(7), viewers: 12, viewersByRendition: ["480p": 5, "720p": 7, "source": 0],
            ingressBitsPerSecond: 5_000_000, egressBitsPerSecond: 60_000_000_000, stallRatio: 0.125,
            startup: .init(count: 3, median: 640, percentile95: 1210),
            source: SourceHealth(
                picturesPerSecond: 29.97, keyframeIntervalMilliseconds: 2000, usualBitsPerSecond: 4_900_000,
                audioDriftMilliseconds: -30, timestampRepairs: 4, arrivalDelayMilliseconds: 12))
        let source = StreamMetrics(streamID: stream, at: .noon(8), source: SourceHealth())
        let empty = StreamMetrics(streamID: stream, at: .noon(9))
        try await repositories.metrics.record([])
        try await repositories.metrics.record([empty, full, source])
        let points = try await range(repositories, of: stream, 0..<100, step: 1)
        #expect(points.map(\.average) == [full, source, empty])
        #expect(points.map(\.viewersMax) == [12, 0, 0])
        #expect(points.map(\.seconds) == [1, 1, 1])
        #expect(try await repositories.metrics.latest(of: stream) == empty)
        #expect(try await repositories.metrics.latest(of: StreamID(at: .noon)) == nil)
    }

    @Test(arguments: RepositoryBackend.all)
    func `a second that is written twice is as it was written later, also in one write`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = StreamID(at: .noon)
        let first = StreamMetrics(
            streamID: stream, at: .noon(1), viewers: 9, viewersByRendition: ["720p": 9], stallRatio: 1,
            startup: .init(count: 1, median: 1, percentile95: 1), source: SourceHealth())
        let second = StreamMetrics(streamID: stream, at: .noon(1), viewers: 2, viewersByRendition: ["480p": 2])
        let third = StreamMetrics(streamID: stream, at: .noon(1).adding(milliseconds: 999), viewers: 3)
        try await repositories.metrics.record([first])
        try await repositories.metrics.record([second])
        #expect(try await repositories.metrics.latest(of: stream) == second)
        try await repositories.metrics.record([first, second, third])
        let latest = try await repositories.metrics.latest(of: stream)
        #expect(latest == StreamMetrics(streamID: stream, at: .noon(1), viewers: 3))
    }

    @Test(arguments: RepositoryBackend.all)
    func `a step has averages, of starts the second with the most, of the source the last second`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = StreamID(at: .noon)
        func second(
            _ number: Int64, viewers: [String: Int], rate: Int64, stalls: Double?, starts: Int?
        ) -> StreamMetrics {
            StreamMetrics(
                streamID: stream, at: .noon(number), viewers: viewers.values.reduce(0, +), viewersByRendition: viewers,
                ingressBitsPerSecond: rate, egressBitsPerSecond: rate * 10, stallRatio: stalls,
                startup: starts.map { .init(count: $0, median: number, percentile95: number * 2) },
                source: number == 59 ? nil : SourceHealth(timestampRepairs: number))
        }
        try await repositories.metrics.record([
            second(0, viewers: ["720p": 4], rate: 100, stalls: nil, starts: nil),
            second(1, viewers: ["480p": 1, "720p": 5], rate: 101, stalls: 0.5, starts: 3),
            second(30, viewers: ["480p": 9], rate: 105, stalls: 0.25, starts: 5),
            second(31, viewers: ["480p": 9], rate: 106, stalls: nil, starts: 5),
            second(59, viewers: ["480p": 1, "720p": 1, "1080p": 7], rate: 108, stalls: nil, starts: 4),
            second(60, viewers: [:], rate: 1, stalls: nil, starts: nil),
        ])
        let points = try await range(repositories, of: stream, 0..<120, step: 60)
        let expected = StreamMetrics(
            streamID: stream, at: .noon, viewers: 7, viewersByRendition: ["480p": 4, "720p": 2, "1080p": 1],
            ingressBitsPerSecond: 104, egressBitsPerSecond: 1040, stallRatio: 0.375,
            startup: .init(count: 5, median: 31, percentile95: 62), source: nil)
        #expect(points.first == StreamMetricsPoint(average: expected, viewersMax: 9, seconds: 5))
        let other = second(60, viewers: [:], rate: 1, stalls: nil, starts: nil)
        #expect(points.dropFirst().first == StreamMetricsPoint(average: other, viewersMax: 0, seconds: 1))
        #expect(points.count == 2)
    }

    @Test(arguments: RepositoryBackend.all)
    func `steps begin at their multiples, and what is outside of the span does not count`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let (stream, other) = (StreamID(at: .noon), StreamID(at: .noon))
        try await repositories.metrics.record(
            (0..<40).map { StreamMetrics(streamID: stream, at: .noon($0), viewers: Int($0)) }
                + [StreamMetrics(streamID: other, at: .noon(13), viewers: 1000)])
        let points = try await range(repositories, of: stream, 13..<31, step: 10)
        #expect(points.map(\.average.at) == [.noon(10), .noon(20), .noon(30)])
        #expect(points.map(\.seconds) == [7, 10, 1])
        #expect(points.map(\.viewersMax) == [19, 29, 30])
        #expect(points.map(\.average.viewers) == [16, 25, 30])
        // A part of a second before the first one, and a part of the last.
        let cut = try await repositories.metrics.range(
            of: stream, from: .noon(13).adding(milliseconds: 1), to: .noon(15).adding(milliseconds: 1), stepSeconds: 1)
        #expect(cut.map(\.average.at) == [.noon(14), .noon(15)])
        #expect(try await range(repositories, of: stream, 5..<5, step: 1) == [])
        #expect(
            try await repositories.metrics.range(of: stream, from: .noon(9), to: .noon(3), stepSeconds: 1) == [])
        #expect(try await range(repositories, of: stream, 40..<100, step: 1) == [])
    }

    @Test(arguments: RepositoryBackend.all)
    func `too many points, and steps out of their range, are refused`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let stream = StreamID(at: .noon)
        let points = Int64(AudienceLimits.pointsMax)
        #expect(try await range(repositories, of: stream, 0..<points, step: 1) == [])
        #expect(try await range(repositories, of: stream, 0..<points * 60, step: 60) == [])
        for (span, step) in [(0..<points + 1, 1), (30..<points * 60 + 30, 60), (0..<9, 0), (0..<9, 2_678_401)] {
            await #expect(throws: StreamError.self) { try await range(repositories, of: stream, span, step: step) }
        }
        await #expect(throws: StreamError.self) {
            try await repositories.metrics.range(
                of: stream, from: WallTime(unixMilliseconds: .min), to: WallTime(unixMilliseconds: .max), stepSeconds: 1
            )
        }
    }

    @Test(arguments: RepositoryBackend.all)
    func `the renditions with the most viewers are kept, and what cannot be counts as nothing`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = StreamID(at: .noon)
        let renditions = (1...12).map { ("r\($0)", $0) } + [("", 99), ("two words", 99), ("ü", 99), ("z\0", 99)]
        try await repositories.metrics.record([
            StreamMetrics(
                streamID: stream, at: .noon, viewers: -5,
                viewersByRendition: Dictionary(renditions) { $1 }, ingressBitsPerSecond: -1, egressBitsPerSecond: .max),
            StreamMetrics(streamID: stream, at: .noon(1), viewers: .max, egressBitsPerSecond: .max),
        ])
        let points = try await range(repositories, of: stream, 0..<2, step: 1)
        let first = try #require(points.first?.average)
        #expect(first.viewers == 0)
        #expect(first.ingressBitsPerSecond == 0)
        #expect(first.viewersByRendition == Dictionary((5...12).map { ("r\($0)", $0) }) { $1 })
        #expect(points.count == 2)
        #expect(try await range(repositories, of: stream, 0..<2, step: 3600).first?.seconds == 2)
    }

    @Test(arguments: RepositoryBackend.all)
    func `a measurement that there is no room for does not keep the others out`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = StreamID(at: .noon)
        let days = [-40, 0, 400].map { Int64($0) * 86_400 }
        try await repositories.metrics.record(
            days.map { StreamMetrics(streamID: stream, at: .noon($0), viewers: 1) })
        #expect(try await range(repositories, of: stream, 0..<1, step: 1).count == 1)
    }

    @Test(arguments: RepositoryBackend.all)
    func `what is drawn together over days is what adding up by hand gives`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = StreamID(at: .noon)
        var random = SeededGenerator(seed: 5)
        let metrics = (0..<4000).map { number in
            let names = ["1080p", "720p", "480p"].filter { _ in Bool.random(using: &random) }
            return StreamMetrics(
                streamID: stream, at: .noon(Int64(number) * 50 - 43_200),
                viewers: .random(in: 0..<1000, using: &random),
                viewersByRendition: Dictionary(names.map { ($0, .random(in: 0..<300, using: &random)) }) { $1 },
                egressBitsPerSecond: .random(in: 0..<1_000_000, using: &random),
                startup: number % 3 == 0 ? .init(count: number % 7 + 1, median: Int64(number), percentile95: 5) : nil)
        }
        for start in stride(from: 0, to: metrics.count, by: 2000) {
            try await repositories.metrics.record(Array(metrics[start..<start + 2000]))
        }
        for step in [50, 7000, 86_400, 100_000] {
            let expected = Dictionary(grouping: metrics) { $0.at.unixMilliseconds / 1000 / Int64(step) }
                .sorted { $0.key < $1.key }
                .map { key, seconds in addedUp(seconds, at: WallTime(unixMilliseconds: key * Int64(step) * 1000)) }
            let end = step == 50 ? Int64(50_000) : 200_000
            let found = try await range(repositories, of: stream, -43_200..<end, step: step)
            #expect(found == expected.filter { $0.average.at < .noon(end) })
        }
    }

    private func addedUp(_ seconds: [StreamMetrics], at time: WallTime) -> StreamMetricsPoint {
        func average(_ value: (StreamMetrics) -> Int64) -> Int64 {
            Int64((Double(seconds.map(value).reduce(0, +)) / Double(seconds.count)).rounded())
        }
        var average = StreamMetrics(
            streamID: seconds[0].streamID, at: time, viewers: Int(average { Int64($0.viewers) }),
            egressBitsPerSecond: average(\.egressBitsPerSecond),
            startup: seconds.filter { $0.startup != nil }.max {
                ($0.startup?.count ?? 0, $0.at) < ($1.startup?.count ?? 0, $1.at)
            }?.startup)
        for name in Set(seconds.flatMap(\.viewersByRendition.keys)) {
            let sum = seconds.reduce(0) { $0 + ($1.viewersByRendition[name] ?? 0) }
            average.viewersByRendition[name] = Int((Double(sum) / Double(seconds.count)).rounded())
        }
        return StreamMetricsPoint(
            average: average, viewersMax: seconds.map(\.viewers).max() ?? 0, seconds: seconds.count)
    }

    @Test(arguments: RepositoryBackend.all)
    func `measurements stay when their stream is deleted`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        try await repositories.metrics.record([StreamMetrics(streamID: stream, at: .noon, viewers: 1)])
        try await repositories.streams.delete(stream)
        try await repositories.metrics.record([StreamMetrics(streamID: stream, at: .noon(1), viewers: 2)])
        #expect(try await range(repositories, of: stream, 0..<9, step: 1).count == 2)
    }

    @Test(arguments: RepositoryBackend.all)
    func `several write the same seconds at once`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let streams = (0..<5).map { _ in StreamID(at: .noon) }
        try await withThrowingTaskGroup { group in
            for turn in 0..<8 {
                let metrics = streams.flatMap { stream in
                    (0..<20).map { StreamMetrics(streamID: stream, at: .noon($0), viewers: turn) }
                }
                group.addTask { try await repositories.metrics.record(metrics.shuffled()) }
            }
            try await group.waitForAll()
        }
        for stream in streams {
            #expect(try await range(repositories, of: stream, 0..<20, step: 1).count == 20)
        }
    }
}
