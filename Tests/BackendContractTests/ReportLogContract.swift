import StreamingCore
import Testing

/// What every ``ReportLog`` does.
@Suite(.timeLimit(.minutes(1))) struct ReportLogContract {
    private static func report(_ number: Int64) -> StreamReport {
        .source(SourceReport(instance: "in", at: .noon, bitsPerSecond: number, health: SourceHealth()))
    }

    private static func number(_ report: StreamReport) -> Int64? {
        if case .source(let source) = report { source.bitsPerSecond } else { nil }
    }

    /// Follows a log; returns once the following has begun.
    private func follow(
        _ log: any ReportLog
    ) async throws -> (reports: AsyncStream<(StreamID, StreamReport)>, task: Task<Void, Never>) {
        let (reports, report) = AsyncStream.makeStream(of: (StreamID, StreamReport).self)
        let (greetings, greeting) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let greeted = StreamID(at: .noon)
        let task = Task {
            await log.follow { stream, received in
                if stream == greeted { greeting.yield() } else { report.yield((stream, received)) }
            }
            report.finish()
        }
        let greeter = Task {
            while !Task.isCancelled {
                log.append(Self.report(0), for: greeted)
                // A log may lose what it is flooded with.
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        for await _ in greetings { break }
        greeter.cancel()
        _ = await greeter.result
        return (reports, task)
    }

    @Test(arguments: LogBackends.reportLogs)
    func `all followers get the reports of a stream in order`(_ backend: LogBackend<any ReportLog>) async throws {
        let log = try await backend.open()
        let (stream, other) = (StreamID(at: .noon), StreamID(at: .noon))
        var followers: [(reports: AsyncStream<(StreamID, StreamReport)>, task: Task<Void, Never>)] = []
        for _ in 0..<2 { followers.append(try await follow(log)) }
        for number in Int64(1)...50 {
            log.append(Self.report(number), for: stream)
            log.append(Self.report(-number), for: other)
        }
        for (reports, task) in followers {
            var received: [Int64] = []
            for await (id, report) in reports where id == stream {
                received.append(Self.number(report) ?? -1)
                if received.count == 50 { break }
            }
            #expect(received == Array(1...50))
            task.cancel()
            await task.value
        }
    }

    @Test(arguments: LogBackends.reportLogs)
    func `a full report comes as it was told`(_ backend: LogBackend<any ReportLog>) async throws {
        let log = try await backend.open()
        let stream = StreamID(at: .noon)
        let (reports, task) = try await follow(log)
        let session = SessionShare(
            id: ViewerSessionID(stream: stream, token: "t"), streamingProtocol: .hls, firstSeenAt: .noon,
            lastSeenAt: .noon, bytesSent: 5, picks: [.init(segmentNumber: 1, rendition: "720p")])
        let report = StreamReport.audience(
            AudienceReport(
                instance: "d", at: .noon, bytesSent: 9, silenceMilliseconds: 6000,
                sessions: Array(repeating: session, count: AudienceReport.sessionsMax)))
        log.append(report, for: stream)
        for await (id, received) in reports where id == stream {
            #expect(received == report)
            break
        }
        task.cancel()
        await task.value
    }

    @Test(arguments: LogBackends.reportLogs)
    func `a follower that was cancelled gets nothing more`(_ backend: LogBackend<any ReportLog>) async throws {
        let log = try await backend.open()
        let stream = StreamID(at: .noon)
        let (reports, task) = try await follow(log)
        task.cancel()
        await task.value
        log.append(Self.report(1), for: stream)
        for await (id, _) in reports where id == stream { Issue.record("a report came after the end") }
    }
}
