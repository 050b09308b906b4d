import Media

/// A span as DASH shows it (ISO/IEC 23009-1, 5.3.2).
///
/// Its id is the number of the span's first segment: it stays the same while segments leave the window, and nothing
/// else of the stream ever has it.
///
/// A timeline of segments cannot leave a number out, and players ask for all that it lists. So a rendition with gaps
/// is no part of the period. Which renditions those are is known only when all have reached a number; what is newer
/// is listed as expected.
struct DASHPeriod {
    /// What is the same for all periods, and the period before.
    struct Context {
        let window: LiveWindow
        let forecast: DASHForecast
        let partMilliseconds: Int64
        let suffix: AddressSuffix
        let timeAddress: AddressSuffix?
        var previous: Previous?
    }

    /// What the next period must know of this one, to say whether it continues it.
    struct Previous {
        let id: Int64
        let discontinuitySequence: Int
        let renditions: [Rendition]
    }

    /// A rendition and its segments.
    struct Member {
        let rendition: Rendition
        let timeline: DASHTimeline
        /// Whether decoding can start with each of the finished segments.
        let isIndependent: Bool
    }

    let run: Run
    let span: LiveWindow.Span
    let context: Context
    private let members: [Member]

    /// `nil` when the window has no segment of the span any more, or there is no media in it.
    ///
    /// - Parameter next: The number with which the next span begins.
    init?(span: LiveWindow.Span, before next: Int64, in context: Context) {
        guard let run = context.window.run(span.run) else { return nil }
        self.run = run
        self.span = span
        self.context = context
        members = run.renditions.compactMap { rendition in
            guard span.renditions.contains(rendition.name) else { return nil }
            return Self.member(rendition, numbers: span.number..<next, span, context)
        }
        if members.isEmpty { return nil }
    }

    private static func member(
        _ rendition: Rendition, numbers: Range<Int64>, _ span: LiveWindow.Span, _ context: Context
    ) -> Member? {
        let entries = context.window.settledEntries(of: rendition.name, numbers: numbers)
        let expected = context.forecast.segments.filter { numbers ~= $0.number }
        guard let first = entries.first?.segment.number ?? expected.first?.number else { return nil }
        var timeline = DASHTimeline(timescale: rendition.timescale, startNumber: first)
        for entry in entries { timeline.append(start: entry.segment.start, duration: entry.segment.duration) }
        for segment in expected {
            if let known = context.window.rendition(named: rendition.name)?.segment(segment.number) {
                timeline.append(start: known.start, duration: known.duration)
            } else {
                let boundary = MediaTime(ticks: segment.start, timescale: MediaTime.videoTimescale)
                let start = timeline.end ?? boundary.ticks(in: rendition.timescale)
                timeline.append(start: start, duration: rendition.duration(from: start, to: segment.end))
            }
        }
        return Member(
            rendition: rendition, timeline: timeline, isIndependent: entries.allSatisfy(\.segment.isIndependent))
    }

    var asPrevious: Previous {
        Previous(
            id: span.number, discontinuitySequence: run.discontinuitySequence,
            renditions: members.map(\.rendition))
    }

    /// The same in every period, because players continue a set in the one with its id.
    static func setID(of kind: MediaKind) -> Int { kind == .video ? 0 : 1 }

    /// Where the media of the longest rendition ends on the broadcast's timeline, in milliseconds.
    private var endMilliseconds: Int64? {
        members.compactMap { member in
            member.timeline.end.map { MediaTime(ticks: $0, timescale: member.timeline.timescale).milliseconds }
        }.max()
    }

    /// How long there is media, when a hole is before the next period: players that have come to its end then go on
    /// behind the hole instead of waiting for time to pass.
    private func durationMilliseconds(before next: DASHPeriod?) -> Int64? {
        guard let next, let end = endMilliseconds, next.span.startMilliseconds - end > Self.seamMilliseconds else {
            return nil
        }
        return end - span.startMilliseconds
    }

    /// Periods are this close where there is no hole: a frame of audio is cut off at most.
    private static let seamMilliseconds: Int64 = 250

    func write(before next: DASHPeriod?, to xml: inout XMLWriter) {
        xml.open(
            "Period",
            [
                ("id", "\(span.number)"), ("start", TextFormat.duration(milliseconds: span.startMilliseconds)),
                durationMilliseconds(before: next).map { ("duration", TextFormat.duration(milliseconds: $0)) },
            ])
        for kind in [MediaKind.video, .audio] {
            let members = members.filter { $0.rendition.kind == kind }
            if !members.isEmpty { writeSet(of: kind, members, &xml) }
        }
        xml.close()
    }
}
