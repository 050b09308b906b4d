import Media

/// A span as DASH shows it (ISO/IEC 23009-1, 5.3.2).
///
/// Its id is the number of the span's first segment: it stays the same while segments leave the window, and nothing
/// else of the stream ever has it.
///
/// A timeline of segments cannot leave a number out, and players ask for all that it lists. So a rendition with gaps
/// is no part of the period. Which renditions those are is known only when all have reached a number; what is newer
/// is not listed.
struct DASHPeriod {
    private let run: Run
    private let span: LiveWindow.Span
    private let window: LiveWindow
    private let suffix: AddressSuffix
    private let sets: [(rendition: Rendition, entries: [LiveWindow.Entry])]

    /// `nil` when the window has no segment of the span any more, or there is no media in it.
    ///
    /// - Parameter next: The number with which the next span begins.
    init?(span: LiveWindow.Span, before next: Int64, window: LiveWindow, suffix: AddressSuffix) {
        guard let run = window.run(span.run), let settled = window.settledNumber else { return nil }
        self.run = run
        self.span = span
        self.window = window
        self.suffix = suffix
        sets = run.renditions.compactMap { rendition in
            guard span.renditions.contains(rendition.name) else { return nil }
            let entries = window.rendition(named: rendition.name)?.entries.filter {
                span.number <= $0.segment.number && $0.segment.number < next && $0.segment.number <= settled
            }
            guard let entries, !entries.isEmpty else { return nil }
            return (rendition, entries)
        }
        if sets.isEmpty { return nil }
    }

    func write(to xml: inout XMLWriter) {
        xml.open(
            "Period",
            [("id", "\(span.number)"), ("start", TextFormat.duration(milliseconds: span.startMilliseconds))])
        for (index, set) in sets.enumerated() { writeSet(set.rendition, set.entries, id: index, &xml) }
        xml.close()
    }

    private func writeSet(
        _ rendition: Rendition, _ entries: [LiveWindow.Entry], id: Int, _ xml: inout XMLWriter
    ) {
        xml.open(
            "AdaptationSet",
            [
                ("id", "\(id)"), ("contentType", rendition.kind == .video ? "video" : "audio"),
                ("mimeType", rendition.kind == .video ? "video/mp4" : "audio/mp4"), ("segmentAlignment", "true"),
                entries.allSatisfy(\.segment.isIndependent) ? ("startWithSAP", "1") : nil,
            ])
        xml.element("Role", [("schemeIdUri", "urn:mpeg:dash:role:2011"), ("value", "main")])
        writeTemplate(rendition, entries, &xml)
        writeRepresentation(rendition, &xml)
        xml.close()
    }

    private func writeTemplate(
        _ rendition: Rendition, _ entries: [LiveWindow.Entry], _ xml: inout XMLWriter
    ) {
        let start = MediaTime(milliseconds: span.startMilliseconds).ticks(in: rendition.timescale)
        xml.open(
            "SegmentTemplate",
            [
                ("timescale", "\(rendition.timescale)"), ("presentationTimeOffset", "\(start)"),
                ("startNumber", "\(entries[0].segment.number)"),
                ("initialization", rendition.initializationName + suffix.escaped),
                ("media", "\(rendition.name)/segment-$Number$.m4s" + suffix.escaped),
            ])
        xml.open("SegmentTimeline")
        writeTimeline(entries, &xml)
        xml.close()
        xml.close()
    }

    /// `S` elements (5.3.9.6): neighbours of the same duration share one; a time is said where it does not follow.
    private func writeTimeline(_ entries: [LiveWindow.Entry], _ xml: inout XMLWriter) {
        var index = 0
        var expected: Int64?
        while index < entries.count {
            let first = entries[index].segment
            var repeats = 0
            var end = first.start + first.duration
            while index + repeats + 1 < entries.count {
                let next = entries[index + repeats + 1].segment
                guard next.start == end, next.duration == first.duration else { break }
                end += next.duration
                repeats += 1
            }
            xml.element(
                "S",
                [
                    expected == first.start ? nil : ("t", "\(first.start)"), ("d", "\(first.duration)"),
                    repeats > 0 ? ("r", "\(repeats)") : nil,
                ])
            expected = end
            index += repeats + 1
        }
    }

    private func writeRepresentation(_ rendition: Rendition, _ xml: inout XMLWriter) {
        let measured = window.rendition(named: rendition.name)
        let common: [(String, String)?] = [
            ("id", rendition.name), ("bandwidth", "\(Self.steady(measured?.peakBitRate ?? 0))"),
            ("codecs", rendition.track.codecString),
        ]
        switch rendition.track.configuration {
        case .avc(let avc):
            let ratio = avc.sequence.sampleAspectRatio
            xml.element(
                "Representation",
                common + [
                    ("width", "\(avc.size.width)"), ("height", "\(avc.size.height)"),
                    ("sar", "\(ratio.numerator):\(ratio.denominator)"),
                    measured?.frameRate(in: run).map { ("frameRate", Self.frameRate($0)) },
                ])
        case .aac(let aac):
            xml.open("Representation", common + [("audioSamplingRate", "\(aac.sampleRate)")])
            xml.element(
                "AudioChannelConfiguration",
                [
                    ("schemeIdUri", "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"),
                    ("value", "\(aac.channelCount)"),
                ])
            xml.close()
        }
    }

    private static func frameRate(_ ratio: Ratio) -> String {
        ratio.denominator == 1 ? "\(ratio.numerator)" : "\(ratio.numerator)/\(ratio.denominator)"
    }

    /// The measured peak, rounded up to two digits: what a manifest says of a representation should not change with
    /// every refresh.
    private static func steady(_ bitRate: Int64) -> Int64 {
        var step: Int64 = 1
        while bitRate / step >= 100 { step *= 10 }
        return max(1, (bitRate + step - 1) / step * step)
    }
}
