import Foundation

/// A media playlist, read strictly: what it says, and which promises of RFC 8216 it breaks.
struct StrictPlaylist {
    struct Segment {
        let name: String
        let seconds: Double
        let dateTime: Date
        /// How many discontinuities were before it, since the broadcast began.
        let discontinuity: Int
        let isGap: Bool
    }

    private(set) var targetDuration = 0
    private(set) var mediaSequence = 0
    private(set) var segments: [Segment] = []
    private(set) var hasEnded = false
    /// Broken promises, as sentences.
    private(set) var violations: [String] = []

    init(_ text: String) throws {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.first != "#EXTM3U" { violations.append("it begins with \(lines.first ?? "nothing")") }
        var seconds: Double?
        var dateTime: Date?
        var discontinuity = 0
        var isGap = false
        for line in lines {
            let value = line.firstIndex(of: ":").map { String(line[line.index(after: $0)...]) } ?? ""
            switch line.prefix(while: { $0 != ":" }) {
            case "#EXT-X-TARGETDURATION": targetDuration = Int(value) ?? 0
            case "#EXT-X-MEDIA-SEQUENCE": mediaSequence = Int(value) ?? 0
            case "#EXT-X-DISCONTINUITY-SEQUENCE": discontinuity = Int(value) ?? 0
            case "#EXT-X-DISCONTINUITY": discontinuity += 1
            case "#EXT-X-GAP": isGap = true
            case "#EXT-X-ENDLIST": hasEnded = true
            case "#EXTINF": seconds = Double(value.prefix { $0 != "," })
            case "#EXT-X-PROGRAM-DATE-TIME":
                dateTime = try Date(value, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            default:
                guard !line.hasPrefix("#"), !line.isEmpty else { continue }
                guard let length = seconds, let date = dateTime else {
                    violations.append("\(line) has no EXTINF or no EXT-X-PROGRAM-DATE-TIME")
                    continue
                }
                append(
                    Segment(
                        name: line, seconds: length, dateTime: date, discontinuity: discontinuity, isGap: isGap))
                (seconds, dateTime, isGap) = (nil, nil, false)
            }
        }
    }

    private mutating func append(_ segment: Segment) {
        let number = Int(segment.name.drop { !$0.isNumber }.prefix { $0.isNumber })
        if number != mediaSequence + segments.count {
            violations.append("\(segment.name) is not number \(mediaSequence + segments.count)")
        }
        if Int(segment.seconds.rounded()) > targetDuration {
            violations.append("\(segment.name) lasts \(segment.seconds) s, the target is \(targetDuration)")
        }
        if let last = segments.last, last.discontinuity == segment.discontinuity {
            let seam = segment.dateTime.timeIntervalSince(last.dateTime) - last.seconds
            if abs(seam) > 0.05 { violations.append("\(segment.name) begins \(seam) s off without a discontinuity") }
        }
        segments.append(segment)
    }

    /// How many discontinuities are between its segments.
    var discontinuities: Int { (segments.last?.discontinuity ?? 0) - (segments.first?.discontinuity ?? 0) }
    /// All that it plays, in seconds.
    var seconds: Double { segments.reduce(0) { $0 + $1.seconds } }
}
