import Bytes
@testable import HTTP
import Testing

@Suite struct WebSocketHandshakeTests {
    /// The request of RFC 6455, 1.2.
    private func request(_ change: (inout HTTPRequest) -> Void = { _ in }) -> HTTPRequest {
        var request = HTTPRequest(
            method: .get, path: "/chat",
            fields: [
                "host": "server.example.com", "upgrade": "websocket", "connection": "Upgrade",
                "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "origin": "http://example.com",
                "sec-websocket-protocol": "chat, superchat", "sec-websocket-version": "13",
            ])
        change(&request)
        return request
    }

    private func refusal(_ change: (inout HTTPRequest) -> Void) -> WebSocketRefusal? {
        do {
            _ = try WebSocketHandshake(request(change))
            return nil
        } catch {
            return error
        }
    }

    private let upgrade = WebSocketUpgrade { _ in }

    @Test func `the example of the specification is accepted`() throws {
        let handshake = try WebSocketHandshake(request())
        #expect(handshake.subprotocols == ["chat", "superchat"])
        #expect(handshake.origin == "http://example.com")
        let response = handshake.accept(upgrade, subprotocols: ["superchat", "chat"])
        #expect(response.status == .switchingProtocols)
        #expect(response.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(response.fields["sec-websocket-protocol"] == "superchat")
        #expect(response.fields["upgrade"] == "websocket")
    }

    @Test func `a subprotocol that the client does not have is not chosen`() throws {
        let handshake = try WebSocketHandshake(request())
        #expect(!handshake.accept(upgrade, subprotocols: ["other"]).fields.contains("sec-websocket-protocol"))
        let without = try WebSocketHandshake(request { $0.fields.remove("sec-websocket-protocol") })
        #expect(without.subprotocols == [])
        #expect(!without.accept(upgrade, subprotocols: ["chat"]).fields.contains("sec-websocket-protocol"))
    }

    @Test func `lists, capitals and several fields are understood`() throws {
        let handshake = try WebSocketHandshake(
            request {
                $0.fields.set("connection", "keep-alive, UPGRADE")
                $0.fields.set("upgrade", "h2c,\tWebSocket")
                $0.fields.append("sec-websocket-protocol", "third")
                $0.fields.remove("origin")
            })
        #expect(handshake.subprotocols == ["chat", "superchat", "third"])
        #expect(handshake.origin == nil)
    }

    @Test func `what is no request for a WebSocket is refused`() {
        #expect(refusal { $0.method = .post } == .methodWrong)
        #expect(refusal { $0.method = .head } == .methodWrong)
        #expect(refusal { $0.fields.remove("upgrade") } == .upgradeMissing)
        #expect(refusal { $0.fields.set("upgrade", "h2c") } == .upgradeMissing)
        #expect(refusal { $0.fields.set("connection", "keep-alive") } == .upgradeMissing)
        #expect(refusal { $0.fields.remove("sec-websocket-version") } == .versionUnknown)
        #expect(refusal { $0.fields.set("sec-websocket-version", "8") } == .versionUnknown)
        #expect(refusal { $0.fields.append("sec-websocket-version", "8") } == .versionUnknown)
        #expect(refusal { $0.body = Bytes([1]) } == .bodyPresent)
    }

    @Test(arguments: [
        "", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25jZ!==", "dGhlIHNhbXBsZSBub25jZQAA", "YQ==",
    ]) func `a key that is not sixteen bytes is refused`(key: String) {
        #expect(refusal { $0.fields.set("sec-websocket-key", key) } == .keyMalformed)
    }

    @Test func `no key and two keys are refused`() {
        #expect(refusal { $0.fields.remove("sec-websocket-key") } == .keyMalformed)
        #expect(refusal { $0.fields.append("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==") } == .keyMalformed)
    }

    @Test(arguments: ["chat chat", "a, a", "", ",", "\"quoted\""]) func `subprotocols are different tokens`(
        list: String
    ) {
        #expect(refusal { $0.fields.set("sec-websocket-protocol", list) } == .subprotocolsMalformed)
    }

    @Test func `a client learns what to do better`() {
        let version = WebSocketRefusal.versionUnknown.response
        #expect(version.status == .upgradeRequired)
        #expect(version.fields["sec-websocket-version"] == "13")
        #expect(WebSocketRefusal.upgradeMissing.response.fields["upgrade"] == "websocket")
        #expect(WebSocketRefusal.methodWrong.response.fields["allow"] == "GET")
        for refusal in WebSocketRefusal.allCases { #expect((400..<500).contains(refusal.response.status.code)) }
    }

    @Test func `the head of the answer names the protocol and no length`() throws {
        let response = try WebSocketHandshake(request()).accept(upgrade)
        let plan = HTTP1ResponsePlan(
            response, method: .get, version: .http11, keepsAlive: true, date: "now")
        #expect(
            plan.head.string
                == "HTTP/1.1 101 Switching Protocols\r\ndate: now\r\nupgrade: websocket\r\n"
                + "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nconnection: upgrade\r\n\r\n")
        guard case .webSocket = plan.body else {
            Issue.record("the connection does not become a WebSocket")
            return
        }
    }

    @Test func `an old version of HTTP cannot change the protocol`() throws {
        let response = try WebSocketHandshake(request()).accept(upgrade)
        let plan = HTTP1ResponsePlan(response, method: .get, version: .http10, keepsAlive: false, date: "now")
        #expect(plan.head.string.hasPrefix("HTTP/1.1 426 "))
        #expect(plan.closesAfter)
        let refused = HTTP1ResponsePlan(
            WebSocketRefusal.versionUnknown.response, method: .get, version: .http11, keepsAlive: true, date: "now")
        #expect(refused.head.string.contains("\r\nconnection: upgrade\r\n"))
    }

    @Test func `pages of other origins are told apart`() {
        #expect(CORSPolicy(.any).allows(origin: "https://a.example"))
        let listed = CORSPolicy(.listed(["https://a.example"]))
        #expect(listed.allows(origin: "https://a.example"))
        #expect(!listed.allows(origin: "https://a.example.evil"))
        #expect(!listed.allows(origin: "null"))
        #expect(listed.allows(origin: nil))
    }
}
