import Bytes
import Media
import Packaging
import Testing

@Suite struct HLSTests {
    @Test func `a media playlist says when and what`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...19, run: 17, from: 0)
        #expect(
            try #require(MediaPlaylist.render(script.window, rendition: "source")).string == """
                #EXTM3U
                #EXT-X-VERSION:10
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-TARGETDURATION:2
                #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.00200,HOLD-BACK=6,CAN-SKIP-UNTIL=12,\
                CAN-SKIP-DATERANGES=YES
                #EXT-X-PART-INF:PART-TARGET=0.33400
                #EXT-X-MEDIA-SEQUENCE:17
                #EXT-X-DISCONTINUITY-SEQUENCE:5
                #EXT-X-MAP:URI="init-17.mp4"
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:00.250Z
                #EXTINF:2.00000,
                segment-17.m4s
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:02.250Z
                #EXTINF:2.00000,
                segment-18.m4s
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:04.250Z
                #EXTINF:2.00000,
                segment-19.m4s
                #EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment-20.0.m4s"
                #EXT-X-RENDITION-REPORT:URI="../audio/playlist.m3u8",LAST-MSN=19,LAST-PART=1

                """)
    }

    @Test func `seams, gaps and the end are marked`() throws {
        var script = WindowScript()
        let changed = Rendition(name: "source", epoch: 21, track: Tracks.otherVideo)
        script.run(17)
        script.segments(17...17, run: 17, from: 0)
        script.run(18, discontinuity: 6, at: 9000)
        script.segments(18...18, run: 18, from: 9)
        script.apply(
            .segment(
                Segment(
                    rendition: "source", number: 19, run: 18, timescale: 90_000, start: 990_000, duration: 180_000,
                    byteCount: 0, frameCount: 0, partCount: 0, isGap: true)))
        script.run(21, discontinuity: 6, at: 15_000, [changed])
        script.segments(20...20, run: 18, from: 13, of: [WindowScript.video])
        script.segments(21...21, run: 21, from: 15, of: [changed])
        script.apply(.ended)
        #expect(
            try #require(
                MediaPlaylist.render(script.window, rendition: "source", suffix: AddressSuffix("?t=a&b") ?? .none)
            ).string == """
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
                #EXTINF:2.00000,
                segment-17.m4s?t=a&b
                #EXT-X-DISCONTINUITY
                #EXT-X-MAP:URI="init-17.mp4?t=a&b"
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:09.250Z
                #EXTINF:2.00000,
                segment-18.m4s?t=a&b
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:11.250Z
                #EXTINF:2.00000,
                #EXT-X-GAP
                segment-19.m4s?t=a&b
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:13.250Z
                #EXTINF:2.00000,
                segment-20.m4s?t=a&b
                #EXT-X-MAP:URI="init-21.mp4?t=a&b"
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:15.250Z
                #EXTINF:2.00000,
                segment-21.m4s?t=a&b
                #EXT-X-ENDLIST

                """)
    }

    @Test func `the discontinuity sequence stays exact when segments leave`() throws {
        var script = WindowScript(.init(windowMilliseconds: 8_000))
        var run: Int64 = 17
        for seam in 0..<30 {
            script.run(run, discontinuity: 5 + seam, at: Int64(seam) * 5000)
            script.segments(run...run + 1, run: run, from: Int64(seam) * 5)
            run += 2
            #expect(try Self.lastSequence(script.window, .fragmentedMP4) == 5 + seam)
            #expect(try Self.lastSequence(script.window, .transportStream) == 5 + seam)
        }
    }

    /// The discontinuity sequence of the last segment, as a player counts it.
    static func lastSequence(_ window: LiveWindow, _ container: HLSContainer) throws -> Int {
        let text = try #require(MediaPlaylist.render(window, rendition: "source", container: container)).string
        let lines = text.split(separator: "\n")
        let first = try #require(lines.first { $0.hasPrefix("#EXT-X-DISCONTINUITY-SEQUENCE:") })
        return try #require(Int(first.split(separator: ":")[1])) + lines.count { $0 == "#EXT-X-DISCONTINUITY" }
    }

    @Test func `a master playlist waits for the kind that joins`() {
        var script = WindowScript()
        script.run(17, [WindowScript.audio])
        script.segments(17...17, run: 17, from: 0, of: [WindowScript.audio])
        #expect(MasterPlaylist.render(script.window) != nil)
        script.run(18, at: 2000)
        #expect(MasterPlaylist.render(script.window) == nil)
        #expect(MediaPlaylist.render(script.window, rendition: "audio") != nil)
        #expect(DASHManifest.render(script.window) != nil)
        script.segments(18...18, run: 18, from: 2)
        #expect(MasterPlaylist.render(script.window) != nil)
    }

    @Test func `a track that joins is a discontinuity for transport streams only`() throws {
        var script = WindowScript(.init(windowMilliseconds: 8_000))
        script.run(17, [WindowScript.video])
        script.segments(17...18, run: 17, from: 0, of: [WindowScript.video])
        script.run(19, at: 4000)
        for number: Int64 in 19...30 {
            script.segments(number...number, run: 19, from: 4 + (number - 19) * 2)
            #expect(try Self.lastSequence(script.window, .fragmentedMP4) == 5)
            #expect(try Self.lastSequence(script.window, .transportStream) == 6)
        }
    }

    @Test func `a transport stream playlist waits for both tracks`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...18, run: 17, from: 0)
        script.segments(19...19, run: 17, from: 4, of: [WindowScript.video])
        let text = try #require(
            MediaPlaylist.render(script.window, rendition: "source", container: .transportStream)
        ).string
        #expect(
            text == """
                #EXTM3U
                #EXT-X-VERSION:3
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-TARGETDURATION:2
                #EXT-X-MEDIA-SEQUENCE:17
                #EXT-X-DISCONTINUITY-SEQUENCE:5
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:00.250Z
                #EXTINF:2.00000,
                segment-17.ts
                #EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:02.250Z
                #EXTINF:2.00000,
                segment-18.ts

                """)
    }

    @Test func `a master playlist names everything exactly`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...19, run: 17, from: 0)
        #expect(
            try #require(MasterPlaylist.render(script.window, suffix: AddressSuffix("?t=1") ?? .none)).string == """
                #EXTM3U
                #EXT-X-VERSION:10
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",\
                URI="audio/playlist.m3u8?t=1"
                #EXT-X-STREAM-INF:BANDWIDTH=1099735,AVERAGE-BANDWIDTH=1099735,CODECS="avc1.64000c,mp4a.40.2",\
                RESOLUTION=320x180,VIDEO-RANGE=SDR,FRAME-RATE=25.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
                source/playlist.m3u8?t=1
                #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=250000,AVERAGE-BANDWIDTH=250000,CODECS="avc1.64000c",\
                RESOLUTION=320x180,VIDEO-RANGE=SDR,URI="source/iframes.m3u8?t=1"

                """)
        #expect(
            try #require(MasterPlaylist.render(script.window, container: .transportStream)).string == """
                #EXTM3U
                #EXT-X-VERSION:3
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-STREAM-INF:BANDWIDTH=1247713,AVERAGE-BANDWIDTH=1247713,CODECS="avc1.64000c,mp4a.40.2",\
                RESOLUTION=320x180,VIDEO-RANGE=SDR,FRAME-RATE=25.000,CLOSED-CAPTIONS=NONE
                source/playlist-ts.m3u8

                """)
    }

    @Test func `audio alone is a variant of its own`() throws {
        var script = WindowScript()
        script.run(17, [WindowScript.audio])
        script.segments(17...18, run: 17, from: 0, of: [WindowScript.audio])
        #expect(
            try #require(MasterPlaylist.render(script.window)).string == """
                #EXTM3U
                #EXT-X-VERSION:10
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-STREAM-INF:BANDWIDTH=99735,AVERAGE-BANDWIDTH=99735,CODECS="mp4a.40.2"
                audio/playlist.m3u8

                """)
        #expect(
            try #require(MasterPlaylist.render(script.window, container: .transportStream)).string
                .hasSuffix("audio/playlist-ts.m3u8\n"))
    }

    @Test func `a segment that does not begin with a key frame takes the promise away`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...17, run: 17, from: 0)
        var segment = script.window.renditions[0].entries[0].segment
        segment.number = 18
        segment.start += segment.duration
        segment.isIndependent = false
        script.apply(.segment(segment))
        #expect(!(try #require(MasterPlaylist.render(script.window)).string.contains("INDEPENDENT")))
        #expect(
            !(try #require(MediaPlaylist.render(script.window, rendition: "source")).string.contains("INDEPENDENT")))
        #expect(try #require(MediaPlaylist.render(script.window, rendition: "audio")).string.contains("INDEPENDENT"))
    }

    @Test(arguments: ["\"", "\n", "?a b", "?<", "?$x", "?ä", String(repeating: "a", count: 1025)])
    func `a suffix cannot break out of its line`(text: String) {
        #expect(AddressSuffix(text) == nil)
    }

    @Test func `dates are right over leap days and centuries`() throws {
        let dates: [(Int64, String)] = [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ]
        for (time, expected) in dates {
            var window = LiveWindow()
            _ = window.apply(
                .began(BroadcastOrigin(unixMilliseconds: time, firstSegmentNumber: 1, firstDiscontinuitySequence: 0)))
            _ = window.apply(
                .run(
                    Run(
                        number: 1, discontinuitySequence: 0, ordinal: 0, startMilliseconds: 0,
                        renditions: [Rendition(name: "source", epoch: 1, track: Tracks.video)])))
            _ = window.apply(.targets(Targets(durationSeconds: 2, partMilliseconds: 334)))
            _ = window.apply(
                .segment(
                    Segment(
                        rendition: "source", number: 1, run: 1, timescale: 90_000, start: 0, duration: 1, byteCount: 1,
                        frameCount: 1, partCount: 1)))
            let text = try #require(MediaPlaylist.render(window, rendition: "source")).string
            #expect(text.contains("DATE-TIME:\(expected)\n"))
        }
    }
}
