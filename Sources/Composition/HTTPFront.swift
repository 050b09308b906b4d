import APIService
import DeliveryService
import HTTP
import Network
import StreamingCore

/// The one HTTP port of a process, with the routes of all its roles.
struct HTTPFront: Service {
    let name = "http"
    private let server: HTTPServer

    init(_ configuration: Configuration, listener: TCPListener, router: Router) {
        server = HTTPServer(configuration.httpServer, listener: listener, handler: router)
    }

    func run() async throws { await server.run() }
}

extension Configuration {
    /// How the HTTP server behaves.
    var httpServer: HTTPServerConfiguration {
        var server = HTTPServerConfiguration(host: listenHost, port: UInt16(httpPort))
        server.listener.connectionsMax = httpConnectionsMax
        server.listener.connectionsPerAddressMax = httpConnectionsPerAddressMax
        server.limits.bodyBytesMax = 64 << 10
        server.drainGrace = .milliseconds(shutdownGraceMilliseconds)
        return server
    }

    /// The address to listen on as the network has it.
    var listenHost: String? { bindAddress == "*" ? nil : bindAddress }

    /// Who may read responses from another origin.
    var corsPolicy: CORSPolicy { CORSPolicy(corsOrigins.isEmpty ? .any : .listed(corsOrigins)) }
}
