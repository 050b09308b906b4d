import Bytes
import Packaging
import Testing

/// A window that is made of another one's events shows the same, and goes on as that one does.
@Suite struct LiveWindowReplayTests {
    /// All that viewers can be told.
    private func texts(_ window: LiveWindow) -> [Bytes?] {
        [MasterPlaylist.render(window), DASHManifest.render(window)]
            + window.renditions.flatMap { rendition in
                [
                    MediaPlaylist.render(window, rendition: rendition.name),
                    IFramePlaylist.render(window, rendition: rendition.name),
                ]
            }
    }

    private func expectSame(_ script: WindowScript, sourceLocation: SourceLocation = #_sourceLocation) {
        var copy = WindowScript(script.window.configuration)
        copy.window = LiveWindow(script.window.configuration)
        for event in script.window.events { copy.apply(event) }
        for (text, expected) in zip(texts(copy.window), texts(script.window)) where text != expected {
            let lines = [text, expected].map { String(decoding: $0?.array ?? [], as: UTF8.self).split(separator: "\n") }
            let differing = zip(lines[0], lines[1]).first { $0 != $1 }
            Issue.record("\(differing?.0 ?? "more lines"), not \(differing?.1 ?? "")", sourceLocation: sourceLocation)
        }
        #expect(copy.window.state == script.window.state, sourceLocation: sourceLocation)
        #expect(copy.window.events == script.window.events, sourceLocation: sourceLocation)
    }

    @Test func `nothing, and a run without segments`() {
        #expect(LiveWindow().events.isEmpty)
        var script = WindowScript()
        expectSame(script)
        script.run(17)
        expectSame(script)
    }

    @Test func `at every moment of a broadcast that has parts and is longer than the window`() {
        var script = WindowScript(.init(windowMilliseconds: 20_000, lingerMilliseconds: 8_000))
        script.run(17)
        for number in Int64(17)...40 {
            let seconds = (number - 17) * 2
            for part in 0...5 {
                script.parts(part...part, of: number, from: seconds)
                expectSame(script)
            }
            script.segment(number, run: 17, from: seconds)
            if number % 5 == 0 { script.apply(.thumbnail(number)) }
            expectSame(script)
        }
    }

    @Test func `over an interruption, renditions that leave and come back, and the end`() {
        var script = WindowScript(.init(windowMilliseconds: 30_000))
        let (high, low, audio) = (WindowScript.high, WindowScript.low, WindowScript.audio)
        script.run(17, [high, low, audio])
        script.broadcast(17...20, run: 17, from: 0, of: [high, low, audio])
        script.run(21, at: 8000, [low, audio])
        script.broadcast(21...23, run: 21, from: 8, of: [low, audio])
        script.parts(0...2, of: 24, from: 14, of: [low, audio])
        expectSame(script)
        script.apply(.interrupted)
        expectSame(script)
        script.run(25, discontinuity: 6, at: 20_000, [high, low, audio])
        script.broadcast(25...29, run: 25, from: 20, of: [high, low, audio])
        expectSame(script)
        script.apply(.ended)
        expectSame(script)
    }
}
