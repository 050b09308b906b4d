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
let test = upcoming

let package = Package(
    name: "sluice",
    targets: [
        // Pure: bytes to frames, frames to segments, bytes to requests.
        .target(name: "Bytes", swiftSettings: pure),
        .target(name: "Media", dependencies: ["Bytes"], swiftSettings: pure),

        // Vocabulary, ports, configuration, logs, lifecycle.
        .target(name: "StreamingCore", dependencies: ["Bytes", "Media"], swiftSettings: plain),

        // Tests mirror Sources.
        .target(name: "TestKit", path: "Tests/TestKit", swiftSettings: test),
        .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: test),
    ],
    swiftLanguageModes: [.v6]
)
