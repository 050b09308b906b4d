import Foundation
import TestKit

// One or more ways to break each rule.

extension HLSRuleTests {
    static let offences: [Offence] =
        textOffences + mediaOffences + lowLatencyOffences + deltaOffences + reloadOffences + renditionOffences
        + masterOffences

    private static let textOffences: [Offence] = [
        change(.beginsWithM3U, \.video[0], "#EXTM3U\n", ""),
        change(.cleanText, \.video[0], "#EXTM3U\n", "#EXTM3U\r\n"),
        change(.cleanText, \.video[0], "\n#EXTINF", " \n#EXTINF"),
        change(.cleanText, \.master, "\n", "", isLast: true),
        change(.knownTags, \.video[0], "#EXT-X-TARGETDURATION", "#EXT-X-ALLOW-CACHE:NO\n#EXT-X-TARGETDURATION"),
        change(.attributeLists, \.video[0], "PART-HOLD-BACK=", "PART-HOLD-BACK "),
        change(.attributeLists, \.master, ",AUTOSELECT=YES", ",AUTOSELECT=YES,AUTOSELECT=YES"),
        change(.attributeLists, \.master, "GROUP-ID=\"audio\"", "GROUP-ID=\"audio"),
        change(.attributeTypes, \.video[0], "URI=\"init-7.mp4\"", "URI=init-7.mp4"),
        change(.attributeTypes, \.video[0], "INDEPENDENT=YES", "INDEPENDENT=1"),
        change(.attributeTypes, \.master, "RESOLUTION=320x180", "RESOLUTION=320x"),
        change(.requiredAttributes, \.video[0], ",LAST-MSN", ",MSN"),
        change(.requiredAttributes, \.master, "#EXT-X-STREAM-INF:BANDWIDTH", "#EXT-X-STREAM-INF:BAND"),
        change(.oneKind, \.video[0], "#EXTINF", "#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXTINF"),
        change(.oneKind, \.master, "#EXT-X-STREAM-INF", "#EXT-X-TARGETDURATION:2\n#EXT-X-STREAM-INF"),
        drop(.versionStated, \.video[0], "#EXT-X-VERSION"),
        change(.versionStated, \.master, "#EXT-X-MEDIA", "#EXT-X-VERSION:10\n#EXT-X-MEDIA"),
        change(.versionSuffices, \.video[0], "VERSION:10", "VERSION:5"),
        change(.versionSuffices, \.keyframes[0], "VERSION:10", "VERSION:3"),
        change(.versionSuffices, \.delta, "VERSION:10", "VERSION:9"),
        change(.versionShared, \.audio[0], "VERSION:10", "VERSION:9"),
    ]

    private static let mediaOffences: [Offence] = [
        change(.tagsOnce, \.video[0], "#EXTINF", "#EXT-X-TARGETDURATION:2\n#EXTINF"),
        drop(.targetDurationStated, \.video[0], "#EXT-X-TARGETDURATION"),
        change(.segmentsFitTarget, \.video[0], "#EXTINF:2.00000", "#EXTINF:2.50000"),
        Offence(rule: .numbersFirst) { reading in
            let line = "#EXT-X-MEDIA-SEQUENCE:9\n"
            reading.video[0] = reading.video[0].replacingOccurrences(of: line, with: "") + line
        },
        change(.numbersFirst, \.video[0], "#EXT-X-MEDIA-SEQ", "#EXT-X-DISCONTINUITY\n#EXT-X-MEDIA-SEQ"),
        change(.segmentsHaveDurations, \.video[0], "#EXTINF:2.00000,\n", ""),
        change(.durationsPrecise, \.video[0], "#EXTINF:2.00000,", "#EXTINF:2,"),
        change(.durationsPrecise, \.video[0], "#EXTINF:2.00000,", "#EXTINF:2.000000,"),
        change(.durationsPrecise, \.video[0], "#EXTINF:2.00000,", "#EXTINF:2.00000"),
        change(.durationsPrecise, \.video[0], "DURATION=0.32000", "DURATION=0.3200001"),
        change(.namesNumbered, \.video[0], "\nsegment-12.m4s", "\nsegment-13.m4s"),
        change(.namesNumbered, \.video[0], ".1.m4s", ".2.m4s", isLast: true),
        drop(.segmentsMapped, \.video[0], "#EXT-X-MAP"),
        change(.segmentsDated, \.video[0], ".040Z", "Z"),
        drop(.segmentsDated, \.video[0], "#EXT-X-PROGRAM-DATE-TIME"),
        change(.datesFollow, \.video[0], "#EXTINF:2.00000", "#EXTINF:1.90000", isLast: true),
        change(
            .nothingBehindEnd, \.over[1], "#EXT-X-ENDLIST", "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"a\"\n#EXT-X-ENDLIST"),
        change(.nothingBehindEnd, \.video[0], "#EXT-X-PRELOAD-HINT", "#EXT-X-ENDLIST\n#EXT-X-PRELOAD-HINT"),
        change(.nothingBehindEnd, \.over[1], "#EXT-X-ENDLIST\n", "#EXT-X-ENDLIST\n#EXTINF:2.00000,\nsegment-99.m4s\n"),
        change(.keyframeRanges, \.keyframes[0], "@0", ""),
        change(
            .keyframeRanges, \.keyframes[0], "#EXT-X-BYTE", "#EXT-X-PART:DURATION=2.0,URI=\"a\"\n#EXT-X-BYTE"),
    ]

    private static let lowLatencyOffences: [Offence] = [
        change(.blockingOffered, \.video[0], "CAN-BLOCK-RELOAD=YES,", ""),
        change(.blockingOffered, \.video[0], ",HOLD-BACK=6", ",HOLD-BACK=5"),
        change(.partHoldBack, \.video[0], "PART-HOLD-BACK=1.00200,", ""),
        change(.partHoldBack, \.video[0], "PART-HOLD-BACK=1.00200", "PART-HOLD-BACK=0.99000"),
        change(.skipBoundary, \.video[0], "CAN-SKIP-UNTIL=12", "CAN-SKIP-UNTIL=11"),
        change(.skipBoundary, \.video[0], "CAN-SKIP-UNTIL=12,", ""),
        drop(.partTargetStated, \.video[0], "#EXT-X-PART-INF"),
        change(.partTargetStated, \.video[0], "PART-TARGET=0", "PART-TARGET=3"),
        change(.partsFitTarget, \.video[0], "DURATION=0.32000", "DURATION=0.33401"),
        change(.partsFillTarget, \.video[0], "DURATION=0.32000", "DURATION=0.28000"),
        change(.partsMakeSegment, \.video[0], "DURATION=0.32000", "DURATION=0.32010"),
        Offence(rule: .partsRecent) { reading in
            let part = "#EXT-X-PART:DURATION=2.00000,URI=\"segment-10.0.m4s\",INDEPENDENT=YES\n#EXTINF"
            let range = reading.video[0].range(of: "#EXTINF")
            if let range { reading.video[0].replaceSubrange(range, with: part) }
        },
        change(.partGaps, \.video[0], "\",INDEPENDENT=YES", "\",GAP=YES"),
        change(.partsIndependent, \.video[0], "\",INDEPENDENT=YES", "\"", isLast: true),
        change(.partsIndependent, \.video[0], "\",INDEPENDENT=YES", "\""),
        drop(.partsHinted, \.video[0], "#EXT-X-PRELOAD-HINT"),
        change(.partsHinted, \.video[0], "#EXT-X-REN", "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"b\"\n#EXT-X-REN"),
        Offence(rule: .hintIsNew) { reading in
            let lines = reading.video[0].split(separator: "\n").filter { $0.hasPrefix("#EXT-X-PART:") }
            let address = lines.last?.split(separator: "\"")[1] ?? ""
            let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"\(address)\""
            reading.video[0] = reading.video[0].split(separator: "\n", omittingEmptySubsequences: false)
                .map { $0.hasPrefix("#EXT-X-PRELOAD") ? hint : String($0) }.joined(separator: "\n")
        },
        change(.reportsWellFormed, \.video[0], "URI=\"../audio", "URI=\"http://host/audio"),
        change(.reportsWellFormed, \.video[0], ",LAST-PART", ",LAST-P"),
        Offence(rule: .reportsWellFormed) { reading in
            let report = reading.video[0].split(separator: "\n").first { $0.hasPrefix("#EXT-X-RENDITION") } ?? ""
            reading.video[0] += report + "\n"
        },
    ]

    private static let deltaOffences: [Offence] = [
        Offence(rule: .skipOnlyOnRequest) { $0.video[1] = $0.delta },
        change(.skipFirst, \.delta, "SKIPPED-SEGMENTS=", "SKIPPED-SEGMENTS=0,X-COUNT="),
        Offence(rule: .skipFirst) { reading in
            let lines = reading.delta.split(separator: "\n")
            reading.delta += (lines.first { $0.hasPrefix("#EXT-X-SKIP") } ?? "") + "\n"
        },
        change(.skipBeyondBoundary, \.delta, "CAN-SKIP-UNTIL=12", "CAN-SKIP-UNTIL=120"),
        change(.skipDateRanges, \.delta, ",RECENTLY-REMOVED-DATERANGES=\"\"", ""),
        Offence(rule: .skipDateRanges) { $0.isDeltaForDateRanges = false },
        change(.deltaMerges, \.delta, "SKIPPED-SEGMENTS=", "SKIPPED-SEGMENTS=1"),
        change(.deltaMerges, \.delta, "#EXT-X-MEDIA-SEQUENCE:", "#EXT-X-MEDIA-SEQUENCE:1"),
        change(.deltaMerges, \.delta, "#EXTINF", "#EXT-X-DISCONTINUITY\n#EXTINF"),
        change(.deltaMerges, \.delta, "#EXTINF", "#EXT-X-MAP:URI=\"init-1.mp4\"\n#EXTINF"),
        drop(.deltaMerges, \.delta, "#EXT-X-PRELOAD-HINT"),
    ]

    private static let reloadOffences: [Offence] = [
        Offence(rule: .sequenceNeverBack) { $0.over[0] = $0.video[0] },
        Offence(rule: .endNeverBack) { $0.over[0] = $0.video[0] },
        change(.segmentsKept, \.video[1], "#EXTINF:2.00000", "#EXTINF:1.99000"),
        change(.segmentsKept, \.audio[1], "#EXTINF", "#EXT-X-GAP\n#EXTINF"),
        change(.segmentsKept, \.keyframes[1], "#EXT-X-BYTERANGE:", "#EXT-X-BYTERANGE:1"),
        change(.discontinuitiesKept, \.video[2], "#EXT-X-DISCONTINUITY-SEQUENCE:", "#EXT-X-DISCONTINUITY-SEQUENCE:1"),
        change(.discontinuitiesKept, \.audio[1], "#EXTINF", "#EXT-X-DISCONTINUITY\n#EXTINF"),
        change(.targetsKept, \.video[1], "#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:3"),
        change(.targetsKept, \.audio[1], "PART-TARGET=0.33400", "PART-TARGET=0.33300"),
        Offence(rule: .windowLongEnough) { reading in
            let text = reading.video[2]
            guard let start = text.range(of: "#EXT-X-PROGRAM-DATE-TIME"),
                let end = text.range(of: "\nsegment-18.m4s\n")
            else { return }
            reading.video[2] = text.replacingCharacters(in: start.lowerBound..<end.upperBound, with: "")
                .replacingOccurrences(of: "#EXT-X-MEDIA-SEQUENCE:12", with: "#EXT-X-MEDIA-SEQUENCE:19")
        },
        change(.partsKept, \.audio[1], "EXT-X-PART:DURATION=0.3", "EXT-X-PART:DURATION=0.2"),
        change(.partsKept, \.video[1], "\",INDEPENDENT=YES", "\"", isLast: true),
        Offence(rule: .hintKept) { reading in
            reading.audio[0] = reading.audio[0].split(separator: "\n", omittingEmptySubsequences: false)
                .map { $0.hasPrefix("#EXT-X-PRELOAD") ? "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"other\"" : String($0) }
                .joined(separator: "\n")
        },
        drop(.endIsFinal, \.over[1], "#EXT-X-ENDLIST"),
        change(.endIsFinal, \.over[1], "#EXT-X-ENDLIST", "#EXTINF:2.00000,\nsegment-99.m4s\n#EXT-X-ENDLIST"),
    ]

    private static let renditionOffences: [Offence] = [
        change(.reportsMatch, \.video[1], "LAST-MSN=", "LAST-MSN=1"),
        change(.reportsMatch, \.audio[1], "LAST-PART=", "LAST-PART=9"),
        Offence(rule: .reportsMatch) { reading in
            let old = reading.audio[0].split(separator: "\n").first { $0.hasPrefix("#EXT-X-REND") } ?? ""
            reading.audio[2] = reading.audio[2].split(separator: "\n", omittingEmptySubsequences: false)
                .map { $0.hasPrefix("#EXT-X-REND") ? old : $0 }.joined(separator: "\n")
        },
        drop(.reportsComplete, \.video[0], "#EXT-X-RENDITION-REPORT"),
        change(.discontinuitiesShared, \.audio[0], "#EXTINF", "#EXT-X-DISCONTINUITY\n#EXTINF"),
        change(.targetsShared, \.audio[0], "#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:3"),
        Offence(rule: .segmentsAligned) { reading in
            guard let date = reading.audio[0].range(of: "DATE-TIME:2023-11-14T22:13") else { return }
            reading.audio[0].replaceSubrange(date, with: "DATE-TIME:2023-11-14T22:12")
        },
    ]

    private static let masterOffences: [Offence] = [
        change(.variantsAddressed, \.master, "source/playlist.m3u8\n", ""),
        change(.variantsAddressed, \.master, "#EXT-X-I-FRAME", "other.m3u8\n#EXT-X-I-FRAME"),
        change(.codecsNamed, \.master, "avc1.64000c,", "avc1.6400,"),
        change(.codecsNamed, \.master, "mp4a.40.2", "aac"),
        change(.codecsNamed, \.master, ",CODECS=\"avc1.64000c,mp4a.40.2\"", ""),
        change(.pictureDescribed, \.master, ",FRAME-RATE=25.000", ""),
        change(.pictureDescribed, \.master, ",RESOLUTION=320x180", ""),
        change(.averageBelowPeak, \.master, "AVERAGE-BANDWIDTH=", "AVERAGE-BANDWIDTH=9"),
        change(.groupsDefined, \.master, ",AUDIO=\"audio\"", ",AUDIO=\"sound\""),
        change(.groupNames, \.master, "AUTOSELECT=YES", "AUTOSELECT=NO"),
        Offence(rule: .groupNames) { reading in
            let line = reading.master.split(separator: "\n").first { $0.hasPrefix("#EXT-X-MEDIA") } ?? ""
            reading.master = reading.master.replacingOccurrences(of: line, with: "\(line)\n\(line)")
        },
        Offence(rule: .captionsAgree) { reading in
            reading.master += "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"mp4a.40.2\"\naudio/playlist.m3u8\n"
        },
        change(.keyframeVariants, \.master, "URI=\"source/iframes", "URI=\"other/iframes"),
        change(.keyframeVariants, \.master, ",URI=\"source/iframes", ",FRAME-RATE=25.000,URI=\"source/iframes"),
        Offence(rule: .highestFirst) { reading in
            reading.master +=
                "#EXT-X-STREAM-INF:BANDWIDTH=99999999,CODECS=\"avc1.64000c\",RESOLUTION=640x360,FRAME-RATE=25.000,"
                + "CLOSED-CAPTIONS=NONE\nother/playlist.m3u8\n"
        },
        Offence(rule: .highestFirst) { reading in
            reading.master +=
                "#EXT-X-STREAM-INF:BANDWIDTH=99999999,CODECS=\"avc1.64000c\",RESOLUTION=320x180,FRAME-RATE=25.000,"
                + "CLOSED-CAPTIONS=NONE\nother/playlist.m3u8\n"
        },
    ]
}
