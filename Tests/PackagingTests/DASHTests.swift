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
        #expect(
            manifest.string == """
                <?xml version="1.0" encoding="UTF-8"?>
                <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" \
                profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019" type="dynamic" \
                availabilityStartTime="2026-01-31T12:00:00.250Z" publishTime="2026-01-31T12:00:12.255Z" \
                minimumUpdatePeriod="PT2S" timeShiftBufferDepth="PT600S" suggestedPresentationDelay="PT6S" \
                maxSegmentDuration="PT2.500S" minBufferTime="PT2S">
                 <Period id="17" start="PT0S">
                  <AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" \
                startWithSAP="1">
                   <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
                   <SegmentTemplate timescale="90000" presentationTimeOffset="0" startNumber="17" \
                initialization="source/init-17.mp4?a&amp;b" media="source/segment-$Number$.m4s?a&amp;b">
                    <SegmentTimeline>
                     <S t="0" d="180000" r="2"/>
                    </SegmentTimeline>
                   </SegmentTemplate>
                   <Representation id="source" bandwidth="1000000" codecs="avc1.64000c" width="320" height="180" \
                sar="1:1" frameRate="25"/>
                  </AdaptationSet>
                  <AdaptationSet id="1" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" \
                startWithSAP="1">
                   <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
                   <SegmentTemplate timescale="48000" presentationTimeOffset="0" startNumber="17" \
                initialization="audio/init-17.mp4?a&amp;b" media="audio/segment-$Number$.m4s?a&amp;b">
                    <SegmentTimeline>
                     <S t="0" d="96256"/>
                     <S t="96000" d="96256"/>
                     <S t="192000" d="96256"/>
                    </SegmentTimeline>
                   </SegmentTemplate>
                   <Representation id="audio" bandwidth="100000" codecs="mp4a.40.2" audioSamplingRate="48000">
                    <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" \
                value="2"/>
                   </Representation>
                  </AdaptationSet>
                 </Period>
                 <Period id="20" start="PT9.500S">
                  <AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" \
                startWithSAP="1">
                   <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
                   <SegmentTemplate timescale="90000" presentationTimeOffset="855000" startNumber="20" \
                initialization="source/init-17.mp4?a&amp;b" media="source/segment-$Number$.m4s?a&amp;b">
                    <SegmentTimeline>
                     <S t="900000" d="180000"/>
                    </SegmentTimeline>
                   </SegmentTemplate>
                   <Representation id="source" bandwidth="1000000" codecs="avc1.64000c" width="320" height="180" \
                sar="1:1" frameRate="25"/>
                  </AdaptationSet>
                  <AdaptationSet id="1" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" \
                startWithSAP="1">
                   <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
                   <SegmentTemplate timescale="48000" presentationTimeOffset="456000" startNumber="20" \
                initialization="audio/init-17.mp4?a&amp;b" media="audio/segment-$Number$.m4s?a&amp;b">
                    <SegmentTimeline>
                     <S t="480000" d="96256"/>
                    </SegmentTimeline>
                   </SegmentTemplate>
                   <Representation id="audio" bandwidth="100000" codecs="mp4a.40.2" audioSamplingRate="48000">
                    <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" \
                value="2"/>
                   </Representation>
                  </AdaptationSet>
                 </Period>
                 <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/>
                 <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-head:2014" value="/time"/>
                </MPD>

                """)
    }

    @Test func `the end makes it static`() throws {
        var script = WindowScript()
        script.run(17)
        script.segments(17...19, run: 17, from: 0)
        script.apply(.ended)
        let text = try #require(DASHManifest.render(script.window)).string
        #expect(text.contains(" type=\"static\" "))
        #expect(text.contains(" mediaPresentationDuration=\"PT6.005S\" "))
        #expect(!text.contains("minimumUpdatePeriod"))
        #expect(!text.contains("UTCTiming"))
    }

    @Test func `periods keep their identity when segments leave`() throws {
        var script = WindowScript(.init(windowMilliseconds: 8_000))
        script.run(17, at: 40)
        script.segments(17...40, run: 17, from: 1)
        let text = try #require(DASHManifest.render(script.window)).string
        #expect(text.contains("<Period id=\"17\" start=\"PT0.040S\">"))
        #expect(text.contains("presentationTimeOffset=\"3600\" startNumber=\"37\""))
        #expect(text.contains("<S t=\"\((1 + 20 * 2) * 90_000)\" d=\"180000\" r=\"3\"/>"))
    }

    @Test func `a track that stops is left out of the periods without it`() throws {
        var studio = Studio()
        let frames = FrameScript().frames(to: 30_000).filter {
            $0.track.kind == .video || HoleTests.time($0) < 5.1 || HoleTests.time($0) > 17.3
        }
        var periods: [[String]] = []
        for frame in frames {
            studio.append([frame])
            guard let text = DASHManifest.render(studio.window)?.string else { continue }
            let found = text.split(separator: "\n").filter { $0.contains("<Period") }.map { String($0) }
            // What was said once stays.
            if let last = periods.last, last != found {
                #expect(found.starts(with: last))
            }
            if periods.last != found { periods.append(found) }
        }
        studio.append(.ended)
        let text = try #require(DASHManifest.render(studio.window)).string
        #expect(
            periods.last == [
                " <Period id=\"7\" start=\"PT0S\">", " <Period id=\"10\" start=\"PT6S\">",
                " <Period id=\"16\" start=\"PT18S\">",
            ])
        let sets = text.split(separator: "<Period ").dropFirst().map { period in
            period.split(separator: "<AdaptationSet").count - 1
        }
        #expect(sets == [2, 1, 2])
    }

    /// MPEG's schema is not part of the project: where it is found, manifests are held against it.
    static let schema = ProcessInfo.processInfo.environment["DASH_SCHEMA"] ?? "/work/shared/data/dash/DASH-MPD.xsd"

    @Test(.enabled(if: Tool.validatesXML && FileManager.default.fileExists(atPath: schema)))
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
        for window in [script.window, over.window, studio.window] {
            let file = try directory.write(try #require(DASHManifest.render(window)), "manifest.mpd")
            let catalog = URL(fileURLWithPath: Self.schema).deletingLastPathComponent().path + "/catalog.xml"
            let result = try Tool.run(
                "xmllint", ["--noout", "--nonet", "--schema", Self.schema, file],
                environment: ["XML_CATALOG_FILES": catalog])
            #expect(result.status == 0, "\(result.errors)")
        }
    }
}
