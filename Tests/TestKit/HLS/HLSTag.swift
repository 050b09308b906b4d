// A line of a playlist (RFC 8216bis, 4.1 and 4.2)
//
// #EXT-X-PART:DURATION=0.33333,URI="segment-17.0.m4s",INDEPENDENT=YES
//  name       attribute list: names of A-Z 0-9 -, values quoted or up to the next comma

/// A line that begins with `#EXT`.
struct HLSTag {
    enum Form { case none, value, attributes }

    /// Without the `#`.
    let name: String
    /// Behind the colon.
    let value: String
    /// As they are written, with quotation marks; empty where the tag has none or they are malformed.
    let attributes: [String: String]
    let isWellFormed: Bool

    init(_ line: Substring) {
        let name = String(line.dropFirst().prefix { $0 != ":" })
        let value = String(line.dropFirst(name.count + 2))
        self.name = name
        self.value = value
        let list = Self.forms[name] == .attributes ? Self.attributeList(value) : [:]
        attributes = list ?? [:]
        isWellFormed = list != nil
    }

    /// The value of a quoted string without its quotation marks.
    func quoted(_ name: String) -> String? {
        guard let raw = attributes[name], raw.count >= 2, raw.first == "\"", raw.last == "\"" else { return nil }
        return String(raw.dropFirst().dropLast())
    }

    func integer(_ name: String) -> Int? { attributes[name].flatMap { Int($0) } }

    /// Seconds in units of 0.00001.
    func seconds(_ name: String) -> Int? { attributes[name].flatMap(Self.seconds) }

    /// Seconds with at most five decimals, in units of 0.00001.
    static func seconds(_ text: some StringProtocol) -> Int? {
        let pieces = text.split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.count <= 2, let whole = Int(pieces[0]), whole >= 0 else { return nil }
        guard pieces.count == 2 else { return whole * 100_000 }
        guard 1...5 ~= pieces[1].count, pieces[1].allSatisfy(\.isNumber) else { return nil }
        let padded = pieces[1] + String(repeating: "0", count: 5 - pieces[1].count)
        return Int(padded).map { whole * 100_000 + $0 }
    }

    private static func attributeList(_ text: String) -> [String: String]? {
        var attributes: [String: String] = [:]
        var rest = Substring(text)
        while !rest.isEmpty {
            let name = rest.prefix { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "-") }
            rest = rest.dropFirst(name.count)
            guard !name.isEmpty, rest.first == "=" else { return nil }
            rest = rest.dropFirst()
            var value: Substring
            if rest.first == "\"" {
                guard let end = rest.dropFirst().firstIndex(of: "\"") else { return nil }
                value = rest[...end]
            } else {
                value = rest.prefix { $0 != "," }
                guard !value.isEmpty, !value.contains(where: { $0 == "\"" || $0.isWhitespace }) else { return nil }
            }
            rest = rest[value.endIndex...]
            guard attributes.updateValue(String(value), forKey: String(name)) == nil else { return nil }
            if rest.isEmpty { break }
            guard rest.first == ",", rest.count > 1 else { return nil }
            rest = rest.dropFirst()
        }
        return attributes.isEmpty ? nil : attributes
    }

    /// Every tag of RFC 8216bis, and what stands behind its colon.
    static let forms: [String: Form] = {
        var forms: [String: Form] = [:]
        for name in [
            "EXTM3U", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-ENDLIST", "EXT-X-I-FRAMES-ONLY", "EXT-X-DISCONTINUITY",
            "EXT-X-GAP",
        ] { forms[name] = Form.none }
        for name in [
            "EXT-X-VERSION", "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE",
            "EXT-X-PLAYLIST-TYPE", "EXTINF", "EXT-X-BYTERANGE", "EXT-X-PROGRAM-DATE-TIME", "EXT-X-BITRATE",
        ] { forms[name] = .value }
        for name in [
            "EXT-X-START", "EXT-X-DEFINE", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL", "EXT-X-KEY", "EXT-X-MAP",
            "EXT-X-PART", "EXT-X-DATERANGE", "EXT-X-SKIP", "EXT-X-PRELOAD-HINT", "EXT-X-RENDITION-REPORT",
            "EXT-X-MEDIA", "EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-SESSION-DATA", "EXT-X-SESSION-KEY",
            "EXT-X-CONTENT-STEERING",
        ] { forms[name] = .attributes }
        return forms
    }()

    /// What tags cannot do without.
    static let required: [String: [String]] = [
        "EXT-X-PART-INF": ["PART-TARGET"], "EXT-X-MAP": ["URI"], "EXT-X-PART": ["URI", "DURATION"],
        "EXT-X-SKIP": ["SKIPPED-SEGMENTS"], "EXT-X-PRELOAD-HINT": ["TYPE", "URI"],
        "EXT-X-RENDITION-REPORT": ["URI", "LAST-MSN"], "EXT-X-MEDIA": ["TYPE", "GROUP-ID", "NAME"],
        "EXT-X-STREAM-INF": ["BANDWIDTH"], "EXT-X-I-FRAME-STREAM-INF": ["BANDWIDTH", "URI"],
        "EXT-X-KEY": ["METHOD"], "EXT-X-DATERANGE": ["ID"],
    ]

    /// Whether each known attribute has a value of its type.
    var hasTypedAttributes: Bool { attributes.allSatisfy { Self.isTyped($0.key, $0.value, in: name) } }

    private static func isTyped(_ attribute: String, _ raw: String, in tag: String) -> Bool {
        switch attribute {
        case "URI", "CODECS", "GROUP-ID", "NAME", "AUDIO", "VIDEO", "SUBTITLES", "CHANNELS", "LANGUAGE",
            "RECENTLY-REMOVED-DATERANGES", "BYTERANGE", "SUPPLEMENTAL-CODECS":
            return raw.first == "\""
        case "DURATION", "PART-TARGET", "HOLD-BACK", "PART-HOLD-BACK", "CAN-SKIP-UNTIL":
            return Double(raw) != nil && raw.allSatisfy { $0.isNumber || $0 == "." }
        case "FRAME-RATE":
            let decimals = raw.split(separator: ".").dropFirst().first?.count ?? 0
            return Double(raw) != nil && decimals <= 3
        case "BANDWIDTH", "AVERAGE-BANDWIDTH", "SKIPPED-SEGMENTS", "LAST-MSN", "LAST-PART", "BYTERANGE-START",
            "BYTERANGE-LENGTH":
            return !raw.isEmpty && raw.allSatisfy { $0.isASCII && $0.isNumber }
        case "INDEPENDENT", "GAP", "CAN-BLOCK-RELOAD", "CAN-SKIP-DATERANGES": return raw == "YES"
        case "DEFAULT", "AUTOSELECT", "FORCED": return raw == "YES" || raw == "NO"
        case "RESOLUTION":
            let sides = raw.split(separator: "x", omittingEmptySubsequences: false)
            return sides.count == 2 && sides.allSatisfy { Int($0).map { $0 > 0 } ?? false }
        case "VIDEO-RANGE": return ["SDR", "HLG", "PQ"].contains(raw)
        case "CLOSED-CAPTIONS": return raw == "NONE" || raw.first == "\""
        case "TYPE" where tag == "EXT-X-MEDIA": return ["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"].contains(raw)
        case "TYPE" where tag == "EXT-X-PRELOAD-HINT": return raw == "PART" || raw == "MAP"
        default: return true
        }
    }
}
