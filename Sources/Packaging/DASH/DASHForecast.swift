import Media

// What a manifest lists beyond the segments that are finished
//
//                         settled     making    next
// finished segments  ──┬─────────┬ ─ ─ ─ ─ ─ ┬ ─ ─ ─ ─ ─ ┐
//                      d         d  expected   expected
//
// A player that is two seconds behind live has to ask for a segment of two seconds while it is made, and learns of it
// from a manifest that is up to `minimumUpdatePeriod` old. So the segment in the making is listed with the duration
// that it will probably have, and the one behind it too where segments are regular. Players know from
// `availabilityTimeOffset` when to ask; who asks early waits for the first part.
//
// A duration that turns out to be wrong is put right by the next manifest, and does no harm until then: players place
// media by the times in it, look for the next segment at the end of the last one, and find the right one or, at worst,
// one that they have. Hence durations are rather expected too long than too short. There are never more than a few
// expected segments, so that players of a stream whose encoder pauses ask for those, wait, and do not run on.

/// The segments that players may ask for before they are finished in all renditions.
struct DASHForecast {
    /// A segment in the making, or about to be.
    struct Expected {
        let number: Int64
        let run: Run
        /// Where it will begin and end on the broadcast's timeline, in 1/90,000 s.
        let start: Int64
        let end: Int64
    }

    /// How many segments of the recent past tell how long the next ones are.
    private static let recentCount = 4
    /// How many segments to list when it is known how long they are.
    private static let countMax: Int64 = 2

    /// In order; empty while nothing is made.
    private(set) var segments: [Expected] = []
    /// How long a segment probably is, in milliseconds: the longest of the recent past.
    let segmentMilliseconds: Int64

    init(_ window: LiveWindow, targets: Targets) {
        let durations = Self.recentDurations(window)
        let longest = min(durations.max() ?? .max, (Int64(targets.durationSeconds) * 2 + 1) * 45_000)
        let duration = durations.isEmpty ? Int64(targets.durationSeconds) * 90_000 : longest
        segmentMilliseconds = MediaTime(ticks: duration, timescale: MediaTime.videoTimescale).milliseconds
        guard window.state == .live, let settled = window.settledNumber, let span = window.spans.last,
            !window.runs.isEmpty
        else { return }
        let isRegular = durations.allSatisfy { $0 * 10 >= longest * 9 }
        let last = settled + (isRegular ? Self.countMax : 1)
        let known = span.renditions.first.flatMap { window.rendition(named: $0)?.segment(settled) }
        var start = known.map { $0.endTime.ticks(in: MediaTime.videoTimescale) }
        var number = settled + 1
        while number <= last, let run = window.runs.last(where: { $0.number <= number }) {
            if number == run.number { start = run.startMilliseconds * 90 }
            let known = run.renditions.compactMap { window.rendition(named: $0.name)?.segment(number) }
            // A rendition that has a gap here ends the period.
            guard let begin = start, !known.contains(where: \.isGap) else { break }
            let end = known.first.map { $0.endTime.ticks(in: MediaTime.videoTimescale) } ?? begin + duration
            segments.append(Expected(number: number, run: run, start: begin, end: max(end, begin + 1)))
            start = end
            number += 1
        }
    }

    /// How long the last segments of the rendition that leads were, in 1/90,000 s; without those that a run's end cut.
    private static func recentDurations(_ window: LiveWindow) -> [Int64] {
        guard let run = window.runs.last else { return [] }
        for rendition in run.renditions {
            let entries = window.rendition(named: rendition.name)?.entries.suffix(recentCount + 1) ?? []
            var next: Int64? = run.number
            var durations: [Int64] = []
            for entry in entries.reversed() {
                let segment = entry.segment
                if !segment.isGap, segment.run == next {
                    let time = MediaTime(ticks: segment.duration, timescale: segment.timescale)
                    durations.append(time.ticks(in: MediaTime.videoTimescale))
                }
                next = segment.run
            }
            if !durations.isEmpty { return Array(durations.prefix(recentCount)) }
        }
        return []
    }
}
