import Foundation
import Synchronization

/// A real PostgreSQL server, on a free port and with a folder of its own, gone with this object or with the test run.
///
/// The server refuses to run as root; started by root it runs as the user `postgres` of Debian's package.
public final class PostgresServer: Sendable {
    public static let user = "sluice"
    /// With characters that a URL must not have as they are.
    public static let password = "s3cret p@ss/word%&"

    /// One for all tests that need nothing special of it: each takes a schema of its own.
    public static let shared = Task { try await PostgresServer() }

    public let port: Int
    public let directory: TemporaryDirectory
    private let settings: [String: String]
    /// The server and what ends it when the test run is gone.
    private let processes = Mutex<(server: ChildProcess, keeper: ChildProcess)?>(nil)

    /// The programs of the package, whose version is in their path.
    private static let programs = "/usr/lib/postgresql/15/bin"

    /// Makes a database cluster, starts the server and waits until it answers.
    ///
    /// - Parameters:
    ///   - isEncrypted: Whether it offers TLS, with a certificate that it signed itself, for `localhost`.
    ///   - settings: Of `postgresql.conf`.
    public init(isEncrypted: Bool = false, settings: [String: String] = [:]) async throws {
        guard FileManager.default.isExecutableFile(atPath: Self.programs + "/postgres") else {
            throw NeverHappened(
                description: "PostgreSQL 15 is not installed: run scripts/setup.sh --test, which installs postgresql")
        }
        let directory = try TemporaryDirectory()
        let port = try Self.freePort()
        self.directory = directory
        self.port = port
        let fixed = [
            "port": String(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
            // What survives the failure of a machine is PostgreSQL's to prove.
            "fsync": "off",
        ]
        let encryption = isEncrypted ? ["ssl": "on"] : [:]
        self.settings = ["max_connections": "200"].merging(settings) { $1 }.merging(encryption) { $1 }
            .merging(fixed) { $1 }
        try await makeCluster()
        if isEncrypted { try await makeCertificate() }
        try await start()
    }

    /// The server's own certificate, where it is encrypted: who trusts it can verify the server as `localhost`.
    public var certificate: String { directory.url.path + "/server.crt" }

    private var data: String { directory.url.path + "/data" }

    /// For a client.
    ///
    /// - Parameters:
    ///   - schema: Where its tables are.
    ///   - options: Of the URL, for example `sslmode=require`.
    public func url(
        schema: String? = nil, host: String = "127.0.0.1", password: String = PostgresServer.password,
        options: [String] = []
    ) -> String {
        let secret = password.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let place = schema.map { ["options=-csearch_path%3D" + $0] } ?? []
        let query = (place + options).joined(separator: "&")
        return "postgres://\(Self.user):\(secret)@\(host):\(port)/postgres" + (query.isEmpty ? "" : "?" + query)
    }

    /// Makes an empty schema and returns its name.
    public func makeSchema() async throws -> String {
        let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "_")
        try await run("CREATE SCHEMA \(name)")
        return name
    }

    /// Runs SQL with psql and returns what it prints, without headings.
    @discardableResult
    public func run(_ sql: String, schema: String? = nil) async throws -> String {
        let result = try await ChildProcess.run(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url(schema: schema), "-c", sql], in: directory.url,
            seconds: 60)
        guard result.status == 0 else { throw NeverHappened(description: "psql: \(result.errors)") }
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Starts the server, again after it was ended, and waits until it answers.
    public func start() async throws {
        let options = settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
        let server = try ChildProcess(
            Self.unprivileged + [Self.programs + "/postgres", "-D", data] + options, in: directory.url, name: "postgres"
        )
        // SIGKILL, and to the children too, because a test may have left them stopped.
        let watch = """
            while kill -0 "$1"; do sleep 1; done
            kill -KILL "$2" $(cat "/proc/$2/task/$2/children")
            rm -rf "$3"
            """
        let keeper = try ChildProcess(
            ["sh", "-c", watch, "keeper", String(getpid()), String(server.identifier), directory.url.path],
            in: directory.url, name: "keeper")
        processes.withLock { $0 = (server, keeper) }
        try await eventually("PostgreSQL answers: \(server.errors)", within: 30) {
            guard server.isRunning else { throw NeverHappened(description: "PostgreSQL ended: \(server.errors)") }
            return (try? await self.run("SELECT 1")) == "1"
        }
    }

    /// Ends the server as a power cut does, with all that it was doing.
    public func kill() async throws {
        guard let server = processes.withLock({ $0?.server }) else { return }
        let family = self.family
        for identifier in family { signal(SIGKILL, to: identifier) }
        _ = try await server.wait(seconds: 20)
        // A new server does not start while a process of the old one is there.
        try await eventually("the server's processes are gone") {
            family.allSatisfy { !FileManager.default.fileExists(atPath: "/proc/\($0)") }
        }
        processes.withLock { $0 = nil }
    }

    /// Ends the server in order, which tells its clients.
    public func stop() async throws {
        guard let server = processes.withLock({ $0?.server }) else { return }
        // The fast way: it does not wait for clients to leave.
        server.signal(SIGINT)
        _ = try await server.wait(seconds: 20)
        processes.withLock { $0 = nil }
    }

    /// Stops all of the server's processes where they are; its sockets stay open.
    public func pause() { for identifier in family { signal(SIGSTOP, to: identifier) } }

    /// Lets the server go on after ``pause()``.
    public func resume() { for identifier in family { signal(SIGCONT, to: identifier) } }

    /// The server's first process and those that it started.
    private var family: [pid_t] {
        guard let first = processes.withLock({ $0?.server.identifier }) else { return [] }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let others = entries.compactMap { pid_t($0) }.filter { identifier in
            // `PID (name) STATE PARENT ...`; the names of PostgreSQL's processes have no parenthesis in them.
            let status = (try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)) ?? ""
            let fields = (status.split(separator: ")").last ?? "").split(separator: " ")
            return fields.count > 1 && fields[1] == String(first)
        }
        return [first] + others
    }

    private func signal(_ number: Int32, to identifier: pid_t) { _ = Foundation.kill(identifier, number) }

    private func makeCluster() async throws {
        let secret = directory.url.appending(path: "password")
        try Self.password.write(to: secret, atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
        if getuid() == 0 {
            guard let account = getpwnam("postgres") else {
                throw NeverHappened(description: "there is no user postgres: run scripts/setup.sh --test")
            }
            chown(data, account.pointee.pw_uid, account.pointee.pw_gid)
            chown(secret.path, account.pointee.pw_uid, account.pointee.pw_gid)
        }
        try await runUnprivileged(
            [
                Self.programs + "/initdb", "--pgdata", data, "--username", Self.user, "--pwfile", secret.path,
                "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
            ])
    }

    private func makeCertificate() async throws {
        try await runUnprivileged(
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost", "-keyout", data + "/server.key", "-out",
                data + "/server.crt",
            ])
        chmod(data + "/server.key", 0o600)
        try FileManager.default.copyItem(atPath: data + "/server.crt", toPath: certificate)
    }

    private func runUnprivileged(_ command: [String]) async throws {
        let result = try await ChildProcess.run(Self.unprivileged + command, in: directory.url, seconds: 60)
        guard result.status == 0 else {
            throw NeverHappened(description: "\(command[0]): \(result.output)\(result.errors)")
        }
    }

    /// What a command is begun with so that it does not run as root. It replaces itself by the command, which thereby
    /// has the process's number.
    private static var unprivileged: [String] {
        getuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
    }

    /// Below the ports that the kernel gives to clients.
    private static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<32_000)
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard socket >= 0 else { break }
            defer { close(socket) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            let code = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if code == 0 { return port }
        }
        throw NeverHappened(description: "no free port was found")
    }
}
