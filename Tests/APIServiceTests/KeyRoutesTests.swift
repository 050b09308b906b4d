import Foundation
import HTTP
import StreamingCore
import Testing

@Suite struct KeyRoutesTests {
    @Test func `a new key is shown once and works`() async throws {
        let api = try await TestAPI()
        let id = try await api.makeStream().string("id")
        api.clock.advance(milliseconds: 500)
        let answer = await api.send(.post, "/streams/\(id)/keys")
        #expect(answer.status == 201)
        let key = answer.string("stream_key")
        #expect(
            answer.text == """
                {"created_at":"2026-11-23T12:00:00.500Z","ingest_server":"rtmp://live.example.org:1935/live",\
                "ingest_url":"rtmp://live.example.org:1935/live/\(key)","key_id":"\(answer.string("key_id"))",\
                "stream_key":"\(key)"}
                """)
        let stored = try await api.keys.validate(digest: StreamKey.digest(of: Secret(key)))
        #expect(stored.id.description == answer.string("key_id"))
    }

    @Test func `keys are listed without their text`() async throws {
        let api = try await TestAPI()
        let made = try await api.makeStream()
        let id = made.string("id")
        api.clock.advance(milliseconds: 500)
        let second = await api.send(.post, "/streams/\(id)/keys").string("key_id")
        api.clock.advance(milliseconds: 500)
        _ = await api.send(.delete, "/streams/\(id)/keys/\(second)")
        let answer = await api.send(.get, "/streams/\(id)/keys")
        #expect(answer.status == 200)
        #expect(
            answer.text == """
                {"keys":[{"created_at":"2026-11-23T12:00:00.500Z","key_id":"\(second)",\
                "revoked_at":"2026-11-23T12:00:01.000Z"},{"created_at":"2026-11-23T12:00:00.000Z",\
                "key_id":"\(made.string("key_id"))","revoked_at":null}]}
                """)
    }

    @Test func `a revoked key is refused and whoever publishes with it is cut off`() async throws {
        let api = try await TestAPI()
        let made = try await api.makeStream()
        let (id, keyID) = (made.string("id"), made.string("key_id"))
        let answer = await api.send(.delete, "/streams/\(id)/keys/\(keyID)")
        #expect(answer.status == 204)
        #expect(answer.text.isEmpty)
        await #expect(throws: StreamError.revokedKey) {
            try await api.keys.validate(digest: StreamKey.digest(of: Secret(made.string("stream_key"))))
        }
        let key = try #require(UUIDv7(keyID))
        #expect(api.events.events.map(\.kind) == [.keyRevoked(keyID: key)])
        // Revoking twice is harmless.
        #expect(await api.send(.delete, "/streams/\(id)/keys/\(keyID)").status == 204)
    }

    @Test func `a key that is not the stream's is not found`() async throws {
        let api = try await TestAPI()
        let first = try await api.makeStream()
        let second = try await api.makeStream()
        let (id, otherKey) = (first.string("id"), second.string("key_id"))
        await api.send(.delete, "/streams/\(id)/keys/\(otherKey)").expectProblem(404, "key_not_found")
        await api.send(.delete, "/streams/\(id)/keys/x").expectProblem(404, "key_not_found")
        await api.send(.delete, "/streams/x/keys/\(otherKey)").expectProblem(404, "stream_not_found")
        #expect(api.events.events.isEmpty)
    }

    @Test func `a stream has no more keys than the maximum`() async throws {
        let api = try await TestAPI()
        let made = try await api.makeStream()
        let id = made.string("id")
        for _ in 1..<StreamKeyLimits.activeKeysMax {
            #expect(await api.send(.post, "/streams/\(id)/keys").status == 201)
        }
        let answer = await api.send(.post, "/streams/\(id)/keys")
        answer.expectProblem(409, "conflict")
        #expect(answer.string("detail").contains("20 keys"))
        _ = await api.send(.delete, "/streams/\(id)/keys/\(made.string("key_id"))")
        #expect(await api.send(.post, "/streams/\(id)/keys").status == 201)
    }
}
