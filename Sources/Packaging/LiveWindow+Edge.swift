import Media

// Where each rendition stands: what blocking requests of LL-HLS wait for (RFC 8216bis, 6.2.5.2).

extension LiveWindow {
    /// The newest part that a rendition's playlist lists: `LAST-MSN` and `LAST-PART` of a report on it.
    ///
    /// Of a finished segment its last part, and 0 of a gap without parts.
    ///
    /// - Returns: `nil` when the rendition has no playlist yet.
    public func liveEdge(of name: String) -> (sequence: Int64, part: Int)? {
        guard let rendition = rendition(named: name), let last = rendition.entries.last else { return nil }
        if let part = rendition.listedOpenParts.last { return (part.segmentNumber, part.number) }
        return (last.segment.number, max(0, last.lastPart))
    }

    /// Whether a playlist is what `_HLS_msn` and `_HLS_part` ask for, so that the request need not wait.
    ///
    /// - Parameters:
    ///   - sequence: The number of a segment; older ones than the playlist has are there too.
    ///   - part: A part of it; one behind the last part of a finished segment is the next one's first. `nil`: all.
    /// - Returns: `true` for everything when the broadcast is over: no more will come.
    public func contains(rendition name: String, sequence: Int64, part: Int?) -> Bool {
        guard let rendition = rendition(named: name), let last = rendition.entries.last else { return false }
        if state == .ended || sequence < last.segment.number { return true }
        let open = rendition.listedOpenParts.count
        guard let part else { return sequence == last.segment.number }
        if sequence == last.segment.number { return last.lastPart < 0 || part <= last.lastPart || open > 0 }
        return sequence == last.segment.number + 1 && part < open
    }

    /// Where the next part of a rendition will be stored, and the tail of its URL: what its playlist hints at.
    ///
    /// Behind a part that ends its segment it is the first of the next one. When the segment ends otherwise, which only
    /// a hole in the broadcast brings about, it will be that one too, and the hinted one never comes. In the place of
    /// parts of a rendition that the run does not have nothing comes at all.
    ///
    /// - Returns: `nil` when the broadcast is over or the rendition has no playlist yet.
    public func hintedPart(of name: String) -> String? {
        guard state != .ended, let rendition = rendition(named: name), !rendition.entries.isEmpty else { return nil }
        let next = rendition.nextPart
        return Part.name(rendition: name, segmentNumber: next.segment, number: next.part)
    }

    /// The listed segment with a number.
    public func entry(of number: Int64, in name: String) -> Entry? {
        rendition(named: name).flatMap { rendition in rendition.index(of: number).map { rendition.entries[$0] } }
    }
}

extension LiveWindow.RenditionWindow {
    /// The number of the newest listed segment, or -1.
    var newestNumber: Int64 { entries.last?.segment.number ?? -1 }

    /// The parts behind the last listed segment, if they follow it: an event may have been lost.
    var listedOpenParts: [Part] {
        guard let last = entries.last, openNumber == last.segment.number + 1 else { return [] }
        return openParts
    }

    /// What comes behind the last listed part.
    var nextPart: (segment: Int64, part: Int) {
        let parts = listedOpenParts
        let isComplete = parts.last?.endsSegment ?? false
        return isComplete ? (newestNumber + 2, 0) : (newestNumber + 1, parts.count)
    }

    /// The place of a listed segment: numbers are consecutive, so that it follows from the first.
    func index(of number: Int64) -> Int? {
        guard let first = entries.first?.segment.number, first...newestNumber ~= number else { return nil }
        return Int(number - first)
    }

    /// The initialisation segment of a run's segments.
    func epoch(in run: Int64) -> Int64? { epochs.last { $0.run <= run }?.epoch }

    /// The listed segment with a number.
    func segment(_ number: Int64) -> Segment? { index(of: number).map { entries[$0].segment } }
}

extension LiveWindow.Entry {
    /// The number of its last part; -1 when it has none.
    fileprivate var lastPart: Int { (parts.isEmpty ? segment.partCount : parts.count) - 1 }
}
