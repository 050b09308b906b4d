public import Media

/// What viewers of one stream can be served now: the last segments of each rendition and the parts of the open ones.
///
/// A value that timeline events change and playlists are rendered from. Events may come twice: what is known already
/// changes nothing.
public struct LiveWindow: Sendable {
    /// How much to keep.
    public struct Configuration: Sendable, Hashable {
        /// How far back viewers can go, in milliseconds; whole segments, at least ``segmentsMin`` of them.
        public var windowMilliseconds: Int64
        /// How long a segment can still be fetched when no playlist lists it any more, in milliseconds. Players ask
        /// for what a playlist said that they have had for a while.
        public var lingerMilliseconds: Int64

        public init(windowMilliseconds: Int64 = 600_000, lingerMilliseconds: Int64 = 30_000) {
            precondition(windowMilliseconds > 0 && lingerMilliseconds >= 0, "a window has a length")
            self.windowMilliseconds = windowMilliseconds
            self.lingerMilliseconds = lingerMilliseconds
        }
    }

    /// Where a broadcast stands.
    public enum State: Sendable, Hashable {
        /// No broadcast was seen. Becomes `live`.
        case idle
        /// Media comes, or is about to. Becomes `interrupted` or `ended`.
        case live
        /// The encoder is gone and may come back. Becomes `live` or `ended`.
        case interrupted
        /// Nothing more comes. Becomes `live` with the next broadcast.
        case ended
    }

    /// A listed segment.
    public struct Entry: Sendable, Hashable {
        public let segment: Segment
        /// The highest bit rate, in bits per second, of the segments that end with this one and that together last
        /// 0.5 to 1.5 target durations (RFC 8216, 4.3.4.2: peak segment bit rate); 0 where there is no such set.
        let peakBitRate: Int64
    }

    /// The segments of one folder, over all its epochs in the window.
    public struct RenditionWindow: Sendable {
        public let name: String
        public let kind: MediaKind
        /// Consecutive numbers, oldest first.
        public fileprivate(set) var entries: [Entry] = []
        /// The parts of the segment behind the last entry, from part 0 on.
        public fileprivate(set) var openParts: [Part] = []
    }

    /// Playlists of fewer segments than this leave players no room, whatever the window's length.
    public static let segmentsMin = 3
    /// The most segments of a rendition to list: twelve hours of two seconds.
    public static let segmentsMax = 21_600
    /// The most renditions that a broadcast can have over time; others are ignored.
    public static let renditionsMax = Run.renditionsMax

    public let configuration: Configuration
    public private(set) var state = State.idle
    /// The broadcast that the window shows.
    public private(set) var origin: BroadcastOrigin?
    /// `nil` until the first segment is finished.
    public private(set) var targets: Targets?
    /// The runs that segments of the window or lingering ones belong to, and the newest; oldest first.
    public private(set) var runs: [Run] = []
    /// Video first, otherwise in order of appearance.
    public private(set) var renditions: [RenditionWindow] = []
    /// The stretches of the runs in which the same renditions have media; oldest first. See ``Span``.
    public internal(set) var spans: [Span] = []
    /// The newest number up to which every rendition of its run is known, and with it the spans.
    public internal(set) var settledNumber: Int64?
    /// Segments that no playlist lists and that can still be fetched, oldest first.
    private var lingering: [Segment] = []

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Takes the next event of the stream's timeline.
    ///
    /// - Returns: The stored names that nobody should ask for any more.
    public mutating func apply(_ event: TimelineEvent) -> [String] {
        switch event {
        case .began(let origin):
            guard origin != self.origin else { return [] }
            return begin(origin)
        case .run(let run): return append(run)
        case .targets(let targets):
            if self.targets == nil { self.targets = targets }
        case .part(let part): append(part)
        case .segment(let segment): return append(segment)
        case .interrupted:
            if state == .live { state = .interrupted }
        case .ended:
            if state != .idle { state = .ended }
        }
        return []
    }

    private mutating func begin(_ origin: BroadcastOrigin) -> [String] {
        var names = lingering.flatMap(\.storedNames)
        names += renditions.flatMap { rendition in
            rendition.entries.flatMap(\.segment.storedNames) + rendition.openParts.map(\.name)
        }
        names += Set(runs.flatMap { $0.renditions.map(\.initializationName) }).sorted()
        self = LiveWindow(configuration)
        self.origin = origin
        state = .live
        return names
    }

    private mutating func append(_ run: Run) -> [String] {
        guard origin != nil, state != .ended, run.number > runs.last?.number ?? -1 else { return [] }
        state = .live
        runs.append(run)
        for rendition in run.renditions where !renditions.contains(where: { $0.name == rendition.name }) {
            guard renditions.count < Self.renditionsMax else { break }
            let new = RenditionWindow(name: rendition.name, kind: rendition.kind)
            let index = renditions.firstIndex { $0.kind.rawValue > new.kind.rawValue } ?? renditions.count
            renditions.insert(new, at: index)
        }
        return forgetRuns()
    }

    private mutating func append(_ part: Part) {
        guard state != .ended, let index = renditions.firstIndex(where: { $0.name == part.rendition }) else { return }
        if let last = renditions[index].entries.last, part.segmentNumber <= last.segment.number { return }
        let open = renditions[index].openParts
        if let first = open.first, first.segmentNumber == part.segmentNumber {
            guard part.number == open.count else { return }
        } else {
            guard part.number == 0, part.segmentNumber > open.first?.segmentNumber ?? -1 else { return }
            renditions[index].openParts.removeAll(keepingCapacity: true)
        }
        renditions[index].openParts.append(part)
    }

    private mutating func append(_ segment: Segment) -> [String] {
        guard state != .ended, runs.contains(where: { $0.number == segment.run }),
            let index = renditions.firstIndex(where: { $0.name == segment.rendition })
        else { return [] }
        if let last = renditions[index].entries.last?.segment {
            guard segment.number > last.number, segment.start >= last.start else { return [] }
            if segment.number > last.number + 1 {
                // Events were lost. Players count segments, so what lies before a hole cannot be listed.
                lingering += renditions[index].entries.map(\.segment)
                renditions[index].entries.removeAll()
            }
        }
        let peak = peakBitRate(of: renditions[index].entries, with: segment)
        renditions[index].entries.append(Entry(segment: segment, peakBitRate: peak))
        if let first = renditions[index].openParts.first, first.segmentNumber <= segment.number {
            renditions[index].openParts.removeAll(keepingCapacity: true)
        }
        settle()
        return shorten()
    }
}

// MARK: Forgetting

extension LiveWindow {
    /// Takes what is too old out of the lists, from all renditions at the same number, and forgets what has lingered.
    private mutating func shorten() -> [String] {
        guard let leader = renditions.max(by: { $0.newestNumber < $1.newestNumber }),
            let newest = leader.entries.last?.segment.endTime.milliseconds
        else { return [] }
        let horizon = newest - configuration.windowMilliseconds
        let removable = max(0, leader.entries.count - Self.segmentsMin)
        let excess = leader.entries.count - Self.segmentsMax
        let old = leader.entries.prefix(removable).enumerated().prefix {
            $0.offset < excess || $0.element.segment.endTime.milliseconds <= horizon
        }
        if let last = old.last?.element.segment.number {
            for index in renditions.indices {
                let count = renditions[index].entries.prefix { $0.segment.number <= last }.count
                lingering += renditions[index].entries.prefix(count).map(\.segment)
                renditions[index].entries.removeFirst(count)
            }
        }
        let lingerHorizon = horizon - configuration.lingerMilliseconds
        let gone = lingering.prefix {
            $0.endTime.milliseconds <= lingerHorizon || lingering.count > Self.segmentsMax
        }
        guard !gone.isEmpty else { return forgetRuns() }
        let names = gone.flatMap(\.storedNames)
        lingering.removeFirst(gone.count)
        return names + forgetRuns()
    }

    /// Forgets runs without segments, and names the initialisation segments that no other run uses.
    private mutating func forgetRuns() -> [String] {
        guard runs.count > 1 else { return [] }
        let oldest = (renditions.compactMap(\.entries.first?.segment.run) + lingering.map(\.run)).min() ?? .max
        let count = runs.dropLast().prefix { $0.number < oldest }.count
        guard count > 0 else { return [] }
        let candidates = Set(runs.prefix(count).flatMap { $0.renditions.map(\.initializationName) })
        runs.removeFirst(count)
        spans.removeAll { span in !runs.contains { $0.number == span.run } }
        let used = Set(runs.flatMap { $0.renditions.map(\.initializationName) })
        return candidates.subtracting(used).sorted()
    }
}

extension LiveWindow.RenditionWindow {
    /// The listed segment with a number.
    func segment(_ number: Int64) -> Segment? {
        guard let first = entries.first?.segment.number, let last = entries.last?.segment.number,
            first...last ~= number
        else { return nil }
        return entries[Int(number - first)].segment
    }

    var newestNumber: Int64 { entries.last?.segment.number ?? -1 }
}

extension Segment {
    /// Every name that bytes of this segment are stored under, without the initialisation segment.
    public var storedNames: [String] {
        guard !isGap else { return [] }
        return [name] + (0..<partCount).map { "\(rendition)/segment-\(number).\($0).m4s" }
    }
}
