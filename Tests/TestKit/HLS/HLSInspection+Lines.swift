import Foundation

// What holds for the lines of any playlist, and the reading of media playlists.

extension HLSInspection {
    /// The lines of a playlist: its tags, and the addresses.
    enum Line {
        case tag(HLSTag)
        case address(String)
    }

    mutating func lines(of text: String) -> [Line] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        expect(.beginsWithM3U, lines.first == "#EXTM3U", "it begins with \(lines.first ?? "nothing")")
        let dirty = text.unicodeScalars.first {
            $0.value < 0x20 && $0 != "\n" || 0x7F...0x9F ~= $0.value || $0 == "\u{FEFF}"
        }
        expect(.cleanText, dirty == nil, "it has U+\(String(dirty?.value ?? 0, radix: 16))")
        expect(.cleanText, text.hasSuffix("\n"), "its last line does not end")
        expect(.cleanText, !lines.contains { $0.hasSuffix(" ") }, "a line ends with a space")
        var result: [Line] = []
        for line in lines where !line.isEmpty {
            if line.hasPrefix("#EXT") {
                let tag = HLSTag(line)
                check(tag)
                result.append(.tag(tag))
            } else if !line.hasPrefix("#") {
                result.append(.address(String(line)))
            }
        }
        return result
    }

    private mutating func check(_ tag: HLSTag) {
        expect(.knownTags, HLSTag.forms[tag.name] != nil, "there is no \(tag.name)")
        guard HLSTag.forms[tag.name] == .attributes else { return }
        expect(.attributeLists, tag.isWellFormed, "\(tag.name):\(tag.value)")
        expect(.attributeTypes, tag.hasTypedAttributes, "\(tag.name):\(tag.value)")
        for name in HLSTag.required[tag.name] ?? [] {
            expect(.requiredAttributes, tag.attributes[name] != nil, "\(tag.name) has no \(name)")
        }
    }

    /// Checks the version against what the tags use.
    mutating func checkVersion(_ tags: [HLSTag]) -> Int? {
        let stated = tags.filter { $0.name == "EXT-X-VERSION" }
        expect(.versionStated, stated.count == 1 && Int(stated[0].value) != nil, "it is stated \(stated.count) times")
        let version = stated.first.flatMap { Int($0.value) }
        let names = Set(tags.map(\.name))
        let isKeyframesOnly = names.contains("EXT-X-I-FRAMES-ONLY")
        var needed: [(Int, String)] = []
        if tags.contains(where: { $0.name == "EXTINF" && $0.value.contains(".") }) { needed.append((3, "decimals")) }
        if names.contains("EXT-X-BYTERANGE") || isKeyframesOnly { needed.append((4, "byte ranges")) }
        if names.contains("EXT-X-MAP") { needed.append((isKeyframesOnly ? 5 : 6, "EXT-X-MAP")) }
        if names.contains("EXT-X-DEFINE") { needed.append((8, "variables")) }
        if names.contains("EXT-X-SKIP") { needed.append((9, "EXT-X-SKIP")) }
        if tags.contains(where: { $0.attributes["RECENTLY-REMOVED-DATERANGES"] != nil }) {
            needed.append((10, "skipped date ranges"))
        }
        for (least, what) in needed {
            expect(.versionSuffices, version ?? 1 >= least, "\(what) need version \(least)")
        }
        let others = media.values.compactMap(\.version) + [master?.version].compactMap(\.self)
        for other in Set(others) { expect(.versionShared, version == other, "\(version ?? 1) beside \(other)") }
        return version
    }

    // MARK: Media playlists

    mutating func parse(media text: String, at address: String) -> HLSMediaPlaylist {
        subject = address
        let lines = lines(of: text)
        let tags = lines.compactMap { line in if case .tag(let tag) = line { tag } else { nil } }
        let masterNames = ["EXT-X-STREAM-INF", "EXT-X-MEDIA", "EXT-X-I-FRAME-STREAM-INF"]
        let masterTag = tags.first { masterNames.contains($0.name) }
        expect(.oneKind, masterTag == nil, "a media playlist has \(masterTag?.name ?? "")")
        for name in [
            "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE", "EXT-X-ENDLIST",
            "EXT-X-I-FRAMES-ONLY", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL", "EXT-X-INDEPENDENT-SEGMENTS",
        ] {
            expect(.tagsOnce, tags.count { $0.name == name } <= 1, "\(name) stands there twice")
        }
        let target = tags.first { $0.name == "EXT-X-TARGETDURATION" }.flatMap { Int($0.value) }
        expect(.targetDurationStated, target ?? 0 > 0, "it is \(target ?? 0)")
        var reader = HLSMediaReader()
        reader.playlist.version = checkVersion(tags)
        for line in lines { reader.take(line) }
        for (rule, detail) in reader.broken { expect(rule, false, detail) }
        for rule in HLSMediaReader.rules { expect(rule, true, "") }
        return reader.playlist
    }
}

/// Builds a playlist line by line.
struct HLSMediaReader {
    /// What only the order of the lines tells.
    static let rules: [HLSRule] = [
        .numbersFirst, .segmentsHaveDurations, .durationsPrecise, .nothingBehindEnd, .skipFirst,
    ]

    var playlist = HLSMediaPlaylist()
    private(set) var broken: [(HLSRule, String)] = []
    private var duration: Int?
    private var isGap = false
    private var byteRange: String?

    mutating func take(_ line: HLSInspection.Line) {
        switch line {
        case .tag(let tag):
            takeHeader(tag)
            takeSegment(tag)
            takeAnnouncement(tag)
        case .address(let address): append(address)
        }
    }

    private mutating func takeHeader(_ tag: HLSTag) {
        switch tag.name {
        case "EXT-X-TARGETDURATION": playlist.targetSeconds = Int(tag.value) ?? 0
        case "EXT-X-PART-INF": playlist.partTarget = tag.seconds("PART-TARGET")
        case "EXT-X-SERVER-CONTROL": playlist.control = tag.attributes
        case "EXT-X-INDEPENDENT-SEGMENTS": playlist.isIndependent = true
        case "EXT-X-I-FRAMES-ONLY": playlist.isKeyframesOnly = true
        case "EXT-X-MEDIA-SEQUENCE":
            expectFirst(.numbersFirst, tag)
            playlist.mediaSequence = Int(tag.value) ?? 0
        case "EXT-X-DISCONTINUITY-SEQUENCE":
            expectFirst(.numbersFirst, tag)
            playlist.discontinuitySequence = Int(tag.value) ?? 0
            playlist.open.discontinuity = playlist.discontinuitySequence
        case "EXT-X-SKIP":
            expectFirst(.skipFirst, tag)
            let count = tag.integer("SKIPPED-SEGMENTS") ?? 0
            if playlist.skipped != nil || count < 1 { broken.append((.skipFirst, "\(count) are skipped")) }
            playlist.skipped = count
        default: break
        }
    }

    private mutating func expectFirst(_ rule: HLSRule, _ tag: HLSTag) {
        let isFirst = playlist.segments.isEmpty && duration == nil && playlist.open.parts.isEmpty
        if !isFirst || playlist.open.discontinuity != playlist.discontinuitySequence {
            broken.append((rule, "\(tag.name) stands behind a segment"))
        }
    }

    private mutating func takeSegment(_ tag: HLSTag) {
        switch tag.name {
        case "EXTINF":
            let text = tag.value.prefix { $0 != "," }
            duration = HLSTag.seconds(text)
            if duration == nil || !tag.value.contains(",") || !text.contains(".") {
                broken.append((.durationsPrecise, "EXTINF:\(tag.value)"))
                duration = duration ?? Double(text).map { Int($0 * 100_000) }
            }
        case "EXT-X-GAP": isGap = true
        case "EXT-X-BYTERANGE": byteRange = tag.value
        case "EXT-X-DISCONTINUITY": playlist.open.discontinuity += 1
        case "EXT-X-MAP": playlist.open.map = tag.quoted("URI")
        case "EXT-X-PROGRAM-DATE-TIME":
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            // The format style would do without the fraction.
            playlist.open.dateTime = tag.value.contains(".") ? try? Date(tag.value, strategy: style) : nil
        case "EXT-X-PART":
            if tag.seconds("DURATION") == nil { broken.append((.durationsPrecise, "EXT-X-PART:\(tag.value)")) }
            playlist.open.parts.append(
                HLSMediaPlaylist.Part(
                    address: tag.quoted("URI") ?? "", duration: tag.seconds("DURATION") ?? 0,
                    isIndependent: tag.attributes["INDEPENDENT"] == "YES", isGap: tag.attributes["GAP"] == "YES"))
        default: return
        }
        if playlist.hasEnded { broken.append((.nothingBehindEnd, "\(tag.name) stands behind the end")) }
    }

    private mutating func takeAnnouncement(_ tag: HLSTag) {
        switch tag.name {
        case "EXT-X-PRELOAD-HINT":
            if tag.attributes["TYPE"] == "PART" { playlist.hints.append(tag.quoted("URI") ?? "") }
        case "EXT-X-RENDITION-REPORT":
            playlist.reports.append(
                HLSMediaPlaylist.Report(
                    address: tag.quoted("URI") ?? "", sequence: tag.integer("LAST-MSN"),
                    part: tag.integer("LAST-PART")))
        case "EXT-X-ENDLIST":
            playlist.hasEnded = true
            if !playlist.hints.isEmpty || !playlist.open.parts.isEmpty {
                broken.append((.nothingBehindEnd, "a playlist that has ended has open parts or a hint"))
            }
            return
        default: return
        }
        if playlist.hasEnded { broken.append((.nothingBehindEnd, "\(tag.name) stands behind the end")) }
    }

    private mutating func append(_ address: String) {
        if duration == nil { broken.append((.segmentsHaveDurations, "\(address) has none")) }
        playlist.segments.append(
            HLSMediaPlaylist.Segment(
                number: playlist.nextNumber, address: address, duration: duration ?? 0,
                dateTime: playlist.open.dateTime, discontinuity: playlist.open.discontinuity, isGap: isGap,
                byteRange: byteRange, map: playlist.open.map, parts: playlist.open.parts))
        playlist.open.parts = []
        playlist.open.dateTime = nil
        (duration, isGap, byteRange) = (nil, false, nil)
    }
}
