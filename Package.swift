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
        .target(name: "Bytes", swiftSettings: pure),
        .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: test),
    ],
    swiftLanguageModes: [.v6]
)
