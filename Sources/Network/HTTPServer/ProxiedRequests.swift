public import HTTP

/// Hands requests on with the address of the client in place of the proxy's.
public struct ProxiedRequests: HTTPHandler {
    private let proxies: TrustedProxies
    private let next: any HTTPHandler

    public init(from proxies: TrustedProxies, to next: any HTTPHandler) {
        self.proxies = proxies
        self.next = next
    }

    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        var request = request
        request.peerAddress = proxies.client(of: request)
        return await next.respond(to: request)
    }
}
