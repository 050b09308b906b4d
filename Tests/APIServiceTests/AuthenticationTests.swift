import HTTP
import StreamingCore
import Testing

@testable import APIService

@Suite struct AuthenticationTests {
    private static let id = "0190163d-8694-739b-aea5-966c26f8ad91"
    static let guarded: [(HTTPMethod, String)] = [
        (.post, "/streams"), (.get, "/streams"), (.delete, "/streams/\(id)"), (.post, "/streams/\(id)/keys"),
        (.get, "/streams/\(id)/keys"), (.delete, "/streams/\(id)/keys/\(id)"),
    ]

    @Test(arguments: guarded)
    func `without a token nothing is done`(method: HTTPMethod, target: String) async throws {
        let answer = try await TestAPI().send(method, target, body: #"{"title": "x"}"#, token: nil)
        answer.expectProblem(401, "missing_token")
        #expect(answer.fields["www-authenticate"] == #"Bearer realm="sluice""#)
    }

    @Test(arguments: guarded + [(.get, "/streams/\(id)")])
    func `a wrong token is refused`(method: HTTPMethod, target: String) async throws {
        let api = try await TestAPI()
        for token in ["x", TestAPI.token + "x", String(TestAPI.token.dropLast()), TestAPI.token.uppercased()] {
            let answer = await api.send(method, target, body: #"{"title": "x"}"#, token: token)
            answer.expectProblem(401, "wrong_token")
            #expect(answer.fields["www-authenticate"] == #"Bearer realm="sluice", error="invalid_token""#)
            #expect(!answer.text.contains(token + "\"") && !api.log.text.contains(token + "\""))
        }
    }

    @Test(arguments: ["", "Bearer", "Bearer ", "Basic \(TestAPI.token)", TestAPI.token, "Bearer  \(TestAPI.token)"])
    func `other credentials are refused`(credentials: String) async throws {
        let answer = try await TestAPI().send(.get, "/streams", token: nil, fields: [("authorization", credentials)])
        answer.expectProblem(401, "wrong_token")
    }

    @Test func `the scheme may be written in any case`() async throws {
        let answer = try await TestAPI().send(
            .get, "/streams", token: nil, fields: [("authorization", "bEARER \(TestAPI.token)")])
        #expect(answer.status == 200)
    }

    @Test func `an address that tries many wrong tokens is barred for a minute, others are not`() async throws {
        let api = try await TestAPI()
        for _ in 0..<FailedAttempts.attemptsMax {
            await api.send(.get, "/streams", token: "wrong", from: "192.0.2.9").expectProblem(401, "wrong_token")
            api.clock.advance(milliseconds: 1000)
        }
        let barred = await api.send(.get, "/streams", from: "192.0.2.9")
        barred.expectProblem(429, "too_many_attempts")
        #expect(barred.fields["retry-after"] == "30")
        #expect(await api.send(.get, "/streams", from: "192.0.2.10").status == 200)
        await api.send(.get, "/streams", token: nil, from: "192.0.2.9").expectProblem(401, "missing_token")
        api.clock.advance(milliseconds: 30_000)
        #expect(await api.send(.get, "/streams", from: "192.0.2.9").status == 200)
    }

    @Test func `who shows a wrong token is in the log, with its address and without the token, once a second`()
        async throws
    {
        let api = try await TestAPI()
        for _ in 0..<3 { _ = await api.send(.get, "/streams", token: "guess-of-one", from: "192.0.2.9") }
        api.clock.advance(milliseconds: 1000)
        _ = await api.send(.get, "/streams", token: "guess-of-one", from: "192.0.2.9")
        let lines = api.log.text.split(separator: "\n").filter { $0.contains("wrong token") }
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.contains("192.0.2.9") && !$0.contains("guess-of-one") })
        #expect(lines.last?.contains(#""log.hidden":2"#) == true)
    }

    @Test func `the table of addresses is bounded and forgets the oldest`() {
        var attempts = FailedAttempts()
        let start = WallTime(unixMilliseconds: 0)
        for _ in 0..<FailedAttempts.attemptsMax { attempts.attemptFailed(from: "first", at: start) }
        #expect(attempts.wait(for: "first", at: start) == 60_000)
        for number in 0..<FailedAttempts.addressesMax {
            attempts.attemptFailed(from: "\(number)", at: start.adding(milliseconds: 1))
        }
        #expect(attempts.wait(for: "first", at: start) == nil)
    }

    @Test func `a clock that goes back bars nobody for longer`() {
        var attempts = FailedAttempts()
        let start = WallTime(unixMilliseconds: 10_000_000)
        for _ in 0..<FailedAttempts.attemptsMax { attempts.attemptFailed(from: "a", at: start) }
        #expect(attempts.wait(for: "a", at: start.adding(milliseconds: -3_600_000)) == nil)
        #expect(attempts.wait(for: "a", at: start.adding(milliseconds: 59_999)) == 1)
        #expect(attempts.wait(for: "a", at: start.adding(milliseconds: 60_000)) == nil)
    }
}
