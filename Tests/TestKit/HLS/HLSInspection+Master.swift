import Foundation

// What holds for a multivariant playlist.

extension HLSInspection {
    @discardableResult public mutating func read(master text: String) -> HLSMasterPlaylist {
        subject = "master"
        let lines = lines(of: text)
        let tags = lines.compactMap { line in if case .tag(let tag) = line { tag } else { nil } }
        let mediaTag = tags.first { ["EXTINF", "EXT-X-TARGETDURATION", "EXT-X-PART", "EXT-X-MAP"].contains($0.name) }
        expect(.oneKind, mediaTag == nil, "a multivariant playlist has \(mediaTag?.name ?? "")")
        var playlist = HLSMasterPlaylist()
        playlist.version = checkVersion(tags)
        var groups: [String: [HLSTag]] = [:]
        var pending: HLSTag?
        for line in lines {
            switch line {
            case .tag(let tag):
                let isAddress = pending == nil
                if tag.name != "EXTM3U" { expect(.variantsAddressed, isAddress, "\(tag.name) stands in its place") }
                pending = nil
                take(tag, &playlist, &groups)
                if tag.name == "EXT-X-STREAM-INF" { pending = tag }
            case .address(let address):
                expect(.variantsAddressed, pending != nil, "\(address) has no attributes")
                if let tag = pending { append(tag, address, groups, &playlist) }
                pending = nil
            }
        }
        expect(.variantsAddressed, pending == nil && !playlist.variants.isEmpty, "a variant has no address")
        checkVariants(of: playlist, tags)
        master = playlist
        return playlist
    }

    private mutating func take(_ tag: HLSTag, _ playlist: inout HLSMasterPlaylist, _ groups: inout [String: [HLSTag]]) {
        switch tag.name {
        case "EXT-X-MEDIA":
            let group = "\(tag.attributes["TYPE"] ?? "") \(tag.quoted("GROUP-ID") ?? "")"
            let isNew = !(groups[group] ?? []).contains { $0.attributes["NAME"] == tag.attributes["NAME"] }
            let isSelected = tag.attributes["DEFAULT"] != "YES" || tag.attributes["AUTOSELECT"] == "YES"
            expect(.groupNames, isNew && isSelected, tag.value)
            groups[group, default: []].append(tag)
            if let address = tag.quoted("URI") { playlist.media.append(address) }
        case "EXT-X-I-FRAME-STREAM-INF":
            let foreign = ["FRAME-RATE", "AUDIO", "SUBTITLES", "CLOSED-CAPTIONS"].first { tag.attributes[$0] != nil }
            expect(.keyframeVariants, foreign == nil, "it has \(foreign ?? "")")
            checkRates(of: tag)
            checkCodecs(of: tag)
            playlist.keyframes.append(tag.quoted("URI") ?? "")
        default: break
        }
    }

    private mutating func append(
        _ tag: HLSTag, _ address: String, _ groups: [String: [HLSTag]], _ playlist: inout HLSMasterPlaylist
    ) {
        for type in ["AUDIO", "VIDEO", "SUBTITLES"] {
            guard let name = tag.quoted(type) else { continue }
            expect(.groupsDefined, groups["\(type) \(name)"] != nil, "\(address) refers to \(name)")
        }
        checkRates(of: tag)
        checkCodecs(of: tag)
        if tag.quoted("CODECS")?.contains("avc1") ?? true {
            let isDescribed = tag.attributes["RESOLUTION"] != nil && tag.attributes["FRAME-RATE"] != nil
            expect(.pictureDescribed, isDescribed, address)
        }
        playlist.variants.append(HLSMasterPlaylist.Variant(address: address, attributes: tag.attributes))
    }

    private mutating func checkRates(of tag: HLSTag) {
        guard let peak = tag.integer("BANDWIDTH"), let average = tag.integer("AVERAGE-BANDWIDTH") else { return }
        expect(.averageBelowPeak, 1...max(1, peak) ~= average, "\(average) of \(peak)")
    }

    /// `avc1.PPCCLL` and `mp4a.40.N` (RFC 6381, 3.3).
    private mutating func checkCodecs(of tag: HLSTag) {
        let names = tag.quoted("CODECS")?.split(separator: ",", omittingEmptySubsequences: false) ?? []
        let areNames = names.allSatisfy { name in
            if name.hasPrefix("avc1.") { return name.count == 11 && UInt32(name.dropFirst(5), radix: 16) != nil }
            if name.hasPrefix("mp4a.40.") { return UInt8(name.dropFirst(8)) != nil }
            return false
        }
        expect(.codecsNamed, !names.isEmpty && areNames, tag.attributes["CODECS"] ?? "there are none")
    }

    private mutating func checkVariants(of playlist: HLSMasterPlaylist, _ tags: [HLSTag]) {
        let captions = Set(playlist.variants.map { $0.attributes["CLOSED-CAPTIONS"] ?? "" })
        expect(.captionsAgree, captions.count <= 1 || !captions.contains("NONE"), "\(captions)")
        let heights = playlist.variants.compactMap { $0.attributes["RESOLUTION"]?.split(separator: "x").last }
            .compactMap { Int($0) }
        let rates = playlist.variants.compactMap { $0.attributes["BANDWIDTH"].flatMap { Int($0) } }
        let isOrdered = zip(heights, heights.dropFirst()).allSatisfy { $0 >= $1 }
        let isFirstHighest = heights.isEmpty || Set(heights).count > 1 || rates.first == rates.max()
        expect(.highestFirst, isOrdered && isFirstHighest, "heights \(heights), rates \(rates)")
        let folders = Set(playlist.variants.map { $0.address.prefix { $0 != "/" } })
        for address in playlist.keyframes {
            expect(.keyframeVariants, folders.contains(address.prefix { $0 != "/" }), "\(address) is of no variant")
        }
    }
}
