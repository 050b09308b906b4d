public import Bytes
import Media

// Media presentation description (ISO/IEC 23009-1, 5.3)
//
// MPD                                    dynamic; static once the broadcast is over
// ├─ ServiceDescription                  how far behind live to play, while dynamic
// ├─ Period                              one for each span of a run: start = its first presentation
// │  ├─ AdaptationSet video
// │  │  ├─ SupplementalProperty          which period it continues
// │  │  ├─ ProducerReferenceTime         when its first picture was received
// │  │  ├─ Role
// │  │  ├─ SegmentTemplate ─ SegmentTimeline ─ S t d r ...
// │  │  └─ Representation ...            the highest quality first
// │  └─ AdaptationSet audio              the same
// └─ UTCTiming                           our clock, while dynamic
//
// Segments are addressed by number, and a timeline says each one's time and duration. Numbers alone, with one nominal
// duration, would need no refresh of the manifest, but key frames fall where the encoder puts them and a lost
// connection leaves a hole: players that compute addresses from the clock then ask for what does not exist. The
// timeline is exact whatever happens, for the price of a refresh per second, which most players are answered with
// "not modified". Low latency needs a segment to be known before it is finished: the timeline ends with what is
// expected next, see `DASHForecast`.

/// Renders the manifest of a stream.
///
/// There is nothing between the XML declaration and the root element: GStreamer fails on anything there.
public enum DASHManifest {
    /// Where players read our clock: a path that answers with an ISO 8601 date, and to HEAD with a `Date` header.
    public static let timePath = "/time"
    /// How often players look for new segments, in milliseconds: less than a segment, so that one that is expected
    /// too long, or that none was expected to follow, is put right before a buffer of a second or two runs dry.
    static let updateMilliseconds: Int64 = 1000
    /// How far behind live is too far, in milliseconds: dash.js then seeks to live. Not less, for a pause of the
    /// encoder makes it seek too, into a hole, where it may stay.
    private static let latencyMillisecondsMax: Int64 = 12_000
    /// From the encoder to the end of a part here, in milliseconds, with some reserve.
    private static let pipelineMilliseconds: Int64 = 1000

    /// - Parameters:
    ///   - suffix: For the addresses of segments.
    ///   - timeAddress: The address to synchronise clocks with; legal as ``AddressSuffix`` is.
    /// - Returns: `nil` until there is a finished segment of each rendition of a run.
    public static func render(
        _ window: LiveWindow, suffix: AddressSuffix = .none, timeAddress: AddressSuffix? = AddressSuffix(timePath)
    ) -> Bytes? {
        guard window.playableRun != nil, let targets = window.targets, let origin = window.origin,
            let newest = window.newestTime
        else { return nil }
        let isOver = window.state == .ended
        let end = newest.ticks(in: 1000)
        let target = Int64(targets.durationSeconds) * 1000
        let part = Int64(targets.partMilliseconds)
        let depth = window.configuration.windowMilliseconds

        var xml = XMLWriter()
        xml.open(
            "MPD",
            [
                ("xmlns", "urn:mpeg:dash:schema:mpd:2011"),
                ("profiles", "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019"),
                ("type", isOver ? "static" : "dynamic"),
                ("availabilityStartTime", TextFormat.date(unixMilliseconds: origin.unixMilliseconds)),
                ("publishTime", TextFormat.date(unixMilliseconds: publishMilliseconds(window, newest: newest))),
                isOver ? ("mediaPresentationDuration", TextFormat.duration(milliseconds: end)) : nil,
                isOver ? nil : ("minimumUpdatePeriod", TextFormat.duration(milliseconds: updateMilliseconds)),
                isOver ? nil : ("timeShiftBufferDepth", TextFormat.duration(milliseconds: depth)),
                // For players without low latency; the others go by the service description.
                isOver ? nil : ("suggestedPresentationDelay", TextFormat.duration(milliseconds: target * 3)),
                ("maxSegmentDuration", TextFormat.duration(milliseconds: target + 500)),
                ("minBufferTime", TextFormat.duration(milliseconds: isOver ? target : min(target, part * 3))),
            ])
        if !isOver { writeService(partMilliseconds: part, window, &xml) }
        writePeriods(window, targets: targets, suffix: suffix, timeAddress: timeAddress, &xml)
        if !isOver { writeClock(timeAddress, &xml) }
        xml.close()
        return xml.finish()
    }

    /// How far behind live to play (Annex K): what the way to us takes, and three parts, as in HLS.
    ///
    /// Players read it once, when they begin, so that it must not depend on what the stream does later.
    private static func writeService(partMilliseconds: Int64, _ window: LiveWindow, _ xml: inout XMLWriter) {
        let target = pipelineMilliseconds + partMilliseconds * 3
        let reference = window.playableRun?.rendition(of: .video) == nil ? MediaKind.audio : .video
        xml.open("ServiceDescription", [("id", "0")])
        xml.element(
            "Latency",
            [
                ("referenceId", "\(DASHPeriod.setID(of: reference))"), ("target", "\(target)"),
                ("max", "\(max(latencyMillisecondsMax, target * 2))"),
                ("min", "\(pipelineMilliseconds + partMilliseconds)"),
            ])
        xml.element("PlaybackRate", [("max", "1.08"), ("min", "0.96")])
        xml.close()
    }

    /// One for each span, and where a run has begun of which nothing is finished yet, one for that.
    private static func writePeriods(
        _ window: LiveWindow, targets: Targets, suffix: AddressSuffix, timeAddress: AddressSuffix?,
        _ xml: inout XMLWriter
    ) {
        let forecast = DASHForecast(window, targets: targets)
        let spans = DASHPeriod.spans(window, forecast)
        var context = DASHPeriod.Context(
            window: window, forecast: forecast, partMilliseconds: Int64(targets.partMilliseconds), suffix: suffix,
            timeAddress: timeAddress)
        var periods: [DASHPeriod] = []
        for (index, span) in spans.enumerated() {
            let next = index + 1 < spans.count ? spans[index + 1].number : .max
            guard !span.isIncomplete(among: spans, before: next, window),
                let period = DASHPeriod(span: span, before: next, in: context)
            else { continue }
            periods.append(period)
            context.previous = period.asPrevious
        }
        for (index, period) in periods.enumerated() {
            period.write(before: index + 1 < periods.count ? periods[index + 1] : nil, to: &xml)
        }
    }

    /// - Parameter limit: How many ways to read our clock to name.
    static func writeClock(_ address: AddressSuffix?, limit: Int = 2, _ xml: inout XMLWriter) {
        guard let address else { return }
        for scheme in ["http-xsdate", "http-head"].prefix(limit) {
            xml.element(
                "UTCTiming", [("schemeIdUri", "urn:mpeg:dash:utc:\(scheme):2014"), ("value", address.escaped)])
        }
    }

    /// A time that rises with each change: players take a manifest with an older one for an old manifest.
    ///
    /// It is the time of the newest segment, not of the request, so that the same window is the same manifest. What
    /// changes without a newer segment counts as milliseconds: renditions that reach its number, runs that begin, and
    /// the state. Together they are less than the next segment lasts.
    private static func publishMilliseconds(_ window: LiveWindow, newest: MediaTime) -> Int64 {
        let number = window.renditions.lazy.map(\.newestNumber).max() ?? 0
        let lagMax: Int64 = 4
        var changes = window.renditions.reduce(Int64(0)) { $0 + max(0, lagMax - (number - $1.newestNumber)) }
        changes += Int64(window.runs.count { $0.number > number }) * 3
        switch window.state {
        case .idle, .live: break
        case .interrupted: changes += 1
        case .ended: changes += 2
        }
        return window.unixMilliseconds(at: newest) + changes
    }
}
