import Bytes
import Foundation
import Media
import Testing

@testable import Packaging

/// A recording as files in a folder, played by FFmpeg's demuxers and held against the schema.
@Suite(.enabled(if: Tool.areInstalled), .timeLimit(.minutes(2))) struct RecordingToolTests {
    @Test(arguments: ["master.m3u8", "manifest.mpd", "recording-7.m3u8", "recording-7.mpd"])
    func `FFmpeg plays the whole of it from the folder alone`(entry: String) throws {
        let clip = try EncodedClip(bFrames: 2)
        let studio = clip.packaged()
        let directory = try folder(of: studio)
        let file = directory.url.appendingPathComponent(entry).path
        for (stream, kind) in [("v", MediaKind.video), ("a", .audio)] {
            let probe = try Tool.probe(file, stream: stream)
            #expect(probe.frameCount == clip.playableFrameCount(kind))
            #expect(probe.complaints == "")
        }
        #expect(try Tool.decode(file) == "")
    }

    @Test(
        .enabled("no xmllint, or no DASH schema: set DASH_SCHEMA_DIR") {
            Tool.validatesXML && FileManager.default.fileExists(atPath: DASHTests.schema)
        })
    func `the manifest of a broadcast with a hole is valid`() throws {
        var studio = Studio()
        studio.append(FrameScript().frames(to: 12_000))
        studio.append(.interrupted)
        studio.append(FrameScript(audio: Tracks.audio44, discontinuitySequence: 1).frames(from: 20_000, to: 33_000))
        studio.append(.ended)
        let directory = try folder(of: studio)
        let file = directory.url.appendingPathComponent("manifest.mpd").path
        let catalog = URL(fileURLWithPath: DASHTests.schema).deletingLastPathComponent().path + "/catalog.xml"
        let result = try Tool.run(
            "xmllint", ["--nonet", "--noout", "--schema", DASHTests.schema, file],
            environment: ["XML_CATALOG_FILES": catalog])
        #expect(result.status == 0, "\(result.errors)")
    }

    /// What the store would have after the broadcast: segments, initialisation segments, and the recording's documents.
    private func folder(of studio: Studio) throws -> Scratch {
        let directory = try Scratch()
        let documents = try #require(RecordingPlaylists.render(studio.recording)).documents.map { ($0.name, $0.bytes) }
        let names = Set(studio.recording.storedNames)
        #expect(names.isSubset(of: studio.store.keys))
        for (name, bytes) in studio.store.filter({ names.contains($0.key) }) + documents {
            let folder = directory.url.appendingPathComponent(name).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            _ = try directory.write(bytes, name)
        }
        return directory
    }
}
