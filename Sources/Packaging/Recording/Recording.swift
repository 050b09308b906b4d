public import Media

/// All segments of one broadcast, far beyond the live window: what it takes to write the playlists that play it from
/// the bucket alone, once it is over.
///
/// A value that timeline events change, in the order of the timeline log; events may come twice. Of a broadcast of more
/// than ``segmentsMax`` segments, the oldest are forgotten.
public struct Recording: Sendable {
    /// The most segments of a rendition: two days of two seconds, in 2 MB of memory for each rendition and a playlist
    /// of 8 MB.
    public static let segmentsMax = 86_400
    /// The most runs: beyond, the oldest and their segments are forgotten.
    public static let runsMax = 1024
    /// How many segments are forgotten together.
    private static let forgottenAtOnce: Int64 = 1024

    /// The broadcast that is recorded.
    public private(set) var origin: BroadcastOrigin?
    /// The declared duration of a segment, in seconds; `nil` while there is no segment.
    public var targetSeconds: Int? { targets?.durationSeconds }
    /// Whether the broadcast is over.
    public private(set) var isComplete = false
    private(set) var targets: Targets?
    private(set) var runs: [Run] = []
    private(set) var renditions: [RecordedRendition] = []

    /// What tells it from the stream's other recordings: the number of its first segment, which no other broadcast of
    /// the stream has, and above those of all before it. `nil` while nothing is known of any broadcast.
    public var number: Int64? { origin?.firstSegmentNumber }

    /// Nothing is known of any broadcast.
    public init() {}

    /// The numbers of all segments, in whatever rendition; `nil` when there is none.
    public var numbers: Range<Int64>? {
        let recorded = renditions.filter { $0.endNumber != nil }
        guard let first = recorded.map(\.firstNumber).min(), let end = recorded.compactMap(\.endNumber).max() else {
            return nil
        }
        return first..<end
    }

    /// The store names of all segments with media and of their initialisation segments, in order of their numbers: what
    /// must be in the bucket.
    public var storedNames: [String] {
        guard let numbers else { return [] }
        var names = Set(runs.flatMap { $0.renditions.map(\.initializationName) }).sorted()
        for number in numbers {
            for rendition in renditions {
                guard let segment = rendition.segment(number, in: number), !segment.isGap else { continue }
                names.append(segment.name)
            }
        }
        return names
    }

    /// Takes the next event of the stream's timeline. The beginning of another broadcast forgets the one before.
    public mutating func apply(_ event: TimelineEvent) {
        switch event {
        case .began(let origin):
            guard origin != self.origin else { return }
            self = Recording()
            self.origin = origin
        case .run(let run): append(run)
        case .targets(let targets):
            if self.targets == nil { self.targets = targets }
        case .segment(let segment): append(segment)
        case .ended: isComplete = origin != nil
        case .part, .thumbnail, .span, .interrupted: break
        }
    }

    /// Makes a gap of a segment whose bytes could not be kept.
    ///
    /// - Parameter name: As ``Segment/name``; other names are of no concern.
    public mutating func lose(_ name: String) {
        for index in renditions.indices where name.hasPrefix(renditions[index].name + "/segment-") {
            let rest = name.dropFirst(renditions[index].name.count + "/segment-".count)
            guard rest.hasSuffix(".m4s"), let number = Int64(rest.dropLast(4)) else { continue }
            renditions[index].lose(number)
        }
    }

    private mutating func append(_ run: Run) {
        guard origin != nil, run.number > runs.last?.number ?? -1 else { return }
        isComplete = false
        runs.append(run)
        for rendition in run.renditions where !renditions.contains(where: { $0.name == rendition.name }) {
            guard renditions.count < Run.renditionsMax else { break }
            renditions.append(RecordedRendition(name: rendition.name, kind: rendition.kind))
        }
        if runs.count > Self.runsMax { forget(before: runs[runs.count - Self.runsMax].number) }
    }

    private mutating func append(_ segment: Segment) {
        guard runs.contains(where: { $0.number <= segment.number }),
            let index = renditions.firstIndex(where: { $0.name == segment.rendition })
        else { return }
        renditions[index].append(
            segment, gapMillisecondsMax: Int64(targets?.durationSeconds ?? 1) * 1000, countMax: Self.segmentsMax)
        if let numbers, numbers.count > Self.segmentsMax + Int(Self.forgottenAtOnce) {
            forget(before: numbers.upperBound - Int64(Self.segmentsMax))
        }
    }

    private mutating func forget(before number: Int64) {
        for index in renditions.indices { renditions[index].forget(before: number) }
        // The run that the first segment falls into stays.
        runs.removeFirst(runs.dropFirst().prefix { $0.number <= number }.count)
    }
}
