import Foundation
import HTTP
import StreamingCore
import Testing

@testable import APIService

@Suite struct AudienceRoutesTests {
    private func makeStream(_ api: TestAPI) async throws -> StreamID {
        try #require(StreamID(try await api.makeStream().string("id")))
    }

    private func session(_ stream: StreamID, _ number: Int64, at start: WallTime, isOpen: Bool = false) -> ViewerSession
    {
        let began = start.adding(milliseconds: number * 1000)
        let seen = began.adding(milliseconds: 30_000)
        return ViewerSession(
            id: ViewerSessionID(stream: stream, token: "\(number)"), streamID: stream, streamingProtocol: .hls,
            startedAt: began, lastSeenAt: seen, endedAt: isOpen ? nil : seen, rendition: "720p",
            totals: ViewerTotals(bytesSent: 1000, qualitySwitches: 2, stalls: 1, stalledMilliseconds: 250))
    }

    @Test func `sessions come in pages, the newest first`() async throws {
        let api = try await TestAPI()
        let stream = try await makeStream(api)
        try await api.sessions.record((0..<5).map { session(stream, $0, at: api.clock.now()) })
        var (seen, target): ([String], String?) = ([], "/streams/\(stream)/viewers?limit=2")
        while let next = target {
            let answer = await api.send(.get, next)
            let viewers = try #require(answer.members["viewers"] as? [[String: Any]])
            seen += viewers.map { $0["started_at"] as? String ?? "" }
            target = (answer.members["next"] as? String).map { "/streams/\(stream)/viewers?limit=2&before=\($0)" }
        }
        #expect(seen.count == 5)
        #expect(seen == seen.sorted().reversed())
    }

    @Test func `a session shows its numbers`() async throws {
        let api = try await TestAPI()
        let stream = try await makeStream(api)
        try await api.sessions.record([
            session(stream, 0, at: api.clock.now()), session(stream, 1, at: api.clock.now(), isOpen: true),
        ])
        let answer = await api.send(.get, "/streams/\(stream)/viewers?open=false")
        let viewer = try #require((answer.members["viewers"] as? [[String: Any]])?.first)
        #expect(viewer["duration_ms"] as? Int == 30_000)
        #expect(viewer["quality_switches"] as? Int == 2)
        #expect(viewer["stalled_ms"] as? Int == 250)
        #expect(viewer["protocol"] as? String == "hls")
        #expect((answer.members["viewers"] as? [Any])?.count == 1)
    }

    @Test(arguments: ["open=maybe", "limit=0", "limit=501", "before=abc", "before=1_2"])
    func `a parameter that means nothing is named`(query: String) async throws {
        let api = try await TestAPI()
        let stream = try await makeStream(api)
        await api.send(.get, "/streams/\(stream)/viewers?\(query)").expectProblem(400, "invalid_parameter")
    }

    @Test func `measurements come in steps over the span that is asked for`() async throws {
        let api = try await TestAPI()
        let stream = try await makeStream(api)
        let start = api.clock.now()
        try await api.metrics.record(
            (0..<120).map { second in
                StreamMetrics(streamID: stream, at: start.adding(milliseconds: second * 1000), viewers: Int(second))
            })
        api.clock.advance(milliseconds: 120_000)
        let unix = start.unixMilliseconds / 1000
        let answer = await api.send(.get, "/metrics/\(stream)?from=\(unix)&to=\(unix + 120)&step=60")
        let points = try #require(answer.members["points"] as? [[String: Any]])
        #expect(points.map { $0["seconds"] as? Int } == [60, 60])
        #expect(points.map { $0["viewers_max"] as? Int } == [59, 119])
        #expect(answer.members["step"] as? Int == 60)
        let text = await api.send(.get, "/metrics/\(stream)?from=\(start)&to=\(start.adding(milliseconds: 5000))")
        #expect((text.members["points"] as? [Any])?.count == 5)
    }

    @Test(arguments: [
        "from=yesterday", "from=20&to=10", "step=0", "step=x", "from=0&to=86400&step=1", "from=0", "to=99999999999999",
    ]) func `a span that cannot be answered is refused`(query: String) async throws {
        let api = try await TestAPI()
        let stream = try await makeStream(api)
        await api.send(.get, "/metrics/\(stream)?\(query)").expectProblem(400, "invalid_parameter")
    }

    @Test func `a stream that is not there has no history`() async throws {
        let api = try await TestAPI()
        let none = StreamID(at: api.clock.now())
        await api.send(.get, "/metrics/\(none)").expectProblem(404, "stream_not_found")
        await api.send(.get, "/streams/\(none)/viewers").expectProblem(404, "stream_not_found")
        await api.send(.get, "/streams/\(none)/health").expectProblem(404, "stream_not_found")
    }

    @Test func `who only looks may read, and change nothing`() async throws {
        let api = try await TestAPI()
        let stream = try await makeStream(api)
        let token = TestAPI.viewerToken
        for path in ["/streams", "/streams/\(stream)", "/streams/\(stream)/viewers", "/metrics/\(stream)", "/overview"]
        {
            #expect(await api.send(.get, path, token: token).status == 200)
            if path != "/streams/\(stream)" {
                await api.send(.get, path, token: nil).expectProblem(401, "missing_token")
            }
        }
        await api.send(.get, "/streams/\(stream)/keys", token: token).expectProblem(403, "role_too_low")
        await api.send(.post, "/streams", body: "{}", token: token).expectProblem(403, "role_too_low")
        await api.send(.delete, "/streams/\(stream)", token: token).expectProblem(403, "role_too_low")
    }

    @Test func `an address that asks too much is told when to come back`() async throws {
        let api = try await TestAPI(requestsPerMinute: 3)
        let stream = try await makeStream(api)
        for left in [2, 1, 0] {
            let answer = await api.send(.get, "/streams/\(stream)", token: nil)
            #expect(answer.status == 200)
            #expect(answer.fields["ratelimit-remaining"] == "\(left)")
        }
        let refused = await api.send(.get, "/streams/\(stream)", token: nil)
        refused.expectProblem(429, "too_many_requests")
        #expect(refused.fields["retry-after"] == "60")
        #expect(refused.fields["ratelimit-limit"] == "3")
        #expect(await api.send(.get, "/streams/\(stream)", token: nil, from: "192.0.2.9").status == 200)
        // The administrator behind the same address goes on.
        #expect(await api.send(.get, "/streams/\(stream)").status == 200)
        #expect(await api.send(.get, "/time", token: nil).status == 200)
    }
}
