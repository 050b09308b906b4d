/// Reads playlists strictly: each read is held to every ``HLSRule`` that it can be held to by itself, beside the copy
/// of the same playlist that was read before, and beside the other playlists of the stream.
///
/// Rules are reported one by one: which were applied, and which were broken, so that a test can tell that a rule was
/// kept from one that was never looked at.
public struct HLSInspection: Sendable {
    /// A broken rule.
    public struct Violation: Sendable, Hashable, CustomStringConvertible {
        public let rule: HLSRule
        /// The playlist, and what is wrong with it.
        public let detail: String

        public var description: String { "\(rule.rawValue) — \(detail)" }
    }

    /// The broken rules, in the order in which they were found.
    public private(set) var violations: [Violation] = []
    /// How often each rule was looked at.
    public private(set) var applied: [HLSRule: Int] = [:]
    /// The newest full copy of each media playlist, by its address relative to the multivariant playlist.
    public internal(set) var media: [String: HLSMediaPlaylist] = [:]
    /// The newest multivariant playlist.
    public internal(set) var master: HLSMasterPlaylist?
    /// What is being read, for the details.
    var subject = ""

    public init() {}

    /// The rules that were never looked at.
    public var unapplied: Set<HLSRule> { Set(HLSRule.allCases).subtracting(applied.keys) }
    /// Which rules were broken.
    public var broken: Set<HLSRule> { Set(violations.map(\.rule)) }

    mutating func expect(_ rule: HLSRule, _ isKept: Bool, _ detail: @autoclosure () -> String) {
        applied[rule, default: 0] += 1
        if !isKept { violations.append(Violation(rule: rule, detail: "\(subject): \(detail())")) }
    }

    // MARK: Reading

    /// Reads a full media playlist, or reads it again.
    ///
    /// - Parameter address: Relative to the multivariant playlist: `480p/playlist.m3u8`. The same from read to read.
    @discardableResult public mutating func read(media text: String, at address: String) -> HLSMediaPlaylist {
        let playlist = parse(media: text, at: address)
        expect(.skipOnlyOnRequest, playlist.skipped == nil, "a full playlist skips \(playlist.skipped ?? 0) segments")
        checkSegments(of: playlist)
        checkParts(of: playlist)
        if let previous = media[address] { check(playlist, after: previous) }
        checkReports(of: playlist, at: address)
        media[address] = playlist
        return playlist
    }

    /// Reads the answer to a request for a delta update. What it makes together with the newest full copy is the newest
    /// full copy from then on.
    ///
    /// - Parameters:
    ///   - skipsDateRanges: Whether `v2` was asked for.
    ///   - full: The full playlist of the same moment, where it is known.
    public mutating func read(
        delta text: String, at address: String, skipsDateRanges: Bool = false, full: String? = nil
    ) {
        let previous = media[address]
        let update = parse(media: text, at: address)
        if let skipped = update.skipped {
            checkSkip(skipped, in: update, skipsDateRanges: skipsDateRanges, text)
        }
        guard let previous, let merged = update.merged(into: previous) else {
            expect(.deltaMerges, update.skipped == nil, "the copy before lacks what is skipped")
            return
        }
        if update.skipped != nil { expect(.deltaMerges, true, "") }
        if let full {
            let wanted = parse(media: full, at: address)
            expect(.deltaMerges, Self.isSame(merged, wanted), "the update makes another playlist than the full one")
        }
        checkSegments(of: merged)
        checkParts(of: merged)
        check(merged, after: previous)
        checkReports(of: merged, at: address)
        media[address] = merged
    }

    /// Whether a player that merges arrives at the same playlist. It keeps the parts of what was skipped or drops them
    /// as it likes.
    static func isSame(_ left: HLSMediaPlaylist, _ right: HLSMediaPlaylist) -> Bool {
        let essence = { (playlist: HLSMediaPlaylist) in
            playlist.segments.map {
                HLSMediaPlaylist.Segment(
                    number: $0.number, address: $0.address, duration: $0.duration, dateTime: $0.dateTime,
                    discontinuity: $0.discontinuity, isGap: $0.isGap, byteRange: $0.byteRange, map: $0.map, parts: [])
            }
        }
        let newest = { (playlist: HLSMediaPlaylist) in playlist.segments.suffix(3).map(\.parts) }
        return essence(left) == essence(right) && newest(left) == newest(right) && left.open == right.open
            && left.hints == right.hints && left.reports == right.reports && left.hasEnded == right.hasEnded
            && left.mediaSequence == right.mediaSequence && left.discontinuitySequence == right.discontinuitySequence
    }
}
