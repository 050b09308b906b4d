import Foundation
import StreamingCore
import Testing

@Suite struct ConfigurationTests {
    @Test func `without any variable every value is fit for one machine`() throws {
        let configuration = try Configuration(environment: [:])
        #expect(configuration.rtmpPort == 1935)
        #expect(configuration.httpPort == 8080)
        #expect(configuration.dataDirectory == "./data")
        #expect(configuration.segmentMilliseconds == 2000)
        #expect(configuration.windowMilliseconds == 600_000)
        #expect(configuration.reconnectGraceMilliseconds == 15_000)
        #expect(configuration.adminToken == nil)
        #expect(configuration.corsOrigins.isEmpty)
    }

    @Test func `all mistakes are told together, each with its variable`() {
        let environment = [
            "RTMP_PORT": "70000", "HTTP_PORT": "http", "SEGMENT_SECONDS": "0", "LADDER": "8k", "LOG_LEVEL": "loud",
            "ADMIN_TOKEN": "two words", "CORS_ORIGINS": "example.org", "KAFKA_BROKERS": "localhost",
            "DATABASE_URL": "mysql://root:hidden@db/x", "REDIS_URL": "localhost", "S3_ENDPOINT": "s3.example.org",
        ]
        let failure = #expect(throws: ConfigurationFailure.self) { try Configuration(environment: environment) }
        #expect(Set(failure?.mistakes.map(\.variable) ?? []) == Set(environment.keys))
        #expect(failure?.description.contains("'70000'") == true)
        for secret in ["two words", "hidden"] {
            #expect(failure?.description.contains(secret) == false, "a secret must not be in a message")
        }
    }

    @Test func `a secret may come in a file, whose last line's end is none of it`() throws {
        let files = ["/run/secrets/admin": "a token\n", "/db": "postgresql://sluice:pass@db/sluice"]
        let reading = { (path: String) in files[path] }
        let configuration = try Configuration(
            environment: ["ADMIN_TOKEN_FILE": "/db", "VIEWER_TOKEN": "seen", "DATABASE_URL_FILE": "/db"],
            reading: reading)
        #expect(configuration.adminToken == Secret("postgresql://sluice:pass@db/sluice"))
        #expect(configuration.backends.databaseURL == Secret("postgresql://sluice:pass@db/sluice"))
        #expect(configuration.viewerToken == Secret("seen"))
        let failure = #expect(throws: ConfigurationFailure.self) {
            try Configuration(
                environment: [
                    "ADMIN_TOKEN_FILE": "/run/secrets/admin", "VIEWER_TOKEN_FILE": "/absent",
                    "REDIS_URL_FILE": "/db", "REDIS_URL": "redis://cache", "WEBHOOK_SECRET_FILE": "/long",
                ],
                reading: { $0 == "/long" ? String(repeating: "x", count: 65_537) : reading($0) })
        }
        // The token has a space in it, as its line's end is gone.
        let expected = ["ADMIN_TOKEN", "VIEWER_TOKEN_FILE", "REDIS_URL_FILE", "WEBHOOK_SECRET_FILE"]
        #expect(Set(failure?.mistakes.map(\.variable) ?? []) == Set(expected))
        #expect(failure?.description.contains("'/absent'") == true)
    }

    @Test func `stores that are of no use without others are told`() {
        let failure = #expect(throws: ConfigurationFailure.self) {
            try Configuration(environment: ["KAFKA_BROKERS": "kafka:9092", "S3_BUCKET": "live"])
        }
        let expected = ["S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "REDIS_URL", "DATABASE_URL"]
        #expect(Set(failure?.mistakes.map(\.variable) ?? []) == Set(expected))
    }

    @Test func `all stores together are a cluster's`() throws {
        let configuration = try Configuration(environment: [
            "KAFKA_BROKERS": "a:9092, b:9093", "REDIS_URL": "redis://:opensesame@redis:6379", "S3_BUCKET": "live",
            "S3_ENDPOINT": "http://s3:8333", "S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "opensesame",
            "DATABASE_URL": "postgres://sluice:opensesame@db/sluice", "TRANSCODE_LEASE_SECONDS": "2.5",
        ])
        #expect(configuration.backends.kafkaBrokers == ["a:9092", "b:9093"])
        #expect(configuration.backends.transcodeLeaseMilliseconds == 2500)
        #expect(configuration.backends.s3?.bucket == "live")
        #expect(!"\(configuration)".contains("opensesame"))
    }

    @Test func `how Kafka is reached is read, and its password is not printed`() throws {
        let configuration = try Configuration(environment: [
            "KAFKA_TLS": "on", "KAFKA_TLS_CA_FILE": "/ca.pem", "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_USER": "sluice", "KAFKA_PASSWORD": "opensesame", "KAFKA_TOPIC_PREFIX": "eu.",
            "KAFKA_FRAME_RETENTION_MINUTES": "5", "KAFKA_SCHEMA_REGISTRY_URL": "https://u:opensesame@registry",
        ])
        let protection = configuration.backends.kafkaProtection
        #expect(protection.usesTLS)
        #expect(protection.certificateAuthorityFile == "/ca.pem")
        #expect(protection.mechanism == .scramSHA512)
        #expect(protection.user == "sluice")
        #expect(protection.password.reveal() == "opensesame")
        #expect(configuration.backends.kafkaTopicPrefix == "eu.")
        #expect(configuration.backends.kafkaFrameRetentionMinutes == 5)
        #expect(configuration.backends.kafkaSchemaRegistryURL?.reveal() == "https://u:opensesame@registry")
        #expect(!"\(configuration)".contains("opensesame"))
    }

    @Test(arguments: [
        (["KAFKA_TLS_CA_FILE": "/ca.pem"], ["KAFKA_TLS"]), (["KAFKA_USER": "a"], ["KAFKA_SASL_MECHANISM"]),
        (["KAFKA_PASSWORD": "a"], ["KAFKA_SASL_MECHANISM"]),
        (["KAFKA_SASL_MECHANISM": "PLAIN"], ["KAFKA_USER", "KAFKA_PASSWORD"]),
        (["KAFKA_SASL_MECHANISM": "plain"], ["KAFKA_SASL_MECHANISM"]),
        (["KAFKA_TOPIC_PREFIX": "a b"], ["KAFKA_TOPIC_PREFIX"]),
        (["KAFKA_SCHEMA_REGISTRY_URL": "registry"], ["KAFKA_SCHEMA_REGISTRY_URL"]),
        (["RTMP_RECONNECT_URL": "http://a"], ["RTMP_RECONNECT_URL"]),
    ])
    func `what protects Kafka by half is told`(environment: [String: String], variables: [String]) {
        let failure = #expect(throws: ConfigurationFailure.self) { try Configuration(environment: environment) }
        #expect(failure?.mistakes.map(\.variable) == variables)
    }

    @Test func `values that contradict each other are told`() {
        let failure = #expect(throws: ConfigurationFailure.self) {
            try Configuration(environment: ["RTMP_PORT": "8080", "DVR_SECONDS": "10", "SEGMENT_SECONDS": "6"])
        }
        #expect(failure?.mistakes.map(\.variable) == ["RTMP_PORT", "DVR_SECONDS"])
    }

    @Test func `a window of more segments than are listed is told`() {
        let failure = #expect(throws: ConfigurationFailure.self) {
            try Configuration(environment: ["DVR_SECONDS": "43201", "SEGMENT_SECONDS": "2"])
        }
        #expect(failure?.mistakes.map(\.variable) == ["DVR_SECONDS"])
    }

    @Test func `the environment wins over .env, and an empty variable is an absent one`() throws {
        let file = """
            # a comment
            export RTMP_PORT=2000
            HTTP_PORT = "9000"   
            PUBLIC_HOST='live.example.org'
            SEGMENT_SECONDS=4 # longer
            """
        let configuration = try Configuration(environment: ["RTMP_PORT": "3000", "LOG_LEVEL": ""], dotEnv: file)
        #expect(configuration.rtmpPort == 3000)
        #expect(configuration.httpPort == 9000)
        #expect(configuration.publicHost == "live.example.org")
        #expect(configuration.segmentMilliseconds == 4000)
        #expect(configuration.logLevel == .info)
    }

    @Test func `a .env line that is none is told with its number`() {
        let failure = #expect(throws: ConfigurationFailure.self) {
            try Configuration(environment: [:], dotEnv: "RTMP_PORT=1935\nnonsense")
        }
        #expect(failure?.mistakes.map(\.variable) == [".env line 2"])
    }

    @Test(arguments: [
        ("2", 2000), ("0.5", nil), ("1.25", 1250), ("10", 10_000), ("10.001", nil), ("1e3", nil), ("-2", nil),
    ])
    func `seconds have up to three decimals`(text: String, milliseconds: Int64?) {
        let configuration = try? Configuration(environment: ["SEGMENT_SECONDS": text])
        #expect(configuration?.segmentMilliseconds == milliseconds)
    }

    @Test func `.env.example names every variable with its default`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: ".env.example"), encoding: .utf8)
        let expected = Configuration.help.map { "# \($0.help)\n#\($0.name)=\($0.fallback)\n" }.joined(separator: "\n")
        #expect(text.hasSuffix(expected), "the end of .env.example must be:\n\(expected)")
    }

    @Test func `the table in the README has every variable with its default, in the same order`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap { row in
            let cells = row.split(separator: "|").map { $0.filter { $0 != " " && $0 != "`" } }
            return cells[0].allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" } ? cells[0] + "=" + cells[1] : nil
        }
        #expect(rows == Configuration.help.map { "\($0.name)=\($0.fallback)" })
    }

    @Test func `help fits a terminal's manual: every variable has a line`() {
        let text = Invocation.helpText(program: "sluice", summary: "a test")
        for variable in Configuration.help { #expect(text.contains(variable.name) && text.contains(variable.help)) }
    }

    @Test(arguments: [
        ([], Invocation.run), (["migrate"], .migrate), (["--help"], .help), (["-h"], .help), (["--version"], .version),
        (["run"], .mistake("run")),
    ]) func `the command line is help, version or nothing`(arguments: [String], expected: Invocation) {
        #expect(Invocation(arguments: arguments) == expected)
    }
}
