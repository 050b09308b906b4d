import Bytes
import Media
import TestKit
import Testing

@testable import Packaging

@Suite struct RecordingTests {
    // MARK: What it says

    @Test func `a plain broadcast becomes finished playlists`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.video, WindowScript.audio])
        script.segments(17...19, from: 0)
        script.apply(.ended)
        let documents = script.documents
        #expect(
            documents.keys.sorted() == [
                "audio/playlist.m3u8", "audio/recording-17.m3u8", "manifest.mpd", "master.m3u8", "recording-17.m3u8",
                "recording-17.mpd", "source/iframes.m3u8", "source/playlist.m3u8", "source/recording-17-iframes.m3u8",
                "source/recording-17.m3u8",
            ])
        #expect(
            documents["source/playlist.m3u8"] == """
                #EXTM3U
                #EXT-X-VERSION:10
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-TARGETDURATION:2
                #EXT-X-PLAYLIST-TYPE:VOD
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
                #EXT-X-ENDLIST

                """)
        let manifest = try #require(documents["manifest.mpd"])
        #expect(manifest.contains(#"type="static""#) && manifest.contains(#"mediaPresentationDuration="PT6.0"#))
        #expect(manifest.contains(#"<S t="0" d="180000" r="2"/>"#))
        #expect(!manifest.contains("UTCTiming") && !manifest.contains("availabilityTimeOffset"))
    }

    @Test func `what leads to others is stored behind them`() {
        var script = RecordingScript()
        script.run(17, [WindowScript.video, WindowScript.audio])
        script.segments(17...18, from: 0)
        let names = RecordingPlaylists.render(script.recording)?.documents.map(\.name) ?? []
        #expect(names.suffix(4) == ["recording-17.m3u8", "recording-17.mpd", "master.m3u8", "manifest.mpd"])
    }

    @Test func `a broadcast keeps its own names, which lead to the same`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.video, WindowScript.audio])
        script.segments(17...19, from: 0)
        let documents = script.documents
        #expect(documents["source/recording-17.m3u8"] == documents["source/playlist.m3u8"])
        #expect(documents["source/recording-17-iframes.m3u8"] == documents["source/iframes.m3u8"])
        #expect(documents["recording-17.mpd"] == documents["manifest.mpd"])
        let master = try #require(documents["recording-17.m3u8"])
        #expect(master.contains("URI=\"audio/recording-17.m3u8\"") && master.contains("\nsource/recording-17.m3u8\n"))
        #expect(master.contains("URI=\"source/recording-17-iframes.m3u8\""))
        let general = master.replacing("recording-17-iframes", with: "iframes").replacing(
            "recording-17", with: "playlist")
        #expect(general == documents["master.m3u8"])
    }

    @Test func `its outline says when it was, how long, how much, and of what`() throws {
        var script = RecordingScript()
        script.run(17, at: 4000, [WindowScript.video, WindowScript.audio])
        script.segments(17...19, from: 4)
        let outline = try #require(RecordingPlaylists.render(script.recording)?.outline)
        #expect(outline.number == 17)
        #expect(outline.startUnixMilliseconds == 1_769_860_804_250)
        #expect(outline.durationMilliseconds == 6000)
        #expect(outline.byteCount == 3 * 275_000)
        #expect(outline.renditions.map(\.name) == ["source", "audio"])
        #expect(outline.renditions.map(\.kind) == [.video, .audio])
        #expect(outline.renditions[0].bitsPerSecond == 1_000_000)
        #expect(outline.renditions[0].height != nil && outline.renditions[1].height == nil)
    }

    @Test func `the playlists of a window and of a recording agree about every segment`() throws {
        var studio = Studio()
        studio.append(FrameScript(reorder: 2).frames(to: 12_000))
        studio.append(.interrupted)
        studio.append(FrameScript(audio: Tracks.audio44, discontinuitySequence: 1).frames(from: 20_000, to: 33_000))
        studio.append(.ended)
        let documents = studio.recording.documents
        for name in ["source", "audio"] {
            let live = try #require(MediaPlaylist.render(studio.window, rendition: name)).string
            let unwanted = ["#EXT-X-SERVER-CONTROL", "#EXT-X-PART-INF", "#EXT-X-PLAYLIST-TYPE"]
            let lines = { (text: String) in
                text.split(separator: "\n").filter { line in !unwanted.contains { line.hasPrefix($0) } }
            }
            #expect(lines(try #require(documents["\(name)/playlist.m3u8"])) == lines(live))
        }
        #expect(
            documents["manifest.mpd"] == DASHManifest.render(studio.window, timeAddress: nil)?.string)
    }

    @Test func `the strict reader finds nothing wrong`() throws {
        var studio = Studio()
        studio.append(FrameScript(reorder: 2, jitter: 3).frames(to: 30_000))
        studio.append(.interrupted)
        studio.append(FrameScript(video: Tracks.otherVideo, discontinuitySequence: 1).frames(from: 41_000, to: 55_000))
        studio.append(.ended)
        let documents = studio.recording.documents
        var inspection = HLSInspection()
        inspection.read(master: try #require(documents["master.m3u8"]))
        for name in ["source/playlist.m3u8", "audio/playlist.m3u8", "source/iframes.m3u8"] {
            inspection.read(media: try #require(documents[name]), at: name)
        }
        inspection.compareRenditions()
        #expect(inspection.violations.isEmpty, "\(inspection.violations)")
    }

    // MARK: Renditions that come and go

    @Test func `all renditions have the same numbers, with gaps where they have nothing`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.low, WindowScript.audio])
        script.segments(17...19, from: 0)
        let high = Rendition(name: "720p", epoch: 20, track: Tracks.otherVideo)
        script.run(20, at: 6000, [high, WindowScript.low, WindowScript.audio])
        script.segments(20...24, from: 6)
        script.run(25, at: 16_000, [WindowScript.low, WindowScript.audio])
        script.segments(25...25, from: 16)
        let documents = script.documents
        let playlist = try #require(documents["720p/playlist.m3u8"])
        let expected = (17...25).map { number in
            (20...24 ~= number ? "" : "#EXT-X-GAP\n") + "segment-\(number).m4s"
        }
        #expect(playlist.filteredLines("segment-", "#EXT-X-GAP") == expected.joined(separator: "\n"))
        #expect(playlist.filteredLines("#EXT-X-MAP") == #"#EXT-X-MAP:URI="init-20.mp4""#)
        #expect(playlist.filteredLines("#EXT-X-MEDIA-SEQUENCE") == "#EXT-X-MEDIA-SEQUENCE:17")
        let master = try #require(documents["master.m3u8"])
        #expect(master.filteredLines("720p/", "480p/") == "720p/playlist.m3u8\n480p/playlist.m3u8")
    }

    @Test func `what was there for a moment only is not offered`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.high, WindowScript.low, WindowScript.audio])
        script.segments(17...18, from: 0)
        script.run(19, at: 4000, [WindowScript.low, WindowScript.audio])
        script.segments(19...30, from: 4)
        let documents = script.documents
        #expect(documents["master.m3u8"]?.contains("720p") == false)
        #expect(documents["720p/playlist.m3u8"] == nil)
        #expect(documents["480p/playlist.m3u8"] != nil)
    }

    @Test func `sound alone at the end does not make a recording without pictures`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.video, WindowScript.audio])
        script.segments(17...20, from: 0)
        script.run(21, discontinuity: 6, at: 8000, [WindowScript.audio])
        script.segments(21...21, from: 8)
        let master = try #require(script.documents["master.m3u8"])
        #expect(master.contains("source/playlist.m3u8") && master.contains("RESOLUTION"))
    }

    @Test func `a run of which nothing was finished leaves no trace`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.video, WindowScript.audio])
        script.segments(17...18, from: 0)
        let before = script.documents
        script.run(19, discontinuity: 6, at: 9000, [WindowScript.video])
        script.apply(.ended)
        #expect(script.documents == before)
    }

    @Test func `bandwidths are those of the whole recording`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.video])
        script.segments(17...17, from: 0, bytes: 1_000_000)
        script.run(18, discontinuity: 6, at: 2000, [WindowScript.video])
        script.segments(18...26, from: 2, bytes: 100_000)
        let master = try #require(script.documents["master.m3u8"])
        #expect(master.contains("BANDWIDTH=4000000,AVERAGE-BANDWIDTH=760000"))
    }

    // MARK: What goes wrong

    @Test func `events that come twice change nothing`() {
        var script = RecordingScript()
        script.run(17, [WindowScript.video, WindowScript.audio])
        script.segments(17...19, from: 0)
        let before = script.documents
        let events = script.events
        for event in events { script.apply(event) }
        #expect(script.documents == before)
    }

    @Test func `numbers that were never announced are gaps that fill their time`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.video])
        script.segments(17...17, from: 0)
        script.segments(20...20, from: 6)
        let playlist = try #require(script.documents["source/playlist.m3u8"])
        #expect(
            playlist.filteredLines("#EXTINF", "#EXT-X-GAP", "segment-") == """
                #EXTINF:2.00000,
                segment-17.m4s
                #EXTINF:2.00000,
                #EXT-X-GAP
                segment-18.m4s
                #EXTINF:2.00000,
                #EXT-X-GAP
                segment-19.m4s
                #EXTINF:2.00000,
                segment-20.m4s
                """)
    }

    @Test func `what never reached the store is a gap`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.video, WindowScript.audio])
        script.segments(17...19, from: 0)
        script.recording.lose("source/segment-18.m4s")
        for name in ["source/segment-99.m4s", "source/segment-x.m4s", "source/init-17.mp4", "other/segment-18.m4s", ""]
        {
            script.recording.lose(name)
        }
        let documents = script.documents
        #expect(documents["source/playlist.m3u8"]?.filteredLines("#EXT-X-GAP") == "#EXT-X-GAP")
        #expect(documents["audio/playlist.m3u8"]?.contains("#EXT-X-GAP") == false)
        #expect(!script.recording.storedNames.contains("source/segment-18.m4s"))
        #expect(
            script.recording.storedNames == [
                "audio/init-17.mp4", "source/init-17.mp4", "source/segment-17.m4s", "audio/segment-17.m4s",
                "audio/segment-18.m4s", "source/segment-19.m4s", "audio/segment-19.m4s",
            ])
    }

    @Test func `another broadcast begins anew`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.video])
        script.segments(17...19, from: 0)
        script.apply(.ended)
        #expect(script.recording.isComplete)
        let origin = BroadcastOrigin(
            unixMilliseconds: 1_769_870_000_000, firstSegmentNumber: 40, firstDiscontinuitySequence: 9)
        script.apply(.began(origin))
        #expect(!script.recording.isComplete && script.recording.numbers == nil && script.documents.isEmpty)
        #expect(RecordingPlaylists.render(Recording()) == nil)
    }

    // MARK: Bounds

    @Test func `of a broadcast without end the newest segments are kept`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.video])
        let end = Int64(Recording.segmentsMax) + 5000
        script.segments(17...500, from: 0)
        script.run(501, discontinuity: 6, at: 968_000, [WindowScript.video])
        script.segments(501...end, from: 968)
        let numbers = try #require(script.recording.numbers)
        #expect(numbers.upperBound == end + 1)
        #expect(Recording.segmentsMax...Recording.segmentsMax + 1024 ~= numbers.count)
        #expect(script.recording.runs.map(\.number) == [501])
        let playlist = try #require(script.documents["source/playlist.m3u8"])
        #expect(playlist.contains("#EXT-X-MEDIA-SEQUENCE:\(numbers.lowerBound)\n#EXT-X-DISCONTINUITY-SEQUENCE:6\n"))
        #expect(playlist.hasSuffix("segment-\(end).m4s\n#EXT-X-ENDLIST\n"))
    }

    @Test func `runs are bounded too`() throws {
        var script = RecordingScript()
        for number in 17..<17 + Int64(Recording.runsMax) + 10 {
            script.run(number, at: (number - 17) * 2000, [WindowScript.video])
            script.segments(number...number, from: (number - 17) * 2)
        }
        #expect(script.recording.runs.count == Recording.runsMax)
        #expect(script.recording.numbers?.lowerBound == 27)
        #expect(script.documents["manifest.mpd"] != nil)
    }

    // MARK: Chunks

    @Test func `chunks make the same recording again, in whatever pieces and with overlap`() throws {
        var studio = Studio()
        studio.append(FrameScript(reorder: 2).frames(to: 30_000))
        studio.append(.interrupted)
        studio.append(FrameScript(audio: Tracks.audio44, discontinuitySequence: 1).frames(from: 41_000, to: 61_000))
        let recording = studio.recording
        let numbers = try #require(recording.numbers)
        for size in [1, 3, 1000] {
            var restored = Recording()
            for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: size) {
                let chunk = try #require(recording.chunk(max(0, start - 1)..<start + Int64(size)))
                #expect(try restored.restore(chunk))
            }
            #expect(restored.documents == recording.documents)
            #expect(restored.numbers == recording.numbers)
        }
        #expect(recording.chunk(numbers.upperBound..<numbers.upperBound + 5) == nil)
        #expect(Recording().chunk(0..<5) == nil)
    }

    @Test func `chunks of another broadcast are passed over, and broken ones refused`() throws {
        var script = RecordingScript()
        script.run(17, [WindowScript.video, WindowScript.audio])
        script.segments(17...19, from: 0)
        let chunk = try #require(script.recording.chunk(17..<20))
        var other = Recording()
        other.apply(
            .began(
                BroadcastOrigin(unixMilliseconds: 5, firstSegmentNumber: 90, firstDiscontinuitySequence: 9)))
        #expect(try !other.restore(chunk))
        #expect(other.numbers == nil && other.origin?.firstSegmentNumber == 90)
        for length in 1..<chunk.count {
            var restored = Recording()
            // Where a record ends, the rest is whole.
            do { _ = try restored.restore(chunk.prefix(length)) } catch { #expect(error == .truncated) }
        }
        var random = Random(state: 7)
        for _ in 0..<1000 {
            var bytes = chunk.array
            for _ in 0..<3 { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(random.next() & 255) }
            var restored = Recording()
            _ = try? restored.restore(Bytes(bytes))
            // A changed number can make a recording of two days, which takes a while to write.
            if restored.numbers?.count ?? 0 < 1000 { _ = restored.documents }
        }
    }
}

extension String {
    /// The lines that begin with one of some texts.
    fileprivate func filteredLines(_ prefixes: String...) -> String {
        split(separator: "\n").filter { line in prefixes.contains { line.hasPrefix($0) } }.joined(separator: "\n")
    }
}
