import Bytes
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import S3Backend

@Suite(.timeLimit(.minutes(1))) struct S3UploaderTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1_795_435_200_000))

    private func name(_ number: Int) -> SegmentName {
        SegmentName(stream: stream, path: "source/segment-\(number).m4s")
    }

    private func store(_ server: FaultyServer) throws -> S3SegmentStore {
        S3SegmentStore(
            try S3Settings(endpoint: server.endpoint, bucket: "sluice", accessKey: "a", secretKey: Secret("hidden")))
    }

    /// Runs an uploader for as long as the body lasts, then cancels it and waits for its end.
    private func run<Value: Sendable>(
        _ uploader: S3Uploader, _ body: () async throws -> Value
    ) async throws -> Value {
        let running = Task { await uploader.run() }
        do {
            let value = try await body()
            running.cancel()
            await running.value
            return value
        } catch {
            running.cancel()
            throw error
        }
    }

    @Test func `everything gets there, and whoever waits for a stream goes on`() async throws {
        let server = try FaultyServer { _, _ in .answer(200, "<ListBucketResult/>") }
        defer { server.end() }
        let uploader = S3Uploader(try store(server), retentionDays: nil)
        try await run(uploader) {
            for number in 0..<100 { uploader.upload([Bytes(utf8: "\(number)")], under: name(number)) }
            await uploader.finishUploads(of: stream)
        }
        let bodies = server.requests.filter { $0.method == "PUT" }.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(Set(bodies) == Set((0..<100).map { "\($0)" }) && bodies.count == 100)
        #expect(uploader.counters.storedCount == 100 && uploader.counters.pendingCount == 0)
    }

    @Test func `an outage is waited out, told once, and nothing is lost within the bounds`() async throws {
        let server = try FaultyServer { _, count in
            count < 4 ? .failure(503, "SlowDown") : .answer(200, "<ListBucketResult/>")
        }
        defer { server.end() }
        let sink = RecordingSink()
        let uploader = S3Uploader(
            try store(server), retentionDays: nil, logger: Logger(service: "test", level: .info, sink: sink))
        try await run(uploader) {
            for number in 0..<10 { uploader.upload([Bytes(utf8: "x")], under: name(number)) }
            try await eventually("the failure shows") { uploader.counters.failedAttemptCount > 0 }
            #expect(throws: StreamError.self) { try uploader.check() }
            await uploader.finishUploads(of: stream)
            try uploader.check()
        }
        #expect(uploader.counters.storedCount == 10 && uploader.counters.failedAttemptCount == 4)
        #expect(sink.lines.count { $0.contains("cannot be uploaded") } == 1)
        #expect(sink.lines.count { $0.contains("uploaded again") } == 1)
        #expect(!sink.lines.joined().contains("hidden"))
    }

    @Test func `what there is no room for is given up, the oldest first, counted and told`() async throws {
        let server = try FaultyServer { _, _ in .failure(500, "InternalError") }
        defer { server.end() }
        let lost = Mutex<[SegmentName]>([])
        let sink = RecordingSink()
        let uploader = S3Uploader(
            try store(server), limits: .init(countMax: 5, bytesMax: 1 << 20, drainMilliseconds: 100),
            retentionDays: nil, logger: Logger(service: "test", level: .info, sink: sink)
        ) { name in lost.withLock { $0.append(name) } }
        try await run(uploader) {
            for number in 0..<20 { uploader.upload([Bytes(utf8: "x")], under: name(number)) }
            try await eventually("it is tried") { uploader.counters.failedAttemptCount > 0 }
            #expect(uploader.counters.droppedCount >= 15 && uploader.counters.pendingCount <= 5)
        }
        #expect(lost.withLock { $0.count } == 20)
        #expect(Set(lost.withLock { $0 }) == Set((0..<20).map(name)))
        #expect(sink.lines.contains { $0.contains("segments are not uploaded") })
    }

    @Test func `an object that the store never takes does not hold up the others`() async throws {
        let server = try FaultyServer { request, _ in
            request.target.hasSuffix("segment-3.m4s")
                ? .failure(400, "EntityTooLarge") : .answer(200, "<ListBucketResult/>")
        }
        defer { server.end() }
        let lost = Mutex<[SegmentName]>([])
        let uploader = S3Uploader(try store(server), retentionDays: nil) { name in lost.withLock { $0.append(name) } }
        try await run(uploader) {
            for number in 0..<6 { uploader.upload([Bytes(utf8: "x")], under: name(number)) }
            uploader.upload([Bytes(utf8: "x")], under: SegmentName(stream: stream, path: "../elsewhere"))
            await uploader.finishUploads(of: stream)
        }
        #expect(uploader.counters.storedCount == 5 && uploader.counters.refusedCount == 2)
        #expect(lost.withLock { $0.map(\.path).sorted() } == ["../elsewhere", "source/segment-3.m4s"])
    }

    @Test func `shutdown waits for what is on its way`() async throws {
        let server = try FaultyServer { _, _ in
            .drip(Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8), milliseconds: 5)
        }
        defer { server.end() }
        let uploader = S3Uploader(try store(server), retentionDays: nil)
        for number in 0..<20 { uploader.upload([Bytes(utf8: "x")], under: name(number)) }
        try await run(uploader) {}
        #expect(uploader.counters.storedCount == 20)
    }

    @Test func `shutdown does not wait longer than its grace, and says what is lost`() async throws {
        let server = try FaultyServer { _, _ in .hang }
        defer { server.end() }
        let lost = Mutex(0)
        let uploader = S3Uploader(try store(server), limits: .init(drainMilliseconds: 300), retentionDays: nil) { _ in
            lost.withLock { $0 += 1 }
        }
        for number in 0..<3 { uploader.upload([Bytes(utf8: "x")], under: name(number)) }
        // Without the grace it would never end.
        try await run(uploader) { try await eventually("it is tried") { !server.requests.isEmpty } }
        #expect(lost.withLock { $0 } == 3)
    }

    @Test func `waiting for a stream ends with the task`() async throws {
        let server = try FaultyServer { _, _ in .hang }
        defer { server.end() }
        let uploader = S3Uploader(try store(server), limits: .init(drainMilliseconds: 10), retentionDays: nil)
        uploader.upload([Bytes(utf8: "x")], under: name(0))
        let waiting = Task { await uploader.finishUploads(of: stream) }
        waiting.cancel()
        await waiting.value
    }

    @Test func `a bucket that is missing is made first`() async throws {
        let isMade = Atomic(false)
        let server = try FaultyServer { request, _ in
            if request.target == "/sluice", request.method == "PUT" {
                isMade.store(true, ordering: .relaxed)
                return .answer(200)
            }
            return isMade.load(ordering: .relaxed) ? .answer(200, "<x/>") : .failure(404, "NoSuchBucket")
        }
        defer { server.end() }
        let uploader = S3Uploader(try store(server), retentionDays: nil)
        try await run(uploader) {
            uploader.upload([Bytes(utf8: "x")], under: name(0))
            await uploader.finishUploads(of: stream)
        }
        #expect(uploader.counters.storedCount == 1 && uploader.counters.failedAttemptCount == 0)
    }
}
