import Bytes
import Media

/// Writes the segments of a media playlist one by one, with the tags that depend on the one before.
struct SegmentLines {
    private let rendition: LiveWindow.RenditionWindow
    private let window: LiveWindow
    private let container: HLSContainer
    private let suffix: AddressSuffix
    private let isKeyframesOnly: Bool
    private let listsParts: Bool
    /// Of the segment before.
    private var run: Run?
    /// The initialisation segment in force.
    private var epoch: Int64?

    /// - Parameter isKeyframesOnly: Whether only the first frame of each segment is listed, and no parts.
    init(
        rendition: LiveWindow.RenditionWindow, window: LiveWindow, container: HLSContainer, suffix: AddressSuffix,
        isKeyframesOnly: Bool = false
    ) {
        self.rendition = rendition
        self.window = window
        self.container = container
        self.suffix = suffix
        self.isKeyframesOnly = isKeyframesOnly
        // Behind the end nobody is near the newest part, and soon they cannot be fetched any more.
        listsParts = container == .fragmentedMP4 && !isKeyframesOnly && window.state != .ended
    }

    /// Writes the numbers that the first segment gives the playlist.
    func writeSequence(of first: Segment, to writer: inout ByteWriter) {
        writer.write(utf8: "#EXT-X-MEDIA-SEQUENCE:\(first.number)\n#EXT-X-DISCONTINUITY-SEQUENCE:")
        writer.write(utf8: "\(window.run(first.run).map(discontinuitySequence) ?? 0)\n")
    }

    /// Takes note of segments that are left out.
    mutating func pass(_ entries: ArraySlice<LiveWindow.Entry>) {
        for index in entries.indices where entries[index].segment.run != run?.number {
            run = window.run(entries[index].segment.run)
            epoch = rendition.epoch(in: entries[index].segment.run)
        }
    }

    mutating func write(_ entry: LiveWindow.Entry, to writer: inout ByteWriter) {
        let segment = entry.segment
        writeBeginning(at: segment.startTime, in: segment.run, to: &writer)
        if listsParts {
            for part in entry.parts { write(part, to: &writer) }
        }
        writer.write(utf8: "#EXTINF:")
        writer.write(secondsOf: MediaTime(ticks: segment.duration, timescale: segment.timescale))
        writer.write(utf8: ",\n")
        if segment.isGap || isKeyframesOnly && segment.keyframeByteCount == 0 {
            writer.write(utf8: "#EXT-X-GAP\n")
        } else if isKeyframesOnly {
            writer.write(utf8: "#EXT-X-BYTERANGE:")
            writer.write(decimal: Int64(segment.keyframeByteCount))
            writer.write(utf8: "@0\n")
        }
        writer.write(utf8: "segment-")
        writer.write(decimal: segment.number)
        switch container {
        case .fragmentedMP4: writer.write(utf8: ".m4s")
        case .transportStream: writer.write(utf8: ".ts")
        }
        writer.write(utf8: suffix.text)
        writer.write(UInt8(ascii: "\n"))
    }

    /// Writes the parts behind the last segment, and where the next one will be.
    mutating func writeOpenParts(to writer: inout ByteWriter) {
        let parts = rendition.listedOpenParts
        if let first = parts.first, let run = window.runs.last(where: { $0.number <= first.segmentNumber }) {
            let start = MediaTime(ticks: first.start, timescale: first.timescale)
            writeBeginning(at: start, in: run.number, to: &writer)
            for part in parts { write(part, to: &writer) }
        }
        writer.write(utf8: "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"")
        let next = rendition.nextPart
        writeAddress(ofPart: next.part, in: next.segment, to: &writer)
        writer.write(utf8: "\"\n")
    }

    private func write(_ part: Part, to writer: inout ByteWriter) {
        writer.write(utf8: "#EXT-X-PART:DURATION=")
        writer.write(secondsOf: MediaTime(ticks: part.duration, timescale: part.timescale))
        writer.write(utf8: ",URI=\"")
        writeAddress(ofPart: part.number, in: part.segmentNumber, to: &writer)
        writer.write(utf8: part.isGap ? "\",GAP=YES\n" : part.isIndependent ? "\",INDEPENDENT=YES\n" : "\"\n")
    }

    private func writeAddress(ofPart number: Int, in segment: Int64, to writer: inout ByteWriter) {
        writer.write(utf8: "segment-")
        writer.write(decimal: segment)
        writer.write(UInt8(ascii: "."))
        writer.write(decimal: Int64(number))
        writer.write(utf8: ".m4s")
        writer.write(utf8: suffix.text)
    }

    private mutating func writeBeginning(at time: MediaTime, in run: Int64, to writer: inout ByteWriter) {
        if self.run?.number != run { writeSeam(to: run, &writer) }
        writer.write(utf8: "#EXT-X-PROGRAM-DATE-TIME:")
        writer.write(dateOf: window.unixMilliseconds(at: time))
        writer.write(UInt8(ascii: "\n"))
    }

    /// Counts the seams that the container shows as discontinuities, of which there is one between two numbers.
    private func discontinuitySequence(of run: Run) -> Int {
        switch container {
        case .fragmentedMP4: run.discontinuitySequence
        case .transportStream: (window.origin?.firstDiscontinuitySequence ?? 0) + run.ordinal
        }
    }

    /// A new run: a discontinuity unless its sequence is the same, and the initialisation segment.
    private mutating func writeSeam(to number: Int64, _ writer: inout ByteWriter) {
        let next = window.run(number)
        var isDiscontinuous = false
        if let run, let next, discontinuitySequence(of: run) != discontinuitySequence(of: next) {
            isDiscontinuous = true
            writer.write(utf8: "#EXT-X-DISCONTINUITY\n")
        }
        run = next
        guard container == .fragmentedMP4, let epoch = rendition.epoch(in: number),
            isDiscontinuous || epoch != self.epoch
        else { return }
        self.epoch = epoch
        writer.write(utf8: "#EXT-X-MAP:URI=\"init-\(epoch).mp4\(suffix.text)\"\n")
    }
}
