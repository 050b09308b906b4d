import Bytes
import HTTP
import Network
import Testing

@Suite struct ProxiedRequestsTests {
    @Test func `handlers see the client's address`() async {
        struct Echo: HTTPHandler {
            func respond(to request: HTTPRequest) async -> HTTPResponse {
                HTTPResponse(.ok, fields: ["x-peer": request.peerAddress])
            }
        }
        let proxies = TrustedProxies([AddressPrefix("10.0.0.0/8")].compactMap { $0 })
        let request = HTTPRequest(
            method: .get, path: "/", fields: ["x-forwarded-for": "203.0.113.9"], peerAddress: "10.0.0.1")
        #expect(await ProxiedRequests(from: proxies, to: Echo()).respond(to: request).fields["x-peer"] == "203.0.113.9")
    }
}
