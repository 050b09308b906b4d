import Foundation
import FoundationNetworking
import TestKit

/// The services as processes over real PostgreSQL and Redis, and librdkafka's mock cluster as the broker.
struct ServiceCluster {
    /// Where the build puts executables, beside that of these tests.
    private static let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    private static let token = "test-admin-token-0123456789"

    let directory: TemporaryDirectory
    private let redis: RedisServer
    private let broker: KafkaBrokerProcess
    private let environment: [String: String]

    init(environment: [String: String] = [:]) async throws {
        directory = try TemporaryDirectory()
        let postgres = try await PostgresServer.shared.value
        redis = try await RedisServer()
        broker = try await KafkaBrokerProcess(Self.products.appending(path: "kafka-broker"))
        self.environment = [
            "DATABASE_URL": postgres.url(schema: try await postgres.makeSchema()), "REDIS_URL": redis.url,
            "KAFKA_BROKERS": broker.bootstrap, "KAFKA_PARTITIONS": "4", "DATABASE_CONNECTIONS": "3",
            "RTMP_PORT": "0", "HTTP_PORT": "0", "METRICS_PORT": "0", "BIND_ADDRESS": "127.0.0.1", "LADDER": "none",
            "ADMIN_TOKEN": Self.token,
        ].merging(environment) { _, new in new }
    }

    /// A process of a service, and the port that it listens on.
    struct Process {
        let child: ChildProcess
        let port: Int
    }

    func start(_ service: String, environment: [String: String] = [:]) async throws -> Process {
        let folder = directory.url.appending(path: "\(service)-\(UUID().uuidString)")
        let variables = self.environment.merging(environment) { _, new in new }
            .merging(["DATA_DIR": folder.path]) { _, new in new }
        let child = try ChildProcess(
            [Self.products.appending(path: service).path], environment: variables, in: directory.url, name: service,
            workingDirectory: SluiceProcess.root)
        // Where it listens stands in its log; a transcode listens nowhere.
        let isListener = service != "transcode"
        try await eventually("\(service) has started: \(child.errors)", within: 60) {
            !child.isRunning || !isListener || Self.port(in: child.errors) != nil
        }
        guard child.isRunning else { throw NeverHappened(description: "\(service) has ended: \(child.errors)") }
        return Process(child: child, port: Self.port(in: child.errors) ?? 0)
    }

    /// Has Redis forget all that it knows.
    func emptyRedis() async throws { _ = try await redis.command("FLUSHALL") }

    private static func port(in log: String) -> Int? {
        guard let line = log.split(separator: "\n").first(where: { $0.contains("listening") }),
            let range = line.range(of: "127.0.0.1:")
        else { return nil }
        return Int(line[range.upperBound...].prefix { $0.isNumber })
    }

    /// The text of an answer; `nil` unless its status is 200 or 201.
    static func text(_ method: String = "GET", _ path: String, of process: Process, body: String? = nil) async throws
        -> String?
    {
        guard let url = URL(string: "http://127.0.0.1:\(process.port)\(path)") else { return nil }
        var request = URLRequest(url: url, timeoutInterval: 30)
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let status = (response as? HTTPURLResponse)?.statusCode, status == 200 || status == 201 else {
            return nil
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// A member of a JSON object.
    static func member(_ name: String, in text: String?) -> String? {
        let object = text.flatMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) } as? [String: Any]
        return object?[name] as? String
    }
}
