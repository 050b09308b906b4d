import Packaging

// How segments and parts stand that are not finished: what decides whether a request is answered, held or refused.

extension LiveWindow {
    /// How a part of a segment stands.
    enum PartProgress: Equatable {
        /// It is stored.
        case made
        /// It may come.
        case awaited
        /// The segment has ended, or never will, and this is not in it.
        case absent
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

    /// - Parameter place: A segment and one of its parts.
    func progress(of name: String, at place: PlaylistPlace) -> PartProgress {
        guard let rendition = rendition(named: name), let part = place.part else { return .absent }
        if let segment = entry(of: place.sequence, in: name)?.segment {
            return !segment.isGap && part < segment.partCount ? .made : .absent
        }
        if let newest = rendition.entries.last?.segment.number, place.sequence <= newest { return .absent }
        let open = rendition.openParts
        if let number = open.first?.segmentNumber, place.sequence <= number {
            guard place.sequence == number else { return .absent }
            // In the place of parts of a rendition that the run lacks there is nothing.
            if part < open.count { return open[part].byteCount > 0 ? .made : .absent }
        }
        return state == .ended || state == .idle ? .absent : .awaited
    }

    func standing(of number: Int64, in name: String) -> Standing {
        guard state == .live || state == .interrupted, let rendition = rendition(named: name), let run = runs.last,
            run.rendition(named: name) != nil
        else { return .settled }
        guard number > rendition.entries.last?.segment.number ?? run.number - 1 else { return .settled }
        if let open = rendition.openParts.first?.segmentNumber, number <= open {
            return progress(of: name, at: PlaylistPlace(sequence: number, part: 0)) == .made ? .growing : .settled
        }
        // Players know one list of numbers for all renditions, and one of them is ahead of the others.
        let begun = run.renditions.compactMap { self.rendition(named: $0.name)?.newestBegun }.max() ?? run.number - 1
        return number - max(begun, run.number - 1) <= Self.segmentsEarlyMax ? .coming : .tooFarAhead
    }
}

extension LiveWindow.RenditionWindow {
    /// The newest segment that has a part; -1 when there is none.
    fileprivate var newestBegun: Int64 {
        max(entries.last?.segment.number ?? -1, openParts.first?.segmentNumber ?? -1)
    }
}
