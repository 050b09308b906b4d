import Bytes
import HTTPClient
import StreamingCore
import TestKit
import Testing

@testable import S3Backend

/// A store that errs, or something before it that does.
@Suite(.timeLimit(.minutes(1))) struct S3FaultTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1_795_435_200_000))
    private var segment: SegmentName { SegmentName(stream: stream, path: "source/segment-1.m4s") }

    private func store(_ server: FaultyServer, clock: any WallClock = SystemWallClock()) throws -> S3SegmentStore {
        S3SegmentStore(
            try S3Settings(
                endpoint: server.endpoint, bucket: "sluice", accessKey: "access", secretKey: Secret("hidden-secret")),
            clock: clock)
    }

    private func joined(_ buffers: [Bytes]?) -> String? { buffers.map { $0.map(\.string).joined() } }

    @Test(arguments: [500, 502, 503, 504, 408, 429]) func `a passing error is tried again`(status: Int) async throws {
        let server = try FaultyServer { _, count in
            count < 2 ? .failure(status, "SlowDown") : .answer(200, "media")
        }
        defer { server.end() }
        #expect(joined(try await store(server).get(segment)) == "media")
        #expect(server.requests.count == 3)
        #expect(server.connectionCount == 1)
    }

    static let brokenAnswers: [FaultyServer.Action] = [
        .close,
        .answer(200, "med", length: 5, isKept: false),
        .send(Array("HTTP/1.1 200 OK\r\n\r\nmed".utf8), isKept: false),
        .send(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nmed".utf8), isKept: false),
        .send(Array("nonsense\r\n\r\n".utf8), isKept: false),
        .answer(200, "med", fields: ["x-amz-meta-sluice-bytes: 5"]),
        .answer(200, "media and more", fields: ["x-amz-meta-sluice-bytes: 5"]),
    ]

    @Test(arguments: brokenAnswers.indices)
    func `closed connections and truncated bodies are tried again`(index: Int) async throws {
        let server = try FaultyServer { _, count in
            count == 0 ? Self.brokenAnswers[index] : .answer(200, "media", fields: ["x-amz-meta-sluice-bytes: 5"])
        }
        defer { server.end() }
        #expect(joined(try await store(server).get(segment)) == "media")
        #expect(server.requests.count == 2)
    }

    @Test func `a read is given up when its time is over, and says why without the secret`() async throws {
        let server = try FaultyServer { _, _ in .failure(503, "SlowDown") }
        defer { server.end() }
        let start = ContinuousClock.now
        let failure = await #expect(throws: StreamError.self) { try await store(server).get(segment) }
        let seconds = (ContinuousClock.now - start).components.seconds
        #expect(seconds >= 7 && seconds <= 20)
        #expect(failure == .network(reason: "S3 get: refused with 503 SlowDown"))
    }

    @Test func `a store that accepts and is silent is given up in time`() async throws {
        let server = try FaultyServer { _, _ in .hang }
        defer { server.end() }
        let start = ContinuousClock.now
        let failure = await #expect(throws: StreamError.self) { try await store(server).get(segment) }
        #expect(ContinuousClock.now - start <= .seconds(20))
        #expect(failure == .network(reason: "S3 get: no answer in time"))
        #expect(server.requests.count >= 2)
    }

    @Test func `a body that comes byte by byte is given up in time`() async throws {
        let server = try FaultyServer { _, _ in
            let text = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 100_000)
            return .drip(Array(text.utf8), milliseconds: 20)
        }
        defer { server.end() }
        let start = ContinuousClock.now
        await #expect(throws: StreamError.self) { try await store(server).get(segment) }
        #expect(ContinuousClock.now - start <= .seconds(20))
    }

    @Test func `a refused connection is an error, after trying for a while`() async throws {
        let server = try FaultyServer { _, _ in .close }
        server.end()
        try await eventually("the port is closed") { try await self.isClosed(server.port) }
        let failure = await #expect(throws: StreamError.self) { try await store(server).get(segment) }
        #expect("\(String(describing: failure))".contains("onnect"))
    }

    private func isClosed(_ port: Int) async throws -> Bool {
        let client = S3Client(
            try S3Settings(
                endpoint: "http://127.0.0.1:\(port)", bucket: "sluice", accessKey: "a", secretKey: Secret("b")))
        let limits = S3Client.Limits(totalMilliseconds: 500, attemptsMax: 1, stallSecondsMax: 1)
        do throws(S3Failure) {
            _ = try await client.get("a", within: limits)
            return false
        } catch {
            if case .transfer(.connection(7, _)) = error { return true }
            return false
        }
    }

    @Test func `final refusals are not tried again`() async throws {
        let server = try FaultyServer { _, _ in .failure(403, "SignatureDoesNotMatch") }
        defer { server.end() }
        let failure = await #expect(throws: StreamError.self) { try await store(server).get(segment) }
        #expect(failure == .network(reason: "S3 get: refused with 403 SignatureDoesNotMatch"))
        #expect(server.requests.count == 1)
    }

    @Test(arguments: ["garbage", "<Error><Code>\u{1}\u{2}</Code></Error>", "<Error><Code>a</Error>", ""])
    func `an unreadable error document leaves the status`(_ document: String) async throws {
        let server = try FaultyServer { _, _ in .answer(403, document) }
        defer { server.end() }
        let failure = await #expect(throws: StreamError.self) { try await store(server).get(segment) }
        #expect(failure == .network(reason: "S3 get: refused with 403"))
    }

    @Test func `not found is nothing, and so is what a bucket has that nobody has made yet`() async throws {
        let missing = try FaultyServer { _, _ in .failure(404, "NoSuchKey") }
        defer { missing.end() }
        #expect(try await store(missing).get(segment) == nil)
        let homeless = try FaultyServer { _, _ in .failure(404, "NoSuchBucket") }
        defer { homeless.end() }
        #expect(try await store(homeless).get(segment) == nil)
        await #expect(throws: StreamError.self) { try await store(homeless).put([[1]], under: segment) }
    }

    @Test func `redirections are not followed`() async throws {
        let server = try FaultyServer { _, _ in
            .answer(307, fields: ["Location: http://127.0.0.1:1/elsewhere"])
        }
        defer { server.end() }
        let failure = await #expect(throws: StreamError.self) { try await store(server).get(segment) }
        #expect(failure == .network(reason: "S3 get: refused with 307"))
    }

    @Test func `an answer longer than allowed is an error`() async throws {
        let server = try FaultyServer { _, _ in .answer(200, String(repeating: "x", count: 5 << 20)) }
        defer { server.end() }
        let failure = await #expect(throws: StreamError.self) {
            try await store(server).names(of: stream, countMax: 10)
        }
        #expect(failure == .network(reason: "S3 list: more than 4194304 bytes"))
    }

    @Test func `a clock that is wrong is corrected by the store's date, once`() async throws {
        let server = try FaultyServer { request, _ in
            let isRight = request.fields["x-amz-date"]?.hasPrefix("20261123T1200") == true
            return isRight
                ? .answer(200, "media")
                : .failure(403, "RequestTimeTooSkewed", fields: ["Date: Mon, 23 Nov 2026 12:00:00 GMT"])
        }
        defer { server.end() }
        let clock = ManualClock(unixMilliseconds: 1_700_000_000_000)
        let store = try store(server, clock: clock)
        #expect(joined(try await store.get(segment)) == "media")
        #expect(server.requests.count == 2)
        #expect(joined(try await store.get(segment)) == "media")
        #expect(server.requests.count == 3)
        clock.advance(milliseconds: 86_400_000)
        #expect(joined(try await store.get(segment)) == "media")
    }

    @Test func `a store whose own date does not help is given up after one correction`() async throws {
        let server = try FaultyServer { _, _ in
            .failure(403, "RequestTimeTooSkewed", fields: ["Date: Mon, 23 Nov 2026 12:00:00 GMT"])
        }
        defer { server.end() }
        await #expect(throws: StreamError.self) { try await store(server).get(segment) }
        #expect(server.requests.count == 2)
    }

    @Test func `a put says what it stores and is sent again whole`() async throws {
        let server = try FaultyServer { _, count in count == 0 ? .close : .answer(200) }
        defer { server.end() }
        let stored = try await store(server).put(["one ", "", "two"].map { Bytes(utf8: $0) }, under: segment)
        #expect(joined(stored) == "one two")
        let request = try #require(server.requests.last)
        #expect(request.method == "PUT" && request.target == "/sluice/\(stream)/source/segment-1.m4s")
        #expect(String(decoding: request.body, as: UTF8.self) == "one two")
        #expect(request.fields["content-type"] == "video/mp4")
        #expect(request.fields["x-amz-meta-sluice-bytes"] == "7")
        #expect(request.fields["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD")
        #expect(request.fields["expect"] == nil && request.fields["transfer-encoding"] == nil)
    }

    @Test func `a session token is sent and signed`() async throws {
        let server = try FaultyServer { _, _ in .answer(200, "media") }
        defer { server.end() }
        let store = S3SegmentStore(
            try S3Settings(
                endpoint: server.endpoint, bucket: "sluice", accessKey: "access", secretKey: Secret("secret"),
                sessionToken: Secret("token-value")))
        _ = try await store.get(segment)
        let request = try #require(server.requests.first)
        #expect(request.fields["x-amz-security-token"] == "token-value")
        #expect(request.fields["authorization"]?.contains("x-amz-date;x-amz-security-token") == true)
    }

    @Test func `the bucket is named by the host in host style`() async throws {
        let server = try FaultyServer { _, _ in .answer(200, "media") }
        defer { server.end() }
        let store = S3SegmentStore(
            try S3Settings(
                endpoint: "http://localhost:\(server.port)", bucket: "sluice", accessKey: "access",
                secretKey: Secret("secret"), usesPathStyle: false))
        // Every name below localhost is this machine.
        _ = try await store.get(segment)
        let request = try #require(server.requests.first)
        #expect(request.fields["host"] == "sluice.localhost:\(server.port)")
        #expect(request.target == "/\(stream)/source/segment-1.m4s")
    }

    @Test func `lists are read page by page, and nonsense in them is refused`() async throws {
        @Sendable func page(_ keys: [String], next: String?) -> FaultyServer.Action {
            let contents = keys.map { "<Contents><Key>\($0)</Key></Contents>" }.joined()
            let end = next.map { "<NextContinuationToken>\($0)</NextContinuationToken>" } ?? ""
            return .answer(
                200, "<ListBucketResult><IsTruncated>\(next != nil)</IsTruncated>\(contents)\(end)</ListBucketResult>")
        }
        let stream = stream
        let good = try FaultyServer { request, _ in
            request.target.contains("continuation-token=t%2B1%3D")
                ? page(["\(stream)/b"], next: nil) : page(["\(stream)/a"], next: "t+1=")
        }
        defer { good.end() }
        #expect(try await store(good).names(of: stream, countMax: 10) == ["a", "b"])
        await #expect(throws: StreamError.overloaded(what: "1 names of a stream in S3")) {
            try await store(good).names(of: stream, countMax: 1)
        }
        let endless = try FaultyServer { _, _ in page(["\(stream)/a"], next: "same") }
        defer { endless.end() }
        await #expect(throws: StreamError.self) { try await store(endless).names(of: stream, countMax: 10) }
        let foreign = try FaultyServer { _, _ in page(["another/a"], next: nil) }
        defer { foreign.end() }
        let client = S3Client(try store(foreign).client.settings)
        let once = S3Client.Limits(totalMilliseconds: 2000, attemptsMax: 1, stallSecondsMax: 1)
        await #expect(throws: S3Failure.self) { try await client.list(prefix: "\(stream)/", within: once) { _ in } }
    }

    @Test func `objects are deleted one by one where the store cannot do more`() async throws {
        let server = try FaultyServer { request, _ in
            request.method == "POST"
                ? .failure(501, "NotImplemented")
                : .send(
                    Array("HTTP/1.1 204 No Content\r\n\r\n".utf8), isKept: true)
        }
        defer { server.end() }
        try await store(server).remove([segment, SegmentName(stream: stream, path: "b")])
        #expect(server.requests.map(\.method) == ["POST", "DELETE", "DELETE"])
        #expect(server.requests[0].fields["content-md5"]?.count == 24)
    }

    @Test func `a bucket with rules of its own keeps them`() async throws {
        let server = try FaultyServer { request, _ in
            if request.method == "GET", request.target.contains("lifecycle") {
                return .answer(
                    200, "<LifecycleConfiguration><Rule><ID>theirs</ID></Rule></LifecycleConfiguration>")
            }
            return .answer(200, "<ListBucketResult/>")
        }
        defer { server.end() }
        let sink = RecordingSink()
        let settings = try store(server).client.settings
        let store = S3SegmentStore(settings, logger: Logger(service: "test", level: .debug, sink: sink))
        try await store.prepare(retentionDays: 30)
        #expect(server.requests.allSatisfy { $0.method == "GET" })
        #expect(sink.lines.count == 1 && sink.lines[0].contains("lifecycle"))
    }

    @Test func `a cancelled task stops waiting for its answer`() async throws {
        let server = try FaultyServer { _, _ in .hang }
        defer { server.end() }
        let store = try store(server)
        let task = Task { try await store.get(segment) }
        try await eventually("the request is there") { server.requests.count == 1 }
        task.cancel()
        await #expect(throws: StreamError.network(reason: "S3 get: cancelled")) { try await task.value }
    }

    @Test func `many requests share a few connections`() async throws {
        let server = try FaultyServer { _, _ in .answer(200, "media") }
        defer { server.end() }
        let store = try store(server)
        try await withThrowingTaskGroup { group in
            for _ in 0..<500 { group.addTask { try await store.get(segment) } }
            while let found = try await group.next() { #expect(joined(found) == "media") }
        }
        #expect(server.requests.count == 500 && server.connectionCount <= S3Client.connectionsMax)
    }
}
