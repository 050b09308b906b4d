import Bytes
import HTTPClient
import Foundation
import FoundationNetworking
import StreamingCore
import TestKit
import Testing

@testable import S3Backend

/// On a real store, which checks signatures.
@Suite(.serialized, .timeLimit(.minutes(3))) struct S3ServerTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1_795_435_200_000))

    private func name(_ number: Int) -> SegmentName {
        SegmentName(stream: stream, path: "source/segment-\(number).m4s")
    }

    /// One for each test.
    private let bucket = "test-\(UInt32.random(in: 0 ... .max))"

    private func settings(_ server: S3Server, secret: String = S3Server.secretKey) throws -> S3Settings {
        try S3Settings(
            endpoint: server.endpoint, bucket: bucket, accessKey: S3Server.accessKey, secretKey: Secret(secret))
    }

    private func content(_ number: Int, count: Int = 100_000) -> Bytes {
        Bytes((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number &* 7) })
    }

    private func joined(_ buffers: [Bytes]?) -> [UInt8]? { buffers.map { $0.flatMap(\.array) } }

    @Test func `a wrong secret is refused, everywhere`() async throws {
        let server = try await S3Server.shared()
        let right = S3SegmentStore(try settings(server))
        try await right.prepare(retentionDays: nil)
        try await right.put([content(1)], under: name(1))
        let wrong = S3SegmentStore(try settings(server, secret: "not-the-secret"))
        let refusal = StreamError.network(reason: "S3 get: refused with 403 SignatureDoesNotMatch")
        await #expect(throws: refusal) { try await wrong.get(name(1)) }
        await #expect(throws: StreamError.self) { try await wrong.put([content(2)], under: name(1)) }
        await #expect(throws: StreamError.self) { try await wrong.prepare(retentionDays: nil) }
        await #expect(throws: StreamError.self) { try await wrong.names(of: stream, countMax: 10) }
        await wrong.remove([name(1)])
        await wrong.removeAll(of: stream)
        #expect(joined(try await right.get(name(1))) == content(1).array)
    }

    @Test func `a bucket is made once, with the rule that deletes what is old`() async throws {
        let server = try await S3Server.shared()
        let store = S3SegmentStore(try settings(server))
        #expect(try await store.get(name(1)) == nil)
        try await store.prepare(retentionDays: 30)
        try await store.prepare(retentionDays: 30)
        #expect(try await store.get(name(1)) == nil)
        let outcome = try await store.client.setLifecycle(days: 30)
        print("lifecycle on SeaweedFS: \(outcome)")
        #expect(outcome == .set)
        let document = try await store.client.send(
            S3Client.Request(method: .get, query: [("lifecycle", "")]), within: .read
        ) { answer throws(S3Failure) in answer.document.string }
        #expect(document.contains("<Days>30</Days>"), "\(document)")
    }

    @Test func `names are listed and removed over many pages`() async throws {
        let server = try await S3Server.shared()
        let store = S3SegmentStore(try settings(server))
        try await store.prepare(retentionDays: nil)
        let other = SegmentName(stream: StreamID(at: WallTime(unixMilliseconds: 1_795_435_200_001)), path: "a")
        try await store.put([content(0, count: 10)], under: other)
        try await withThrowingTaskGroup { group in
            for number in 0..<2500 {
                group.addTask { try await store.put([content(number, count: 10)], under: name(number)) }
            }
            for try await _ in group {}
        }
        let names = try await store.names(of: stream, countMax: 10_000)
        #expect(names == Set((0..<2500).map { name($0).path }))
        await store.remove((0..<1200).map(name))
        #expect(try await store.names(of: stream, countMax: 10_000).count == 1300)
        await store.removeAll(of: stream)
        #expect(try await store.names(of: stream, countMax: 10_000).isEmpty)
        #expect(joined(try await store.get(other)) == content(0, count: 10).array)
    }

    @Test func `over TLS the store must show a certificate that is trusted`() async throws {
        let server = try await S3Server.shared()
        func store(trusting file: String?, host: String = "127.0.0.1") throws -> S3SegmentStore {
            S3SegmentStore(
                try S3Settings(
                    endpoint: server.encryptedEndpoint.replacingOccurrences(of: "127.0.0.1", with: host),
                    bucket: bucket, accessKey: S3Server.accessKey, secretKey: Secret(S3Server.secretKey),
                    usesPathStyle: true, certificateAuthorityFile: file))
        }
        let trusting = try store(trusting: server.certificateFile)
        try await trusting.prepare(retentionDays: nil)
        try await trusting.put([content(1)], under: name(1))
        #expect(joined(try await trusting.get(name(1))) == content(1).array)
        for stranger in [try store(trusting: nil), try store(trusting: server.certificateFile, host: "localhost")] {
            let client = S3Client(stranger.client.settings)
            await #expect {
                try await client.get("a", within: .single)
            } throws: { error in
                guard case .transfer(.connection(60, _)) = error as? S3Failure else { return false }
                return true
            }
        }
    }

    @Test func `names of a recording are replaced, and types are told`() async throws {
        let server = try await S3Server.shared()
        let store = S3SegmentStore(try settings(server))
        try await store.prepare(retentionDays: nil)
        let playlist = SegmentName(stream: stream, path: "source/playlist.m3u8")
        try await store.put([Bytes(utf8: "one")], under: playlist)
        try await store.put([Bytes(utf8: "two")], under: playlist)
        let (text, type) = try await store.client.send(
            S3Client.Request(method: .get, key: S3ObjectKey(playlist).text), within: .read
        ) { answer throws(S3Failure) in (answer.document.string, answer.fields["content-type"]) }
        #expect(text == "two" && type == "application/vnd.apple.mpegurl")
    }

    @Test func `a store that dies and comes back loses nothing that was uploaded or waits`() async throws {
        let server = try await S3Server()
        let store = S3SegmentStore(try settings(server))
        let uploader = S3Uploader(store)
        let running = Task { await uploader.run() }
        for number in 0..<20 { uploader.upload([content(number)], under: name(number)) }
        await uploader.finishUploads(of: stream)
        for number in 20..<40 { uploader.upload([content(number)], under: name(number)) }
        try await server.kill()
        for number in 40..<60 { uploader.upload([content(number)], under: name(number)) }
        let start = ContinuousClock.now
        await #expect(throws: StreamError.self) { try await store.get(name(1)) }
        #expect(ContinuousClock.now - start <= .seconds(20))
        try await server.start()
        await uploader.finishUploads(of: stream)
        for number in 0..<60 { #expect(joined(try await store.get(name(number))) == content(number).array) }
        #expect(uploader.counters.storedCount == 60 && uploader.counters.droppedCount == 0)
        running.cancel()
        await running.value
    }

    @Test func `a store that stands still delays reads to their limit, and uploads until it goes on`() async throws {
        let server = try await S3Server()
        let store = S3SegmentStore(try settings(server))
        let uploader = S3Uploader(store)
        let running = Task { await uploader.run() }
        uploader.upload([content(1)], under: name(1))
        await uploader.finishUploads(of: stream)
        server.pause()
        uploader.upload([content(2)], under: name(2))
        let start = ContinuousClock.now
        await #expect(throws: StreamError.network(reason: "S3 get: no answer in time")) {
            try await store.get(name(1))
        }
        #expect(ContinuousClock.now - start <= .seconds(20))
        server.resume()
        #expect(joined(try await store.get(name(1))) == content(1).array)
        await uploader.finishUploads(of: stream)
        #expect(joined(try await store.get(name(2))) == content(2).array)
        running.cancel()
        await running.value
    }

    @Test func `a megabyte up and down, measured`() async throws {
        let server = try await S3Server.shared()
        let store = S3SegmentStore(try settings(server))
        try await store.prepare(retentionDays: nil)
        let megabyte = content(1, count: 1 << 20)
        for (label, atOnce) in [("one at a time", 1), ("eight at a time", 8)] {
            let count = 64
            let puts = try await ContinuousClock().measure {
                try await parallel(count, atOnce) { try await store.put([megabyte], under: name($0)) }
            }
            let gets = try await ContinuousClock().measure {
                try await parallel(count, atOnce) { number in
                    let found = try await store.get(name(number))
                    guard found?.reduce(0, { $0 + $1.count }) == 1 << 20 else {
                        throw NeverHappened(description: "a get of a whole megabyte")
                    }
                }
            }
            print("S3 on SeaweedFS, \(label): \(count) puts of 1 MiB in \(puts), \(count) gets in \(gets)")
        }
    }

    private func parallel(
        _ count: Int, _ atOnce: Int, _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup { group in
            for lane in 0..<atOnce {
                group.addTask { for number in stride(from: lane, to: count, by: atOnce) { try await body(number) } }
            }
            try await group.waitForAll()
        }
    }
}
