import Media

/// The segments of one folder of a recording, in 24 bytes each: a day of two-second segments is a megabyte.
struct RecordedRendition: Sendable {
    /// What is kept of a segment. Its number follows from its place, its run from the number.
    private struct Item: Sendable {
        var start: Int64
        var duration: UInt32
        var byteCount: UInt32
        var keyframeByteCount: UInt32
        var frameCount: UInt16
        var isGap: Bool
        var isIndependent: Bool
    }

    let name: String
    let kind: MediaKind
    /// Of the first item.
    private(set) var firstNumber: Int64 = 0
    private var items: [Item] = []
    /// From which number on times have which scale, oldest first.
    private var timescales: [(number: Int64, timescale: Int32)] = []
    /// Segments with media.
    private(set) var mediaCount = 0

    init(name: String, kind: MediaKind) {
        self.name = name
        self.kind = kind
    }

    /// The number behind the last segment; `nil` when there is none.
    var endNumber: Int64? { items.isEmpty ? nil : firstNumber + Int64(items.count) }

    /// Adds a segment. One that is known already changes nothing; numbers that were left out become gaps, because
    /// players count segments.
    ///
    /// - Parameters:
    ///   - gapMillisecondsMax: No gap is longer.
    ///   - countMax: Before that many gaps in a row, nothing is kept.
    mutating func append(_ segment: Segment, gapMillisecondsMax: Int64, countMax: Int) {
        let next = endNumber ?? segment.number
        guard segment.number >= next else { return }
        let missing = segment.number - next
        if items.isEmpty || missing >= Int64(countMax) {
            items.removeAll()
            timescales.removeAll()
            mediaCount = 0
            firstNumber = segment.number
        } else if missing > 0 {
            fillGaps(missing, before: segment, millisecondsMax: gapMillisecondsMax)
        }
        if timescales.last?.timescale != segment.timescale { timescales.append((segment.number, segment.timescale)) }
        items.append(
            Item(
                start: segment.start, duration: UInt32(clamping: segment.duration),
                byteCount: UInt32(clamping: segment.byteCount),
                keyframeByteCount: UInt32(clamping: segment.keyframeByteCount),
                frameCount: UInt16(clamping: segment.frameCount), isGap: segment.isGap,
                isIndependent: segment.isIndependent))
        if !segment.isGap { mediaCount += 1 }
    }

    private mutating func fillGaps(_ count: Int64, before segment: Segment, millisecondsMax: Int64) {
        guard let last = items.last, let scale = timescales.last?.timescale else { return }
        let end = MediaTime(ticks: last.start + Int64(last.duration), timescale: scale)
        let boundary = MediaTime(ticks: segment.start, timescale: segment.timescale).ticks(in: scale)
        let longest = MediaTime(milliseconds: millisecondsMax).ticks(in: scale)
        let duration = min(max(1, (boundary - end.ticks) / count), longest)
        for index in 0..<count {
            items.append(
                Item(
                    start: end.ticks + index * duration, duration: UInt32(clamping: duration), byteCount: 0,
                    keyframeByteCount: 0, frameCount: 0, isGap: true, isIndependent: true))
        }
    }

    /// The bytes of a segment are nowhere: players are told so.
    mutating func lose(_ number: Int64) {
        guard let index = index(of: number), !items[index].isGap else { return }
        items[index].byteCount = 0
        items[index].keyframeByteCount = 0
        items[index].frameCount = 0
        items[index].isGap = true
        items[index].isIndependent = true
        mediaCount -= 1
    }

    /// Forgets what is before a number.
    mutating func forget(before number: Int64) {
        let count = Int(min(max(0, number - firstNumber), Int64(items.count)))
        guard count > 0 else { return }
        mediaCount -= items.prefix(count).count { !$0.isGap }
        items.removeFirst(count)
        firstNumber += Int64(count)
        timescales.removeFirst(timescales.dropFirst().prefix { $0.number <= firstNumber }.count)
    }

    /// The segment with a number.
    ///
    /// - Parameter run: The number of the run that it is to belong to.
    func segment(_ number: Int64, in run: Int64) -> Segment? {
        guard let index = index(of: number), let scale = timescales.last(where: { $0.number <= number })?.timescale
        else {
            return nil
        }
        let item = items[index]
        return Segment(
            rendition: name, number: number, run: run, timescale: scale, start: item.start,
            duration: Int64(item.duration), byteCount: Int(item.byteCount), frameCount: Int(item.frameCount),
            partCount: 0, isIndependent: item.isIndependent, keyframeByteCount: Int(item.keyframeByteCount),
            isGap: item.isGap)
    }

    private func index(of number: Int64) -> Int? {
        guard number >= firstNumber, number < firstNumber + Int64(items.count) else { return nil }
        return Int(number - firstNumber)
    }
}
