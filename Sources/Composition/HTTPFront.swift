import APIService
import DeliveryService
import HTTP
import Network
import StreamingCore

/// The one HTTP port of a process, with the routes of all its roles.
struct HTTPFront: Service {
    let name = "http"
    private let server: HTTPServer
    private let delivery: DeliveryService?
    private let farewellMilliseconds: Int64

    init(_ configuration: Configuration, listener: TCPListener, handler: any HTTPHandler, delivery: DeliveryService?) {
        let proxies = TrustedProxies(configuration.trustedProxies)
        server = HTTPServer(
            configuration.httpServer, listener: listener,
            handler: configuration.trustedProxies.isEmpty ? handler : ProxiedRequests(from: proxies, to: handler))
        self.delivery = delivery
        farewellMilliseconds = min(
            configuration.segmentMilliseconds + Self.reloadSlackMilliseconds, configuration.shutdownGraceMilliseconds)
    }

    /// Serves until cancelled, and then long enough for viewers to see that their broadcasts are over.
    func run() async throws {
        // Not a child: it goes on after the cancellation of this task. It is cancelled and awaited below in every case.
        let serving = Task { await server.run() }
        await untilCancelled()
        if hasViewersToTell {
            // This task is cancelled, so its own sleep would end at once.
            await Task { try? await Task.sleep(for: .milliseconds(farewellMilliseconds)) }.value
        }
        serving.cancel()
        await serving.value
    }

    /// How much later than its target duration a player may reload a playlist, in milliseconds.
    private static let reloadSlackMilliseconds: Int64 = 500

    /// Whether somebody is connected who may watch a broadcast that ended with this shutdown.
    private var hasViewersToTell: Bool { (delivery?.hasJustEnded ?? false) && server.connectionCount > 0 }
}

extension Configuration {
    /// How the HTTP server behaves.
    var httpServer: HTTPServerConfiguration {
        var server = HTTPServerConfiguration(host: listenHost, port: UInt16(httpPort))
        server.listener.connectionsMax = httpConnectionsMax
        server.listener.connectionsPerAddressMax = httpConnectionsPerAddressMax
        server.listener.connection.writeTimeout = .milliseconds(DeliveryLimits.stalledReaderMilliseconds)
        server.limits.bodyBytesMax = 64 << 10
        server.drainGrace = .milliseconds(shutdownGraceMilliseconds)
        return server
    }

    /// The address to listen on as the network has it.
    var listenHost: String? { bindAddress == "*" ? nil : bindAddress }

    /// Who may read responses from another origin.
    var corsPolicy: CORSPolicy { CORSPolicy(corsOrigins.isEmpty ? .any : .listed(corsOrigins)) }
}
