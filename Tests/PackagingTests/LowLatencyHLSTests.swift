import Bytes
import Foundation
import Media
import Packaging
import Testing

@Suite struct LowLatencyHLSTests {
    private func text(
        _ window: LiveWindow, _ name: String = "source", suffix: String = "", delta: MediaPlaylist.Delta? = nil
    ) throws -> String {
        try #require(
            MediaPlaylist.render(window, rendition: name, suffix: AddressSuffix(suffix) ?? .none, delta: delta)
        ).string
    }

    /// A text without the lines before the first segment's number.
    private func body(_ text: String) -> String {
        guard let start = text.range(of: "#EXT-X-DISCONTINUITY-SEQUENCE") else { return text }
        return String(text[start.lowerBound...])
    }

    @Test func `parts, the next part and the others' edges are there`() throws {
        var script = WindowScript()
        script.run(17)
        script.broadcast(17...17, run: 17, from: 0)
        script.parts(0...1, of: 18, from: 2, of: [WindowScript.video])
        #expect(
            try text(script.window, suffix: "?t=a&b") == """
                #EXTM3U
                #EXT-X-VERSION:10
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-TARGETDURATION:2
                #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.00200,HOLD-BACK=6,CAN-SKIP-UNTIL=12,\
                CAN-SKIP-DATERANGES=YES
                #EXT-X-PART-INF:PART-TARGET=0.33400
                #EXT-X-MEDIA-SEQUENCE:17
                #EXT-X-DISCONTINUITY-SEQUENCE:5
                #EXT-X-MAP:URI="init-17.mp4?t=a&b"
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:00.250Z
                #EXT-X-PART:DURATION=0.33333,URI="segment-17.0.m4s?t=a&b",INDEPENDENT=YES
                #EXT-X-PART:DURATION=0.33333,URI="segment-17.1.m4s?t=a&b"
                #EXT-X-PART:DURATION=0.33333,URI="segment-17.2.m4s?t=a&b"
                #EXT-X-PART:DURATION=0.33333,URI="segment-17.3.m4s?t=a&b"
                #EXT-X-PART:DURATION=0.33333,URI="segment-17.4.m4s?t=a&b"
                #EXT-X-PART:DURATION=0.33333,URI="segment-17.5.m4s?t=a&b"
                #EXTINF:2.00000,
                segment-17.m4s?t=a&b
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:02.250Z
                #EXT-X-PART:DURATION=0.33333,URI="segment-18.0.m4s?t=a&b",INDEPENDENT=YES
                #EXT-X-PART:DURATION=0.33333,URI="segment-18.1.m4s?t=a&b"
                #EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment-18.2.m4s?t=a&b"
                #EXT-X-RENDITION-REPORT:URI="../audio/playlist.m3u8?t=a&b",LAST-MSN=17,LAST-PART=5

                """)
    }

    @Test func `a seam stands before the parts behind it`() throws {
        var script = WindowScript()
        let changed = Rendition(name: "source", epoch: 18, track: Tracks.otherVideo)
        script.run(17)
        script.broadcast(17...17, run: 17, from: 0)
        script.apply(.interrupted)
        #expect(
            try body(text(script.window)).hasSuffix(
                """
                segment-17.m4s
                #EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment-18.0.m4s"
                #EXT-X-RENDITION-REPORT:URI="../audio/playlist.m3u8",LAST-MSN=17,LAST-PART=5

                """))
        script.run(18, discontinuity: 6, at: 9000, [changed, WindowScript.audio])
        // Nothing is behind the seam yet.
        #expect(!(try text(script.window)).contains("#EXT-X-DISCONTINUITY\n"))
        script.parts(0...0, of: 18, from: 9, of: [changed, WindowScript.audio])
        #expect(
            try body(text(script.window)).hasSuffix(
                """
                segment-17.m4s
                #EXT-X-DISCONTINUITY
                #EXT-X-MAP:URI="init-18.mp4"
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:09.250Z
                #EXT-X-PART:DURATION=0.33333,URI="segment-18.0.m4s",INDEPENDENT=YES
                #EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment-18.1.m4s"
                #EXT-X-RENDITION-REPORT:URI="../audio/playlist.m3u8",LAST-MSN=18,LAST-PART=0

                """))
        #expect(
            try body(text(script.window, "audio")).contains(
                """
                #EXT-X-DISCONTINUITY
                #EXT-X-MAP:URI="init-17.mp4"
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:09.250Z
                #EXT-X-PART:DURATION=0.32000,URI="segment-18.0.m4s",INDEPENDENT=YES
                """))
    }

    @Test func `a rendition that was shed lists gaps, and nobody reports on it`() throws {
        let all = [WindowScript.high, WindowScript.low, WindowScript.audio]
        let rest = [WindowScript.low, WindowScript.audio]
        var script = WindowScript()
        script.run(17, all)
        script.broadcast(17...17, run: 17, from: 0, of: all)
        script.run(18, rest)
        script.parts(0...1, of: 18, from: 2, of: rest)
        #expect(
            try body(text(script.window, "720p")).hasSuffix(
                """
                segment-17.m4s
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:02.250Z
                #EXT-X-PART:DURATION=0.33333,URI="segment-18.0.m4s",GAP=YES
                #EXT-X-PART:DURATION=0.33333,URI="segment-18.1.m4s",GAP=YES
                #EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment-18.2.m4s"
                #EXT-X-RENDITION-REPORT:URI="../480p/playlist.m3u8",LAST-MSN=18,LAST-PART=1
                #EXT-X-RENDITION-REPORT:URI="../audio/playlist.m3u8",LAST-MSN=18,LAST-PART=1

                """))
        #expect(!(try text(script.window, "480p")).contains("720p"))
    }

    @Test func `behind the end there is nothing to wait for`() throws {
        var script = WindowScript()
        script.run(17)
        script.broadcast(17...18, run: 17, from: 0)
        script.apply(.ended)
        let text = try text(script.window)
        #expect(text.hasSuffix("segment-18.m4s\n#EXT-X-ENDLIST\n"))
        #expect(!text.contains("PRELOAD-HINT"))
        #expect(!text.contains("RENDITION-REPORT"))
        #expect(!text.contains("EXT-X-PART:"))
        #expect(try self.text(script.window, delta: .skip) == text)
    }

    @Test func `a delta update leaves out what is older than the skip boundary`() throws {
        var script = WindowScript()
        script.run(17)
        script.broadcast(17...22, run: 17, from: 0)
        // Twelve seconds are there: nothing is beyond the boundary.
        #expect(try text(script.window, delta: .skip) == text(script.window))
        script.broadcast(23...25, run: 17, from: 12)
        let full = try text(script.window)
        #expect(
            try body(text(script.window, delta: .skip)).hasPrefix(
                """
                #EXT-X-DISCONTINUITY-SEQUENCE:5
                #EXT-X-SKIP:SKIPPED-SEGMENTS=3
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:06.250Z
                #EXTINF:2.00000,
                segment-20.m4s

                """))
        #expect(
            try body(text(script.window, delta: .skipV2)).hasPrefix(
                """
                #EXT-X-DISCONTINUITY-SEQUENCE:5
                #EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES=""
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:06.250Z

                """))
        let tail = try #require(full.range(of: "segment-19.m4s\n"))
        #expect(try text(script.window, delta: .skip).hasSuffix(full[tail.upperBound...]))
        // Transport streams offer no updates.
        let plain = MediaPlaylist.render(script.window, rendition: "source", container: .transportStream)
        #expect(
            MediaPlaylist.render(script.window, rendition: "source", container: .transportStream, delta: .skip)
                == plain)
        #expect(!(try #require(plain).string.contains("EXT-X-PART")))
    }

    @Test func `seams in what is left out are known behind it`() throws {
        let changed = Rendition(name: "source", epoch: 19, track: Tracks.otherVideo)
        var script = WindowScript()
        script.run(17)
        script.broadcast(17...18, run: 17, from: 0)
        script.run(19, discontinuity: 6, at: 9000, [changed, WindowScript.audio])
        script.broadcast(19...25, run: 19, from: 9, of: [changed, WindowScript.audio])
        // The first segment behind the skip is the first of the run's second half: no tag of the seam is repeated.
        let delta = body(try text(script.window, delta: .skip))
        #expect(delta.contains("SKIPPED-SEGMENTS=3\n#EXT-X-PROGRAM-DATE-TIME"))
        #expect(!delta.contains("EXT-X-MAP"))
        #expect(delta.hasPrefix("#EXT-X-DISCONTINUITY-SEQUENCE:5\n"))
        // A seam right behind the skip stays.
        script.run(26, discontinuity: 7, at: 30_000)
        script.broadcast(26...31, run: 26, from: 30)
        #expect(
            body(try text(script.window, delta: .skip)).hasPrefix(
                """
                #EXT-X-DISCONTINUITY-SEQUENCE:5
                #EXT-X-SKIP:SKIPPED-SEGMENTS=9
                #EXT-X-DISCONTINUITY
                #EXT-X-MAP:URI="init-17.mp4"
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:30.250Z
                """))
    }

    @Test func `renditions come and go in the master playlist`() throws {
        let all = [WindowScript.high, WindowScript.low, WindowScript.audio]
        let rest = [WindowScript.low, WindowScript.audio]
        let variants = { (window: LiveWindow) throws -> [String] in
            try #require(MasterPlaylist.render(window)).string.split(separator: "\n").filter { !$0.hasPrefix("#") }
                .map { String($0.prefix { $0 != "/" }) }
        }
        var script = WindowScript()
        script.run(17, rest)
        script.broadcast(17...17, run: 17, from: 0, of: rest)
        #expect(try variants(script.window) == ["480p"])
        script.run(18, all)
        script.parts(0...3, of: 18, from: 2, of: all)
        #expect(try variants(script.window) == ["480p"])
        script.segment(18, run: 18, from: 2, of: all)
        #expect(try variants(script.window) == ["720p", "480p"])
        // Shed: it is gone at once.
        script.run(19, rest)
        #expect(try variants(script.window) == ["480p"])
        script.segment(19, run: 19, from: 4, of: rest)
        #expect(try variants(script.window) == ["480p"])
        // What has nothing but gaps is not offered.
        script.run(20, all)
        script.segment(20, run: 20, from: 6, of: rest)
        script.segment(20, run: 20, from: 6, of: [WindowScript.high], isGap: true)
        #expect(try variants(script.window) == ["480p"])
    }

    @Test func `a ladder's master playlist names everything exactly`() throws {
        let all = [WindowScript.high, WindowScript.low, WindowScript.audio]
        var script = WindowScript()
        script.run(17, all)
        script.segments(17...18, run: 17, from: 0, of: [WindowScript.high, WindowScript.audio])
        script.segments(17...18, run: 17, from: 0, of: [WindowScript.low], bytes: 100_000)
        #expect(
            try #require(MasterPlaylist.render(script.window)).string == """
                #EXTM3U
                #EXT-X-VERSION:10
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",\
                URI="audio/playlist.m3u8"
                #EXT-X-STREAM-INF:BANDWIDTH=1099735,AVERAGE-BANDWIDTH=1099735,CODECS="avc1.64000c,mp4a.40.2",\
                RESOLUTION=320x180,VIDEO-RANGE=SDR,FRAME-RATE=25.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
                720p/playlist.m3u8
                #EXT-X-STREAM-INF:BANDWIDTH=499735,AVERAGE-BANDWIDTH=499735,CODECS="avc1.64000c,mp4a.40.2",\
                RESOLUTION=320x180,VIDEO-RANGE=SDR,FRAME-RATE=25.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
                480p/playlist.m3u8
                #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=250000,AVERAGE-BANDWIDTH=250000,CODECS="avc1.64000c",\
                RESOLUTION=320x180,VIDEO-RANGE=SDR,URI="720p/iframes.m3u8"
                #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100000,AVERAGE-BANDWIDTH=100000,CODECS="avc1.64000c",\
                RESOLUTION=320x180,VIDEO-RANGE=SDR,URI="480p/iframes.m3u8"

                """)
        let transport = try #require(MasterPlaylist.render(script.window, container: .transportStream)).string
        #expect(transport.contains("720p/playlist-ts.m3u8\n"))
        #expect(transport.contains("480p/playlist-ts.m3u8\n"))
        #expect(!transport.contains("I-FRAME"))
    }

    @Test func `a transport stream playlist waits for its own tracks only`() throws {
        let all = [WindowScript.high, WindowScript.low, WindowScript.audio]
        var script = WindowScript()
        script.run(17, all)
        script.segments(17...18, run: 17, from: 0, of: all)
        script.segments(19...19, run: 17, from: 4, of: [WindowScript.low, WindowScript.audio])
        let last = { (name: String) throws in
            try #require(MediaPlaylist.render(script.window, rendition: name, container: .transportStream)).string
                .split(separator: "\n").last
        }
        #expect(try last("480p") == "segment-19.ts")
        #expect(try last("720p") == "segment-18.ts")
        #expect(try last("audio") == "segment-19.ts")
    }

    @Test func `key frames have a playlist of their own`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...17, run: 17, from: 0)
        script.segment(18, run: 17, from: 2, of: [WindowScript.video], isGap: true)
        script.run(19, discontinuity: 6, at: 9000)
        script.segments(19...19, run: 19, from: 9)
        script.parts(0...1, of: 20, from: 11)
        let suffix = AddressSuffix("?t=1") ?? .none
        #expect(
            try #require(IFramePlaylist.render(script.window, rendition: "source", suffix: suffix)).string == """
                #EXTM3U
                #EXT-X-VERSION:10
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-TARGETDURATION:2
                #EXT-X-I-FRAMES-ONLY
                #EXT-X-MEDIA-SEQUENCE:17
                #EXT-X-DISCONTINUITY-SEQUENCE:5
                #EXT-X-MAP:URI="init-17.mp4?t=1"
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:00.250Z
                #EXTINF:2.00000,
                #EXT-X-BYTERANGE:62500@0
                segment-17.m4s?t=1
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:02.250Z
                #EXTINF:2.00000,
                #EXT-X-GAP
                segment-18.m4s?t=1
                #EXT-X-DISCONTINUITY
                #EXT-X-MAP:URI="init-17.mp4?t=1"
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:09.250Z
                #EXTINF:2.00000,
                #EXT-X-BYTERANGE:62500@0
                segment-19.m4s?t=1

                """)
        #expect(IFramePlaylist.render(script.window, rendition: "audio") == nil)
        script.apply(.ended)
        #expect(
            try #require(IFramePlaylist.render(script.window, rendition: "source")).string.hasSuffix(
                "segment-19.m4s\n#EXT-X-ENDLIST\n"))
    }
}
