import Foundation
import HTTP
import StreamingCore
import Testing

@testable import APIService

@Suite struct RecordingRoutesTests {
    /// Recordings in memory.
    private struct Catalog: RecordingCatalog {
        var numbers: [Int64] = []
        var failure: StreamError?

        func recordings(
            of stream: StreamID, before number: Int64?, limit: Int
        ) async throws(StreamError) -> [RecordedBroadcast] {
            if let failure { throw failure }
            return numbers.filter { $0 < number ?? .max }.sorted(by: >).prefix(limit).map { number in
                RecordedBroadcast(
                    number: number, startedAt: WallTime(unixMilliseconds: 1_795_435_200_000 + number * 60_000),
                    durationMilliseconds: 90_500, byteCount: 12_345,
                    renditions: [
                        .init(name: "720p", kind: .video, width: 1280, height: 720, bitsPerSecond: 2_800_000),
                        .init(name: "audio", kind: .audio, width: nil, height: nil, bitsPerSecond: 128_000),
                    ])
            }
        }
    }

    @Test func `recordings come in pages, the newest first`() async throws {
        let api = try await TestAPI(catalog: Catalog(numbers: [17, 400, 90, 1200, 33]))
        let stream = try await api.makeStream().string("id")
        var (seen, target): ([String], String?) = ([], "/streams/\(stream)/recordings?limit=2")
        while let next = target {
            let answer = await api.send(.get, next, token: TestAPI.viewerToken)
            #expect(answer.status == 200)
            let recordings = try #require(answer.members["recordings"] as? [[String: Any]])
            seen += recordings.map { $0["id"] as? String ?? "" }
            target = (answer.members["next"] as? String).map { "/streams/\(stream)/recordings?limit=2&before=\($0)" }
        }
        #expect(seen == ["1200", "400", "90", "33", "17"])
    }

    @Test func `a recording says when it was, how long, how much, of what, and where it plays`() async throws {
        let api = try await TestAPI(catalog: Catalog(numbers: [17]))
        let stream = try await api.makeStream().string("id")
        let answer = await api.send(.get, "/streams/\(stream)/recordings")
        let recording = try #require((answer.members["recordings"] as? [[String: Any]])?.first)
        #expect(recording["started_at"] as? String == "2026-11-23T12:17:00.000Z")
        #expect(recording["ended_at"] as? String == "2026-11-23T12:18:30.500Z")
        #expect(recording["duration_ms"] as? Int == 90_500)
        #expect(recording["bytes"] as? Int == 12_345)
        let web = "http://live.example.org:8080"
        #expect(recording["hls_url"] as? String == "\(web)/hls/\(stream)/recording-17.m3u8")
        #expect(recording["dash_url"] as? String == "\(web)/dash/\(stream)/recording-17.mpd")
        let renditions = try #require(recording["renditions"] as? [[String: Any]])
        #expect(renditions.map { $0["name"] as? String } == ["720p", "audio"])
        #expect(renditions[0]["height"] as? Int == 720 && renditions[1]["height"] is NSNull)
        #expect(answer.members["next"] is NSNull)
    }

    @Test func `where nothing is recorded the list is empty`() async throws {
        let api = try await TestAPI()
        let stream = try await api.makeStream().string("id")
        let answer = await api.send(.get, "/streams/\(stream)/recordings")
        #expect(answer.status == 200 && (answer.members["recordings"] as? [Any])?.isEmpty == true)
    }

    @Test(arguments: [
        "limit=0", "limit=101", "limit=x", "before=", "before=-1", "before=017", "before=9999999999999999999",
    ]) func `a parameter that means nothing is refused`(query: String) async throws {
        let api = try await TestAPI(catalog: Catalog())
        let stream = try await api.makeStream().string("id")
        let answer = await api.send(.get, "/streams/\(stream)/recordings?\(query)")
        #expect(answer.status == 400 && answer.string("code") == "invalid_parameter")
    }

    @Test func `it needs a token and a stream, and says when what keeps them is away`() async throws {
        let api = try await TestAPI(catalog: Catalog(failure: .network(reason: "S3 list: no answer")))
        let stream = try await api.makeStream().string("id")
        #expect(await api.send(.get, "/streams/\(stream)/recordings", token: nil).status == 401)
        let other = await api.send(.get, "/streams/\(StreamID(at: WallTime(unixMilliseconds: 1)))/recordings")
        #expect(other.status == 404 && other.string("code") == "stream_not_found")
        let away = await api.send(.get, "/streams/\(stream)/recordings")
        #expect(away.status == 503 && away.string("code") == "recordings_unavailable")
        #expect(away.fields["retry-after"] == "5" && !away.text.contains("S3 list"))
    }
}
