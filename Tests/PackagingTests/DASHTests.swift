import Bytes
import Foundation
import Media
import Packaging
import Testing

@Suite struct DASHTests {
    @Test func `a live manifest is exact`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...19, run: 17, from: 0)
        script.run(20, discontinuity: 6, at: 9_500)
        script.segments(20...20, run: 20, from: 10)
        let manifest = try #require(DASHManifest.render(script.window, suffix: AddressSuffix("?a&b") ?? .none))
        #expect(manifest.string == DASHGolden.live)
    }

    @Test func `all qualities are one set`() throws {
        var script = WindowScript()
        script.run(17, DASHGolden.ladder)
        for (rendition, bytes) in zip(DASHGolden.ladder, [2_000_000, 1_250_000, 500_000, 320_000]) {
            script.segments(17...19, run: 17, from: 0, of: [rendition], bytes: bytes)
        }
        let manifest = try #require(DASHManifest.render(script.window))
        #expect(manifest.string == DASHGolden.ladderManifest)
    }

    @Test func `the end makes it static`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...19, run: 17, from: 0)
        script.apply(.ended)
        let text = try #require(DASHManifest.render(script.window)).string
        #expect(text.contains(" type=\"static\" "))
        #expect(text.contains(" mediaPresentationDuration=\"PT6.005S\" "))
        for live in [
            "minimumUpdatePeriod", "UTCTiming", "availabilityTimeOffset", "ServiceDescription",
            "ProducerReferenceTime",
        ] { #expect(!text.contains(live)) }
        #expect(text.contains("<S t=\"0\" d=\"180000\" r=\"2\"/>"))
    }

    @Test func `periods keep their identity when segments leave`() throws {
        var script = WindowScript(.init(windowMilliseconds: 8_000))
        script.run(17, at: 40)
        script.segments(17...40, run: 17, from: 1)
        let text = try #require(DASHManifest.render(script.window)).string
        #expect(text.contains("<Period id=\"17\" start=\"PT0.040S\">"))
        #expect(text.contains("presentationTimeOffset=\"3600\" startNumber=\"37\""))
        #expect(text.contains("<S t=\"\((1 + 20 * 2) * 90_000)\" d=\"180000\" r=\"5\"/>"))
    }

    /// The ids of the periods that a broadcast has that loses a track at 5.1 s, and how many sets each has.
    private func periods(without kind: MediaKind, to end: Double) throws -> [(id: String, sets: Int)] {
        var studio = Studio()
        let frames = FrameScript().frames(to: end * 1000 + 12_000).filter {
            $0.track.kind != kind || HoleTests.time($0) < 5.1 || HoleTests.time($0) > end
        }
        var periods: [String] = []
        var eventCount = 0
        for frame in frames {
            studio.append([frame])
            guard studio.events.count > eventCount, let text = DASHManifest.render(studio.window)?.string else {
                continue
            }
            eventCount = studio.events.count
            let found = text.split(separator: "<Period id=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
            // What was said once stays.
            #expect(found.starts(with: periods))
            periods = found
        }
        studio.append(.ended)
        let text = try #require(DASHManifest.render(studio.window)).string
        let sets = text.split(separator: "<Period ").dropFirst().map { period in
            period.split(separator: "<AdaptationSet").count - 1
        }
        return Array(zip(periods, sets))
    }

    @Test(arguments: [MediaKind.video, .audio])
    func `a track that is away for a while leaves a hole`(kind: MediaKind) throws {
        let periods = try periods(without: kind, to: 17.3)
        #expect(periods.map(\.id) == ["7", "16"])
        #expect(periods.map(\.sets) == [2, 2])
    }

    @Test(arguments: [MediaKind.video, .audio])
    func `a track that stays away is left out of the periods without it`(kind: MediaKind) throws {
        let periods = try periods(without: kind, to: 47.3)
        #expect(periods.map(\.id) == ["7", "10", "31"])
        #expect(periods.map(\.sets) == [2, 1, 2])
    }

    /// MPEG's schema is not part of the project: where it is found, manifests are held against it.
    ///
    /// In `DASH_SCHEMA_DIR`, or beside the repository.
    static let schema: String = {
        let repository = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let beside = repository.deletingLastPathComponent().appending(path: "shared/data/dash").path
        return (ProcessInfo.processInfo.environment["DASH_SCHEMA_DIR"] ?? beside) + "/DASH-MPD.xsd"
    }()

    @Test(
        .enabled("no xmllint, or no DASH schema: set DASH_SCHEMA_DIR") {
            Tool.validatesXML && FileManager.default.fileExists(atPath: schema)
        })
    func `manifests fit the schema`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...19, run: 17, from: 0)
        script.run(20, discontinuity: 6, at: 9_500, [WindowScript.audio])
        script.segments(20...20, run: 20, from: 10, of: [WindowScript.audio])
        var over = script
        over.apply(.ended)
        var studio = Studio()
        studio.append(FrameScript(frameMilliseconds: 1001.0 / 30, reorder: 2, jitter: 2).frames(to: 30_000))
        let directory = try Scratch()
        var ladder = WindowScript()
        ladder.run(17, DASHGolden.ladder)
        ladder.segments(17...19, run: 17, from: 0, of: DASHGolden.ladder)
        ladder.run(20, at: 6_000, Array(DASHGolden.ladder.dropFirst()))
        var stalled = ladder
        stalled.apply(.interrupted)
        for window in [script, over, ladder, stalled].map(\.window) + [studio.window] {
            let file = try directory.write(try #require(DASHManifest.render(window)), "manifest.mpd")
            let catalog = URL(fileURLWithPath: Self.schema).deletingLastPathComponent().path + "/catalog.xml"
            let result = try Tool.run(
                "xmllint", ["--noout", "--nonet", "--schema", Self.schema, file],
                environment: ["XML_CATALOG_FILES": catalog])
            #expect(result.status == 0, "\(result.errors)")
        }
    }
}
