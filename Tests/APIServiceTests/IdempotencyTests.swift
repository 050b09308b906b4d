import HTTP
import StreamingCore
import Testing

@testable import APIService

@Suite struct IdempotencyTests {
    private let key = "8e03978e-40d5-43e8-bc93-6894a57f9324"

    private func make(
        _ api: TestAPI, title: String = "A stream", key: String? = nil, at target: String = "/streams"
    ) async -> Answer {
        await api.send(
            .post, target, body: target == "/streams" ? #"{"title": "\#(title)"}"# : nil,
            fields: [("content-type", "application/json"), ("idempotency-key", key ?? self.key)])
    }

    @Test func `a repetition has the same answer and makes nothing`() async throws {
        let api = try await TestAPI()
        let first = await make(api)
        #expect(first.status == 201)
        api.clock.advance(milliseconds: 3_600_000)
        _ = try await api.streams.beginBroadcast(
            try #require(StreamID(first.string("id"))), at: api.clock.now())
        let second = await make(api)
        #expect(second.status == 201)
        #expect(second.text == first.text)
        #expect(second.fields["location"] == first.fields["location"])
        // As the draft writes it.
        #expect(await make(api, key: "\"\(key)\"").text == first.text)
        #expect(try await api.administration.streams(states: [], before: nil, limit: 10).page.count == 1)
        let stored = try await api.keys.validate(digest: StreamKey.digest(of: Secret(first.string("stream_key"))))
        #expect(stored.id.description == first.string("key_id"))
    }

    @Test func `other keys, and none, make others`() async throws {
        let api = try await TestAPI()
        let first = await make(api)
        #expect(await make(api, key: "another-key-of-16-characters").string("id") != first.string("id"))
        let plain = try await api.makeStream()
        #expect(plain.string("stream_key") != first.string("stream_key"))
    }

    @Test func `the same key with another body is refused`() async throws {
        let api = try await TestAPI()
        _ = await make(api)
        await make(api, title: "Another").expectProblem(422, "idempotency_key_reused")
        // White space around a title says nothing.
        #expect(await make(api, title: " A stream ").status == 201)
    }

    @Test func `a key is good for a day`() async throws {
        let api = try await TestAPI()
        _ = await make(api)
        api.clock.advance(milliseconds: IdempotencyKey.spanMilliseconds)
        #expect(await make(api).status == 201)
        api.clock.advance(milliseconds: 1)
        await make(api).expectProblem(409, "idempotency_key_expired")
    }

    @Test func `stream keys are made once too, for each stream`() async throws {
        let api = try await TestAPI()
        let (one, two) = (try await api.makeStream().string("id"), try await api.makeStream().string("id"))
        let first = await make(api, at: "/streams/\(one)/keys")
        #expect(first.status == 201)
        #expect(await make(api, at: "/streams/\(one)/keys").text == first.text)
        let other = await make(api, at: "/streams/\(two)/keys")
        #expect(other.status == 201 && other.string("stream_key") != first.string("stream_key"))
        #expect(try await api.administration.keys(of: try #require(StreamID(one))).count == 2)
        _ = await api.send(.delete, "/streams/\(one)/keys/\(first.string("key_id"))")
        await make(api, at: "/streams/\(one)/keys").expectProblem(409, "idempotency_key_void")
        await make(api, key: "a-key-that-came-never-before", at: "/streams/\(StreamID(at: api.clock.now()))/keys")
            .expectProblem(404, "stream_not_found")
    }

    @Test func `requests at the same time make one stream`() async throws {
        let api = try await TestAPI()
        let answers = await withTaskGroup(of: Answer.self) { group in
            for _ in 0..<16 { group.addTask { await make(api) } }
            return await group.reduce(into: []) { $0.append($1.text) }
        }
        #expect(Set(answers).count == 1)
        #expect(try await api.administration.streams(states: [], before: nil, limit: 99).page.count == 1)
    }

    @Test(arguments: [
        "", "short", String(repeating: "k", count: 129), "has spaces in its middle", "quote\"in-its-middle",
        "\"1234567890123456", "ümlaut-and-more-characters", "back\\slash-and-more-of-it",
    ])
    func `a key that is none is refused`(text: String) async throws {
        let api = try await TestAPI()
        await make(api, key: text).expectProblem(400, "invalid_idempotency_key")
        #expect(try await api.administration.streams(states: [], before: nil, limit: 9).page.isEmpty)
    }

    @Test func `stream keys follow from the secret, the place and the key`() throws {
        let request = HTTPRequest(method: .post, path: "/streams", fields: ["idempotency-key": key])
        let key = try #require(try IdempotencyKey(request))
        let keys = IdempotentKeys(secret: Secret("one"))
        let text = keys.streamKey(for: key, operation: "POST /streams")
        #expect(text == keys.streamKey(for: key, operation: "POST /streams"))
        #expect(text != keys.streamKey(for: key, operation: "POST /streams/1/keys"))
        #expect(text != IdempotentKeys(secret: Secret("two")).streamKey(for: key, operation: "POST /streams"))
        #expect(text.reveal().count == 32)
    }
}
