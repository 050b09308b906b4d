@testable import RedisBackend
import StreamingCore
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1))) struct RedisWebhookClaimsTests {
    private let event = UUIDv7(at: WallTime(unixMilliseconds: 1_800_000_000_000))
    private let now = WallTime(unixMilliseconds: 1_800_000_000_000)
    private let address = "http://user:word@127.0.0.1/hook"

    private func claims(_ url: String) throws -> RedisWebhookClaims {
        RedisWebhookClaims(try RedisPool(RedisSettings(url: Secret(url))))
    }

    @Test func `one of two tells an event, to each address`() async throws {
        let server = try await RedisServer()
        let (first, second) = (try claims(server.url), try claims(server.url))
        #expect(await first.claim(event, for: address, at: now) == .ours)
        #expect(await second.claim(event, for: address, at: now) == .others)
        #expect(await first.claim(event, for: address, at: now) == .ours)
        #expect(await second.claim(event, for: "http://other/", at: now) == .ours)
        await first.settle(event, for: address)
        #expect(await second.claim(event, for: address, at: now) == .settled)
        #expect(await first.claim(event, for: address, at: now) == .settled)
    }

    @Test func `claims run out, and do not show the address`() async throws {
        let server = try await RedisServer()
        let claims = try claims(server.url)
        _ = await claims.claim(event, for: address, at: now)
        let key = try await server.command("KEYS", "*")
        #expect(!key.contains("word") && key.hasPrefix("sluice:webhook:\(event):"))
        #expect((1...RedisWebhookClaims.claimMilliseconds).contains(Int64(try await server.command("PTTL", key)) ?? 0))
        await claims.settle(event, for: address)
        let left = Int64(try await server.command("PTTL", key)) ?? 0
        #expect((RedisWebhookClaims.claimMilliseconds...RedisWebhookClaims.settledMilliseconds).contains(left))
    }

    @Test func `without a server everybody tells`() async throws {
        let server = try await RedisServer()
        let claims = try claims(server.url)
        try await server.kill()
        #expect(await claims.claim(event, for: address, at: now) == .ours)
    }
}
