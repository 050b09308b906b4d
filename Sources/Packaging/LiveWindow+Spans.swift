import Media

extension LiveWindow {
    /// A stretch of a run in which the same renditions have media: where the others have only gaps.
    ///
    /// It is what DASH calls a Period. Its identity stays when its first segments leave the window.
    public struct Span: Sendable, Hashable {
        /// The number of its first segment.
        public let number: Int64
        /// The number of its run.
        public let run: Int64
        /// Where it begins on the broadcast's timeline, in milliseconds: at or less than one before its first
        /// presentation.
        public let startMilliseconds: Int64
        /// The folders of the renditions that have media in it, in the run's order.
        public let renditions: [String]
    }

    /// Extends the spans by the segments that are known in all renditions of their run.
    mutating func settle() {
        while let (number, run) = nextUnsettled {
            settledNumber = number
            let segments = run.renditions.compactMap { rendition(named: $0.name)?.segment(number) }
            let present = segments.filter { !$0.isGap }
            let names = present.map(\.rendition)
            if let last = spans.last, last.run == run.number, last.renditions == names { continue }
            let start = present.first?.startTime.milliseconds ?? segments.first?.startTime.milliseconds
            spans.append(
                Span(
                    number: number, run: run.number,
                    startMilliseconds: number == run.number ? run.startMilliseconds : start ?? run.startMilliseconds,
                    renditions: names))
        }
    }

    /// The number behind the settled ones, when each rendition of its run has reached it.
    private var nextUnsettled: (number: Int64, run: Run)? {
        guard let first = renditions.compactMap(\.entries.first?.segment.number).min() else { return nil }
        let number = max(settledNumber.map { $0 + 1 } ?? first, first)
        guard let run = runs.last(where: { $0.number <= number }),
            run.renditions.allSatisfy({ rendition(named: $0.name)?.newestNumber ?? -1 >= number })
        else { return nil }
        return (number, run)
    }
}
