import Bytes
import Glibc
import HTTP
import Network

/// A WebSocket server for conformance tests and measurements.
///
///     websocket-echo [PORT]
///
/// `/` sends back whatever comes; `/topic/{name}` listens to a topic, whose messages are whatever is sent to
/// `/publish/{name}` as text. It prints its port.
@main struct EchoServer {
    static func main() async throws {
        EventLoopGroup.raiseDescriptorLimit()
        let port = CommandLine.arguments.dropFirst().first.flatMap(UInt16.init) ?? 0
        let group = try EventLoopGroup()
        let hub = WebSocketHub<String>(group: group)
        var router = Router()
        router.on(.get, "/") { request, _ in
            answer(request, WebSocketUpgrade(limits: WebSocketLimits(messageBytesMax: 32 << 20), echo))
        }
        router.on(.get, "/topic/{name}") { request, parameters in
            let name = parameters["name"]
            let limits = WebSocketLimits(messageBytesMax: 1024)
            return answer(
                request,
                WebSocketUpgrade(limits: limits) { channel in
                    let initial = [WebSocketFrame.text("nothing yet")]
                    try await hub.attend(name, channel, initial: initial) { _ in }
                })
        }
        router.on(.get, "/publish/{name}") { request, parameters in
            let name = parameters["name"]
            return answer(
                request,
                WebSocketUpgrade { channel in
                    while let message = try await channel.receive() {
                        let frame = WebSocketFrame.message(message)
                        hub.publish(frame, to: name, snapshot: [frame])
                    }
                })
        }
        var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: port)
        configuration.listener.connectionsMax = 100_000
        let server = try HTTPServer(configuration, group: group, handler: router)
        print(server.address.port)
        // Whoever reads it waits for it, also behind a pipe.
        fflush(nil)
        await server.run()
    }

    @Sendable private static func echo(_ channel: any WebSocketChannel) async throws {
        while let message = try await channel.receive() { try await channel.send(WebSocketFrame.message(message)) }
    }

    private static func answer(_ request: HTTPRequest, _ upgrade: WebSocketUpgrade) -> HTTPResponse {
        do {
            return try WebSocketHandshake(request).accept(upgrade, subprotocols: ["echo"])
        } catch {
            return error.response
        }
    }
}
