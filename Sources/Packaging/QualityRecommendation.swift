// Which rendition to play, from what a player has measured
//
// renditions ──▶ those that can be decoded and are not too tall ──▶ one fits with reserve?  the best that does
//                                                                └▶ none does?              the lowest
//
// Going up needs more reserve than staying, so that a bandwidth near a rendition's rate does not make the picture
// change every few seconds. Going down is not asked for while the buffer lasts.

/// Recommends a rendition to a player.
public struct QualityRecommendation: Sendable, Hashable {
    /// One of the video renditions, or of audio ones where there is no video.
    public struct Choice: Sendable, Hashable {
        public var name: String
        /// What playing it takes at its peak, with the audio that belongs to it, in bits per second.
        public var bitRate: Int64
        /// Lines of the picture; `nil` for audio.
        public var height: Int?
        /// RFC 6381, with the audio's behind a comma.
        public var codecs: String

        public init(name: String, bitRate: Int64, height: Int?, codecs: String) {
            self.name = name
            self.bitRate = bitRate
            self.height = height
            self.codecs = codecs
        }
    }

    /// What is known of a player.
    public struct Situation: Sendable, Hashable {
        /// What it measured, in bits per second.
        public var bandwidth: Int64
        /// The tallest picture that it wants, in lines, such as its screen has.
        public var heightMax: Int?
        /// The codecs that it can decode, as families such as `avc1`; `nil` when it can decode all.
        public var codecFamilies: Set<String>?
        /// The rendition that it plays.
        public var current: String?
        /// How much media it has in reserve, in milliseconds.
        public var bufferMilliseconds: Int64?

        public init(
            bandwidth: Int64, heightMax: Int? = nil, codecFamilies: Set<String>? = nil, current: String? = nil,
            bufferMilliseconds: Int64? = nil
        ) {
            self.bandwidth = bandwidth
            self.heightMax = heightMax
            self.codecFamilies = codecFamilies
            self.current = current
            self.bufferMilliseconds = bufferMilliseconds
        }
    }

    /// Why a rendition is recommended. The raw value is its form in the API.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The best one that the bandwidth carries.
        case bandwidth
        /// The bandwidth would carry a taller one than is wanted.
        case heightLimit = "height_limit"
        /// A better one would fit, but not with enough reserve, or not with so little buffer.
        case notSafeToRise = "not_safe_to_rise"
        /// The bandwidth has fallen, and the buffer lasts for a while.
        case bufferLasts = "buffer_lasts"
        /// The bandwidth does not carry any; this one takes the least.
        case lowest
    }

    public let choice: Choice
    public let reason: Reason

    /// The share of the bandwidth that a rendition may take, in percent: measurements are rough, and rates vary.
    public static let usablePercent: Int64 = 80
    /// The share that one may take that is better than what is played now.
    public static let risingPercent: Int64 = 65
    /// A player with less in reserve does not change for the better, in milliseconds.
    public static let risingBufferMilliseconds: Int64 = 1000
    /// A player with so much in reserve keeps what it has, as long as the whole bandwidth carries it, in milliseconds.
    public static let lastingBufferMilliseconds: Int64 = 8000

    /// Recommends one of the renditions.
    ///
    /// - Parameters:
    ///   - choices: In any order.
    ///   - situation: Of the player.
    /// - Returns: `nil` when there is nothing to choose from. Where all are taller than wanted, the lowest of them;
    ///   where none can be decoded, the limit on codecs counts for nothing: what is said of a player may be wrong.
    public init?(_ choices: [Choice], for situation: Situation) {
        let decodable = choices.filter { Self.isDecodable($0, situation.codecFamilies) }
        let all = (decodable.isEmpty ? choices : decodable).sorted(by: Self.isBetter)
        guard let last = all.last else { return nil }
        let wanted = all.filter { choice in
            guard let height = choice.height, let heightMax = situation.heightMax else { return true }
            return height <= heightMax
        }
        guard let lowest = wanted.last else {
            (choice, reason) = (
                all.min { ($0.height ?? 0, $0.bitRate) < ($1.height ?? 0, $1.bitRate) } ?? last, .lowest
            )
            return
        }
        let fitting = wanted.first { Self.fits($0, situation.bandwidth, percent: Self.usablePercent) }
        guard let current = wanted.first(where: { $0.name == situation.current }) else {
            guard let fitting else {
                (choice, reason) = (lowest, .lowest)
                return
            }
            choice = fitting
            reason = Self.isLimited(fitting, all, wanted, situation) ? .heightLimit : .bandwidth
            return
        }
        let best = fitting ?? lowest
        if best != current && Self.isBetter(best, current) {
            let isSafe = (situation.bufferMilliseconds ?? .max) >= Self.risingBufferMilliseconds
            let risen = wanted.first { Self.fits($0, situation.bandwidth, percent: Self.risingPercent) }
            guard isSafe, let risen, risen != current, Self.isBetter(risen, current) else {
                (choice, reason) = (current, .notSafeToRise)
                return
            }
            choice = risen
            reason = Self.isLimited(risen, all, wanted, situation) ? .heightLimit : .bandwidth
            return
        }
        if best != current, (situation.bufferMilliseconds ?? 0) >= Self.lastingBufferMilliseconds,
            Self.fits(current, situation.bandwidth, percent: 100)
        {
            (choice, reason) = (current, .bufferLasts)
            return
        }
        choice = best
        reason = fitting == nil ? .lowest : Self.isLimited(best, all, wanted, situation) ? .heightLimit : .bandwidth
    }

    private static func isDecodable(_ choice: Choice, _ families: Set<String>?) -> Bool {
        guard let families else { return true }
        return choice.codecs.split(separator: ",").allSatisfy { codec in
            families.contains(String(codec.prefix { $0 != "." }))
        }
    }

    /// The order of renditions: the taller picture, then the higher rate; by name where they are the same, so that
    /// everybody finds the same one.
    private static func isBetter(_ left: Choice, _ right: Choice) -> Bool {
        if left.height != right.height { return left.height ?? 0 > right.height ?? 0 }
        if left.bitRate != right.bitRate { return left.bitRate > right.bitRate }
        return left.name < right.name
    }

    private static func fits(_ choice: Choice, _ bandwidth: Int64, percent: Int64) -> Bool {
        Int128(choice.bitRate) * 100 <= Int128(bandwidth) * Int128(percent)
    }

    /// Whether the bandwidth carries something better that is taller than wanted.
    private static func isLimited(
        _ choice: Choice, _ all: [Choice], _ wanted: [Choice], _ situation: Situation
    ) -> Bool {
        choice == wanted.first
            && all.contains { isBetter($0, choice) && fits($0, situation.bandwidth, percent: usablePercent) }
    }
}
