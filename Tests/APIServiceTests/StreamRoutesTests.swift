import APIService
import Bytes
import Foundation
import HTTP
import StreamingCore
import Testing

@Suite struct StreamRoutesTests {
    @Test func `making a stream answers with everything, and the key this once`() async throws {
        let api = try await TestAPI()
        let answer = await api.send(.post, "/streams", body: #"{"title": "  Grüße aus 東京 📺 "}"#)
        #expect(answer.status == 201)
        #expect(answer.fields["content-type"] == "application/json")
        #expect(answer.fields["cache-control"] == "no-store")
        let id = answer.string("id")
        let key = answer.string("stream_key")
        #expect(StreamID(id) != nil)
        #expect(key.count == 32)
        #expect(answer.fields["location"] == "/streams/\(id)")
        let keyID = answer.string("key_id")
        #expect(
            answer.text == """
                {"changed_at":"2026-11-23T12:00:00.000Z","created_at":"2026-11-23T12:00:00.000Z",\
                "dash_url":"http://live.example.org:8080/dash/\(id)/manifest.mpd","ended_at":null,"failure":null,\
                "hls_url":"http://live.example.org:8080/hls/\(id)/master.m3u8","id":"\(id)",\
                "ingest_server":"rtmp://live.example.org:1935/live",\
                "ingest_url":"rtmp://live.example.org:1935/live/\(key)","key_id":"\(keyID)","metrics":null,\
                "renditions":[],\
                "started_at":null,"state":"created","stream_key":"\(key)","title":"Grüße aus 東京 📺",\
                "transcoding":null,"viewers":0}
                """)
        let stored = try await api.keys.validate(digest: StreamKey.digest(of: Secret(key)))
        #expect(stored.streamID.description == id)
        #expect(stored.id.description == keyID)
    }

    @Test func `the key is in no other answer and in no log`() async throws {
        let api = try await TestAPI()
        let made = try await api.makeStream()
        let (id, key) = (made.string("id"), made.string("stream_key"))
        let digest = StreamKey.digest(of: Secret(key)).array.map { String(format: "%02x", $0) }.joined()
        let base64 = Data(StreamKey.digest(of: Secret(key)).array).base64EncodedString()
        for target in ["/streams", "/streams/\(id)", "/streams/\(id)/keys"] {
            let text = await api.send(.get, target).text
            for secret in [key, digest, base64, "ingest_url", "stream_key\"", TestAPI.token] {
                #expect(!text.contains(secret), "\(target)")
            }
        }
        #expect(!api.log.text.contains(key) && !api.log.text.contains(TestAPI.token))
        #expect(api.log.text.contains("stream created"))
    }

    @Test func `the administrator sees all of a stream, anybody else what a player needs`() async throws {
        let api = try await TestAPI()
        let id = try await api.makeStream().string("id")
        let full = await api.send(.get, "/streams/\(id)")
        #expect(full.status == 200)
        #expect(
            full.names == [
                "changed_at", "created_at", "dash_url", "ended_at", "failure", "hls_url", "id", "ingest_server",
                "metrics", "renditions", "started_at", "state", "title", "transcoding", "viewers",
            ])
        let short = await api.send(.get, "/streams/\(id)", token: nil)
        #expect(short.status == 200)
        #expect(short.names == ["dash_url", "hls_url", "id", "renditions", "state", "title", "transcoding", "viewers"])
        #expect(short.fields["cache-control"] == "no-store")
        #expect(await api.send(.get, "/streams/\(id.uppercased())", token: nil).text == short.text)
    }

    @Test func `states and times are told as they change`() async throws {
        let api = try await TestAPI()
        let id = try await api.makeStream().string("id")
        let stream = try #require(StreamID(id))
        api.clock.advance(milliseconds: 1_250)
        _ = try await api.streams.beginBroadcast(stream, at: api.clock.now())
        let active = await api.send(.get, "/streams/\(id)")
        #expect(active.string("state") == "active")
        #expect(active.string("started_at") == "2026-11-23T12:00:01.250Z")
        #expect(active.string("changed_at") == "2026-11-23T12:00:01.250Z")
        #expect(active.members["ended_at"] is NSNull)
        api.clock.advance(milliseconds: 1_000)
        try await api.streams.setState(stream, to: .error, failure: "disk full", at: api.clock.now())
        let failed = await api.send(.get, "/streams/\(id)")
        #expect(failed.string("state") == "error")
        #expect(failed.string("failure") == "disk full")
        #expect(failed.string("ended_at") == "2026-11-23T12:00:02.250Z")
    }

    @Test func `lists are paged from the newest to the oldest`() async throws {
        let api = try await TestAPI()
        #expect(await api.send(.get, "/streams").text == #"{"next":null,"streams":[]}"#)
        var ids: [String] = []
        for number in 0..<5 {
            api.clock.advance(milliseconds: 1)
            ids.insert(try await api.makeStream(title: "stream \(number)").string("id"), at: 0)
        }
        var seen: [String] = []
        var target = "/streams?limit=2"
        var pages = 0
        while !target.isEmpty {
            let page = await api.send(.get, target)
            #expect(page.status == 200)
            let streams = page.members["streams"] as? [[String: Any]] ?? []
            seen += streams.compactMap { $0["id"] as? String }
            pages += 1
            target = (page.members["next"] as? String).map { "/streams?limit=2&before=\($0)" } ?? ""
        }
        #expect(seen == ids)
        #expect(pages == 3)
        let whole = await api.send(.get, "/streams?limit=5")
        #expect(whole.members["next"] is NSNull)
    }

    @Test func `lists can be limited to states`() async throws {
        let api = try await TestAPI()
        let first = try await api.makeStream().string("id")
        let second = try await api.makeStream().string("id")
        _ = try await api.makeStream()
        try await api.streams.setState(try #require(StreamID(first)), to: .active, failure: nil, at: api.clock.now())
        try await api.streams.setState(try #require(StreamID(second)), to: .ended, failure: nil, at: api.clock.now())
        func ids(_ query: String) async -> Set<String> {
            let streams = await api.send(.get, "/streams?\(query)").members["streams"] as? [[String: Any]] ?? []
            return Set(streams.compactMap { $0["id"] as? String })
        }
        #expect(await ids("state=active") == [first])
        #expect(await ids("state=active&state=ended") == [first, second])
        #expect(await ids("state=error") == [])
        #expect(await ids("").count == 3)
    }

    @Test(arguments: [
        "state=dancing", "state=", "limit=0", "limit=501", "limit=x", "limit=-1", "before=x", "before=",
        "limit=99999999999999999999",
    ])
    func `a parameter that is wrong is refused by name`(query: String) async throws {
        let answer = try await TestAPI().send(.get, "/streams?\(query)")
        answer.expectProblem(400, "invalid_parameter")
        #expect(answer.string("detail").contains("'\(query.prefix { $0 != "=" })'"))
    }

    @Test func `deleting a stream cuts off whoever publishes`() async throws {
        let api = try await TestAPI()
        let made = try await api.makeStream()
        let id = made.string("id")
        let answer = await api.send(.delete, "/streams/\(id)")
        #expect(answer.status == 204)
        #expect(answer.text.isEmpty)
        #expect(api.events.events.map(\.kind) == [.deleted])
        #expect(api.events.events.first?.streamID == StreamID(id))
        await api.send(.get, "/streams/\(id)").expectProblem(404, "stream_not_found")
        await api.send(.get, "/streams/\(id)/keys").expectProblem(404, "stream_not_found")
        await #expect(throws: StreamError.invalidKey) {
            try await api.keys.validate(digest: StreamKey.digest(of: Secret(made.string("stream_key"))))
        }
        // Asked again, it is not there; the announcement is made up for in case it failed.
        await api.send(.delete, "/streams/\(id)").expectProblem(404, "stream_not_found")
        #expect(api.events.events.map(\.kind) == [.deleted, .deleted])
    }

    @Test(arguments: [
        "x", "00000000-0000-4000-8000-000000000000", "0190163d-8694-739b-aea5-966c26f8ad91", "%00", "..%2f",
    ])
    func `an id that names nothing is not found`(id: String) async throws {
        let api = try await TestAPI()
        await api.send(.get, "/streams/\(id)").expectProblem(404, "stream_not_found")
        await api.send(.get, "/streams/\(id)", token: nil).expectProblem(404, "stream_not_found")
        await api.send(.delete, "/streams/\(id)").expectProblem(404, "stream_not_found")
        await api.send(.post, "/streams/\(id)/keys").expectProblem(404, "stream_not_found")
        await api.send(.get, "/streams/\(id)/keys").expectProblem(404, "stream_not_found")
    }

    @Test func `a first stream is made only when there is none`() async throws {
        let api = try await TestAPI()
        let first = try #require(try await api.administration.createFirstStreamIfNone(title: .init("First")))
        #expect(first.stream.title == "First")
        let key = try await api.keys.validate(digest: StreamKey.digest(of: first.issued.text))
        #expect(key.streamID == first.stream.id)
        #expect(try await api.administration.createFirstStreamIfNone(title: .init("Second")) == nil)
    }
}
