import APIService
import HTTP
import StreamingCore
import Testing

@Suite struct HealthRoutesTests {
    private struct Broken: Error {}

    @Test func `a live process says so without any check`() async throws {
        let api = try await TestAPI(checks: [HealthCheck("database") { throw Broken() }])
        let answer = await api.send(.get, "/health/live", token: nil)
        #expect(answer.status == 200)
        #expect(answer.text == #"{"status":"ok"}"#)
        #expect(answer.fields["cache-control"] == "no-store")
        #expect(answer.fields["x-content-type-options"] == "nosniff")
    }

    @Test(arguments: ["/health", "/health/ready"])
    func `a process is ready when all its checks pass`(target: String) async throws {
        let api = try await TestAPI(checks: [HealthCheck("database") {}, HealthCheck("ingest") {}])
        let answer = await api.send(.get, target, token: nil)
        #expect(answer.status == 200)
        #expect(answer.text == #"{"checks":{"database":"ok","ingest":"ok"},"status":"ok"}"#)
    }

    @Test(arguments: ["/health", "/health/ready"])
    func `a process is not ready when one check fails, and only the log says why`(target: String) async throws {
        let api = try await TestAPI(
            checks: [HealthCheck("database") { throw StreamError.database(reason: "disk full") }, HealthCheck("b") {}])
        let answer = await api.send(.get, target, token: nil)
        #expect(answer.status == 503)
        #expect(answer.text == #"{"checks":{"b":"ok","database":"failed"},"status":"failed"}"#)
        #expect(answer.fields["retry-after"] == "1")
        #expect(api.log.text.contains("disk full"))
    }

    @Test func `what the process is of use without is told, and makes it degraded and not unready`() async throws {
        let api = try await TestAPI(
            checks: [HealthCheck("redis") {}], watched: ["database": false, "kafka": true])
        let answer = await api.send(.get, "/health/ready", token: nil)
        #expect(answer.status == 200)
        #expect(
            answer.text == #"{"checks":{"database":"failed","kafka":"ok","redis":"ok"},"status":"degraded"}"#)
        let broken = try await TestAPI(
            checks: [HealthCheck("redis") { throw Broken() }], watched: ["database": false])
        #expect(await broken.send(.get, "/health/ready", token: nil).status == 503)
    }

    @Test func `the time is told as DASH players read it`() async throws {
        let api = try await TestAPI()
        api.clock.advance(milliseconds: 125)
        let answer = await api.send(.get, "/time", token: nil)
        #expect(answer.status == 200)
        #expect(answer.text == "2026-11-23T12:00:00.125Z")
        #expect(answer.fields["content-type"] == "text/plain; charset=utf-8")
        #expect(answer.fields["cache-control"] == "no-store")
    }
}
