public import HTTP

/// How an HTTP server behaves.
public struct HTTPServerConfiguration: Sendable {
    /// A numeric address or `localhost`; nil for every address of the machine.
    public var host: String?
    /// The port; 0 for a free one.
    public var port: UInt16
    /// How many connections there may be, and how they behave. Its read timeout is not used: the ones below are.
    public var listener = TCPListenerOptions()
    /// How large requests may be.
    public var limits = HTTP1Limits()
    /// How long a request's head may take from its first byte to its last, and the first byte of a new connection.
    public var headTimeout = Duration.seconds(10)
    /// How long a connection may be without a request.
    public var idleTimeout = Duration.seconds(75)
    /// How long a body may take beyond what `bodyBytesPerSecondMin` gives it.
    public var bodyTimeout = Duration.seconds(10)
    /// The rate that a body must keep, in bytes per second.
    public var bodyBytesPerSecondMin = 16 * 1024
    /// How long a handler goes on for a client that has shut down its side of the connection; see ``HTTPServer``.
    public var departureGrace = Duration.seconds(1)
    /// How connections behave that go on as WebSockets.
    public var webSocket = WebSocketOptions()
    /// How long requests may take to end when the server stops.
    public var drainGrace = Duration.seconds(10)

    public init(host: String? = nil, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Binds and listens; connections wait in the kernel.
    ///
    /// - Throws: `NetworkError` when the address cannot be had.
    public func listen(
        on group: EventLoopGroup, report: @escaping NetworkEventHook = { _ in }
    ) throws(NetworkError) -> TCPListener {
        try TCPListener(host: host, port: port, group: group, options: listener, report: report)
    }
}

/// The durations of a configuration as plain nanoseconds, computed once.
struct HTTPServerTimeouts {
    let head: Int64
    let idle: Int64
    let body: Int64
    let departureGrace: Int64
    private let bodyBytesPerSecondMin: Int64

    init(_ configuration: HTTPServerConfiguration) {
        precondition(configuration.bodyBytesPerSecondMin > 0, "a body must come at some rate")
        head = configuration.headTimeout.wholeNanoseconds
        idle = configuration.idleTimeout.wholeNanoseconds
        body = configuration.bodyTimeout.wholeNanoseconds
        departureGrace = configuration.departureGrace.wholeNanoseconds
        bodyBytesPerSecondMin = Int64(configuration.bodyBytesPerSecondMin)
    }

    /// How long a body may have taken when so many bytes of it are here.
    func body(received: Int) -> Int64 {
        let (earned, overflow) = Int64(received).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : body &+ earned / bodyBytesPerSecondMin
    }
}
