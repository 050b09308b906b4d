import Dispatch
import Media
import StreamingCore
import Synchronization
import Testing

@testable import LocalBackend

@Suite(.timeLimit(.minutes(1))) struct LocalFrameLogTests {
    private func newStream() -> StreamID { StreamID(at: WallTime(unixMilliseconds: 0)) }

    /// An executor that remembers what it ran.
    private final class CountingExecutor: TaskExecutor {
        private let queue = DispatchQueue(label: "counting")
        private let ran = Atomic(0)

        var jobs: Int { ran.load(ordering: .relaxed) }

        func enqueue(_ job: consuming ExecutorJob) {
            ran.add(1, ordering: .relaxed)
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    @Test func `streams are read on the executors in turn`() async throws {
        let executors = [CountingExecutor(), CountingExecutor()]
        let log = LocalFrameLog(executors: executors)
        let (closed, close) = AsyncStream.makeStream(of: StreamID.self)
        let follower = Task {
            await log.follow { reader in
                while await reader.next() != nil {}
                close.yield(reader.stream)
            }
        }
        for _ in 0..<2 {
            let writer = try await log.openWriter(for: newStream())
            try writer.append(TestEntries.began(1))
            try writer.append(.ended)
            for await _ in closed { break }
        }
        for executor in executors { #expect(executor.jobs > 0) }
        follower.cancel()
        await follower.value
    }

    @Test func `streams have a maximum, and those that ended make way`() async throws {
        var limits = FrameLogLimits()
        limits.streamsMax = 3
        let log = LocalFrameLog(limits: limits)
        var writers: [any FrameLogWriter] = []
        for _ in 0..<3 {
            let writer = try await log.openWriter(for: newStream())
            try writer.append(TestEntries.began(1))
            writers.append(writer)
        }
        await #expect(throws: StreamError.overloaded(what: "3 streams with a frame log")) {
            try await log.openWriter(for: newStream())
        }
        try writers[1].append(.ended)
        _ = try await log.openWriter(for: newStream())
    }

    @Test func `writers that never append leave nothing behind`() async throws {
        var limits = FrameLogLimits()
        limits.streamsMax = 1
        let log = LocalFrameLog(limits: limits)
        for _ in 0..<100 { _ = try await log.openWriter(for: newStream()) }
    }

    @Test func `broadcasts that were read leave nothing behind`() async throws {
        var limits = FrameLogLimits()
        limits.streamsMax = 2
        let log = LocalFrameLog(limits: limits)
        let (closed, close) = AsyncStream.makeStream(of: StreamID.self)
        let follower = Task {
            await log.follow { reader in
                while await reader.next() != nil {}
                close.yield(reader.stream)
            }
        }
        for _ in 0..<100 {
            let writer = try await log.openWriter(for: newStream())
            try writer.append(TestEntries.began(1))
            try writer.append(.ended)
            for await _ in closed { break }
        }
        follower.cancel()
        await follower.value
    }

    @Test func `a reading that gives up is not called again for the same log`() async throws {
        let log = LocalFrameLog()
        let (calls, call) = AsyncStream.makeStream(of: Int64.self)
        let follower = Task {
            await log.follow { reader in
                guard let batch = await reader.next(), case .began(let origin) = batch.entries[0] else { return }
                call.yield(origin.firstSegmentNumber)
            }
        }
        let stream = newStream()
        for number in Int64(0)..<10 {
            let writer = try await log.openWriter(for: stream)
            try writer.append(TestEntries.began(number))
            for await called in calls {
                #expect(called == number)
                break
            }
            try writer.append(.interrupted)
            try writer.append(.ended)
        }
        follower.cancel()
        await follower.value
    }

    @Test func `a follower that comes late is given the logs that are open`() async throws {
        let log = LocalFrameLog()
        let stream = newStream()
        let writer = try await log.openWriter(for: stream)
        try writer.append(TestEntries.began(7))
        let (labels, label) = AsyncStream.makeStream(of: String.self)
        let follower = Task {
            await log.follow { reader in
                while let batch = await reader.next() { for entry in batch.entries { label.yield(entry.label) } }
            }
        }
        for await text in labels {
            #expect(text == "began 7")
            break
        }
        follower.cancel()
        await follower.value
    }

    /// Appends race with reads, cancellations and new writers; at the end every entry was seen once and in order.
    @Test func `nothing is lost or doubled under pressure`() async throws {
        let log = LocalFrameLog()
        let track = try TestEntries.audioTrack()
        let (results, result) = AsyncStream.makeStream(of: [Int64].self)
        let follower = Task {
            await log.follow { reader in
                var times: [Int64] = []
                while let batch = await reader.next() {
                    #expect(batch.lostEntries == 0)
                    for case .frame(let frame) in batch.entries { times.append(frame.decodeTime) }
                }
                result.yield(times)
            }
        }
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let writer = try await log.openWriter(for: newStream())
                    try writer.append(TestEntries.began(1))
                    for time in Int64(0)..<5000 { try writer.append(TestEntries.frame(track, time, count: 1)) }
                    try writer.append(.ended)
                }
            }
            try await group.waitForAll()
        }
        var count = 0
        for await times in results {
            #expect(times == Array(0..<5000))
            count += 1
            if count == 8 { break }
        }
        follower.cancel()
        await follower.value
    }
}
