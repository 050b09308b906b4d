public import Foundation

/// A ``KafkaBroker`` in a process of its own, behind a fixed port: it can be stopped and killed like a real one.
///
/// It ends with this object, and with the process that made it. Started again it is empty.
public final class KafkaBrokerProcess: Sendable {
    public let port: Int
    private let child: ChildProcess
    private let directory: TemporaryDirectory

    /// - Parameters:
    ///   - program: `kafka-broker`, as it was built.
    ///   - port: `nil` takes a free one.
    public init(_ program: URL, port: Int? = nil, partitions: Int = 4) async throws {
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw NeverHappened(description: "\(program.path) is not there: build the product kafka-broker")
        }
        directory = try TemporaryDirectory()
        // Below the ports that the system gives away by itself; one that is taken ends the program at once.
        let ports = port.map { [$0] } ?? (0..<20).map { _ in Int.random(in: 20_000..<32_000) }
        for port in ports {
            let child = try ChildProcess([program.path, String(port), String(partitions)], in: directory.url)
            try await eventually("kafka-broker says that it is ready") {
                child.output.contains("ready") || !child.isRunning
            }
            guard child.isRunning else { continue }
            self.child = child
            self.port = port
            return
        }
        throw NeverHappened(description: "kafka-broker found no free port among \(ports)")
    }

    /// Where clients begin.
    public var bootstrap: String { "127.0.0.1:\(port)" }

    /// Ends all connections, and takes no new ones.
    public func goDown() { child.signal(SIGUSR1) }

    /// Takes connections again; what was there before still is.
    public func comeUp() { child.signal(SIGUSR2) }

    /// Has it stand still, or go on.
    public func standStill() { child.signal(SIGSTOP) }
    public func goOn() { child.signal(SIGCONT) }

    /// Ends it with all that it holds.
    public func kill() { child.signal(SIGKILL) }
}
