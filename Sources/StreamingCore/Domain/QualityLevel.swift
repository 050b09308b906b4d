/// One quality that a broadcast is made in: a rung of the ladder.
public struct QualityLevel: Sendable, Hashable {
    /// What it is called, and its folder in URLs: `720p`. See ``isLegalName(_:)``.
    public let name: String
    /// The shorter side of the picture in pixels, which is its height unless it stands upright: even, in ``heights``.
    public let height: Int
    /// What its video may have on average, in bits per second, in ``bitRates``.
    public let videoBitsPerSecond: Int
    /// The most pictures per second, in ``frameRates``: a source with more is halved. `nil` leaves those of the source.
    public let frameRateMax: Int?
    /// Whether broadcasts are made in it; one that is not is kept for later.
    public var isEnabled: Bool

    public static let heights = 144...4320
    public static let bitRates = 50_000...100_000_000
    public static let frameRates = 1...240
    public static let nameCharactersMax = 32
    /// Renditions that have these names are not rungs.
    public static let reservedNames: Set<String> = ["source", "audio", "none"]

    /// Takes the values as they are; ``QualityLadder`` checks them.
    public init(
        name: String, height: Int, videoBitsPerSecond: Int, frameRateMax: Int? = nil, isEnabled: Bool = true
    ) {
        self.name = name
        self.height = height
        self.videoBitsPerSecond = videoBitsPerSecond
        self.frameRateMax = frameRateMax
        self.isEnabled = isEnabled
    }

    /// Whether it consists of 1 to ``nameCharactersMax`` of `a-z 0-9 - _` and is not reserved.
    public static func isLegalName(_ name: String) -> Bool {
        guard (1...nameCharactersMax).contains(name.utf8.count), !reservedNames.contains(name) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}
