import APIService
import HTTP
import Network
import StreamingCore

/// The port of a process for those who run it: `/metrics` and `/health`. It asks for no token and tells nothing secret,
/// but what it tells is nobody else's business: a firewall keeps viewers away from it.
struct AdminPort: Service {
    /// Where it is when nothing else is said: what Prometheus's list of ports keeps free for exporters.
    static let usualPort = 9464
    /// Connections at once. Prometheus and a kubelet need a few.
    static let connectionsMax = 64

    let name = "metrics"
    private let server: HTTPServer

    /// Binds and listens.
    ///
    /// - Throws: `NetworkError` when the port cannot be had.
    init(
        _ configuration: Configuration, port: Int, page: MetricsPage, health: HealthRoutes, loops: EventLoopGroup,
        logger: Logger
    ) throws(NetworkError) {
        let address = configuration.metricsAddress ?? configuration.bindAddress
        var settings = HTTPServerConfiguration(host: address == "*" ? nil : address, port: UInt16(port))
        settings.listener.connectionsMax = Self.connectionsMax
        settings.listener.connection.writeTimeout = .seconds(10)
        settings.limits.bodyBytesMax = 0
        settings.drainGrace = .seconds(1)
        var router = Router()
        page.add(to: &router)
        health.add(to: &router)
        server = try HTTPServer(settings, group: loops, handler: router, report: logger.networkEvents)
    }

    /// Serves until cancelled: last of all, so that the end of the others can be watched.
    func run() async throws { await server.run() }
}

extension Configuration {
    /// Where a process of these roles has its metrics beside its other ports; `nil` where it has none.
    ///
    /// `sluice` has one port for everything, unless another is set for metrics.
    func adminPort(of roles: Role) -> Int? {
        let port = metricsPort ?? (roles == .all ? 0 : AdminPort.usualPort)
        return port == 0 ? nil : port
    }

    /// Whether metrics are on the HTTP port.
    func tellsMetricsToAll(_ roles: Role) -> Bool { roles == .all && metricsPort == nil }
}
