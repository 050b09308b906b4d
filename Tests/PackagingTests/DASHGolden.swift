import Bytes
import Media
import Packaging

/// Manifests word by word, and what they are of.
enum DASHGolden {
    /// H.264 High from x264, 25 frames per second.
    static let tracks: [(name: String, track: Track)] = [
        (
            "1080p",
            track([
                0x67, 0x64, 0x00, 0x28, 0xAC, 0xD9, 0x40, 0x78, 0x02, 0x27, 0xE5, 0xC0, 0x44, 0x00, 0x00, 0x03, 0x00,
                0x04, 0x00, 0x00, 0x03, 0x00, 0xC8, 0x3C, 0x60, 0xC6, 0x58,
            ])
        ),
        (
            "720p",
            track([
                0x67, 0x64, 0x00, 0x1F, 0xAC, 0xD9, 0x40, 0x50, 0x05, 0xBB, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10,
                0x00, 0x00, 0x03, 0x03, 0x20, 0xF1, 0x83, 0x19, 0x60,
            ])
        ),
        (
            "480p",
            track([
                0x67, 0x64, 0x00, 0x1E, 0xAC, 0xD9, 0x40, 0xD8, 0x3D, 0xE6, 0xF0, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01,
                0x00, 0x00, 0x03, 0x00, 0x32, 0x0F, 0x16, 0x2D, 0x96,
            ])
        ),
    ]

    /// The parameter sets are constant and known to be legal, hence `try!`.
    private static func track(_ sequence: Bytes) -> Track {
        Track(
            .avc(
                try! AVCConfiguration(
                    sequenceParameterSets: [sequence], pictureParameterSets: [[0x68, 0xEF, 0x8F, 0xCB]])))
    }

    /// Three qualities and their sound.
    static let ladder =
        tracks.map { Rendition(name: $0.name, epoch: 17, track: $0.track) } + [WindowScript.audio]

    static let live = """
        <?xml version="1.0" encoding="UTF-8"?>
        <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" \
        profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019" type="dynamic" \
        availabilityStartTime="2026-01-31T12:00:00.250Z" publishTime="2026-01-31T12:00:12.263Z" \
        minimumUpdatePeriod="PT1S" timeShiftBufferDepth="PT600S" suggestedPresentationDelay="PT6S" \
        maxSegmentDuration="PT2.500S" minBufferTime="PT1.002S">
         <ServiceDescription id="0">
          <Latency referenceId="0" target="2002" max="12000" min="1334"/>
          <PlaybackRate max="1.08" min="0.96"/>
         </ServiceDescription>
         <Period id="17" start="PT0S" duration="PT6.005S">
          <AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" \
        par="16:9" maxWidth="320" maxHeight="180" maxFrameRate="25">
           <ProducerReferenceTime id="0" inband="true" type="captured" wallClockTime="2026-01-31T12:00:00.250Z" \
        presentationTime="0">
            <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/>
           </ProducerReferenceTime>
           <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
           <SegmentTemplate timescale="90000" presentationTimeOffset="0" startNumber="17" \
        availabilityTimeOffset="1.666" availabilityTimeComplete="false" \
        initialization="$RepresentationID$/init-17.mp4?a&amp;b" \
        media="$RepresentationID$/segment-$Number$.m4s?a&amp;b">
            <SegmentTimeline>
             <S t="0" d="180000" r="2"/>
            </SegmentTimeline>
           </SegmentTemplate>
           <Representation id="source" bandwidth="1000000" codecs="avc1.64000c" width="320" height="180" sar="1:1" \
        frameRate="25"/>
          </AdaptationSet>
          <AdaptationSet id="1" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1">
           <ProducerReferenceTime id="1" inband="false" type="captured" wallClockTime="2026-01-31T12:00:00.250Z" \
        presentationTime="0">
            <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/>
           </ProducerReferenceTime>
           <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
           <SegmentTemplate timescale="48000" presentationTimeOffset="0" startNumber="17" \
        availabilityTimeOffset="1.666" availabilityTimeComplete="false" \
        initialization="$RepresentationID$/init-17.mp4?a&amp;b" \
        media="$RepresentationID$/segment-$Number$.m4s?a&amp;b">
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
          <AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" \
        par="16:9" maxWidth="320" maxHeight="180" maxFrameRate="25">
           <SupplementalProperty schemeIdUri="urn:mpeg:dash:period-connectivity:2015" value="17"/>
           <ProducerReferenceTime id="0" inband="true" type="captured" wallClockTime="2026-01-31T12:00:09.750Z" \
        presentationTime="855000">
            <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/>
           </ProducerReferenceTime>
           <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
           <SegmentTemplate timescale="90000" presentationTimeOffset="855000" startNumber="20" \
        availabilityTimeOffset="1.666" availabilityTimeComplete="false" \
        initialization="$RepresentationID$/init-17.mp4?a&amp;b" \
        media="$RepresentationID$/segment-$Number$.m4s?a&amp;b">
            <SegmentTimeline>
             <S t="900000" d="180000" r="2"/>
            </SegmentTimeline>
           </SegmentTemplate>
           <Representation id="source" bandwidth="1000000" codecs="avc1.64000c" width="320" height="180" sar="1:1" \
        frameRate="25"/>
          </AdaptationSet>
          <AdaptationSet id="1" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1">
           <SupplementalProperty schemeIdUri="urn:mpeg:dash:period-connectivity:2015" value="17"/>
           <ProducerReferenceTime id="1" inband="false" type="captured" wallClockTime="2026-01-31T12:00:09.750Z" \
        presentationTime="456000">
            <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/>
           </ProducerReferenceTime>
           <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
           <SegmentTemplate timescale="48000" presentationTimeOffset="456000" startNumber="20" \
        availabilityTimeOffset="1.666" availabilityTimeComplete="false" \
        initialization="$RepresentationID$/init-17.mp4?a&amp;b" \
        media="$RepresentationID$/segment-$Number$.m4s?a&amp;b">
            <SegmentTimeline>
             <S t="480000" d="96256" r="2"/>
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

        """

    static let ladderManifest = """
        <?xml version="1.0" encoding="UTF-8"?>
        <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" \
        profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019" type="dynamic" \
        availabilityStartTime="2026-01-31T12:00:00.250Z" publishTime="2026-01-31T12:00:06.271Z" \
        minimumUpdatePeriod="PT1S" timeShiftBufferDepth="PT600S" suggestedPresentationDelay="PT6S" \
        maxSegmentDuration="PT2.500S" minBufferTime="PT1.002S">
         <ServiceDescription id="0">
          <Latency referenceId="0" target="2002" max="12000" min="1334"/>
          <PlaybackRate max="1.08" min="0.96"/>
         </ServiceDescription>
         <Period id="17" start="PT0S">
          <AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" \
        par="16:9" maxWidth="1920" maxHeight="1080" maxFrameRate="25">
           <ProducerReferenceTime id="0" inband="true" type="captured" wallClockTime="2026-01-31T12:00:00.250Z" \
        presentationTime="0">
            <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/>
           </ProducerReferenceTime>
           <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
           <SegmentTemplate timescale="90000" presentationTimeOffset="0" startNumber="17" \
        availabilityTimeOffset="1.666" availabilityTimeComplete="false" \
        initialization="$RepresentationID$/init-17.mp4" media="$RepresentationID$/segment-$Number$.m4s">
            <SegmentTimeline>
             <S t="0" d="180000" r="4"/>
            </SegmentTimeline>
           </SegmentTemplate>
           <Representation id="1080p" bandwidth="8000000" codecs="avc1.640028" width="1920" height="1080" sar="1:1" \
        frameRate="25"/>
           <Representation id="720p" bandwidth="5000000" codecs="avc1.64001f" width="1280" height="720" sar="1:1" \
        frameRate="25"/>
           <Representation id="480p" bandwidth="2000000" codecs="avc1.64001e" width="854" height="480" sar="1:1" \
        frameRate="25"/>
          </AdaptationSet>
          <AdaptationSet id="1" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1">
           <ProducerReferenceTime id="1" inband="false" type="captured" wallClockTime="2026-01-31T12:00:00.250Z" \
        presentationTime="0">
            <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/>
           </ProducerReferenceTime>
           <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
           <SegmentTemplate timescale="48000" presentationTimeOffset="0" startNumber="17" \
        availabilityTimeOffset="1.666" availabilityTimeComplete="false" \
        initialization="$RepresentationID$/init-17.mp4" media="$RepresentationID$/segment-$Number$.m4s">
            <SegmentTimeline>
             <S t="0" d="96256"/>
             <S t="96000" d="96256"/>
             <S t="192000" d="96256" r="2"/>
            </SegmentTimeline>
           </SegmentTemplate>
           <Representation id="audio" bandwidth="130000" codecs="mp4a.40.2" audioSamplingRate="48000">
            <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" \
        value="2"/>
           </Representation>
          </AdaptationSet>
         </Period>
         <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/>
         <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-head:2014" value="/time"/>
        </MPD>

        """
}
