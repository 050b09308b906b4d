import APIService
import DeliveryService
import HTTP
import Network
import StreamingCore

/// The one HTTP port of a process, with the routes of all its roles.
struct HTTPFront: Service {
    let name = "http"
    private let server: HTTPServer

    /// Where it listens.
    var address: SocketAddress { server.address }

    init(
        _ configuration: Configuration, loops: EventLoopGroup, router: Router, logger: Logger
    ) throws(NetworkError) {
        var server = HTTPServerConfiguration(host: configuration.listenHost, port: UInt16(configuration.httpPort))
        server.listener.connectionsMax = configuration.httpConnectionsMax
        server.listener.connectionsPerAddressMax = configuration.httpConnectionsPerAddressMax
        server.limits.bodyBytesMax = 64 << 10
        server.drainGrace = .milliseconds(configuration.shutdownGraceMilliseconds)
        self.server = try HTTPServer(server, group: loops, handler: router, report: logger.networkEvents)
    }

    func run() async throws { await server.run() }
}

extension Configuration {
    /// The address to listen on as the network has it.
    var listenHost: String? { bindAddress == "*" ? nil : bindAddress }

    /// Who may read responses from another origin.
    var corsPolicy: CORSPolicy { CORSPolicy(corsOrigins.isEmpty ? .any : .listed(corsOrigins)) }
}
