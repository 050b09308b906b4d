// swift-tools-version: 6.2
import PackageDescription

let upcoming: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]
let pure = upcoming + [.strictMemorySafety()]
let plain = upcoming
/// Modules that hold pointers: each unsafe expression is marked.
let interop = upcoming + [.strictMemorySafety()]
let test = upcoming

func main(_ name: String) -> Target {
    .executableTarget(
        name: name, dependencies: ["Composition"], path: "services/\(name)", exclude: ["README.md", "Dockerfile"],
        swiftSettings: plain)
}

let package = Package(
    name: "sluice",
    targets: [
        // C libraries, from Debian.
        .systemLibrary(name: "CLinux", path: "Sources/System/CLinux"),
        .systemLibrary(
            name: "CSQLite", path: "Sources/System/CSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CFFmpeg", path: "Sources/System/CFFmpeg",
            providers: [
                .apt([
                    "libavcodec-dev", "libavfilter-dev", "libavutil-dev", "libswresample-dev", "libswscale-dev",
                ])
            ]),
        .systemLibrary(name: "CZlib", path: "Sources/System/CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPostgres", path: "Sources/System/CPostgres", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CHiredis", path: "Sources/System/CHiredis", providers: [.apt(["libhiredis-dev", "libssl-dev"])]),
        .systemLibrary(name: "CKafka", path: "Sources/System/CKafka", providers: [.apt(["librdkafka-dev"])]),
        .systemLibrary(name: "CAvro", path: "Sources/System/CAvro", providers: [.apt(["libavro-dev"])]),
        .systemLibrary(
            name: "CCurl", path: "Sources/System/CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]),

        // Pure: bytes to frames, frames to segments, bytes to requests.
        .target(name: "Bytes", swiftSettings: pure),
        .target(name: "Media", dependencies: ["Bytes"], swiftSettings: pure),
        .target(name: "RTMP", dependencies: ["Bytes", "Media"], swiftSettings: pure),
        .target(name: "Packaging", dependencies: ["Bytes", "Media"], swiftSettings: pure),
        .target(name: "HTTP", dependencies: ["Bytes"], swiftSettings: pure),

        // Vocabulary, ports, configuration, logs, lifecycle.
        .target(name: "StreamingCore", dependencies: ["Bytes", "Media"], swiftSettings: plain),

        // I/O and back ends: the only modules that import C.
        .target(name: "Network", dependencies: ["Bytes", "HTTP", "CLinux"], swiftSettings: interop),
        .target(name: "HTTPClient", dependencies: ["Bytes", "CCurl"], swiftSettings: interop),
        .target(name: "Compression", dependencies: ["Bytes", "CZlib"], swiftSettings: interop),
        .target(name: "Codecs", dependencies: ["Bytes", "Media", "CFFmpeg"], swiftSettings: interop),
        .target(
            name: "SQLiteBackend", dependencies: ["Bytes", "Media", "StreamingCore", "CSQLite"],
            swiftSettings: interop),
        .target(name: "LocalBackend", dependencies: ["Bytes", "Media", "StreamingCore"], swiftSettings: interop),

        .target(
            name: "PostgresBackend", dependencies: ["Bytes", "Media", "StreamingCore", "CPostgres"],
            swiftSettings: interop),
        .target(name: "RedisBackend", dependencies: ["Bytes", "StreamingCore", "CHiredis"], swiftSettings: interop),
        .target(
            name: "KafkaBackend",
            dependencies: ["Bytes", "Media", "HTTP", "HTTPClient", "StreamingCore", "CKafka", "CAvro"],
            swiftSettings: interop),
        .target(
            name: "S3Backend", dependencies: ["Bytes", "HTTP", "HTTPClient", "StreamingCore"], swiftSettings: interop),

        // Services: they know ports, never a back end.
        .target(
            name: "IngestService", dependencies: ["Bytes", "Media", "RTMP", "Network", "StreamingCore"],
            swiftSettings: plain),
        .target(
            name: "TranscodeService", dependencies: ["Bytes", "Media", "Codecs", "Packaging", "StreamingCore"],
            swiftSettings: plain),
        .target(
            name: "DeliveryService",
            dependencies: ["Bytes", "Media", "HTTP", "Compression", "Packaging", "StreamingCore"],
            swiftSettings: plain),
        .target(
            name: "APIService", dependencies: ["Bytes", "HTTP", "HTTPClient", "StreamingCore"], swiftSettings: plain),

        // The only place that knows services and back ends, and the mains, which know only it.
        .target(
            name: "Composition",
            dependencies: [
                "HTTP", "Network", "Packaging", "StreamingCore", "LocalBackend", "SQLiteBackend", "PostgresBackend",
                "RedisBackend", "KafkaBackend", "S3Backend", "IngestService", "TranscodeService", "DeliveryService",
                "APIService",
            ], swiftSettings: plain),
        main("sluice"), main("ingest"), main("transcode"), main("delivery"), main("api"),

        .executableTarget(
            name: "sluice-bench",
            dependencies: [
                "Bytes", "Media", "RTMP", "Packaging", "HTTP", "Network", "StreamingCore", "LocalBackend",
                "SQLiteBackend", "PostgresBackend", "KafkaBackend", "TranscodeService", "DeliveryService", "TestKit",
            ], path: "Benchmarks", swiftSettings: plain),

        // Tests mirror Sources.
        .target(
            name: "TestKit", dependencies: ["StreamingCore", "CKafka"], path: "Tests/TestKit", swiftSettings: test),
        .executableTarget(
            name: "kafka-broker", dependencies: ["TestKit"], path: "Tests/KafkaBroker", swiftSettings: test),
        .executableTarget(
            name: "kafka-reader", dependencies: ["Bytes", "Media", "StreamingCore", "KafkaBackend", "PostgresBackend"],
            path: "Tests/KafkaReader", swiftSettings: test),
        .executableTarget(
            name: "websocket-echo", dependencies: ["Bytes", "HTTP", "Network"], path: "Tests/WebSocketEcho",
            exclude: ["conformance.py", "requirements.txt"], swiftSettings: test),
        .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: test),
        .testTarget(name: "MediaTests", dependencies: ["Bytes", "Media"], swiftSettings: test),
        .testTarget(name: "RTMPTests", dependencies: ["Bytes", "Media", "RTMP"], swiftSettings: test),
        .testTarget(
            name: "PackagingTests", dependencies: ["Bytes", "Media", "Packaging", "TestKit"], swiftSettings: test),
        .testTarget(name: "HTTPTests", dependencies: ["Bytes", "HTTP"], swiftSettings: test),
        .testTarget(name: "HTTPClientTests", dependencies: ["Bytes", "HTTPClient", "TestKit"], swiftSettings: test),
        .testTarget(name: "NetworkTests", dependencies: ["Bytes", "HTTP", "Network"], swiftSettings: test),
        .testTarget(
            name: "StreamingCoreTests", dependencies: ["Bytes", "StreamingCore", "TestKit"], swiftSettings: test),
        .testTarget(name: "CompressionTests", dependencies: ["Bytes", "Compression"], swiftSettings: test),
        .testTarget(name: "CodecsTests", dependencies: ["Bytes", "Media", "Codecs", "TestKit"], swiftSettings: test),
        .testTarget(
            name: "TranscodeServiceTests",
            dependencies: [
                "Bytes", "Media", "RTMP", "Codecs", "Packaging", "StreamingCore", "TranscodeService", "TestKit",
            ], swiftSettings: test),
        .testTarget(
            name: "IngestServiceTests",
            dependencies: [
                "Bytes", "Media", "StreamingCore", "IngestService", "LocalBackend", "SQLiteBackend", "TestKit",
            ], swiftSettings: test),
        .testTarget(
            name: "DeliveryServiceTests",
            dependencies: [
                "Bytes", "Media", "HTTP", "Packaging", "StreamingCore", "DeliveryService", "TranscodeService",
                "LocalBackend",
                "SQLiteBackend", "TestKit",
            ], swiftSettings: test),
        .testTarget(
            name: "SQLiteBackendTests", dependencies: ["Bytes", "Media", "StreamingCore", "SQLiteBackend", "TestKit"],
            swiftSettings: test),
        .testTarget(
            name: "LocalBackendTests", dependencies: ["Bytes", "Media", "StreamingCore", "LocalBackend", "TestKit"],
            swiftSettings: test),
        .testTarget(
            name: "BackendContractTests",
            dependencies: [
                "Bytes", "Media", "StreamingCore", "SQLiteBackend", "LocalBackend", "PostgresBackend", "RedisBackend",
                "KafkaBackend", "S3Backend", "TestKit",
            ], swiftSettings: test),
        .testTarget(
            name: "PostgresBackendTests",
            dependencies: ["Bytes", "Media", "StreamingCore", "PostgresBackend", "TestKit"], swiftSettings: test),
        .testTarget(
            name: "RedisBackendTests", dependencies: ["Bytes", "StreamingCore", "RedisBackend", "TestKit"],
            swiftSettings: test),
        .testTarget(
            name: "KafkaBackendTests",
            dependencies: [
                "Bytes", "Media", "RTMP", "StreamingCore", "KafkaBackend", "PostgresBackend", "TestKit", "kafka-broker",
                "kafka-reader",
            ],
            swiftSettings: test),
        .testTarget(
            name: "S3BackendTests", dependencies: ["Bytes", "HTTPClient", "StreamingCore", "S3Backend", "TestKit"],
            swiftSettings: test),
        .testTarget(
            name: "APIServiceTests",
            dependencies: ["Bytes", "HTTP", "Media", "StreamingCore", "APIService", "SQLiteBackend", "TestKit"],
            exclude: ["Webhooks/receiver.py"], swiftSettings: test),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Bytes", "Media", "RTMP", "HTTP", "Network", "StreamingCore", "TestKit", "ingest", "transcode",
                "delivery", "api", "kafka-broker",
            ], swiftSettings: test),
        .testTarget(
            name: "WebSocketConformanceTests", dependencies: ["TestKit", "websocket-echo"], swiftSettings: test),
        .testTarget(name: "HouseRulesTests", swiftSettings: test),
    ],
    swiftLanguageModes: [.v6]
)
