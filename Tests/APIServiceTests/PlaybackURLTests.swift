import HTTP
import StreamingCore
import Testing

@testable import APIService

@Suite struct PlaybackURLTests {
    private let signer = PlaybackSigner(Secret("a secret that is long enough"))

    @Test func `addresses are signed for a while`() async throws {
        let api = try await TestAPI(playback: signer)
        let id = try await api.makeStream().string("id")
        let answer = await api.send(.post, "/streams/\(id)/playback-urls", body: #"{"expires_in_seconds": 3600}"#)
        #expect(answer.status == 200)
        #expect(answer.string("expires_at") == "2026-11-23T13:00:00.000Z")
        let parts = answer.string("hls_url").split(separator: "/").map(String.init)
        #expect(parts.dropFirst(2).first == "hls" && parts.last == "master.m3u8")
        let stream = try #require(StreamID(id))
        #expect(signer.end(of: parts[4], for: stream)?.description == "2026-11-23T13:00:00.000Z")
        #expect(answer.string("dash_url").hasSuffix("/dash/\(id)/\(parts[4])/manifest.mpd"))
        // Without a body, six hours.
        let plain = await api.send(.post, "/streams/\(id)/playback-urls", fields: [])
        #expect(plain.string("expires_at") == "2026-11-23T18:00:00.000Z")
    }

    @Test func `mistakes are told`() async throws {
        let api = try await TestAPI(playback: signer)
        let id = try await api.makeStream().string("id")
        let target = "/streams/\(id)/playback-urls"
        for body in [#"{"expires_in_seconds": 59}"#, #"{"expires_in_seconds": null}"#, #"{"expires_in_seconds": "9"}"#]
        {
            await api.send(.post, target, body: body).expectProblem(422, "invalid_value")
        }
        await api.send(.post, target, body: #"{"expires": 3600}"#).expectProblem(422, "unknown_member")
        await api.send(.post, target, body: "[]").expectProblem(400, "malformed_body")
        await api.send(.post, target, token: TestAPI.viewerToken).expectProblem(403, "role_too_low")
        await api.send(.post, "/streams/x/playback-urls").expectProblem(404, "stream_not_found")
        let open = try await TestAPI()
        let stream = try await open.makeStream().string("id")
        await open.send(.post, "/streams/\(stream)/playback-urls").expectProblem(409, "playback_not_signed")
    }
}
