import Bytes
import Foundation
import TestKit
import Testing

@testable import HTTPClient

/// Exchanges with a server that answers as a test says. What a store may do wrong beside this is in `S3BackendTests`.
@Suite(.timeLimit(.minutes(1))) struct TransferTests {
    private let thread = TransferThread(name: "test", connectionsMax: 2)

    private func exchange(
        _ method: Exchange.Method, _ server: FaultyServer, fields: [(name: String, value: String)] = [],
        body: String = "", needsLength: Bool = true, milliseconds: Int = 20_000
    ) -> Exchange {
        Exchange(
            method: method, address: server.endpoint + "/hook?a=%20", fields: fields,
            body: body.isEmpty ? [] : [Bytes(utf8: body)], answerBytesMax: 1000, needsLength: needsLength,
            deadline: .now + .milliseconds(milliseconds), stallSecondsMax: 5)
    }

    private func failure(_ exchange: Exchange) async -> TransferFailure? {
        do throws(TransferFailure) {
            _ = try await thread.perform(exchange)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a document is posted with its fields, and the answer comes whatever its status`() async throws {
        let server = try FaultyServer { _, count in .answer(count == 0 ? 200 : 503, "ok", fields: ["X-Thing: a b "]) }
        defer { server.end() }
        let first = try await thread.perform(
            exchange(.post, server, fields: [("content-type", "application/json"), ("x-n", "1")], body: #"{"a":1}"#))
        #expect(first.status == 200)
        #expect(first.fields["x-thing"] == "a b")
        #expect(first.document.string == "ok")
        let second = try await thread.perform(exchange(.post, server))
        #expect(second.status == 503)
        #expect(server.connectionCount == 1, "connections are kept")
        let request = try #require(server.requests.first)
        #expect(request.method == "POST")
        #expect(request.target == "/hook?a=%20")
        #expect(request.fields["content-type"] == "application/json")
        #expect(request.fields["x-n"] == "1")
        #expect(request.fields["expect"] == nil)
        #expect(request.body == Array(#"{"a":1}"#.utf8))
    }

    @Test func `a name and a password in the address are shown to the server`() async throws {
        let server = try FaultyServer { _, _ in .answer(200) }
        defer { server.end() }
        var exchange = exchange(.get, server)
        exchange.address = "http://user:pass@127.0.0.1:\(server.port)/"
        _ = try await thread.perform(exchange)
        #expect(server.requests.first?.fields["authorization"] == "Basic dXNlcjpwYXNz")
    }

    @Test(arguments: ["a\r\nx-evil: 1", "a\nb", "a\u{0}b"])
    func `a field that would be two is not sent`(value: String) async throws {
        let server = try FaultyServer { _, _ in .answer(200) }
        defer { server.end() }
        #expect(
            await failure(exchange(.post, server, fields: [("x-a", value)]))
                == .connection(code: 0, reason: "the request cannot be made"))
        #expect(server.requests.isEmpty)
    }

    @Test func `redirections are answers`() async throws {
        let server = try FaultyServer { _, _ in .answer(302, fields: ["Location: http://127.0.0.1:1/"]) }
        defer { server.end() }
        #expect(try await thread.perform(exchange(.post, server, body: "x")).status == 302)
        #expect(server.requests.count == 1)
    }

    @Test func `an answer without a length counts only where none is needed`() async throws {
        let server = try FaultyServer { _, _ in
            .send(Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello".utf8), isKept: false)
        }
        defer { server.end() }
        #expect(await failure(exchange(.get, server)) == .unframed)
        #expect(try await thread.perform(exchange(.get, server, needsLength: false)).document.string == "hello")
    }

    @Test func `a long answer, a short one and none at all fail`() async throws {
        let server = try FaultyServer { request, _ in
            switch request.fields["x-n"] {
            case "long": .answer(200, String(repeating: "x", count: 1001))
            case "short": .answer(200, "x", length: 2, isKept: false)
            default: .hang
            }
        }
        defer { server.end() }
        #expect(
            await failure(exchange(.get, server, fields: [("x-n", "long")])) == .answerTooLarge(bytesMax: 1000))
        #expect(await failure(exchange(.get, server, fields: [("x-n", "short")])) == .truncated)
        #expect(await failure(exchange(.get, server, milliseconds: 300)) == .timedOut)
    }

    @Test func `who gives up waiting is answered at once`() async throws {
        let server = try FaultyServer { _, _ in .hang }
        defer { server.end() }
        let exchange = exchange(.get, server)
        let waiting = Task { await failure(exchange) }
        try await eventually("it is asked") { !server.requests.isEmpty }
        waiting.cancel()
        #expect(await waiting.value == .cancelled)
    }
}
