import Bytes
import Foundation
import Media
import Packaging
import Testing

/// What manifests say of segments that are not finished.
@Suite struct DASHForecastTests {
    /// One segment of a manifest.
    struct Listed: Hashable {
        let rendition: String
        let number: Int64
        let period: Int64
        let start: Int64
        let duration: Int64
    }

    /// Reads the segments of a manifest.
    static func segments(_ manifest: String) -> [Listed] {
        var listed: [Listed] = []
        var (period, number, time): (Int64, Int64, Int64) = (0, 0, 0)
        var pending: [(number: Int64, start: Int64, duration: Int64)] = []
        for line in manifest.split(separator: "\n") {
            let value = { (name: String) -> String? in
                guard let range = line.range(of: " \(name)=\"") else { return nil }
                return String(line[range.upperBound...].prefix { $0 != "\"" })
            }
            let integer = { (name: String) in value(name).flatMap { Int64($0) } }
            if line.contains("<Period ") { period = integer("id") ?? 0 }
            if line.contains("<AdaptationSet ") { pending = [] }
            if line.contains("<SegmentTemplate ") { (number, pending) = (integer("startNumber") ?? 0, []) }
            if line.contains("<S ") {
                time = integer("t") ?? time
                for _ in 0...(integer("r") ?? 0) {
                    pending.append((number, time, integer("d") ?? 0))
                    time += integer("d") ?? 0
                    number += 1
                }
            }
            if line.contains("<Representation "), let name = value("id") {
                listed += pending.map {
                    Listed(
                        rendition: name, number: $0.number, period: period, start: $0.start, duration: $0.duration)
                }
            }
        }
        return listed
    }

    static func numbers(_ window: LiveWindow, of rendition: String = "source") throws -> [Int64] {
        segments(try #require(DASHManifest.render(window)).string).filter { $0.rendition == rendition }.map(\.number)
    }

    @Test func `the segment in the making and the one behind it are listed`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...19, run: 17, from: 0)
        #expect(try Self.numbers(script.window) == [17, 18, 19, 20, 21])
        #expect(try Self.numbers(script.window, of: "audio") == [17, 18, 19, 20, 21])
        script.apply(.interrupted)
        #expect(try Self.numbers(script.window) == [17, 18, 19])
        script.apply(.ended)
        #expect(try Self.numbers(script.window) == [17, 18, 19])
    }

    @Test func `nobody knows when the segment behind an irregular one begins`() throws {
        var studio = Studio()
        studio.append(FrameScript(keyframeInterval: 33).frames(to: 30_000))
        let finished = studio.segments("source")
        #expect(Set(finished.map(\.duration)).count > 1)
        #expect(try Self.numbers(studio.window) == finished.map(\.number) + [try #require(finished.last).number + 1])
    }

    @Test func `a run is a period as soon as it begins`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...19, run: 17, from: 0)
        script.run(20, discontinuity: 6, at: 9_500)
        let text = try #require(DASHManifest.render(script.window)).string
        let listed = Self.segments(text)
        #expect(listed.filter { $0.period == 17 && $0.rendition == "source" }.map(\.number) == [17, 18, 19])
        #expect(listed.filter { $0.period == 20 && $0.rendition == "audio" }.map(\.number) == [20, 21])
        #expect(listed.first { $0.number == 20 }?.start == 855_000)
        // A hole comes before it.
        #expect(text.contains("<Period id=\"17\" start=\"PT0S\" duration=\"PT6.005S\">"))
        #expect(text.contains("urn:mpeg:dash:period-connectivity:2015\" value=\"17\""))
    }

    @Test func `a period without a seam is continued`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...18, run: 17, from: 0)
        script.run(19, at: 4_000)
        let other = Rendition(name: "source", epoch: 20, track: Tracks.otherVideo)
        script.segments(19...19, run: 19, from: 4)
        script.run(20, at: 6_000, [other, WindowScript.audio])
        script.segments(20...20, run: 20, from: 6, of: [other, WindowScript.audio])
        let periods = try #require(DASHManifest.render(script.window)).string.split(separator: "<Period ").dropFirst()
        let continued = periods.map { $0.split(separator: "period-continuity:2015").count - 1 }
        // The last one has another picture configuration, so that its sound alone goes on.
        #expect(continued == [0, 2, 1])
    }

    @Test func `initialisation segments of different age are said by representation`() throws {
        var script = WindowScript()
        var ladder = DASHGolden.ladder
        script.run(17, ladder)
        script.segments(17...18, run: 17, from: 0, of: ladder)
        ladder[0] = Rendition(name: "1080p", epoch: 19, track: DASHGolden.tracks[1].track)
        script.run(19, at: 4_000, ladder)
        script.segments(19...19, run: 19, from: 4, of: ladder)
        let text = try #require(DASHManifest.render(script.window)).string
        let last = try #require(text.components(separatedBy: "<Period ").last)
        #expect(last.contains("initialization=\"1080p/init-19.mp4\" media=\"1080p/segment-$Number$.m4s\""))
        #expect(last.contains("initialization=\"720p/init-17.mp4\" media=\"720p/segment-$Number$.m4s\""))
        #expect(!last.contains("$RepresentationID$/init-19.mp4"))
    }

    @Test(arguments: [(40.0, 50), (1001.0 / 30, 60), (20, 100), (40, 25)])
    func `what is expected of a regular stream comes true`(frameMilliseconds: Double, interval: Int) throws {
        var studio = Studio()
        var expected: [Listed: Int] = [:]
        var finished: Set<Listed> = []
        var eventCount = 0
        for frame in FrameScript(frameMilliseconds: frameMilliseconds, keyframeInterval: interval).frames(to: 20_000) {
            studio.append([frame])
            guard studio.events.count > eventCount, let text = DASHManifest.render(studio.window)?.string else {
                continue
            }
            eventCount = studio.events.count
            let settled = try #require(studio.window.settledNumber)
            for segment in Self.segments(text) {
                if segment.number > settled { expected[segment, default: 0] += 1 } else { finished.insert(segment) }
            }
        }
        let end = try #require(studio.window.settledNumber)
        let reached = expected.keys.filter { $0.number <= end }
        #expect(reached.count > 12)
        // Frame times are whole ticks and milliseconds in FLV: a segment may be off by less than a frame.
        for segment in reached {
            let other = try #require(
                finished.first { $0.rendition == segment.rendition && $0.number == segment.number })
            #expect(abs(other.start - segment.start) <= 1024 && abs(other.duration - segment.duration) <= 1024)
        }
    }

    @Test func `what was listed and never comes is known to be a gap`() throws {
        var script = WindowScript()
        let ladder = DASHGolden.ladder
        script.run(17, ladder)
        script.segments(17...19, run: 17, from: 0, of: ladder)
        #expect(!script.window.isGap(20, in: "1080p"))
        script.run(20, at: 6_000, Array(ladder.dropFirst()))
        for number in [20, 21] as [Int64] {
            #expect(script.window.isGap(number, in: "1080p"))
            #expect(!script.window.isGap(number, in: "720p"))
        }
        #expect(!script.window.isGap(19, in: "1080p") && !script.window.isGap(16, in: "1080p"))
        #expect(!script.window.isGap(20, in: "2160p"))
        #expect(EmptySegment.bytes.count == 24)
        #expect(try CMAFReader.samples(in: EmptySegment.bytes).isEmpty)
    }

    /// Encoders of every kind, with holes.
    static func eventful(_ round: UInt64) -> [BroadcastEntry] {
        var random = Random(state: round &* 0x9E37_79B9 &+ 1)
        var entries: [BroadcastEntry] = []
        for sequence in 0..<3 {
            var script = FrameScript(
                keyframeInterval: [50, 33, 110, 25][Int(random.next() % 4)], reorder: random.next() % 2 == 0 ? 0 : 2,
                jitter: 2, audioLag: Double(random.next() % 600) - 300)
            script.discontinuitySequence = sequence
            let start = Double(sequence) * 20_000
            var frames = script.frames(from: start, to: start + 15_000)
            let hole = start / 1000 + Double(random.next() % 12_000) / 1000
            let kinds = [[MediaKind.video], [.audio], [.video, .audio]][Int(random.next() % 3)]
            frames.removeAll { kinds.contains($0.track.kind) && hole..<hole + 3 ~= HoleTests.time($0) }
            entries += frames.map { .frame($0) }
            entries.append(.interrupted)
        }
        return entries + [.ended]
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `a manifest changes with a later publish time, and takes back nothing that is finished`(round: UInt64) throws {
        var studio = Studio(window: .init(windowMilliseconds: 20_000))
        var last = (text: "", published: "")
        var finished: [String: [Int64: Listed]] = [:]
        var eventCount = 0
        for entry in Self.eventful(round) {
            studio.append(entry)
            guard studio.events.count > eventCount else { continue }
            eventCount = studio.events.count
            guard let text = DASHManifest.render(studio.window)?.string, text != last.text else { continue }
            let published = text.components(separatedBy: "publishTime=\"")[1].prefix { $0 != "\"" }
            #expect(String(published) > last.published)
            last = (text, String(published))
            let settled = try #require(studio.window.settledNumber)
            let listed = Self.segments(text)
            #expect(listed.allSatisfy { $0.number <= settled + 2 })
            for segment in listed where segment.number <= settled {
                let known = finished[segment.rendition, default: [:]].updateValue(segment, forKey: segment.number)
                #expect(known == nil || known == segment)
            }
            for rendition in ["source", "audio"] {
                let numbers = listed.filter { $0.rendition == rendition }.map(\.number)
                #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
            }
        }
        #expect(finished.count == 2)
    }
}
