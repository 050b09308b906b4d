import Foundation
import TestKit
import Testing

extension LadderTests {
    /// The manifest, held against the schema of ISO/IEC 23009-1.
    ///
    /// The schema is in `DASH_SCHEMA_DIR`, or in `../shared/data/dash` beside the checkout.
    @Suite(
        .enabled(if: ManifestSchema.file != nil, "the DASH schema is not there: set DASH_SCHEMA_DIR"),
        .timeLimit(.minutes(2)))
    struct ManifestSchemaTests {
        @Test func `the manifest is valid, live, when the encoder comes back, and at the end`() async throws {
            let sluice = try await SluiceProcess(environment: LadderTests.small)
            let clip = try await LadderTests.clip(in: sluice)
            let stream = try await sluice.makeStream()
            let first = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
            try await eventually("the manifest is there") { try await sluice.get(stream.manifest).status == 200 }
            try await validate(stream, on: sluice) { $0.contains(#"type="dynamic""#) && $0.contains(#"id="180p""#) }
            first.signal(SIGKILL)
            try await eventually("viewers are told") { try await sluice.state(of: stream) == "reconnecting" }
            try await validate(stream, on: sluice) { _ in true }
            let second = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
            try await validate(stream, on: sluice) { $0.split(separator: "<Period ").count >= 3 }
            try await second.stop()
            try await validate(stream, on: sluice) { $0.contains(#"type="static""#) }
        }

        /// Validates each manifest until there is a certain one, and that.
        private func validate(
            _ stream: TestStream, on sluice: SluiceProcess, until isLast: (String) -> Bool
        ) async throws {
            let schema = try #require(ManifestSchema.file)
            let catalog = schema.deletingLastPathComponent().appending(path: "catalog.xml").path
            let file = sluice.directory.url.appending(path: "manifest.mpd")
            try await eventually("the manifest says so") {
                let manifest = try await sluice.text(stream.manifest)
                try Data(manifest.utf8).write(to: file)
                let check = try await ChildProcess.run(
                    ["xmllint", "--nonet", "--noout", "--schema", schema.path, file.path],
                    environment: ["XML_CATALOG_FILES": catalog], in: sluice.directory.url, seconds: 30)
                #expect(check.status == 0, "\(check.errors) \(manifest)")
                return isLast(manifest)
            }
        }
    }
}

private enum ManifestSchema {
    /// `nil` where it is not there.
    static let file: URL? = {
        let set = ProcessInfo.processInfo.environment["DASH_SCHEMA_DIR"].map { URL(filePath: $0) }
        let folder = set ?? SluiceProcess.root.appending(path: "../shared/data/dash").standardizedFileURL
        let file = folder.appending(path: "DASH-MPD.xsd")
        return FileManager.default.fileExists(atPath: file.path) ? file : nil
    }()
}
