import Foundation
import Synchronization

/// A real Redis on a free port of the loopback interface, with nothing on disk, killed at the latest with this object
/// or with the test run.
public final class RedisServer: Sendable {
    public let directory: TemporaryDirectory
    private let arguments: [String]
    private let password: String?
    private let isTLS: Bool
    private let child: Mutex<ChildProcess?> = Mutex(nil)
    private let watch: Mutex<ChildProcess?> = Mutex(nil)
    private let chosenPort = Mutex(0)

    /// - Parameters:
    ///   - password: That every client must give.
    ///   - isTLS: Whether the port speaks TLS, with a certificate for 127.0.0.1 in ``authoritiesFile``.
    ///   - arguments: More options, as on the command line.
    public init(password: String? = nil, isTLS: Bool = false, arguments: [String] = []) async throws {
        directory = try TemporaryDirectory()
        self.password = password
        self.isTLS = isTLS
        let folder = directory.url.path
        var options = ["--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]
        options += ["--unixsocket", folder + "/redis.sock"]
        if let password { options += ["--requirepass", password] }
        if isTLS {
            let made = try await ChildProcess.run(
                [
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=redis test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                    folder + "/key.pem", "-out", folder + "/certificate.pem",
                ], in: directory.url, seconds: 20)
            guard made.status == 0 else { throw NeverHappened(description: "openssl failed: \(made.errors)") }
            options += ["--port", "0", "--tls-auth-clients", "no"]
            options += ["--tls-cert-file", folder + "/certificate.pem", "--tls-key-file", folder + "/key.pem"]
            options += ["--tls-ca-cert-file", folder + "/certificate.pem"]
        }
        self.arguments = options + arguments
        try await start()
    }

    /// The port, which stays the same when the server is started again.
    public var port: Int { chosenPort.withLock { $0 } }

    /// The certificate of a server with TLS, which is its own authority.
    public var authoritiesFile: String { directory.url.path + "/certificate.pem" }
    public var socketPath: String { directory.url.path + "/redis.sock" }

    /// What a client connects to, with the right password.
    public var url: String {
        let credentials = password.map { ":\($0)@" } ?? ""
        if isTLS { return "rediss://\(credentials)127.0.0.1:\(port)/0?ssl_ca_certs=\(authoritiesFile)" }
        return "redis://\(credentials)127.0.0.1:\(port)/0"
    }

    /// Starts the server, empty, and waits until it answers.
    public func start() async throws {
        try Self.requirePrograms()
        let isFirst = port == 0
        for _ in 0..<10 {
            if isFirst { try chosenPort.withLock { $0 = try Self.freePort() } }
            let server = try ChildProcess(
                ["redis-server"] + arguments + [isTLS ? "--tls-port" : "--port", String(port)], in: directory.url)
            child.withLock { $0 = server }
            try endWithThisProcess(server)
            try await eventually("redis-server answers or ends: \(server.output)") {
                !server.isRunning || server.output.contains("Ready to accept connections")
            }
            if server.isRunning { return }
            // Another server of another test may have taken the port between the look and the start.
            guard isFirst, server.output.contains("Address already in use") else {
                throw NeverHappened(description: "redis-server ended: \(server.output)\(server.errors)")
            }
        }
        throw NeverHappened(description: "redis-server finds no free port")
    }

    /// Ends the server when this process is gone, however it went.
    private func endWithThisProcess(_ server: ChildProcess) throws {
        let own = ProcessInfo.processInfo.processIdentifier
        let script = """
            while kill -0 \(own) 2>/dev/null && kill -0 \(server.identifier) 2>/dev/null; do sleep 1; done
            kill -KILL \(server.identifier) 2>/dev/null
            """
        let watching = try ChildProcess(["sh", "-c", script], in: directory.url)
        watch.withLock { $0 = watching }
    }

    /// Ends the server at once; nothing of what it held is left.
    public func kill() async throws {
        signal(SIGKILL)
        guard let server = child.withLock({ $0 }) else { return }
        _ = try await server.wait(seconds: 10)
    }

    /// Sends a signal, for example SIGSTOP.
    public func signal(_ number: Int32) { child.withLock { $0?.signal(number) } }

    /// Runs a command with `redis-cli`, beside the client that is tested.
    public func command(_ words: String...) async throws -> String {
        var command = ["redis-cli", "-s", socketPath]
        if let password { command += ["--no-auth-warning", "-a", password] }
        let run = try await ChildProcess.run(command + words, in: directory.url, seconds: 20)
        guard run.status == 0 else { throw NeverHappened(description: "redis-cli failed: \(run.output)\(run.errors)") }
        return run.output.trimmingCharacters(in: .newlines)
    }

    private static func requirePrograms() throws {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        for program in ["redis-server", "redis-cli"] {
            guard folders.contains(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }) else {
                throw NeverHappened(description: "\(program) is not installed: run scripts/setup.sh --test")
            }
        }
    }

    /// A port that nobody uses, below those that the kernel gives to outgoing connections.
    private static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<32_000)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port).bigEndian)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let code = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if code == 0 { return port }
        }
        throw NeverHappened(description: "no port of 127.0.0.1 is free")
    }
}
