import Media

extension LiveWindow {
    /// Events that make a window which lists the same: what a process must know that begins to serve the stream now.
    ///
    /// Segments that no playlist lists any more come with them, for the peak bit rates of those that follow; their
    /// parts are left out.
    public var events: [TimelineEvent] {
        guard let origin else { return [] }
        var events: [TimelineEvent] = [.began(origin)]
        if let targets { events.append(.targets(targets)) }
        var entries = Dictionary(grouping: lingering.map { Entry(segment: $0, peakBitRate: 0) }, by: \.segment.number)
        for entry in renditions.flatMap(\.entries) { entries[entry.segment.number, default: []].append(entry) }
        let numbers = entries.keys.sorted()
        let before = spans.last { $0.number < numbers.first ?? 0 }
        for run in runs {
            events.append(.run(run))
            if let before, before.run == run.number { events.append(.span(before)) }
            for entry in numbers.lazy.flatMap({ entries[$0] ?? [] }) where entry.segment.run == run.number {
                events += entry.parts.lazy.filter { !$0.isGap }.map(TimelineEvent.part)
                events.append(.segment(entry.segment))
            }
        }
        // Those that a run lacks have gaps there, which follow from the others' parts.
        for rendition in renditions { events += rendition.openParts.lazy.filter { !$0.isGap }.map(TimelineEvent.part) }
        events += thumbnails.map(TimelineEvent.thumbnail)
        switch state {
        case .idle, .live: break
        case .interrupted: events.append(.interrupted)
        case .ended: events.append(.ended)
        }
        return events
    }
}
