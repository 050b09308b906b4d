import Foundation
import FoundationNetworking
import Glibc
import Synchronization

/// A real S3 store on this machine: SeaweedFS, which checks signatures against the secret that it was given.
///
/// It lies in a temporary folder, listens on free ports of 127.0.0.1, and ends at the latest with this object or with
/// the test run. What it stores survives ``kill()`` and ``start()``.
public final class S3Server: Sendable {
    public static let accessKey = "sluice-test-access"
    public static let secretKey = "sluice-test-secret-0123456789"
    /// What is in this bucket anybody may read, without a signature.
    public static let publicBucket = "sluice-test-public"
    private static let portNames = [
        "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
        "s3.port", "s3.port.grpc", "s3.port.https",
    ]

    /// Of each name, in the same order.
    private let ports: [Int]
    private let directory: TemporaryDirectory
    private let program: String
    /// The server, and what ends it when the test run is gone.
    private let children = Mutex<(server: ChildProcess, watchdog: ChildProcess)?>(nil)

    public var port: Int { ports[6] }
    public var endpoint: String { "http://127.0.0.1:\(port)" }
    /// With a certificate for that address, signed by itself.
    public var encryptedEndpoint: String { "https://127.0.0.1:\(ports[8])" }
    public var certificateFile: String { directory.url.appending(path: "certificate.pem").path }

    private static let started = Task { try await S3Server() }

    /// The one store that all tests share which do not disturb it; it ends with the test run.
    public static func shared() async throws -> S3Server { try await started.value }

    /// Starts a store and waits until it works.
    ///
    /// - Throws: ``NeverHappened`` when the program is not installed or does not start.
    public init() async throws {
        let path = SluiceProcess.root.appending(path: ".build-s3/venv/bin/weed").path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw NeverHappened(
                description: "there is no S3 server: scripts/setup.sh --test or scripts/s3-server.sh installs it")
        }
        program = path
        directory = try TemporaryDirectory()
        ports = try freePorts(Self.portNames.count)
        try FileManager.default.createDirectory(
            at: directory.url.appending(path: "data"), withIntermediateDirectories: true)
        let identities = """
            {"identities":[{"name":"sluice","credentials":[{"accessKey":"\(Self.accessKey)",\
            "secretKey":"\(Self.secretKey)"}],"actions":["Admin","Read","Write","List","Tagging"]},\
            {"name":"anonymous","actions":["Read:\(Self.publicBucket)"]}]}
            """
        try Data(identities.utf8).write(to: directory.url.appending(path: "s3.json"))
        let made = try await ChildProcess.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem",
                "-out", "certificate.pem",
            ], in: directory.url, seconds: 30)
        guard made.status == 0 else { throw NeverHappened(description: "openssl made no certificate: \(made.errors)") }
        try await start()
    }

    /// Starts it, again after ``kill()``, on the same ports and with what it has stored.
    public func start() async throws {
        let folder = directory.url.path
        let command =
            [program, "-logtostderr=true", "server"]
            + [
                "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-dir=\(folder)/data", "-master.telemetry=false",
                "-master.volumeSizeLimitMB=64", "-volume.max=1000", "-filer", "-s3", "-s3.iam=false",
                "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.config=\(folder)/s3.json",
                "-s3.cert.file=\(folder)/certificate.pem", "-s3.key.file=\(folder)/key.pem",
                // It would leave them in /tmp.
                "-filer.localSocket=\(folder)/filer.sock", "-s3.localSocket=\(folder)/s3.sock",
            ] + zip(Self.portNames, ports).map { "-\($0)=\($1)" }
        let server = try ChildProcess(command, in: directory.url, name: "weed")
        let watch = """
            while kill -0 "$0" && kill -0 "$1"; do sleep 1; done
            kill -0 "$0" || { kill -9 "$1"; rm -rf "$2"; }
            """
        let watchdog = try ChildProcess(
            ["sh", "-c", watch, "\(getpid())", "\(server.identifier)", folder], in: directory.url)
        children.withLock { $0 = (server, watchdog) }
        try await eventually("the S3 server works: \(server.errors.suffix(2000))", within: 60) {
            guard server.isRunning else {
                throw NeverHappened(description: "the S3 server ended: \(server.errors.suffix(2000))")
            }
            // It refuses strangers when it is up, and can store when the master has a place for an object.
            guard await self.status(of: "/", port: self.port) == 403 else { return false }
            return await self.status(of: "/dir/assign", port: self.ports[0]) == 200
        }
    }

    /// Ends it as a crash does.
    public func kill() async throws {
        let server = children.withLock { $0?.server }
        server?.signal(SIGKILL)
        _ = try await server?.wait(seconds: 20)
    }

    /// Stops its threads: connections stay open, and nothing is answered.
    public func pause() { children.withLock { $0?.server }?.signal(SIGSTOP) }

    public func resume() { children.withLock { $0?.server }?.signal(SIGCONT) }

    private func status(of path: String, port: Int) async -> Int? {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { return nil }
        // Until it listens, every attempt fails.
        let answer = try? await URLSession.shared.data(for: URLRequest(url: url, timeoutInterval: 2))
        return (answer?.1 as? HTTPURLResponse)?.statusCode
    }
}

/// Ports of 127.0.0.1 that nobody listens on, below those that the kernel gives to clients.
private func freePorts(_ count: Int) throws -> [Int] {
    var found: [Int] = []
    for _ in 0..<1000 where found.count < count {
        let port = Int.random(in: 20_000..<32_000)
        if !found.contains(port), isFree(port) { found.append(port) }
    }
    guard found.count == count else { throw NeverHappened(description: "there are no free ports") }
    return found
}

private func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}
