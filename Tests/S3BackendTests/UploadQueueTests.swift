import Bytes
import StreamingCore
import Testing

@testable import S3Backend

@Suite struct UploadQueueTests {
    private static let stream = StreamID(at: WallTime(unixMilliseconds: 1_795_435_200_000))
    private let start = ContinuousClock.now

    private func name(_ number: Int) -> SegmentName { SegmentName(stream: Self.stream, path: "s/\(number)") }

    private func bytes(_ count: Int) -> [Bytes] { [Bytes([UInt8](repeating: 1, count: count))] }

    private func begun(_ queue: inout UploadQueue, at time: ContinuousClock.Instant) -> UploadQueue.Upload? {
        if case .begin(let upload) = queue.next(at: time) { upload } else { nil }
    }

    /// A queue whose first upload has succeeded, so that several may run.
    private func workingQueue(countMax: Int = 10, bytesMax: Int = 1000, atOnce: Int = 2) throws -> UploadQueue {
        var queue = UploadQueue(countMax: countMax, bytesMax: bytesMax, uploadsAtOnce: atOnce)
        _ = queue.append([], under: name(-1))
        queue.stored(try #require(begun(&queue, at: start)))
        return queue
    }

    @Test func `uploads begin in order, as many at once as allowed`() throws {
        var queue = try workingQueue()
        for number in 0..<3 { #expect(queue.append(bytes(10), under: name(number)).isEmpty) }
        let first = try #require(begun(&queue, at: start))
        let second = try #require(begun(&queue, at: start))
        #expect([first.name, second.name] == [name(0), name(1)])
        #expect(begun(&queue, at: start) == nil)
        queue.stored(first)
        #expect(begun(&queue, at: start)?.name == name(2))
        #expect(queue.counters.pendingCount == 2 && queue.counters.pendingBytes == 20)
        #expect(queue.counters.storedCount == 2 && queue.counters.storedBytes == 10)
    }

    @Test func `the first upload of all is alone`() throws {
        var queue = UploadQueue(countMax: 10, bytesMax: 1000, uploadsAtOnce: 4)
        for number in 0..<3 { _ = queue.append(bytes(1), under: name(number)) }
        let first = try #require(begun(&queue, at: start))
        #expect(begun(&queue, at: start) == nil)
        queue.stored(first)
        #expect(begun(&queue, at: start) != nil && begun(&queue, at: start) != nil)
    }

    @Test func `over the number, the oldest that wait are given up`() throws {
        var queue = try workingQueue(countMax: 3)
        for number in 0..<3 { _ = queue.append(bytes(1), under: name(number)) }
        _ = try #require(begun(&queue, at: start))
        #expect(queue.append(bytes(1), under: name(3)) == [name(1)])
        #expect(queue.append(bytes(1), under: name(4)) == [name(2)])
        #expect(queue.counters.droppedCount == 2 && queue.counters.pendingCount == 3)
        #expect(queue.pendingNames == [name(0), name(3), name(4)])
    }

    @Test func `over the bytes, as many of the oldest are given up as it takes`() throws {
        var queue = try workingQueue(bytesMax: 100)
        for number in 0..<4 { _ = queue.append(bytes(25), under: name(number)) }
        #expect(queue.append(bytes(60), under: name(4)) == [name(0), name(1), name(2)])
        #expect(queue.counters.pendingBytes == 85)
        #expect(queue.append(bytes(101), under: name(5)) == [name(3), name(4), name(5)])
        #expect(queue.isEmpty && queue.counters.pendingBytes == 0)
    }

    @Test func `after a failure there is a pause, and then one upload alone, in the old order`() throws {
        var queue = try workingQueue(atOnce: 3)
        for number in 0..<4 { _ = queue.append(bytes(1), under: name(number)) }
        let (a, b) = (try #require(begun(&queue, at: start)), try #require(begun(&queue, at: start)))
        queue.failed(b, at: start, random: 0)
        queue.failed(a, at: start, random: 0)
        #expect(queue.counters.failedAttemptCount == 2)
        guard case .wait(let until) = queue.next(at: start) else {
            Issue.record("no pause")
            return
        }
        #expect(until == start + .milliseconds(100))
        let again = try #require(begun(&queue, at: until))
        #expect(again.name == name(0))
        #expect(begun(&queue, at: until) == nil)
        queue.stored(again)
        #expect((0..<3).compactMap { _ in begun(&queue, at: until)?.name } == [name(1), name(2), name(3)])
    }

    @Test func `pauses grow up to a bound and begin anew after a success`() throws {
        var queue = try workingQueue(atOnce: 1)
        _ = queue.append(bytes(1), under: name(0))
        var now = start
        var pauses: [Duration] = []
        for _ in 0..<9 {
            let upload = try #require(begun(&queue, at: now))
            queue.failed(upload, at: now, random: .max)
            guard case .wait(let until) = queue.next(at: now) else { break }
            pauses.append(until - now)
            now = until
        }
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 <= $1 + .milliseconds(2500) })
        #expect(pauses.last ?? .zero <= .seconds(5) && pauses.last ?? .zero >= .milliseconds(2500))
        queue.stored(try #require(begun(&queue, at: now)))
        _ = queue.append(bytes(1), under: name(1))
        queue.failed(try #require(begun(&queue, at: now)), at: now, random: 0)
        guard case .wait(let until) = queue.next(at: now) else {
            Issue.record("no pause")
            return
        }
        #expect(until - now == .milliseconds(100))
    }

    @Test func `what the store never takes is given up and holds nobody up`() throws {
        var queue = try workingQueue(atOnce: 1)
        for number in 0..<2 { _ = queue.append(bytes(5), under: name(number)) }
        queue.refused(try #require(begun(&queue, at: start)))
        #expect(begun(&queue, at: start)?.name == name(1))
        #expect(queue.counters.refusedCount == 1 && queue.counters.pendingBytes == 5)
    }

    @Test func `streams are told apart`() throws {
        var queue = try workingQueue()
        let other = SegmentName(stream: StreamID(at: WallTime(unixMilliseconds: 5)), path: "s/0")
        _ = queue.append(bytes(1), under: name(0))
        _ = queue.append(bytes(1), under: other)
        let first = try #require(begun(&queue, at: start))
        #expect(!queue.isEmpty(of: Self.stream) && !queue.isEmpty(of: other.stream))
        queue.stored(first)
        #expect(queue.isEmpty(of: Self.stream) && !queue.isEmpty(of: other.stream))
    }

    @Test func `ten thousand uploads pass through with failures in between`() throws {
        var queue = try workingQueue(countMax: 20_000, bytesMax: 1 << 30, atOnce: 5)
        for number in 0..<10_000 { _ = queue.append(bytes(1), under: name(number)) }
        var now = start
        var underWay: [UploadQueue.Upload] = []
        var stored: Set<String> = []
        var step = 0
        while !queue.isEmpty {
            step += 1
            switch queue.next(at: now) {
            case .begin(let upload): underWay.append(upload)
            case .wait(let until): now = until
            case .idle:
                let upload = underWay.remove(at: step % underWay.count)
                if step % 7 == 0 {
                    queue.failed(upload, at: now, random: UInt64(step))
                } else {
                    queue.stored(upload)
                    stored.insert(upload.name.path)
                }
            }
        }
        #expect(stored.count == 10_000 && underWay.isEmpty)
        #expect(queue.counters.storedCount == 10_001 && queue.pendingNames.isEmpty)
    }
}
