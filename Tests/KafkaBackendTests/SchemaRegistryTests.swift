import Bytes
import Foundation
import RTMP
import StreamingCore
import TestKit
import Testing

@testable import KafkaBackend

/// Over HTTP with a registry that was written for these tests from Confluent's documentation, because no real one can
/// be had from Debian or PyPI.
@Suite(.timeLimit(.minutes(2))) struct SchemaRegistryTests {
    private func failure(_ work: () async throws -> Void) async -> String? {
        do {
            try await work()
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [nil, "user:p%40ss"]) func `a schema is kept under a number, and found by it`(
        credentials: String?
    ) async throws {
        let server = try await SchemaRegistryServer(credentials: credentials?.removingPercentEncoding)
        let registry = try SchemaRegistry.http(Secret(server.url(credentials) + "/"))
        let id = try await registry.register(EventSchema.current.text, "stream-events-value")
        #expect(try await registry.register(EventSchema.current.text, "another-value") == id)
        let schema = try AvroSchema(try await registry.schema(id))
        let event = StreamEvent(streamID: StreamID(at: Samples.noon), at: Samples.noon, kind: .started)
        let bytes = try AvroSchema(EventSchema.current.text).encode(event, after: [])
        #expect(try schema.decodeEvent(bytes) == event)
    }

    @Test func `what it refuses is told with its number, and never the password`() async throws {
        let server = try await SchemaRegistryServer(credentials: "user:pass")
        let known = try SchemaRegistry.http(Secret(server.url("user:pass")))
        let unknown = try SchemaRegistry.http(Secret(server.url("user:wrong")))
        let reasons = [
            await failure { _ = try await known.schema(7) },
            await failure { _ = try await known.register("{", "s") },
            await failure { _ = try await unknown.schema(1) },
        ]
        #expect(reasons[0]?.contains("refused with 404, error 40403") == true, "\(reasons)")
        #expect(reasons[1]?.contains("refused with 422, error 42201") == true, "\(reasons)")
        #expect(reasons[2]?.contains("refused with 401, error 401") == true, "\(reasons)")
        #expect(!reasons.contains { $0?.contains("pass") ?? true || $0?.contains("wrong") ?? true })
    }

    @Test func `one that is away fails, and so do answers that are none`() async throws {
        let server = try await SchemaRegistryServer()
        let registry = try SchemaRegistry.http(Secret(server.url()))
        try await server.kill()
        #expect(await failure { _ = try await registry.schema(1) } != nil)
        let bodies = [
            "", "{", "[]", #"{"id": "1"}"#, #"{"id": 1.5}"#, #"{"id": 9999999999}"#, #"{"id": 1, "id": 2}"#,
            #"{"schema": 5}"#, #"{"schema": "x", "schemaType": "PROTOBUF"}"#, String(repeating: "x", count: 2 << 20),
        ]
        let faulty = try FaultyServer { _, count in .answer(200, bodies[count / 2]) }
        defer { faulty.end() }
        let other = try SchemaRegistry.http(Secret(faulty.endpoint))
        for _ in bodies {
            #expect(await failure { _ = try await other.register("{}", "s") } != nil)
            #expect(await failure { _ = try await other.schema(1) } != nil)
        }
        #expect(faulty.requests.count == 2 * bodies.count)
    }

    @Test(arguments: ["", "registry:8081", "ftp://registry", "http://a b", "http://r/?x=1", "http://r/#x"])
    func `an address that cannot be one is refused without being repeated`(url: String) {
        let failure = #expect(throws: StreamError.self) { try SchemaRegistry.http(Secret(url)) }
        if url.count > 8 { #expect(!"\(String(describing: failure))".contains(url)) }
    }
}

@Suite struct TopicSettingsTests {
    private func setting(_ key: String, of topic: KafkaTopic, _ configuration: KafkaConfiguration) -> String? {
        topic.settings(configuration).first { $0.key == key }?.value
    }

    @Test(arguments: [(-1, nil), (1, "1"), (2, "1"), (3, "2"), (5, "2")])
    func `of three copies or more two must have a record`(replicas: Int, least: String?) {
        var configuration = KafkaConfiguration(brokers: "b:1")
        configuration.replicas = replicas
        for topic in KafkaTopic.allCases { #expect(setting("min.insync.replicas", of: topic, configuration) == least) }
    }

    /// No broker with TLS or SASL can be had here: librdkafka's mock cluster has neither. It takes the settings.
    @Test(arguments: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]) func `librdkafka is told how to protect connections`(
        mechanism: String
    ) throws {
        var configuration = KafkaConfiguration(brokers: "b:1")
        func found() throws -> [String: String] {
            let settings = ClientSettings(producer: configuration)
            _ = try settings.makeConfiguration()
            return Dictionary(uniqueKeysWithValues: settings.values.map { ($0.key, $0.value) })
        }
        #expect(try found()["security.protocol"] == nil)
        configuration.security = .tls(authorities: "/ca.pem")
        #expect(try found()["security.protocol"] == "ssl")
        #expect(try found()["ssl.ca.location"] == "/ca.pem")
        for (isInsideTLS, name) in [(true, "sasl_ssl"), (false, "sasl_plaintext")] {
            configuration.security = .password(
                mechanism: mechanism, user: "u", Secret("p"), isInsideTLS: isInsideTLS, authorities: nil)
            let settings = try found()
            #expect(settings["security.protocol"] == name)
            #expect(settings["sasl.mechanism"] == mechanism)
            #expect(settings["sasl.username"] == "u")
            #expect(settings["sasl.password"] == "p")
        }
    }

    @Test func `the longest frame that RTMP takes fits into a record`() throws {
        let configuration = KafkaConfiguration(brokers: "b:1")
        // The codec's configuration and what rewriting NAL units adds are below 128 KiB, Kafka's own part below 1 KiB.
        #expect(configuration.messageBytesMax >= RTMPLimits.mediaMessageBytesMax + 256 << 10)
        #expect(configuration.messageBytesMax <= KafkaLimits.inboxBytesMax)
        #expect(setting("max.message.bytes", of: .frames, configuration) == String(configuration.messageBytesMax))
    }
}
