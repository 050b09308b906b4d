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
        /// All its parts, while players can still start with one of them: in the last ``partTargetsListed`` target
        /// durations. Empty for older segments, and where an event was lost.
        public internal(set) var parts: [Part] = []
        /// The highest bit rate, in bits per second, of the segments that end with this one and that together last
        /// 0.5 to 1.5 target durations (RFC 8216, 4.3.4.2: peak segment bit rate); 0 where there is no such set.
        let peakBitRate: Int64
    }

    /// The segments of one folder, over all its epochs in the window.
    public struct RenditionWindow: Sendable {
        public let name: String
        public let kind: MediaKind
        /// Consecutive numbers, oldest first.
        public internal(set) var entries: [Entry] = []
        /// The parts of the segment behind the last entry, from part 0 on.
        public internal(set) var openParts: [Part] = []
        /// The number of the segment that the open parts belong to.
        var openNumber: Int64?
        /// How many parts of the open segment were stored, even if one of them was not announced to us.
        var openStoredCount = 0
        /// Entries before this number have no parts any more.
        var partsSince: Int64 = 0
        /// From which run on which initialisation segment applies, oldest first. It also does to runs that do not have
        /// the rendition, whose gaps are listed under the one before.
        var epochs: [(run: Int64, epoch: Int64)] = []

        init(name: String, kind: MediaKind) {
            self.name = name
            self.kind = kind
        }
    }

    /// Playlists of fewer segments than this leave players no room, whatever the window's length.
    public static let segmentsMin = 3
    /// The most segments of a rendition to list: twelve hours of two seconds.
    public static let segmentsMax = 21_600
    /// The most renditions that a broadcast can have over time; others are ignored.
    public static let renditionsMax = Run.renditionsMax
    /// How many still pictures can be fetched: the newest, and those that somebody has just been told of.
    static let thumbnailsMax = 3

    public let configuration: Configuration
    public private(set) var state = State.idle
    /// The broadcast that the window shows.
    public private(set) var origin: BroadcastOrigin?
    /// `nil` until the first segment is finished.
    public private(set) var targets: Targets?
    /// The runs that segments of the window or lingering ones belong to, and the newest; oldest first.
    public private(set) var runs: [Run] = []
    /// Video first, and of each kind those of the newest run first, in its order: the highest quality first.
    public internal(set) var renditions: [RenditionWindow] = []
    /// The stretches of the runs in which the same renditions have media; oldest first. See ``Span``.
    public internal(set) var spans: [Span] = []
    /// The newest number up to which every rendition of its run is known, and with it the spans.
    public internal(set) var settledNumber: Int64?
    /// The number of the newest segment of which a still picture is stored.
    public var latestThumbnail: Int64? { thumbnails.last }
    /// The names of all initialisation segments that can be fetched.
    private var initializations: Set<String> = []
    /// Segments that no playlist lists and that can still be fetched, oldest first.
    private(set) var lingering: [Segment] = []
    /// Parts of finished segments that can still be fetched, oldest first.
    var storedParts: [StoredParts] = []
    /// The numbers of the still pictures that can be fetched, oldest first.
    private(set) var thumbnails: [Int64] = []

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
        case .part(let part): if state != .ended { append(part) }
        case .segment(let segment): return append(segment)
        case .interrupted:
            if state == .live { state = .interrupted }
        case .ended:
            if state != .idle { state = .ended }
        case .thumbnail(let number): return append(thumbnail: number)
        case .span(let span):
            // Those that we know from their beginning on count.
            if settledNumber == nil, runs.last?.number == span.run { spans.append(span) }
        }
        return []
    }

    private mutating func begin(_ origin: BroadcastOrigin) -> [String] {
        for index in renditions.indices { abandonOpenParts(at: index) }
        var names = lingering.compactMap(\.storedName)
        names += renditions.flatMap { $0.entries.compactMap(\.segment.storedName) }
        names += storedParts.flatMap(\.names)
        names += thumbnails.map(TimelineEvent.thumbnailName)
        names += initializations.sorted()
        self = LiveWindow(configuration)
        self.origin = origin
        state = .live
        return names
    }

    private mutating func append(_ run: Run) -> [String] {
        guard origin != nil, state != .ended, run.number > runs.last?.number ?? -1 else { return [] }
        state = .live
        runs.append(run)
        for rendition in run.renditions {
            initializations.insert(rendition.initializationName)
            var index = renditions.firstIndex { $0.name == rendition.name }
            if index == nil, renditions.count < Self.renditionsMax {
                index = renditions.count
                renditions.append(RenditionWindow(name: rendition.name, kind: rendition.kind))
            }
            if let index, renditions[index].epochs.last?.epoch != rendition.epoch {
                renditions[index].epochs.append((run.number, rendition.epoch))
            }
        }
        let place = { (rendition: RenditionWindow) -> Int in
            let index = run.renditions.firstIndex { $0.name == rendition.name } ?? Run.renditionsMax
            return rendition.kind == .video ? index : index + Run.renditionsMax + 1
        }
        // Those that are absent stay as they were: the sort of the standard library is stable.
        renditions.sort { place($0) < place($1) }
        return forgetRuns()
    }

    private mutating func append(thumbnail number: Int64) -> [String] {
        guard state != .idle, number > thumbnails.last ?? -1 else { return [] }
        thumbnails.append(number)
        let gone = thumbnails.dropLast(Self.thumbnailsMax)
        thumbnails.removeFirst(gone.count)
        return gone.map(TimelineEvent.thumbnailName)
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
        let parts = finishParts(of: segment, at: index)
        let peak = peakBitRate(of: renditions[index].entries, with: segment)
        renditions[index].entries.append(Entry(segment: segment, parts: parts, peakBitRate: peak))
        forgetOldParts(at: index)
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
        let unusedParts = expireParts(at: newest)
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
        let overflow = lingering.count - Self.segmentsMax
        let gone = lingering.enumerated().prefix {
            $0.element.endTime.milliseconds <= lingerHorizon || $0.offset < overflow
        }
        let names = gone.compactMap(\.element.storedName)
        lingering.removeFirst(gone.count)
        return names + unusedParts + forgetRuns()
    }

    /// Forgets runs without segments, and names the initialisation segments that nothing uses any more.
    private mutating func forgetRuns() -> [String] {
        guard runs.count > 1 else { return [] }
        let oldest = (renditions.compactMap(\.entries.first?.segment.run) + lingering.map(\.run)).min() ?? .max
        let count = runs.dropLast().prefix { $0.number < oldest }.count
        guard count > 0 else { return [] }
        runs.removeFirst(count)
        spans.removeAll { span in !runs.contains { $0.number == span.run } }
        var used = Set(runs.flatMap { $0.renditions.map(\.initializationName) })
        for index in renditions.indices {
            let first = renditions[index].entries.first?.segment.run ?? .max
            let passed = renditions[index].epochs.dropFirst().prefix { $0.run <= first }.count
            renditions[index].epochs.removeFirst(passed)
            used.formUnion(renditions[index].epochs.map { "\(renditions[index].name)/init-\($0.epoch).mp4" })
        }
        let gone = initializations.subtracting(used)
        initializations.formIntersection(used)
        return gone.sorted()
    }
}

extension Segment {
    /// The name that its bytes are stored under; `nil` for a gap. Those of its parts are ``LiveWindow/StoredParts``.
    var storedName: String? { isGap ? nil : name }
}
