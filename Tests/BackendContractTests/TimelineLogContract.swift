import Bytes
import StreamingCore
import Testing

/// What every ``TimelineLog`` does.
@Suite(.timeLimit(.minutes(1))) struct TimelineLogContract {
    /// Follows a log; returns once the following has begun.
    private func follow(
        _ log: any TimelineLog
    ) async throws -> (records: AsyncStream<(StreamID, Bytes)>, task: Task<Void, Never>) {
        let (records, record) = AsyncStream.makeStream(of: (StreamID, Bytes).self)
        let (greetings, greeting) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let greeted = StreamID(at: .noon)
        let task = Task {
            await log.follow { stream, bytes in
                if stream == greeted { greeting.yield() } else { record.yield((stream, bytes)) }
            }
            record.finish()
        }
        let greeter = Task {
            while !Task.isCancelled {
                try await log.append(Bytes(), for: greeted, fence: 1)
                await Task.yield()
            }
        }
        for await _ in greetings { break }
        greeter.cancel()
        _ = await greeter.result
        return (records, task)
    }

    @Test(arguments: LogBackends.timelineLogs)
    func `followers get every record in order`(_ backend: LogBackend<any TimelineLog>) async throws {
        let log = try await backend.open()
        let stream = StreamID(at: .noon)
        var followers: [(records: AsyncStream<(StreamID, Bytes)>, task: Task<Void, Never>)] = []
        for _ in 0..<3 { followers.append(try await follow(log)) }
        for number in UInt8(0)..<200 { try await log.append([number], for: stream, fence: 1) }
        for (records, task) in followers {
            var received: [UInt8] = []
            for await (id, bytes) in records where id == stream {
                received += bytes.array
                if received.count == 200 { break }
            }
            #expect(received == Array(0..<200))
            task.cancel()
            await task.value
        }
    }

    @Test(arguments: LogBackends.timelineLogs)
    func `streams do not disturb each other's order`(_ backend: LogBackend<any TimelineLog>) async throws {
        let log = try await backend.open()
        let (records, task) = try await follow(log)
        let streams = (0..<8).map { _ in StreamID(at: .noon) }
        try await withThrowingTaskGroup { group in
            for stream in streams {
                group.addTask { for number in UInt8(0)..<100 { try await log.append([number], for: stream, fence: 1) } }
            }
            try await group.waitForAll()
        }
        var received: [StreamID: [UInt8]] = [:]
        var count = 0
        for await (stream, bytes) in records {
            received[stream, default: []] += bytes.array
            count += 1
            if count == 800 { break }
        }
        for stream in streams { #expect(received[stream] == Array(0..<100)) }
        task.cancel()
        await task.value
    }

    @Test(arguments: LogBackends.timelineLogs)
    func `a follower that was cancelled gets nothing more`(_ backend: LogBackend<any TimelineLog>) async throws {
        let log = try await backend.open()
        let stream = StreamID(at: .noon)
        let (records, task) = try await follow(log)
        task.cancel()
        await task.value
        try await log.append([1], for: stream, fence: 1)
        for await (id, _) in records where id == stream { Issue.record("a record came after the end") }
    }

    @Test(arguments: LogBackends.timelineLogs)
    func `a lower fence is not heard after a higher one`(_ backend: LogBackend<any TimelineLog>) async throws {
        let log = try await backend.open()
        let (records, task) = try await follow(log)
        let (stream, other) = (StreamID(at: .noon), StreamID(at: .noon))
        try await log.append([1], for: stream, fence: 5)
        try await log.append([2], for: stream, fence: 7)
        // Refused at once, or dropped by those who hear it: the port leaves that open.
        try? await log.append([3], for: stream, fence: 6)
        try await log.append([4], for: stream, fence: 7)
        try await log.append([5], for: other, fence: 1)
        var received: [UInt8] = []
        for await (id, bytes) in records where id == stream || id == other {
            received += bytes.array
            if received.contains(4), received.contains(5) { break }
        }
        #expect(received.sorted() == [1, 2, 4, 5])
        task.cancel()
        await task.value
    }
}
