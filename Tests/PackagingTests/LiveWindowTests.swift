import Bytes
import Media
import Packaging
import Testing

@Suite struct LiveWindowTests {
    @Test func `nothing can be rendered before every rendition has a segment`() {
        var script = WindowScript()
        let check = { (window: LiveWindow, isPlayable: Bool) in
            #expect((window.playableRun != nil) == isPlayable)
            #expect((MasterPlaylist.render(window) != nil) == isPlayable)
            #expect((MediaPlaylist.render(window, rendition: "source") != nil) == isPlayable)
            #expect((DASHManifest.render(window) != nil) == isPlayable)
        }
        check(LiveWindow(), false)
        script.run(17)
        check(script.window, false)
        script.segments(17...17, run: 17, from: 0, of: [WindowScript.video])
        check(script.window, false)
        script.segments(17...17, run: 17, from: 0, of: [WindowScript.audio])
        check(script.window, true)
        // A run without a finished segment does not take away what was there.
        script.run(18, discontinuity: 6, at: 9000)
        check(script.window, true)
        #expect(script.window.playableRun?.number == 17)
    }

    @Test func `segments leave at the same number in all renditions, and linger`() {
        var script = WindowScript(.init(windowMilliseconds: 10_000, lingerMilliseconds: 4_000))
        script.run(17)
        script.segments(17...21, run: 17, from: 0)
        #expect(
            script.window.renditions.map { $0.entries.map(\.segment.number) } == [
                [17, 18, 19, 20, 21], [17, 18, 19, 20, 21],
            ])
        #expect(script.removed.isEmpty)
        script.segments(22...22, run: 17, from: 10)
        #expect(script.window.renditions.map { $0.entries.first?.segment.number } == [18, 18])
        #expect(script.removed.isEmpty)
        script.segments(23...24, run: 17, from: 12)
        #expect(script.window.renditions.map { $0.entries.first?.segment.number } == [20, 20])
        // Its audio ends 5 ms later and stays a segment longer.
        #expect(script.removed.filter { !$0.contains(".0.") && !$0.contains(".1.") } == ["source/segment-17.m4s"])
    }

    @Test func `a short window keeps three segments`() {
        var script = WindowScript(.init(windowMilliseconds: 1))
        script.run(17)
        script.segments(17...30, run: 17, from: 0)
        #expect(script.window.renditions.allSatisfy { $0.entries.count == 3 })
    }

    @Test func `an initialisation segment goes with the last run that uses it`() {
        var script = WindowScript(.init(windowMilliseconds: 10_000, lingerMilliseconds: 0))
        let changed = Rendition(name: "source", epoch: 20, track: Tracks.otherVideo)
        script.run(17)
        script.segments(17...19, run: 17, from: 0)
        script.run(20, discontinuity: 6, at: 6000, [changed, WindowScript.audio])
        script.segments(20...30, run: 20, from: 6, of: [changed, WindowScript.audio])
        #expect(script.window.runs.map(\.number) == [20])
        #expect(script.removed.contains("source/init-17.mp4"))
        #expect(!script.removed.contains("audio/init-17.mp4"))
    }

    @Test func `a new broadcast takes everything of the old one away`() {
        var script = WindowScript()
        script.run(17)
        script.segments(17...19, run: 17, from: 0)
        script.apply(.ended)
        #expect(script.window.state == .ended)
        #expect(script.removed.isEmpty)
        script.apply(
            .began(BroadcastOrigin(unixMilliseconds: 1, firstSegmentNumber: 20, firstDiscontinuitySequence: 9)))
        #expect(script.window.state == .live)
        #expect(script.window.runs.isEmpty)
        #expect(script.removed.count == 3 * 2 * 3 + 2)
        #expect(script.removed.contains("source/init-17.mp4"))
    }

    @Test func `events that come twice change nothing`() {
        var studio = Studio()
        studio.append(FrameScript().frames(to: 9_000))
        let before = studio.window
        for event in studio.events { #expect(studio.window.apply(event).isEmpty) }
        for name in ["source", "audio"] {
            #expect(
                MediaPlaylist.render(before, rendition: name) == MediaPlaylist.render(studio.window, rendition: name))
            #expect(before.rendition(named: name)?.openParts == studio.window.rendition(named: name)?.openParts)
        }
        #expect(DASHManifest.render(before) == DASHManifest.render(studio.window))
    }

    @Test func `parts of the open segment are known until it is finished`() throws {
        var studio = Studio()
        studio.append(FrameScript().frames(to: 5_000))
        let video = try #require(studio.window.rendition(named: "source"))
        #expect(video.entries.map(\.segment.number) == [7, 8])
        #expect(video.openParts.map(\.segmentNumber) == [9, 9, 9])
        #expect(video.openParts.map(\.number) == [0, 1, 2])
        #expect(video.openParts.map(\.isIndependent) == [true, false, false])
    }

    @Test func `states follow the encoder`() {
        var script = WindowScript()
        #expect(script.window.state == .live)
        script.run(17)
        script.segments(17...18, run: 17, from: 0)
        script.apply(.interrupted)
        #expect(script.window.state == .interrupted)
        script.run(19, discontinuity: 6, at: 9000)
        #expect(script.window.state == .live)
        script.apply(.ended)
        #expect(script.window.state == .ended)
        script.segments(19...19, run: 19, from: 9)
        #expect(script.window.renditions[0].entries.count == 2)
    }

    @Test func `what lies before lost events is not listed`() {
        var script = WindowScript()
        script.run(17)
        script.segments(17...19, run: 17, from: 0)
        script.segments(22...23, run: 17, from: 10)
        #expect(script.window.renditions[0].entries.map(\.segment.number) == [22, 23])
    }

    @Test func `the peak is that of about a target duration`() {
        var script = WindowScript()
        script.run(17)
        script.segments(17...18, run: 17, from: 0, bytes: 250_000)
        // A short segment with many bytes counts only together with its neighbour.
        script.apply(
            .segment(
                Segment(
                    rendition: "source", number: 19, run: 17, timescale: 90_000, start: 360_000, duration: 9_000,
                    byteCount: 100_000, frameCount: 3, partCount: 1)))
        let video = script.window.renditions[0]
        #expect(video.peakBitRate == Int64((350_000.0 * 8 / 2.1).rounded(.up)))
        #expect(video.averageBitRate == Int64((600_000.0 * 8 / 4.1).rounded(.up)))
    }

    @Test(arguments: [
        (frame: 1000.0 / 30, jitter: 0, expected: "30.000"), (frame: 1001.0 / 30, jitter: 0, expected: "29.970"),
        (frame: 40.0, jitter: 2, expected: "25.000"), (frame: 70.0, jitter: 0, expected: "14.286"),
    ])
    func `the frame rate is measured`(frame: Double, jitter: Int, expected: String) throws {
        var studio = Studio()
        let script = FrameScript(
            frameMilliseconds: frame, keyframeInterval: Int((2000 / frame).rounded()), jitter: jitter)
        studio.append(script.frames(to: 20_000))
        let master = try #require(MasterPlaylist.render(studio.window)).string
        #expect(master.contains("FRAME-RATE=\(expected),"), "\(master)")
    }
}
