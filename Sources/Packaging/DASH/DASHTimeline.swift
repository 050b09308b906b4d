import Media

/// When the segments of a rendition begin and how long they last (`SegmentTimeline`, ISO/IEC 23009-1, 5.3.9.6).
struct DASHTimeline: Hashable {
    /// Segments of the same duration, one behind the other.
    private struct Stretch: Hashable {
        let start: Int64
        let duration: Int64
        var count: Int64

        var end: Int64 { start + duration * count }
    }

    let timescale: Int32
    /// The number of the first segment.
    let startNumber: Int64
    private var stretches: [Stretch] = []

    init(timescale: Int32, startNumber: Int64) {
        self.timescale = timescale
        self.startNumber = startNumber
    }

    /// Where the last segment ends; `nil` when there is none.
    var end: Int64? { stretches.last?.end }

    /// Adds the next segment.
    mutating func append(start: Int64, duration: Int64) {
        if let last = stretches.last, last.end == start, last.duration == duration {
            stretches[stretches.count - 1].count += 1
        } else {
            stretches.append(Stretch(start: start, duration: duration, count: 1))
        }
    }

    /// Neighbours of the same duration share an element; a time is said where it does not follow.
    func write(to xml: inout XMLWriter) {
        xml.open("SegmentTimeline")
        var expected: Int64?
        for stretch in stretches {
            xml.element(
                "S",
                [
                    expected == stretch.start ? nil : ("t", "\(stretch.start)"), ("d", "\(stretch.duration)"),
                    stretch.count > 1 ? ("r", "\(stretch.count - 1)") : nil,
                ])
            expected = stretch.end
        }
        xml.close()
    }
}
