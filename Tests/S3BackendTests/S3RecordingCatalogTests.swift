import Bytes
import StreamingCore
import TestKit
import Testing

@testable import S3Backend

/// On a real store.
@Suite(.timeLimit(.minutes(3))) struct S3RecordingCatalogTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1_795_435_200_000))
    private let other = StreamID(at: WallTime(unixMilliseconds: 1_795_435_200_001))

    private func store() async throws -> S3SegmentStore {
        let server = try await S3Server.shared()
        return S3SegmentStore(
            try S3Settings(
                endpoint: server.endpoint, bucket: "test-\(UInt32.random(in: 0 ... .max))",
                accessKey: S3Server.accessKey, secretKey: Secret(S3Server.secretKey)))
    }

    private func recording(_ number: Int64) -> RecordedBroadcast {
        RecordedBroadcast(
            number: number, startedAt: WallTime(unixMilliseconds: 1_795_435_200_000 + number),
            durationMilliseconds: 1000, byteCount: 1, renditions: [])
    }

    private func put(_ text: String, _ path: String, in store: S3SegmentStore, of stream: StreamID) async throws {
        try await store.put([Bytes(utf8: text)], under: SegmentName(stream: stream, path: path))
    }

    @Test func `recordings are listed by their numbers, in pages, and nothing else is`() async throws {
        let store = try await store()
        let catalog = S3RecordingCatalog(store)
        #expect(try await catalog.recordings(of: stream, before: nil, limit: 10).isEmpty, "there is no bucket")
        try await store.prepare(retentionDays: nil)
        let numbers: [Int64] = [9, 10, 99, 100, 1000, 365_000_000, 1_000_000_000, 7, 8]
        for number in numbers {
            try await put(recording(number).encoded.string, RecordedBroadcast.name(number), in: store, of: stream)
            try await put("#EXTM3U", "recording-\(number).m3u8", in: store, of: stream)
        }
        // What is not one, or says that it is another.
        try await put("{}", RecordedBroadcast.name(50), in: store, of: stream)
        try await put(recording(1).encoded.string, RecordedBroadcast.name(51), in: store, of: stream)
        try await put("a note", "recording/chunk-5.bin", in: store, of: stream)
        try await put(recording(5).encoded.string, RecordedBroadcast.name(5), in: store, of: other)

        let all = try await catalog.recordings(of: stream, before: nil, limit: 100)
        #expect(all == numbers.sorted(by: >).map(recording))
        var pages: [Int64] = []
        while true {
            let page = try await catalog.recordings(of: stream, before: pages.last, limit: 4)
            pages += page.map(\.number)
            guard page.count == 4 else { break }
        }
        #expect(pages == numbers.sorted(by: >))
        #expect(try await catalog.recordings(of: other, before: nil, limit: 4).map(\.number) == [5])
        await store.removeAll(of: stream)
        #expect(try await catalog.recordings(of: stream, before: nil, limit: 4).isEmpty)
    }
}
