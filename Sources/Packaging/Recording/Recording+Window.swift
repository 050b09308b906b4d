import Media

// What the renderers of live playlists are given to render a recording: a window that is as long as the broadcast.

extension Recording {
    /// Longer than any recording, in milliseconds.
    private static let windowMilliseconds: Int64 = 1 << 50

    /// A window with every segment, in which all renditions have the same numbers: players of a finished playlist begin
    /// all of them at the same place.
    ///
    /// - Returns: `nil` while there is no segment.
    func makeWindow() -> LiveWindow? {
        guard let numbers, let first = runsInUse.first,
            var window = emptyWindow(numbers: numbers, beginning: first)
        else { return nil }
        for run in runsInUse.dropFirst() { _ = window.apply(.run(run)) }
        for index in window.renditions.indices {
            window.renditions[index].entries = []
            // Gaps before a rendition's first run get its first initialisation segment.
            if let epoch = window.renditions[index].epochs.first {
                window.renditions[index].epochs[0] = (first.number, epoch.epoch)
            }
        }
        var runs = runsInUse[...]
        var run = first.number
        var end = MediaTime(milliseconds: first.startMilliseconds)
        for number in numbers {
            if let next = runs.first, next.number <= number {
                run = next.number
                runs = runs.dropFirst()
            }
            let reference = reference(number, run: run, at: end)
            end = reference.endTime
            append(reference, to: &window)
        }
        window.settle()
        _ = window.apply(.ended)
        return window
    }

    /// A window of one run with the renditions that are worth offering, over the whole recording.
    ///
    /// - Parameter window: What ``makeWindow()`` returned.
    func makeMasterWindow(_ window: LiveWindow) -> LiveWindow? {
        guard let numbers, let last = runsInUse.last else { return nil }
        let offered = offeredRenditions(window)
        let run = Run(
            number: last.number, discontinuitySequence: last.discontinuitySequence, ordinal: last.ordinal,
            startMilliseconds: last.startMilliseconds, renditions: offered)
        guard !offered.isEmpty, var master = emptyWindow(numbers: numbers, beginning: run) else { return nil }
        for index in master.renditions.indices {
            let entries = window.rendition(named: master.renditions[index].name)?.entries ?? []
            master.renditions[index].entries = entries.map { entry in
                var segment = entry.segment
                segment.run = run.number
                return LiveWindow.Entry(segment: segment, peakBitRate: entry.peakBitRate)
            }
        }
        _ = master.apply(.ended)
        return master
    }

    /// Video first, of which the highest bit rate first; a rendition that was there for less than half of the time is
    /// left out, unless there is none that was there longer.
    private func offeredRenditions(_ window: LiveWindow) -> [Rendition] {
        var found: [Rendition] = []
        for kind in [MediaKind.video, .audio] {
            let present = renditions.filter { $0.kind == kind && $0.mediaCount > 0 }
            let longest = present.map(\.mediaCount).max() ?? 0
            let newest = present.filter { $0.mediaCount * 2 >= longest }.compactMap { recorded in
                runsInUse.last { $0.rendition(named: recorded.name) != nil }?.rendition(named: recorded.name)
            }
            let rate = { (rendition: Rendition) in window.rendition(named: rendition.name)?.averageBitRate ?? 0 }
            found += newest.sorted { rate($0) > rate($1) }
        }
        return found
    }

    /// Those that segments belong to.
    private var runsInUse: [Run] {
        guard let numbers else { return [] }
        let begun = runs.prefix { $0.number < numbers.upperBound }
        return Array(begun.suffix(from: begun.lastIndex { $0.number <= numbers.lowerBound } ?? begun.startIndex))
    }

    /// A window that has begun, with one entry that keeps its first run alive.
    private func emptyWindow(numbers: Range<Int64>, beginning run: Run) -> LiveWindow? {
        guard let origin, let targets else { return nil }
        var window = LiveWindow(
            LiveWindow.Configuration(windowMilliseconds: Self.windowMilliseconds, lingerMilliseconds: 0))
        for event in [TimelineEvent.began(origin), .run(run), .targets(targets)] { _ = window.apply(event) }
        guard !window.renditions.isEmpty else { return nil }
        let segment = Segment(
            rendition: window.renditions[0].name, number: numbers.lowerBound, run: run.number, timescale: 1000,
            start: 0, duration: 1, byteCount: 0, frameCount: 0, partCount: 0, isGap: true)
        window.renditions[0].entries = [LiveWindow.Entry(segment: segment, peakBitRate: 0)]
        return window
    }

    /// What tells where a number begins and ends: a segment of any rendition, with media if there is one.
    ///
    /// - Parameter time: Where the number before ended; where there is no segment at all, there is a gap of a
    ///   millisecond.
    private func reference(_ number: Int64, run: Int64, at time: MediaTime) -> Segment {
        let found = renditions.lazy.compactMap { $0.segment(number, in: run) }
        return found.first { !$0.isGap } ?? found.first
            ?? Segment(
                rendition: "", number: number, run: run, timescale: 1000, start: time.milliseconds, duration: 1,
                byteCount: 0, frameCount: 0, partCount: 0, isGap: true)
    }

    /// Adds a number to every rendition; those that do not have it get a gap of the same length.
    private func append(_ reference: Segment, to window: inout LiveWindow) {
        for index in window.renditions.indices {
            let name = window.renditions[index].name
            let recorded = renditions.first { $0.name == name }?.segment(reference.number, in: reference.run)
            let segment = recorded ?? reference.asGap(in: name)
            let peak = window.peakBitRate(of: window.renditions[index].entries, with: segment)
            window.renditions[index].entries.append(LiveWindow.Entry(segment: segment, peakBitRate: peak))
        }
    }
}

extension Segment {
    /// The same stretch of time without media, in another folder.
    fileprivate func asGap(in rendition: String) -> Segment {
        Segment(
            rendition: rendition, number: number, run: run, timescale: timescale, start: start, duration: duration,
            byteCount: 0, frameCount: 0, partCount: 0, isGap: true)
    }
}
