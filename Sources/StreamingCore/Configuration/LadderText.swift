/// The text of `LADDER`: names of levels, separated by commas, each with its own bit rate if need be; or `none`.
///
/// ```
///  1080p,720p,480p          names that are known
///  720p:4000,360p:800       kbit/s, for any height
///  none                     the source alone
/// ```
enum LadderText {
    /// The heights that need no bit rate, with what they get, in kbit/s.
    static let known = [1080: 8000, 720: 5000, 480: 2000]

    static func parse(_ text: String) throws(ConfigurationReason) -> QualityLadder {
        guard text != "none" else { return .sourceAlone }
        var levels: [QualityLevel] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let level = try level(of: trimmed(item), in: text)
            guard !levels.contains(where: { $0.height == level.height }) else {
                throw ConfigurationReason("has \(level.name) twice")
            }
            levels.append(level)
        }
        guard levels.count <= QualityLadder.levelsMax else {
            throw ConfigurationReason("must have at most \(QualityLadder.levelsMax) names, not \(levels.count)")
        }
        levels.sort { $0.height > $1.height }
        for (higher, lower) in zip(levels, levels.dropFirst())
        where lower.videoBitsPerSecond >= higher.videoBitsPerSecond {
            throw ConfigurationReason("must give \(lower.name) fewer kbit/s than \(higher.name)")
        }
        do throws(StreamError) { return try QualityLadder(levels) } catch {
            preconditionFailure("the levels were checked one by one: \(error)")
        }
    }

    private static func level(of item: Substring, in text: String) throws(ConfigurationReason) -> QualityLevel {
        let parts = item.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].hasSuffix("p"), let height = number(parts[0].dropLast()) else {
            throw ConfigurationReason("must be none or list names such as 720p or 360p:800, not '\(text)'")
        }
        guard QualityLevel.heights.contains(height), height.isMultiple(of: 2) else {
            let (low, high) = (QualityLevel.heights.lowerBound, QualityLevel.heights.upperBound)
            throw ConfigurationReason("must have even heights from \(low) to \(high), not \(parts[0])")
        }
        let rates = QualityLevel.bitRates.lowerBound / 1000...QualityLevel.bitRates.upperBound / 1000
        guard parts.count == 2 || known[height] != nil else {
            throw ConfigurationReason("must give \(parts[0]) its kbit/s, as in \(parts[0]):800")
        }
        guard let kilobits = parts.count == 2 ? number(parts[1]) : known[height], rates.contains(kilobits) else {
            throw ConfigurationReason(
                "must give \(parts[0]) kbit/s from \(rates.lowerBound) to \(rates.upperBound), not '\(item)'")
        }
        return QualityLevel(name: "\(height)p", height: height, videoBitsPerSecond: kilobits * 1000)
    }

    private static func trimmed(_ item: Substring) -> Substring {
        var item = item.drop { $0 == " " }
        while item.last == " " { item.removeLast() }
        return item
    }

    /// A number in its shortest form: one height has one name.
    private static func number(_ text: Substring) -> Int? {
        guard let value = Int(text), String(value) == text else { return nil }
        return value
    }
}
