import Bytes
import Media

/// Makes parts and segments of one rendition's frames during one run. Where segments begin is decided elsewhere.
///
/// A frame's duration is known when the next one comes, so that one frame is always held back.
///
/// Decode times are moved so that in all renditions a segment's first decode time is the same time before its first
/// presentation time (``decodeLead``): each segment's key frame sets by how much (`shift`). Composition offsets are
/// then above zero, whatever an encoder reorders. Signed ones would be legal, but FFmpeg takes the most negative one
/// of a file for an error of all times, so that renditions of different encoders would seem to be some frames apart.
struct TrackPackager: Sendable {
    /// A frame with its decode time after the shift.
    private struct Pending {
        let frame: Frame
        let time: Int64
        /// The frame's place in the frame log.
        let position: Int64
    }

    /// Where a segment of this track began, as far as a resumed packager must know it.
    struct Opening: Sendable, Hashable {
        /// The decode time that the first frame came with.
        let decodeTime: Int64
        /// Its decode time after the shift.
        let time: Int64
        /// In force before the first frame.
        let shift: Int64
        let decodeDelay: Int64
        let lastDuration: Int64
        /// The frame's place in the frame log.
        let position: Int64
    }

    /// How long before the first presentation time of a segment its first decode time lies, in 1/90,000 s: longer than
    /// encoders reorder, short enough for the beginning of a broadcast. What is reordered further has signed offsets.
    static let decodeLead: Int64 = 9000

    let rendition: Rendition
    let run: Int64
    /// ``decodeLead`` in ticks; zero for sound, and where the run begins so early that times would be negative.
    private let lead: Int64
    /// The open segment.
    private(set) var number: Int64
    /// The boundary at which the open segment began, in 1/90,000 s: frames before it come too late.
    private(set) var boundary: Int64
    /// How long a frame lasts, as far as is known: the newest duration, in ticks.
    private(set) var lastDuration: Int64
    /// The shifted decode time of the newest frame.
    private(set) var lastTime: Int64 = -1
    /// The decode time that the newest frame came with; frames that are not behind it are no use.
    private(set) var lastDecodeTime: Int64 = -1
    /// What the encoder's decode times are moved by.
    private(set) var shift: Int64 = 0
    /// See `Segment.decodeDelay`.
    private var decodeDelay: Int64 = 0
    private var pending: Pending?
    /// Where the segment before the open one ended, in ticks; `nil` in the first one of a run.
    private(set) var previousEnd: Int64?
    private var segment = OpenSegment()
    private var part: [CMAFSample] = []
    private var partDuration: Int64 = 0

    /// What is finished of the open segment.
    private struct OpenSegment {
        var start: Int64 = 0
        var duration: Int64 = 0
        var byteCount = 0
        var frameCount = 0
        var isIndependent = false
        /// See `Segment.keyframeByteCount`.
        var keyframeByteCount = 0
        var chunks: [Bytes] = []
    }

    /// - Parameter leads: Whether decode times lie before presentation times; the same throughout a run.
    init(rendition: Rendition, run: Int64, number: Int64, boundary: Int64, leads: Bool) {
        self.rendition = rendition
        self.run = run
        self.number = number
        self.boundary = boundary
        lead = rendition.kind == .video && leads ? Self.decodeLead : 0
        switch rendition.track.configuration {
        case .avc(let avc):
            let rate = avc.sequence.frameRate
            lastDuration = rate.map { Int64($0.denominator) * 90_000 / Int64($0.numerator) } ?? 3000
        case .aac(let aac): lastDuration = Int64(aac.samplesPerFrame)
        }
    }

    /// Continues at the beginning of a segment that was begun before; `opening` is `nil` when no frame of it was seen.
    init(
        rendition: Rendition, run: Int64, number: Int64, boundary: Int64, leads: Bool, resuming opening: Opening?
    ) {
        self.init(rendition: rendition, run: run, number: number, boundary: boundary, leads: leads)
        if number > run {
            previousEnd = max(ticks(boundary), opening?.time ?? 0)
        }
        guard let opening else { return }
        lastTime = opening.time - 1
        lastDecodeTime = opening.decodeTime - 1
        shift = opening.shift
        decodeDelay = opening.decodeDelay
        lastDuration = opening.lastDuration
    }

    /// A time in 1/90,000 s on the track's scale.
    func ticks(_ time: Int64) -> Int64 {
        MediaTime(ticks: time, timescale: MediaTime.videoTimescale).ticks(in: rendition.timescale)
    }

    /// Whether the next frame is the first of the open segment.
    var isAtOpening: Bool { pending == nil && segment.frameCount == 0 }

    /// The duration that the frame which is held back would get from a frame at `time`, or `nil` when none is held.
    func pendingDuration(until time: Int64) -> Int64? { pending.map { max(1, time - $0.time) } }

    /// The shifted decode time of a frame that comes next.
    ///
    /// - Parameter opens: Whether it is the first of a segment; a key frame then sets the shift.
    func time(of frame: Frame, opens: Bool) -> Int64 {
        let shift = opens && frame.isKeyframe ? Int64(frame.compositionOffset) : shift
        return max(lastTime + 1, frame.decodeTime + shift)
    }

    /// Takes a frame into the open segment.
    ///
    /// - Parameter position: Its place in the frame log.
    mutating func append(
        _ frame: Frame, position: Int64, limits: Limits, to outputs: inout [PackagerOutput]
    ) {
        let opens = isAtOpening
        let time = time(of: frame, opens: opens)
        if let pending { commit(pending, duration: time - pending.time, limits, &outputs) }
        if opens && frame.isKeyframe { shift = Int64(frame.compositionOffset) }
        pending = Pending(frame: frame, time: time, position: position)
        lastTime = time
        lastDecodeTime = frame.decodeTime
    }

    /// What a resumed packager must know when `frame` is the next one and opens a segment.
    func opening(with frame: Frame, position: Int64) -> Opening {
        Opening(
            decodeTime: frame.decodeTime, time: time(of: frame, opens: true), shift: shift, decodeDelay: decodeDelay,
            lastDuration: lastDuration, position: position)
    }

    /// What a resumed packager must know when the open segment becomes a gap.
    ///
    /// - Parameter position: The next frame's place in the frame log.
    func opening(ofGapBefore position: Int64) -> Opening {
        Opening(
            decodeTime: lastDecodeTime + 1, time: lastTime + 1, shift: shift, decodeDelay: decodeDelay,
            lastDuration: lastDuration, position: position)
    }

    /// Finishes the open segment, and opens the next.
    ///
    /// - Parameters:
    ///   - time: Until when its last frame is shown, on the track's scale; `nil` when the frames say nothing about it.
    ///   - boundary: The boundary of the next segment, in 1/90,000 s.
    mutating func endSegment(
        at time: Int64?, boundary nextBoundary: Int64, limits: Limits, to outputs: inout [PackagerOutput]
    ) {
        if let last = pending {
            let wanted = time.map { $0 - last.time } ?? lastDuration
            let room = limits.segmentTicksMax(timescale: rendition.timescale) - segment.duration
            let usual = lastDuration
            commit(last, duration: min(wanted, room), endsSegment: true, limits, &outputs)
            // A frame that fills a hole says nothing about the others.
            if lastDuration > usual * 2 { lastDuration = usual }
            pending = nil
        }
        closePart(endsSegment: true, &outputs)
        if segment.frameCount > 0 {
            finish(&outputs)
            previousEnd = segment.start + segment.duration
        } else {
            announceGap(until: nextBoundary, &outputs)
            previousEnd = ticks(nextBoundary)
        }
        openNext(boundary: nextBoundary)
    }

    /// The time of the frame that is held back, in ticks.
    var pendingTime: Int64? { pending?.time }

    /// Whether the frame that is held back can begin the next segment instead of ending the open one. Its time stands
    /// already, so that it must not move the decode times.
    var canReopen: Bool {
        guard let pending, segment.frameCount > 0 else { return false }
        return !pending.frame.isKeyframe || Int64(pending.frame.compositionOffset) == shift
    }

    /// Finishes the open segment without the frame that is held back, which begins the next one.
    ///
    /// - Parameter nextBoundary: That frame's time, in 1/90,000 s.
    /// - Returns: How the next segment begins.
    mutating func endSegmentBeforePending(
        boundary nextBoundary: Int64, limits: Limits, to outputs: inout [PackagerOutput]
    ) -> Opening? {
        guard let pending else { return nil }
        closePart(endsSegment: true, &outputs)
        finish(&outputs)
        openNext(boundary: nextBoundary)
        previousEnd = pending.time
        return Opening(
            decodeTime: pending.frame.decodeTime, time: pending.time, shift: shift, decodeDelay: decodeDelay,
            lastDuration: lastDuration, position: pending.position)
    }

    /// Whether the open segment would still be short enough if its last frame lasted until a time.
    func reaches(_ time: Int64, limits: Limits) -> Bool {
        guard let pending else { return false }
        let start = segment.frameCount > 0 ? segment.start : pending.time
        return time - start <= limits.segmentTicksMax(timescale: rendition.timescale)
    }

    private mutating func openNext(boundary nextBoundary: Int64) {
        segment = OpenSegment()
        number += 1
        boundary = nextBoundary
    }

    private func finish(_ outputs: inout [PackagerOutput]) {
        let finished = Segment(
            rendition: rendition.name, number: number, run: run, timescale: rendition.timescale, start: segment.start,
            duration: segment.duration, byteCount: segment.byteCount, frameCount: segment.frameCount,
            partCount: segment.chunks.count, isIndependent: segment.isIndependent,
            keyframeByteCount: segment.keyframeByteCount, decodeDelay: max(0, decodeDelay - lead))
        outputs.append(.store(StoredObject(kind: .segment, name: finished.name, chunks: segment.chunks)))
        outputs.append(.announce(.segment(finished)))
    }

    private func announceGap(until nextBoundary: Int64, _ outputs: inout [PackagerOutput]) {
        outputs.append(
            .announce(
                .segment(
                    .gap(
                        rendition: rendition.name, number: number, run: run, timescale: rendition.timescale,
                        from: boundary, to: nextBoundary))))
    }

    /// - Parameter endsSegment: Whether nothing more comes into the open segment, whose last part the caller closes.
    private mutating func commit(
        _ pending: Pending, duration wanted: Int64, endsSegment: Bool = false, _ limits: Limits,
        _ outputs: inout [PackagerOutput]
    ) {
        let duration = min(max(1, wanted), Int64(Int32.max))
        let partTicksMax = limits.partTicksMax(timescale: rendition.timescale)
        if partDuration + duration > partTicksMax { closePart(endsSegment: false, &outputs) }
        let frame = pending.frame
        let presentation = max(0, frame.presentationTime)
        if segment.frameCount == 0 {
            segment.start = pending.time
            segment.isIndependent = frame.isKeyframe
        }
        if part.isEmpty { part.reserveCapacity(16) }
        part.append(
            CMAFSample(
                decodeTime: pending.time - lead, duration: UInt32(duration),
                compositionOffset: Int32(clamping: presentation - pending.time + lead), isKeyframe: frame.isKeyframe,
                payload: frame.payload))
        partDuration += duration
        lastDuration = duration
        segment.duration += duration
        segment.frameCount += 1
        if rendition.kind == .video { decodeDelay = max(decodeDelay, shift, pending.time - presentation) }
        if part.count == 1 { firstReceived = frame.receivedUnixMilliseconds }
        // The next frame will not fit: the part need not wait to see it.
        if !endsSegment, partDuration + duration > partTicksMax { closePart(endsSegment: false, &outputs) }
    }

    /// When the first frame of the open part was received.
    private var firstReceived: Int64 = 0

    private mutating func closePart(endsSegment: Bool, _ outputs: inout [PackagerOutput]) {
        guard let first = part.first else { return }
        let index = segment.chunks.count
        let bytes = CMAFChunk.bytes(
            sequenceNumber: sequenceNumber(part: index), kind: rendition.kind, samples: part,
            receivedUnixMilliseconds: index == 0 && rendition.kind == .video ? firstReceived : nil)
        let finished = Part(
            rendition: rendition.name, segmentNumber: number, number: index, timescale: rendition.timescale,
            start: first.decodeTime + lead, duration: partDuration, byteCount: bytes.count,
            isIndependent: first.isKeyframe, endsSegment: endsSegment)
        if index == 0, rendition.kind == .video, first.isKeyframe {
            // The samples stand at the end of a chunk, the key frame before the others.
            segment.keyframeByteCount = bytes.count - part.dropFirst().reduce(0) { $0 + $1.payload.count }
        }
        segment.chunks.append(bytes)
        segment.byteCount += bytes.count
        part.removeAll(keepingCapacity: true)
        partDuration = 0
        outputs.append(.store(StoredObject(kind: .part, name: finished.name, chunks: [bytes])))
        outputs.append(.announce(.part(finished)))
    }

    /// Rises with each part of the rendition, and follows from the part's place alone.
    private func sequenceNumber(part index: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: number &* Int64(Part.countPerSegmentMax) &+ Int64(index))
    }
}

/// The declared durations, as a track needs them.
struct Limits: Sendable, Hashable {
    var partMilliseconds: Int64
    /// `nil` until the first segment of the broadcast ends.
    var targetDurationSeconds: Int?

    func partTicksMax(timescale: Int32) -> Int64 { partMilliseconds * Int64(timescale) / 1000 }

    /// The longest duration that rounds to the target duration.
    func segmentTicksMax(timescale: Int32) -> Int64 {
        guard let seconds = targetDurationSeconds else { return Int64(Int32.max) }
        return (Int64(seconds) * 2 + 1) * Int64(timescale) / 2 - 1
    }
}

extension Segment {
    /// A segment without media between two boundaries, which are given in 1/90,000 s.
    static func gap(
        rendition: String, number: Int64, run: Int64, timescale: Int32, from: Int64, to end: Int64
    ) -> Segment {
        let start = MediaTime(ticks: from, timescale: MediaTime.videoTimescale).ticks(in: timescale)
        return Segment(
            rendition: rendition, number: number, run: run, timescale: timescale, start: start,
            duration: max(1, MediaTime(ticks: end, timescale: MediaTime.videoTimescale).ticks(in: timescale) - start),
            byteCount: 0, frameCount: 0, partCount: 0, isGap: true)
    }
}
