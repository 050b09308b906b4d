/// The qualities that broadcasts are made in, checked, the highest first.
public struct QualityLadder: Sendable, Hashable {
    /// The most levels: beside them a broadcast has its source and its sound.
    public static let levelsMax = 8

    /// From the highest to the lowest; empty where the source alone is passed on.
    public let levels: [QualityLevel]

    /// The levels that broadcasts are made in, from the highest to the lowest.
    public var enabledLevels: [QualityLevel] { levels.filter(\.isEnabled) }

    /// No level at all: broadcasts are the source alone.
    public static let sourceAlone = QualityLadder(checked: [])

    private init(checked levels: [QualityLevel]) { self.levels = levels }

    /// Checks levels and sorts them, the highest first.
    ///
    /// - Throws: ``StreamError/invalidValue(field:reason:)`` when a value is out of its range, two levels have one name
    ///   or one height, or a smaller picture has as many bits as a larger one. The field is a place in `levels` and a
    ///   member there in the spelling of the API, for example `[2].height`.
    public init(_ levels: [QualityLevel]) throws(StreamError) {
        guard levels.count <= Self.levelsMax else {
            throw .invalidValue(
                field: "[\(Self.levelsMax)]", reason: "is one too many: there can be \(Self.levelsMax) levels")
        }
        for (place, level) in levels.enumerated() {
            if let (member, reason) = Self.mistake(in: level, after: levels[..<place]) {
                throw .invalidValue(field: "[\(place)].\(member)", reason: reason)
            }
        }
        let sorted = levels.enumerated().sorted { $0.element.height > $1.element.height }
        for (higher, lower) in zip(sorted, sorted.dropFirst())
        where lower.element.videoBitsPerSecond >= higher.element.videoBitsPerSecond {
            throw .invalidValue(
                field: "[\(lower.offset)].video_bits_per_second",
                reason: "must be below that of \(higher.element.name), whose picture is larger")
        }
        self.levels = sorted.map(\.element)
    }

    /// The same ladder with at most `frameRateMax` pictures per second in the levels up to a height.
    ///
    /// - Parameter frameRateMax: In ``QualityLevel/frameRates``.
    public func limitingFrameRates(to frameRateMax: Int, upToHeight height: Int) -> QualityLadder {
        precondition(QualityLevel.frameRates.contains(frameRateMax), "a frame rate has its range")
        return QualityLadder(
            checked: levels.map { level in
                guard level.height <= height else { return level }
                return QualityLevel(
                    name: level.name, height: level.height, videoBitsPerSecond: level.videoBitsPerSecond,
                    frameRateMax: min(level.frameRateMax ?? frameRateMax, frameRateMax), isEnabled: level.isEnabled)
            })
    }

    private static func mistake(
        in level: QualityLevel, after others: ArraySlice<QualityLevel>
    ) -> (member: String, reason: String)? {
        guard QualityLevel.isLegalName(level.name) else {
            let reserved = QualityLevel.reservedNames.sorted().joined(separator: ", ")
            return (
                "name",
                "must have 1 to \(QualityLevel.nameCharactersMax) of a-z, 0-9, - and _, and be none of \(reserved)"
            )
        }
        guard QualityLevel.heights.contains(level.height), level.height.isMultiple(of: 2) else {
            return ("height", "must be an even number \(words(for: QualityLevel.heights))")
        }
        guard QualityLevel.bitRates.contains(level.videoBitsPerSecond) else {
            return ("video_bits_per_second", "must be a number \(words(for: QualityLevel.bitRates))")
        }
        if let frameRateMax = level.frameRateMax, !QualityLevel.frameRates.contains(frameRateMax) {
            return ("frame_rate_max", "must be null or a number \(words(for: QualityLevel.frameRates))")
        }
        guard !others.contains(where: { $0.name == level.name }) else { return ("name", "is there twice") }
        guard !others.contains(where: { $0.height == level.height }) else { return ("height", "is there twice") }
        return nil
    }

    private static func words(for range: ClosedRange<Int>) -> String {
        "from \(range.lowerBound) to \(range.upperBound)"
    }
}
