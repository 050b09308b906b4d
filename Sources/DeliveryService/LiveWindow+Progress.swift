import Packaging

// How segments and parts stand that are not finished: what decides whether a request is answered, held or refused.

extension LiveWindow {
    /// How a part of a segment stands.
    enum PartProgress: Equatable {
        /// It was announced.
        case made
        /// It may come.
        case awaited
        /// It is further ahead than a player can need, or of what the broadcast does not have now.
        case tooFarAhead
        /// The segment has ended, or the broadcast has, and this is not in it.
        case absent
        /// It is none of ours, or was: the store knows.
        case unlisted
    }

    /// How a segment stands.
    enum Standing: Equatable {
        /// It is finished, or is none of ours: the store knows.
        case settled
        /// It has a part already.
        case growing
        /// It begins soon, unless the encoder has gone.
        case coming
        /// It is further ahead than a player can need.
        case tooFarAhead
    }

    /// How many segments behind the newest one that has begun may be asked for: clocks differ.
    static let segmentsEarlyMax: Int64 = 2
    /// How many segments before the newest one of a rendition are put again when the store was emptied, by whoever made
    /// them.
    static let segmentsFreshMax: Int64 = 2

    /// The most parts that a segment is expected to have. All but its last part last 85% of the target at least, and a
    /// segment is at most half a second longer than its target (RFC 8216bis, 4.4.3.1 and 4.4.3.7).
    var partsExpectedMax: Int {
        guard let targets else { return Part.countPerSegmentMax }
        let longest = targets.durationSeconds * 1000 + 500
        return min(longest * 100 / (max(targets.partMilliseconds, 1) * 85) + 2, Part.countPerSegmentMax)
    }

    /// - Parameters:
    ///   - place: A segment and one of its parts.
    ///   - missed: As ``standing(of:in:missed:)`` has it.
    func progress(of name: String, at place: PlaylistPlace, missed: Int64 = 0) -> PartProgress {
        guard let rendition = rendition(named: name), let part = place.part else { return .unlisted }
        if let segment = entry(of: place.sequence, in: name)?.segment {
            return !segment.isGap && part < segment.partCount ? .made : .absent
        }
        if let newest = rendition.entries.last?.segment.number, place.sequence <= newest { return .unlisted }
        let open = rendition.openParts
        if let number = open.first?.segmentNumber, place.sequence <= number {
            guard place.sequence == number else { return .unlisted }
            // In the place of parts of a rendition that the run lacks there is nothing.
            if part < open.count { return open[part].byteCount > 0 ? .made : .absent }
            if open.last?.endsSegment ?? false { return .absent }
        }
        guard state == .live || state == .interrupted else { return .absent }
        guard let run = runs.last, run.rendition(named: name) != nil || missed > 0,
            lead(of: place.sequence, in: run) <= Self.segmentsEarlyMax + missed
        else { return .tooFarAhead }
        let next = open.first?.segmentNumber == place.sequence ? open.count : 0
        return part <= max(next, partsExpectedMax - 1) ? .awaited : .tooFarAhead
    }

    /// - Parameter missed: How many more segments another process may have told the player of
    ///   (``TimelinePulse/segmentsMissed(at:_:)``).
    func standing(of number: Int64, in name: String, missed: Int64 = 0) -> Standing {
        guard state == .live || state == .interrupted, let rendition = rendition(named: name), let run = runs.last,
            run.rendition(named: name) != nil
        else { return .settled }
        guard number > rendition.entries.last?.segment.number ?? run.number - 1 else { return .settled }
        if let open = rendition.openParts.first?.segmentNumber, number <= open {
            return progress(of: name, at: PlaylistPlace(sequence: number, part: 0)) == .made ? .growing : .settled
        }
        return lead(of: number, in: run) <= Self.segmentsEarlyMax + missed ? .coming : .tooFarAhead
    }

    /// How many segments a number is ahead of the newest one that has begun. Players know one list of numbers for all
    /// renditions, and one of them is ahead of the others.
    private func lead(of number: Int64, in run: Run) -> Int64 {
        let begun = run.renditions.compactMap { rendition(named: $0.name)?.newestBegun }.max() ?? 0
        return number - max(begun, run.number - 1, 0)
    }

    /// Whether media of a segment was announced so short a time ago that it may be nowhere but in the store that
    /// forgets first.
    func isFresh(_ number: Int64, in name: String) -> Bool {
        guard let rendition = rendition(named: name) else { return false }
        if let segment = entry(of: number, in: name)?.segment {
            return !segment.isGap && number >= rendition.newestBegun - Self.segmentsFreshMax
        }
        return rendition.openParts.first.map { $0.segmentNumber == number && $0.byteCount > 0 } ?? false
    }
}

extension LiveWindow.RenditionWindow {
    /// The newest segment that has a part; -1 when there is none.
    fileprivate var newestBegun: Int64 {
        max(entries.last?.segment.number ?? -1, openParts.first?.segmentNumber ?? -1)
    }
}
