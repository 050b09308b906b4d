public import Foundation
import FoundationNetworking

/// The release binary, running as a user would run it, on free ports and in a folder of its own.
public final class SluiceProcess: Sendable {
    public static let adminToken = "test-admin-token-0123456789"

    /// The checkout.
    public static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    public let directory: TemporaryDirectory
    public let child: ChildProcess
    public let rtmpPort: Int
    public let httpPort: Int

    /// - Parameter environment: Configuration beside the ports, the data folder and the token.
    public init(environment: [String: String] = [:], directory: TemporaryDirectory? = nil) async throws {
        let directory = try directory ?? TemporaryDirectory()
        self.directory = directory
        var variables = [
            "RTMP_PORT": "0", "HTTP_PORT": "0", "BIND_ADDRESS": "127.0.0.1", "PUBLIC_HOST": "127.0.0.1",
            "DATA_DIR": directory.url.appending(path: "data").path, "ADMIN_TOKEN": Self.adminToken,
            // Tests of the ladder ask for it: it costs the machine a core for each stream.
            "LADDER": "none",
        ]
        variables.merge(environment) { _, new in new }
        let binary = ProcessInfo.processInfo.environment["SLUICE_BINARY"] ?? ".build/release/sluice"
        let child = try ChildProcess(
            [Self.root.appending(path: binary).path], environment: variables, in: directory.url, name: "sluice",
            workingDirectory: Self.root)
        self.child = child
        try await eventually("sluice prints its addresses: \(child.errors)", within: 30) {
            child.output.contains("Publish") && child.output.contains("Watch") || !child.isRunning
        }
        guard let rtmp = Self.port(after: "rtmp://127.0.0.1:", in: child.output),
            let http = Self.port(after: "http://127.0.0.1:", in: child.output)
        else { throw NeverHappened(description: "sluice did not start: \(child.output)\(child.errors)") }
        rtmpPort = rtmp
        httpPort = http
        try await eventually("sluice is ready") { try await self.get("/health/ready").status == 200 }
    }

    private static func port(after prefix: String, in text: String) -> Int? {
        guard let range = text.range(of: prefix) else { return nil }
        return Int(text[range.upperBound...].prefix { $0.isNumber })
    }

    public func url(_ path: String) -> URL { URL(string: "http://127.0.0.1:\(httpPort)\(path)") ?? Self.root }

    /// One HTTP exchange.
    public func request(
        _ method: String, _ path: String, body: String? = nil, headers: [String: String] = [:], authorized: Bool = true
    ) async throws -> (status: Int, body: Data, headers: [String: String]) {
        var request = URLRequest(url: url(path), timeoutInterval: 30)
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        if body != nil { request.setValue("application/json", forHTTPHeaderField: "Content-Type") }
        if authorized { request.setValue("Bearer \(Self.adminToken)", forHTTPHeaderField: "Authorization") }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw NeverHappened(description: "no HTTP response") }
        var fields: [String: String] = [:]
        for (name, value) in response.allHeaderFields {
            fields[String(describing: name).lowercased()] = String(describing: value)
        }
        return (response.statusCode, data, fields)
    }

    public func get(_ path: String) async throws -> (status: Int, body: Data, headers: [String: String]) {
        try await request("GET", path)
    }

    /// What must be there.
    ///
    /// - Parameter range: Of its bytes.
    public func data(_ path: String, range: Range<Int>? = nil) async throws -> Data {
        let fields = range.map { ["Range": "bytes=\($0.lowerBound)-\($0.upperBound - 1)"] } ?? [:]
        let answer = try await request("GET", path, headers: fields)
        guard answer.status == (range == nil ? 200 : 206) else {
            throw NeverHappened(description: "\(path) answered \(answer.status)")
        }
        return answer.body
    }

    /// The text of a page that must be there.
    public func text(_ path: String) async throws -> String { String(decoding: try await data(path), as: UTF8.self) }

    /// Makes a stream through the API.
    public func makeStream(title: String = "Test") async throws -> TestStream {
        let answer = try await request("POST", "/streams", body: #"{"title":"\#(title)"}"#)
        let object = try JSONSerialization.jsonObject(with: answer.body) as? [String: Any]
        guard answer.status == 201, let id = object?["id"] as? String, let key = object?["stream_key"] as? String else {
            throw NeverHappened(description: "POST /streams answered \(answer.status)")
        }
        return TestStream(id: id, key: key, publishURL: "rtmp://127.0.0.1:\(rtmpPort)/live/\(key)")
    }

    /// The state that the API tells.
    public func state(of stream: TestStream) async throws -> String {
        let object =
            try JSONSerialization.jsonObject(with: try await get("/streams/\(stream.id)").body) as? [String: Any]
        return object?["state"] as? String ?? ""
    }

    /// How many descriptors the process has open.
    public var descriptorCount: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(child.identifier)/fd").count) ?? 0
    }

    /// The process's resident memory, in bytes.
    public var residentBytes: Int {
        let status = (try? String(contentsOfFile: "/proc/\(child.identifier)/status", encoding: .utf8)) ?? ""
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }) else { return 0 }
        return (Int(line.filter(\.isNumber)) ?? 0) * 1024
    }
}

/// A stream that a test made.
public struct TestStream: Sendable {
    public let id: String
    public let key: String
    public let publishURL: String

    public var master: String { "/hls/\(id)/master.m3u8" }
    public var manifest: String { "/dash/\(id)/manifest.mpd" }
}
