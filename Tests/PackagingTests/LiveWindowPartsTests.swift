import Bytes
import Media
import Packaging
import Testing

@Suite struct LiveWindowPartsTests {
    private func partCounts(_ window: LiveWindow, _ name: String = "source") -> [Int] {
        window.rendition(named: name)?.entries.map(\.parts.count) ?? []
    }

    @Test func `parts are listed for three target durations`() throws {
        var script = WindowScript()
        script.run(17)
        script.broadcast(17...21, run: 17, from: 0)
        // Those of 18 end six seconds before the end.
        #expect(partCounts(script.window) == [0, 0, 6, 6, 6])
        // Audio segments of the script are a bit shorter, so that one more reaches into the six seconds.
        #expect(partCounts(script.window, "audio") == [0, 0, 6, 6, 6])
        script.parts(0...2, of: 22, from: 10)
        #expect(script.window.rendition(named: "source")?.openParts.count == 3)
        #expect(script.window.rendition(named: "source")?.entries.last?.parts.map(\.number) == Array(0...5))
    }

    @Test func `parts are stored for seven target durations, and named once`() {
        var script = WindowScript()
        script.run(17)
        var expected: [String] = []
        for number: Int64 in 17...60 {
            script.broadcast(number...number, run: 17, from: (number - 17) * 2)
            // What ended fourteen seconds before the end of the newest segment.
            guard number >= 24 else { continue }
            for name in ["source", "audio"] { expected += (0...5).map { "\(name)/segment-\(number - 7).\($0).m4s" } }
        }
        // Audio ends a little earlier than video in each segment of the script, hence the order.
        #expect(script.removed.sorted() == expected.sorted())
        let before = script.removed
        script.apply(.ended)
        #expect(script.removed == before)
        script.apply(
            .began(BroadcastOrigin(unixMilliseconds: 9, firstSegmentNumber: 99, firstDiscontinuitySequence: 9)))
        #expect(Set(script.removed).count == script.removed.count)
        // 44 segments with six parts of two renditions, and two initialisation segments.
        #expect(script.removed.count == 44 * 7 * 2 + 2)
    }

    @Test func `open parts of a broadcast that breaks off are named at the next one`() {
        var script = WindowScript()
        script.run(17)
        script.broadcast(17...17, run: 17, from: 0)
        script.parts(0...3, of: 18, from: 2)
        script.apply(
            .began(BroadcastOrigin(unixMilliseconds: 9, firstSegmentNumber: 99, firstDiscontinuitySequence: 9)))
        #expect(script.removed.contains("audio/segment-18.3.m4s"))
        #expect(Set(script.removed).count == script.removed.count)
        #expect(script.removed.count == 7 * 2 + 4 * 2 + 2)
    }

    @Test func `a lost part takes the rest of its segment off the list, and the edge with it`() throws {
        var script = WindowScript()
        script.run(17)
        script.broadcast(17...17, run: 17, from: 0)
        script.parts(0...1, of: 18, from: 2)
        script.parts(3...5, of: 18, from: 2)
        #expect(script.window.rendition(named: "source")?.openParts.map(\.number) == [0, 1])
        #expect(script.window.hintedPart(of: "source") == "source/segment-18.2.m4s")
        script.segment(18, run: 17, from: 2)
        // Some parts of a segment are worse than none: together they would not be the segment.
        #expect(partCounts(script.window) == [6, 0])
        #expect(try #require(script.window.liveEdge(of: "source")) == (18, 5))
        #expect(script.window.contains(rendition: "source", sequence: 18, part: 5))
        #expect(!script.window.contains(rendition: "source", sequence: 18, part: 6))
        script.apply(
            .began(BroadcastOrigin(unixMilliseconds: 9, firstSegmentNumber: 99, firstDiscontinuitySequence: 9)))
        #expect(script.removed.contains("source/segment-18.2.m4s"))
    }

    @Test func `parts behind a lost segment are not listed`() throws {
        var script = WindowScript()
        script.run(17)
        script.broadcast(17...17, run: 17, from: 0)
        script.parts(0...1, of: 18, from: 2)
        script.parts(0...1, of: 19, from: 4)
        #expect(try #require(script.window.liveEdge(of: "source")) == (17, 5))
        let text = try #require(MediaPlaylist.render(script.window, rendition: "source")).string
        #expect(!text.contains("segment-19"))
        script.segment(19, run: 17, from: 4)
        #expect(script.window.rendition(named: "source")?.entries.map(\.segment.number) == [19])
        // Those of 18, which nobody can ask for any more, go like all others.
        for number: Int64 in 20...26 { script.broadcast(number...number, run: 17, from: (number - 17) * 2) }
        #expect(script.removed.contains("source/segment-18.1.m4s"))
        #expect(!script.removed.contains("source/segment-18.2.m4s"))
    }

    @Test func `parts that come twice or late change nothing`() {
        var script = WindowScript()
        script.run(17)
        script.broadcast(17...18, run: 17, from: 0)
        script.parts(0...2, of: 19, from: 4)
        let before = script.window
        script.parts(0...2, of: 19, from: 4)
        script.parts(0...5, of: 18, from: 2)
        #expect(script.window.renditions.map(\.openParts) == before.renditions.map(\.openParts))
        #expect(script.window.renditions.map(\.entries) == before.renditions.map(\.entries))
        #expect(script.removed.isEmpty)
    }

    @Test func `memory is bounded whatever comes`() {
        var script = WindowScript()
        script.run(17)
        // Segments that last nothing, so that no time passes.
        for number: Int64 in 17...5000 {
            for part in 0...1 {
                script.apply(
                    .part(
                        Part(
                            rendition: "source", segmentNumber: number, number: part, timescale: 90_000, start: 0,
                            duration: 0, byteCount: 1, isIndependent: true)))
            }
            script.apply(
                .segment(
                    Segment(
                        rendition: "source", number: number, run: 17, timescale: 90_000, start: 0, duration: 0,
                        byteCount: 1, frameCount: 1, partCount: 2)))
        }
        #expect(script.window.renditions[0].entries.count { !$0.parts.isEmpty } == 64)
        #expect(script.removed.count == (5000 - 17 + 1 - 4096) * 2)
        for part in 0...1000 {
            script.apply(
                .part(
                    Part(
                        rendition: "source", segmentNumber: 5001, number: part, timescale: 90_000, start: 0,
                        duration: 0, byteCount: 1, isIndependent: true)))
        }
        #expect(script.window.renditions[0].openParts.count == Part.countPerSegmentMax)
    }

    @Test func `behind the last part of a segment the next one's first is hinted at, before the segment is known`()
        throws
    {
        var script = WindowScript()
        script.run(17)
        script.broadcast(17...18, run: 17, from: 0)
        script.parts(0...5, of: 19, from: 4, last: 5)
        let contains = { (sequence: Int64, part: Int?) in
            script.window.contains(rendition: "source", sequence: sequence, part: part)
        }
        #expect(script.window.hintedPart(of: "source") == "source/segment-20.0.m4s")
        let text = try #require(MediaPlaylist.render(script.window, rendition: "source")).string
        #expect(text.contains("segment-19.5.m4s\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment-20.0.m4s\"\n"))
        #expect(try #require(script.window.liveEdge(of: "source")) == (19, 5))
        #expect(contains(19, 5) && !contains(19, nil) && !contains(19, 6) && !contains(20, 0))
        script.segment(19, run: 17, from: 4)
        #expect(script.window.hintedPart(of: "source") == "source/segment-20.0.m4s")
        #expect(contains(19, nil) && !contains(19, 6))
        script.parts(0...0, of: 20, from: 6)
        #expect(contains(19, 6) && contains(20, 0))
    }

    @Test func `what a request for a part waits for`() throws {
        var script = WindowScript()
        script.run(17)
        #expect(script.window.liveEdge(of: "source") == nil)
        #expect(script.window.hintedPart(of: "source") == nil)
        #expect(!script.window.contains(rendition: "source", sequence: 1, part: nil))
        script.broadcast(17...18, run: 17, from: 0)
        let contains = { (sequence: Int64, part: Int?) in
            script.window.contains(rendition: "source", sequence: sequence, part: part)
        }
        #expect(script.window.hintedPart(of: "source") == "source/segment-19.0.m4s")
        #expect(try #require(script.window.liveEdge(of: "source")) == (18, 5))
        #expect(contains(1, nil) && contains(18, nil) && contains(18, 5) && contains(17, 99))
        // Behind the last part of a finished segment is the first of the next.
        #expect(!contains(18, 6) && !contains(19, 0) && !contains(19, nil))
        script.parts(0...0, of: 19, from: 4)
        #expect(contains(18, 6) && contains(18, 200) && contains(19, 0))
        #expect(!contains(19, 1) && !contains(19, nil) && !contains(20, 0))
        #expect(try #require(script.window.liveEdge(of: "source")) == (19, 0))
        #expect(script.window.hintedPart(of: "source") == "source/segment-19.1.m4s")
        #expect(!script.window.contains(rendition: "nothing", sequence: 17, part: nil))
        script.apply(.ended)
        #expect(contains(99, 9))
        #expect(script.window.hintedPart(of: "source") == nil)
    }

    @Test func `an interrupted broadcast hints at what comes if the encoder does`() {
        var script = WindowScript()
        script.run(17)
        script.broadcast(17...18, run: 17, from: 0)
        script.apply(.interrupted)
        #expect(script.window.hintedPart(of: "source") == "source/segment-19.0.m4s")
        script.run(19, discontinuity: 6, at: 9000)
        #expect(script.window.hintedPart(of: "source") == "source/segment-19.0.m4s")
        script.parts(0...0, of: 19, from: 9)
        #expect(script.window.contains(rendition: "source", sequence: 19, part: 0))
    }

    @Test func `a rendition that is shed goes on with gaps in the place of parts`() throws {
        let all = [WindowScript.high, WindowScript.low, WindowScript.audio]
        let rest = [WindowScript.low, WindowScript.audio]
        var script = WindowScript()
        script.run(17, all)
        script.broadcast(17...17, run: 17, from: 0, of: all)
        script.run(18, rest)
        script.parts(0...3, of: 18, from: 2, of: rest)
        #expect(try #require(script.window.liveEdge(of: "720p")) == (18, 3))
        #expect(try #require(script.window.liveEdge(of: "480p")) == (18, 3))
        #expect(script.window.contains(rendition: "720p", sequence: 18, part: 3))
        // The packager announces the gap before the others have finished their segment.
        script.segment(18, run: 18, from: 2, of: [WindowScript.high], isGap: true)
        script.parts(4...5, of: 18, from: 2, of: rest)
        script.segment(18, run: 18, from: 2, of: rest)
        #expect(partCounts(script.window, "720p") == [6, 4])
        #expect(try #require(script.window.liveEdge(of: "720p")) == (18, 3))
        #expect(script.window.contains(rendition: "720p", sequence: 18, part: nil))
        script.parts(0...0, of: 19, from: 4, of: rest)
        #expect(script.window.hintedPart(of: "720p") == "720p/segment-19.1.m4s")
        // It comes back.
        script.segment(19, run: 18, from: 4, of: [WindowScript.high], isGap: true)
        script.segment(19, run: 18, from: 4, of: rest)
        script.run(20, all)
        script.parts(0...1, of: 20, from: 6, of: all)
        #expect(try #require(script.window.liveEdge(of: "720p")) == (20, 1))
        script.apply(
            .began(BroadcastOrigin(unixMilliseconds: 9, firstSegmentNumber: 99, firstDiscontinuitySequence: 9)))
        // Nothing was stored for a gap.
        #expect(!script.removed.contains("720p/segment-18.0.m4s"))
        #expect(!script.removed.contains("720p/segment-19.0.m4s"))
        #expect(script.removed.contains("720p/segment-20.1.m4s"))
        #expect(Set(script.removed).count == script.removed.count)
    }

    @Test func `the highest quality stands first, audio last`() {
        var script = WindowScript()
        script.run(17, [WindowScript.audio])
        script.run(18, [WindowScript.low, WindowScript.audio])
        #expect(script.window.renditions.map(\.name) == ["480p", "audio"])
        script.run(19, [WindowScript.high, WindowScript.low, WindowScript.audio])
        #expect(script.window.renditions.map(\.name) == ["720p", "480p", "audio"])
        script.run(20, [WindowScript.low, WindowScript.audio])
        #expect(script.window.renditions.map(\.name) == ["480p", "720p", "audio"])
        script.run(21, [WindowScript.high])
        #expect(script.window.renditions.map(\.name) == ["720p", "480p", "audio"])
    }

    @Test func `still pictures go when newer ones are known`() {
        var script = WindowScript()
        #expect(script.window.latestThumbnail == nil)
        for number: Int64 in [17, 22, 22, 20, 27, 32] { script.apply(.thumbnail(number)) }
        #expect(script.window.latestThumbnail == 32)
        #expect(script.removed == ["thumbnail-17.jpg"])
        script.apply(
            .began(BroadcastOrigin(unixMilliseconds: 9, firstSegmentNumber: 99, firstDiscontinuitySequence: 9)))
        #expect(script.window.latestThumbnail == nil)
        #expect(script.removed == [17, 22, 27, 32].map { "thumbnail-\($0).jpg" })
    }

    @Test func `a packager's own parts are all named, and each once`() throws {
        var studio = Studio(window: .init(windowMilliseconds: 10_000, lingerMilliseconds: 4_000))
        studio.append(FrameScript(reorder: 2).frames(to: 60_000))
        #expect(Set(studio.removed).count == studio.removed.count)
        #expect(studio.removed.allSatisfy { studio.store[$0] != nil })
        studio.append(.ended)
        studio.append(
            .began(
                BroadcastOrigin(unixMilliseconds: 1, firstSegmentNumber: 1000, firstDiscontinuitySequence: 9)))
        #expect(Set(studio.removed) == Set(studio.store.keys))
        #expect(Set(studio.removed).count == studio.removed.count)
    }
}
