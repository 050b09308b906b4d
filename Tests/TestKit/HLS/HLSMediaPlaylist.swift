public import Foundation

/// What a media playlist says. Durations are in units of 0.00001 s, as exact as playlists write them.
public struct HLSMediaPlaylist: Sendable {
    public struct Part: Sendable, Hashable {
        public let address: String
        public let duration: Int
        public let isIndependent: Bool
        public let isGap: Bool
    }

    public struct Segment: Sendable, Hashable {
        public let number: Int
        public let address: String
        public let duration: Int
        public let dateTime: Date?
        /// How many discontinuities were before it, since the stream began.
        public internal(set) var discontinuity: Int
        public let isGap: Bool
        public let byteRange: String?
        /// The address of its initialisation section.
        public internal(set) var map: String?
        public let parts: [Part]
    }

    /// The segment behind the last one, as far as it is there.
    public struct OpenSegment: Sendable, Hashable {
        public internal(set) var parts: [Part] = []
        public internal(set) var dateTime: Date?
        public internal(set) var discontinuity = 0
        public internal(set) var map: String?
    }

    public struct Report: Sendable, Hashable {
        public let address: String
        public let sequence: Int?
        public let part: Int?
    }

    public internal(set) var version: Int?
    public internal(set) var targetSeconds = 0
    /// `nil` without parts.
    public internal(set) var partTarget: Int?
    /// The attributes of `EXT-X-SERVER-CONTROL`, as they are written.
    public internal(set) var control: [String: String] = [:]
    public internal(set) var mediaSequence = 0
    public internal(set) var discontinuitySequence = 0
    public internal(set) var isIndependent = false
    public internal(set) var isKeyframesOnly = false
    /// How many segments a delta update leaves out; `nil` in a full playlist.
    public internal(set) var skipped: Int?
    public internal(set) var segments: [Segment] = []
    public internal(set) var open = OpenSegment()
    /// The addresses of the parts that are hinted at.
    public internal(set) var hints: [String] = []
    public internal(set) var reports: [Report] = []
    public internal(set) var hasEnded = false

    /// The number behind the last segment.
    public var nextNumber: Int { mediaSequence + (skipped ?? 0) + segments.count }
    /// All listed segments, in units of 0.00001 s.
    public var duration: Int { segments.reduce(0) { $0 + $1.duration } }
    public var hasParts: Bool { !open.parts.isEmpty || segments.contains { !$0.parts.isEmpty } }
    /// Whether it is one of transport streams, which need no initialisation sections.
    var isTransportStream: Bool { segments.contains { $0.address.contains(".ts") } }

    /// Where it stands: the newest segment with a part or as a whole, and its newest part, if it has any.
    public var edge: (sequence: Int, part: Int?) {
        if !open.parts.isEmpty { return (nextNumber, open.parts.count - 1) }
        return (nextNumber - 1, segments.last.flatMap { $0.parts.isEmpty ? nil : $0.parts.count - 1 })
    }

    /// Whether the open parts are all of their segment: the hint is of the first part behind it.
    var hintsBehindOpenSegment: Bool {
        guard !open.parts.isEmpty, let hint = hints.first else { return false }
        return hint.split { $0 == "-" || $0 == "." }.compactMap { Int($0) }.starts(with: [nextNumber + 1, 0])
    }

    public func segment(_ number: Int) -> Segment? {
        let index = number - mediaSequence - (skipped ?? 0)
        return segments.indices.contains(index) ? segments[index] : nil
    }

    /// What a player makes of a delta update and the playlist that it has.
    ///
    /// - Returns: `nil` when that one lacks a segment that was left out.
    func merged(into previous: HLSMediaPlaylist) -> HLSMediaPlaylist? {
        guard let skipped else { return self }
        let kept = (mediaSequence..<mediaSequence + skipped).compactMap(previous.segment)
        guard kept.count == skipped, let last = kept.last else { return nil }
        let offset = last.discontinuity - discontinuitySequence
        var merged = self
        merged.skipped = nil
        merged.segments = kept
        for segment in segments {
            var segment = segment
            segment.discontinuity += offset
            segment.map = segment.map ?? last.map
            merged.segments.append(segment)
        }
        merged.open.discontinuity += offset
        merged.open.map = open.map ?? last.map
        return merged
    }
}
