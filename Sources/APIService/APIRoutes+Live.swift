import Bytes
import FoundationEssentials
import HTTP
import StreamingCore

// The WebSocket of pages that look at all streams.

extension APIRoutes {
    /// How long a page may take to show its token, in milliseconds.
    static let tokenMilliseconds: Int64 = 5000

    func openOverviewPage(_ request: HTTPRequest, _: PathParameters) async throws(APIFailure) -> HTTPResponse {
        let handshake: WebSocketHandshake
        do throws(WebSocketRefusal) { handshake = try WebSocketHandshake(request, from: cors) } catch {
            return error.response
        }
        // Programs show the token with the request; pages cannot, and must not put it into the address.
        let isKnown = try authentication.role(of: request) != nil
        return handshake.accept(
            WebSocketUpgrade(limits: WebSocketLimits(messageBytesMax: LiveRoutes.messageBytesMax)) { [live] channel in
                if !isKnown, try await !showsToken(channel, from: request.peerAddress) {
                    return channel.end(WebSocketClose(.policyViolation, "no valid token"))
                }
                try await live.attendOverview(channel)
            })
    }

    /// Waits for `{"token":"…"}`, as the first message.
    ///
    /// - Parameter address: The client's, which behind a proxy is not the connection's.
    private func showsToken(_ channel: any WebSocketChannel, from address: String) async throws -> Bool {
        struct Greeting: Decodable { let token: String }
        let late = Task { [channel] in
            try await Task.sleep(for: .milliseconds(Self.tokenMilliseconds))
            channel.end(WebSocketClose(.policyViolation, "no token came"))
        }
        defer { late.cancel() }
        guard case .text(let text) = try await channel.receive(),
            let greeting = try? JSONDecoder().decode(Greeting.self, from: Data(text.array))
        else { return false }
        return (try? authentication.role(of: greeting.token, from: address)) != nil
    }
}
