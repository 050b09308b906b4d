import Media

// Which spans become periods.

extension DASHPeriod {
    /// The spans of the window, and those of runs that have begun without a finished segment.
    static func spans(_ window: LiveWindow, _ forecast: DASHForecast) -> [LiveWindow.Span] {
        var spans = window.spans
        for expected in forecast.segments where expected.number == expected.run.number {
            spans.append(
                LiveWindow.Span(
                    number: expected.number, run: expected.number,
                    startMilliseconds: expected.run.startMilliseconds,
                    renditions: expected.run.renditions.map(\.name)))
        }
        return spans
    }
}

extension LiveWindow.Span {
    /// How long picture or sound must be away for the rest to be worth a period, in milliseconds.
    private static let aloneMilliseconds: Int64 = 30_000

    /// Whether there is no picture, or no sound, for a while only.
    ///
    /// A browser's media source plays on only where all its tracks have data, and dash.js, which keeps the source from
    /// period to period, stops for good at a period without one of them. A hole it leaps over when the next period
    /// with both is there. So such a period is left out, unless it lasts, or the broadcast begins with it.
    func isIncomplete(among spans: [Self], before next: Int64, _ window: LiveWindow) -> Bool {
        guard number != window.origin?.firstSegmentNumber else { return false }
        let kinds = kinds(in: window)
        guard spans.contains(where: { $0.kinds(in: window).isStrictSuperset(of: kinds) }) else { return false }
        let end =
            spans.first { $0.number == next }?.startMilliseconds
            ?? renditions.lazy.compactMap { window.rendition(named: $0)?.entries.last?.segment.endTime.milliseconds }
            .max()
        return (end ?? startMilliseconds) - startMilliseconds < Self.aloneMilliseconds
    }

    private func kinds(in window: LiveWindow) -> Set<MediaKind> {
        Set(renditions.compactMap { window.rendition(named: $0)?.kind })
    }
}
