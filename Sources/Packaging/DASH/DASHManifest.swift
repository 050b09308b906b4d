public import Bytes
import Media

// Media presentation description (ISO/IEC 23009-1, 5.3)
//
// MPD                                    dynamic; static once the broadcast is over
// ├─ Period                              one for each span of a run: start = its first presentation
// │  ├─ AdaptationSet video
// │  │  ├─ Role
// │  │  ├─ SegmentTemplate ─ SegmentTimeline ─ S t d r ...
// │  │  └─ Representation
// │  └─ AdaptationSet audio              the same
// └─ UTCTiming                           our clock, while dynamic
//
// Segments are addressed by number, and a timeline says each one's time and duration. Numbers alone, with one nominal
// duration, would need no refresh of the manifest, but key frames fall where the encoder puts them and a lost
// connection leaves a hole: players that compute addresses from the clock then ask for what does not exist. The
// timeline is exact whatever happens, for the price of a refresh per segment.

/// Renders the manifest of a stream.
///
/// There is nothing between the XML declaration and the root element: GStreamer fails on anything there.
public enum DASHManifest {
    /// Where players read our clock: a path that answers with an ISO 8601 date, and to HEAD with a `Date` header.
    public static let timePath = "/time"

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
        let depth = window.configuration.windowMilliseconds

        var xml = XMLWriter()
        xml.open(
            "MPD",
            [
                ("xmlns", "urn:mpeg:dash:schema:mpd:2011"),
                ("profiles", "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019"),
                ("type", isOver ? "static" : "dynamic"),
                ("availabilityStartTime", TextFormat.date(unixMilliseconds: origin.unixMilliseconds)),
                // The time of the newest segment, not of the request: the same window is the same manifest.
                ("publishTime", TextFormat.date(unixMilliseconds: window.unixMilliseconds(at: newest))),
                isOver ? ("mediaPresentationDuration", TextFormat.duration(milliseconds: end)) : nil,
                isOver ? nil : ("minimumUpdatePeriod", TextFormat.duration(milliseconds: target)),
                isOver ? nil : ("timeShiftBufferDepth", TextFormat.duration(milliseconds: depth)),
                isOver ? nil : ("suggestedPresentationDelay", TextFormat.duration(milliseconds: target * 3)),
                ("maxSegmentDuration", TextFormat.duration(milliseconds: target + 500)),
                ("minBufferTime", TextFormat.duration(milliseconds: target)),
            ])
        for (index, span) in window.spans.enumerated() {
            let next = index + 1 < window.spans.count ? window.spans[index + 1].number : .max
            DASHPeriod(span: span, before: next, window: window, suffix: suffix)?.write(to: &xml)
        }
        if !isOver, let timeAddress {
            for scheme in ["http-xsdate", "http-head"] {
                xml.element(
                    "UTCTiming",
                    [("schemeIdUri", "urn:mpeg:dash:utc:\(scheme):2014"), ("value", timeAddress.escaped)])
            }
        }
        xml.close()
        return xml.finish()
    }
}

/// Writes elements with attributes, indented. Values are escaped already.
struct XMLWriter: ~Copyable {
    private var writer = ByteWriter(capacity: 4096)
    private var path: [String] = []

    init() { writer.write(utf8: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") }

    /// Begins an element; attributes that are `nil` are left out.
    mutating func open(_ name: String, _ attributes: [(String, String)?] = []) {
        writeTag(name, attributes, end: ">\n")
        path.append(name)
    }

    /// Writes an element without content.
    mutating func element(_ name: String, _ attributes: [(String, String)?]) {
        writeTag(name, attributes, end: "/>\n")
    }

    /// Ends the innermost element.
    mutating func close() {
        guard let name = path.popLast() else { return }
        writer.write(repeating: UInt8(ascii: " "), count: path.count)
        writer.write(utf8: "</\(name)>\n")
    }

    private mutating func writeTag(_ name: String, _ attributes: [(String, String)?], end: String) {
        writer.write(repeating: UInt8(ascii: " "), count: path.count)
        writer.write(utf8: "<\(name)")
        for case let (name, value)? in attributes { writer.write(utf8: " \(name)=\"\(value)\"") }
        writer.write(utf8: end)
    }

    consuming func finish() -> Bytes { writer.finish() }
}
