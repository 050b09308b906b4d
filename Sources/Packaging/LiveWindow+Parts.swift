import Media

// The parts of each rendition: which of them playlists list, and how long they can be fetched.
//
// segment        17          18          19          20         21 (open)
// listed                              P P P P P P P P P P P P P P          in the last 3 target durations
// stored    P P P P P P P P P P P P P P P P P P P P P P P P P P P          for 7 behind their segment's end

extension LiveWindow {
    /// Parts of one segment that players may still fetch.
    struct StoredParts: Sendable, Hashable {
        let rendition: String
        let segmentNumber: Int64
        let count: Int
        /// Where their segment ended on the broadcast's timeline, in milliseconds.
        let endMilliseconds: Int64

        var names: [String] {
            (0..<count).map { Part.name(rendition: rendition, segmentNumber: segmentNumber, number: $0) }
        }
    }

    /// How far back parts are listed, in target durations (RFC 8216bis, 6.2.2: up to three).
    public static let partTargetsListed: Int64 = 3
    /// How long parts can be fetched when their segment is finished, in target durations: as long as they are listed,
    /// and three more (6.2.2), with one to spare for a segment that ends late.
    public static let partTargetsStored: Int64 = 7
    /// Segments of a rendition whose parts are listed, however short they are.
    static let segmentsWithPartsMax: Int64 = 64
    /// Segments whose parts are stored, over all renditions; those of the oldest are given up.
    static let storedPartsMax = 4096

    /// A time some target durations before another, in milliseconds; `nil` when nobody knows yet how long one is.
    private func horizon(_ targetDurations: Int64, before milliseconds: Int64) -> Int64? {
        targets.map { milliseconds - targetDurations * Int64($0.durationSeconds) * 1000 }
    }

    /// Takes a part of an open segment.
    mutating func append(_ part: Part) {
        guard let index = renditions.firstIndex(where: { $0.name == part.rendition }),
            accept(part, at: index),
            let run = runs.last(where: { $0.number <= part.segmentNumber }),
            run.renditions.first?.name == part.rendition
        else { return }
        // What the run does not have has a gap in the place of each part, so that its playlist goes on as fast as the
        // others and nobody waits for it.
        for other in renditions.indices where run.rendition(named: renditions[other].name) == nil {
            guard !renditions[other].entries.isEmpty else { continue }
            accept(.gap(in: renditions[other].name, like: part), at: other)
        }
    }

    /// - Returns: Whether it is the next part of the rendition.
    @discardableResult
    private mutating func accept(_ part: Part, at index: Int) -> Bool {
        guard 0..<Part.countPerSegmentMax ~= part.number, part.segmentNumber > renditions[index].newestNumber else {
            return false
        }
        if let open = renditions[index].openNumber, open != part.segmentNumber {
            guard part.segmentNumber > open else { return false }
            abandonOpenParts(at: index)
        }
        renditions[index].openNumber = part.segmentNumber
        if !part.isGap {
            renditions[index].openStoredCount = max(renditions[index].openStoredCount, part.number + 1)
        }
        // Behind a part that was lost nothing of the segment can be listed: players count parts.
        guard part.number == renditions[index].openParts.count else { return false }
        renditions[index].openParts.append(part)
        return true
    }

    /// The open segment is given up: a later one has begun, or another broadcast.
    mutating func abandonOpenParts(at index: Int) {
        if let number = renditions[index].openNumber, renditions[index].openStoredCount > 0 {
            let end = renditions[index].openParts.last?.endTime.milliseconds ?? newestTime?.milliseconds ?? 0
            storedParts.append(
                StoredParts(
                    rendition: renditions[index].name, segmentNumber: number, count: renditions[index].openStoredCount,
                    endMilliseconds: end))
        }
        renditions[index].openNumber = nil
        renditions[index].openStoredCount = 0
        renditions[index].openParts.removeAll(keepingCapacity: true)
    }

    /// The open segment is finished.
    ///
    /// - Returns: Its parts, if all of them are known.
    mutating func finishParts(of segment: Segment, at index: Int) -> [Part] {
        let rendition = renditions[index]
        if let open = rendition.openNumber, open < segment.number { abandonOpenParts(at: index) }
        let isOpen = rendition.openNumber == segment.number
        if !isOpen {
            // It comes late, when its parts were given up already.
            storedParts.removeAll { $0.rendition == segment.rendition && $0.segmentNumber == segment.number }
        }
        let count = max(segment.isGap ? 0 : segment.partCount, isOpen ? rendition.openStoredCount : 0)
        if count > 0 {
            storedParts.append(
                StoredParts(
                    rendition: segment.rendition, segmentNumber: segment.number, count: count,
                    endMilliseconds: segment.endTime.milliseconds))
        }
        guard isOpen else { return [] }
        renditions[index].openStoredCount = 0
        abandonOpenParts(at: index)
        let isComplete = segment.isGap || rendition.openParts.count == segment.partCount
        return isComplete && rendition.openParts.allSatisfy { $0.isGap == segment.isGap } ? rendition.openParts : []
    }

    /// Takes the parts of segments that are too old off the lists.
    mutating func forgetOldParts(at index: Int) {
        guard let last = renditions[index].entries.last?.segment else { return }
        let horizon = horizon(Self.partTargetsListed, before: last.endTime.milliseconds) ?? .max
        let first = renditions[index].entries[0].segment.number
        var number = max(renditions[index].partsSince, first)
        while number <= last.number {
            let entry = Int(number - first)
            guard
                renditions[index].entries[entry].segment.endTime.milliseconds <= horizon
                    || last.number - number >= Self.segmentsWithPartsMax
            else { break }
            renditions[index].entries[entry].parts = []
            number += 1
        }
        renditions[index].partsSince = number
    }

    /// - Returns: The names of the parts that nobody should ask for any more.
    mutating func expireParts(at newest: Int64) -> [String] {
        let horizon = horizon(Self.partTargetsStored, before: newest) ?? .min
        let excess = storedParts.count - Self.storedPartsMax
        let gone = storedParts.enumerated().prefix {
            $0.element.endMilliseconds <= horizon || $0.offset < excess
        }
        guard !gone.isEmpty else { return [] }
        let names = gone.flatMap(\.element.names)
        storedParts.removeFirst(gone.count)
        return names
    }
}

extension Part {
    /// Whether there is no media in it, so that nothing is stored under its name.
    var isGap: Bool { byteCount == 0 }

    var endTime: MediaTime { MediaTime(ticks: start + duration, timescale: timescale) }

    static func name(rendition: String, segmentNumber: Int64, number: Int) -> String {
        "\(rendition)/segment-\(segmentNumber).\(number).m4s"
    }

    /// The gap that a rendition has in the place of another's part.
    static func gap(in rendition: String, like other: Part) -> Part {
        var part = other
        part.rendition = rendition
        part.byteCount = 0
        part.isIndependent = false
        return part
    }
}
