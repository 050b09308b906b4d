import Bytes
import Media

/// Packages one run: asks the segmenter for boundaries and cuts every track at them.
///
/// Video leads. Audio waits until video has passed it, because only then is every boundary before it known; both tracks
/// then cut at the same boundaries, each at its first frame that is not before one. When a track stops while the
/// other goes on, the other goes on alone after a while, and the segments of the one that stopped become gaps.
struct RunPackager: Sendable {
    /// How far audio may be ahead of video before it goes on without, in 1/90,000 s.
    static let audioLeadMax: Int64 = 3 * 90_000
    /// How many audio frames may wait for video.
    static let waitingFramesMax = 1024
    /// How far one track may be behind a boundary that the other has passed before its segment is closed, in 1/90,000
    /// s.
    static let stallMax: Int64 = 4 * 90_000
    /// How much longer than video the audio of a run may be at its end, in 1/90,000 s.
    static let audioTailMax: Int64 = 90_000

    /// A frame and its place in the frame log.
    struct Placed: Sendable {
        let frame: Frame
        let position: Int64
    }

    /// A decision of the segmenter that not all tracks have reached yet.
    struct Boundary: Sendable {
        let time: Int64
        /// As it stood right after the decision; its `number` is that of the segment that begins here.
        let segmenter: Segmenter
        var video: TrackPackager.Opening?
        var audio: TrackPackager.Opening?
    }

    let run: Run
    /// Renditions that the broadcast had before and that are not in this run: their playlists go on with gaps.
    let absent: [Rendition]
    private(set) var segmenter: Segmenter
    private(set) var targets: PendingTargets
    private(set) var video: TrackPackager?
    private(set) var audio: TrackPackager?
    /// Audio that video has not passed yet.
    private var waiting: [Placed] = []
    /// Where the segments begin that not all tracks have reached, in order.
    private var boundaries: [Boundary]
    /// The newest boundary that all tracks have passed.
    private(set) var passed: Boundary?
    /// Audio before here is processed, in 1/90,000 s.
    private(set) var audioFrontier: Int64
    /// A frame was lost to this packager, so that others would refer to nothing until the next key frame.
    private var isKeyframeNeeded = false

    /// Begins a run.
    ///
    /// - Parameter segmenter: Begun at `time`.
    init(run: Run, absent: [Rendition], segmenter: Segmenter, targets: PendingTargets, at time: Int64) {
        self.run = run
        self.absent = absent
        self.segmenter = segmenter
        self.targets = targets
        video = run.rendition(of: .video).map {
            TrackPackager(rendition: $0, run: run.number, number: segmenter.number, boundary: time)
        }
        audio = run.rendition(of: .audio).map {
            TrackPackager(rendition: $0, run: run.number, number: segmenter.number, boundary: time)
        }
        boundaries = [Boundary(time: time, segmenter: segmenter)]
        audioFrontier = time
    }

    /// Continues a run at a boundary that all tracks had passed.
    init(run: Run, absent: [Rendition], targets: PendingTargets, resuming boundary: Boundary) {
        self.init(
            run: run, absent: absent, segmenter: boundary.segmenter, targets: targets, at: boundary.time)
        video = run.rendition(of: .video).map {
            TrackPackager(
                rendition: $0, run: run.number, number: segmenter.number, boundary: boundary.time,
                resuming: boundary.video)
        }
        audio = run.rendition(of: .audio).map {
            TrackPackager(
                rendition: $0, run: run.number, number: segmenter.number, boundary: boundary.time,
                resuming: boundary.audio)
        }
        // Recorded again when the first frames come, from the same frames.
        boundaries = [Boundary(time: boundary.time, segmenter: boundary.segmenter)]
    }

    private var limits: Limits {
        Limits(partMilliseconds: targets.partMilliseconds, targetDurationSeconds: segmenter.targetDurationSeconds)
    }

    /// Takes a frame of a track that is in the run.
    mutating func append(_ placed: Placed, to outputs: inout [PackagerOutput]) {
        switch placed.frame.track.kind {
        case .video:
            decideAcrossHole(until: placed.frame, &outputs)
            appendVideo(placed, &outputs)
        case .audio: waiting.append(placed)
        }
        drainAudio(&outputs)
        closeStalled(&outputs)
        forgetPassed()
    }

    // MARK: Video

    private mutating func appendVideo(_ placed: Placed, _ outputs: inout [PackagerOutput]) {
        guard var track = video.take() else { return }
        defer { video = track }
        let frame = placed.frame
        guard frame.decodeTime > track.lastDecodeTime else { return }
        if isKeyframeNeeded && !frame.isKeyframe { return }
        let time = track.time(of: frame, opens: frame.isKeyframe || track.isAtOpening)
        guard time >= track.boundary else {
            isKeyframeNeeded = true
            return
        }
        isKeyframeNeeded = false
        if let duration = track.pendingDuration(until: time) {
            targets.choosePart(frameTicks: duration, timescale: track.rendition.timescale)
        }
        if track.number < segmenter.number {
            // Audio went ahead and decided.
            while let next = boundary(after: track.number), track.time(of: frame, opens: false) >= next.time {
                let isLast = track.number + 1 == segmenter.number
                track.endSegment(at: isLast ? time : next.time, boundary: next.time, limits: limits, to: &outputs)
            }
        } else if track.isAtOpening {
            if frame.isKeyframe { segmenter.opened(withKeyframeAt: time) }
        } else {
            let decisive = frame.isKeyframe ? time : track.time(of: frame, opens: false)
            if segmenter.videoReached(decisive, isKeyframe: frame.isKeyframe, frameDuration: track.lastDuration) {
                decided(&outputs)
                track.endSegment(at: decisive, boundary: decisive, limits: limits, to: &outputs)
            }
        }
        if track.isAtOpening, let index = boundaries.firstIndex(where: { $0.segmenter.number == track.number }) {
            boundaries[index].video = track.opening(with: frame, position: placed.position)
        }
        track.append(frame, limits: limits, to: &outputs)
    }

    // MARK: Audio

    private mutating func drainAudio(_ outputs: inout [PackagerOutput]) {
        var taken = 0
        while taken < waiting.count {
            let placed = waiting[taken]
            let time = Self.time(of: placed.frame)
            let isBehindVideo = video.map { time < $0.lastTime } ?? false
            if !isBehindVideo && video != nil && !isVideoStalled(at: time, waiting: waiting.count - taken) { break }
            appendAudio(placed, at: time, decides: !isBehindVideo, &outputs)
            taken += 1
        }
        waiting.removeFirst(taken)
    }

    /// Where video has skipped the end of a segment, the audio of the hole decides.
    private mutating func decideAcrossHole(until frame: Frame, _ outputs: inout [PackagerOutput]) {
        guard audio != nil, let video, !waiting.isEmpty else { return }
        let end = video.time(of: frame, opens: frame.isKeyframe)
        guard segmenter.isOverdue(at: end) else { return }
        var taken = 0
        while taken < waiting.count {
            let time = Self.time(of: waiting[taken].frame)
            guard time < end else { break }
            appendAudio(waiting[taken], at: time, decides: true, &outputs)
            taken += 1
        }
        waiting.removeFirst(taken)
    }

    /// A frame's presentation time in 1/90,000 s.
    private static func time(of frame: Frame) -> Int64 {
        MediaTime(ticks: frame.presentationTime, timescale: frame.track.timescale).ticks(in: MediaTime.videoTimescale)
    }

    private func isVideoStalled(at time: Int64, waiting count: Int) -> Bool {
        guard count <= Self.waitingFramesMax, let newest = waiting.last?.frame else { return true }
        return Self.time(of: newest) - time > Self.audioLeadMax
    }

    /// - Parameters:
    ///   - time: In 1/90,000 s.
    ///   - decides: Whether no video frame can decide about a boundary here any more.
    private mutating func appendAudio(
        _ placed: Placed, at time: Int64, decides: Bool, _ outputs: inout [PackagerOutput]
    ) {
        guard var track = audio.take() else { return }
        defer { audio = track }
        let frame = placed.frame
        guard time >= track.boundary, frame.decodeTime > track.lastDecodeTime else { return }
        while let next = boundary(after: track.number), time >= next.time {
            track.endSegment(at: frame.decodeTime, boundary: next.time, limits: limits, to: &outputs)
        }
        if decides {
            let duration = MediaTime(ticks: track.lastDuration, timescale: track.rendition.timescale)
            if video == nil {
                targets.choosePart(frameTicks: track.lastDuration, timescale: track.rendition.timescale)
            }
            if track.number == segmenter.number, !track.isAtOpening,
                segmenter.audioReached(time, frameDuration: duration.ticks(in: MediaTime.videoTimescale))
            {
                decided(&outputs)
                track.endSegment(at: frame.decodeTime, boundary: time, limits: limits, to: &outputs)
            }
        }
        if track.isAtOpening, let index = boundaries.firstIndex(where: { $0.segmenter.number == track.number }) {
            boundaries[index].audio = track.opening(with: frame, position: placed.position)
        }
        track.append(frame, limits: limits, to: &outputs)
        audioFrontier = max(audioFrontier, time)
    }

    // MARK: Boundaries

    /// Where the segment behind a number begins, if that is decided.
    private func boundary(after number: Int64) -> Boundary? {
        number < segmenter.number ? boundaries.first { $0.segmenter.number == number + 1 } : nil
    }

    /// The segmenter has just begun a segment.
    private mutating func decided(_ outputs: inout [PackagerOutput]) {
        announceTargets(&outputs)
        let previous = boundaries.last?.time ?? passed?.time ?? segmenter.start
        announceAbsent(from: previous, to: segmenter.start, number: segmenter.number - 1, &outputs)
        boundaries.append(Boundary(time: segmenter.start, segmenter: segmenter))
    }

    private mutating func announceTargets(_ outputs: inout [PackagerOutput]) {
        guard let seconds = segmenter.targetDurationSeconds, let announced = targets.announce(seconds) else { return }
        outputs.append(.announce(.targets(announced)))
    }

    private func announceAbsent(from: Int64, to end: Int64, number: Int64, _ outputs: inout [PackagerOutput]) {
        for rendition in absent {
            outputs.append(
                .announce(
                    .segment(
                        .gap(
                            rendition: rendition.name, number: number, run: run.number,
                            timescale: rendition.timescale, from: from, to: end))))
        }
    }

    /// Closes the segments of a track that stays behind.
    private mutating func closeStalled(_ outputs: inout [PackagerOutput]) {
        if var track = audio, let video {
            while let next = boundary(after: track.number), video.lastTime - next.time > Self.stallMax {
                track.endSegment(at: nil, boundary: next.time, limits: limits, to: &outputs)
            }
            audio = track
        }
        if var track = video, audio != nil {
            while let next = boundary(after: track.number), audioFrontier - next.time > Self.stallMax {
                let time = MediaTime(ticks: next.time, timescale: MediaTime.videoTimescale)
                track.endSegment(
                    at: time.ticks(in: track.rendition.timescale), boundary: next.time, limits: limits, to: &outputs)
            }
            video = track
        }
    }

    private mutating func forgetPassed() {
        while let first = boundaries.first, hasPassed(video, first), hasPassed(audio, first) {
            passed = first
            boundaries.removeFirst()
        }
    }

    private func hasPassed(_ track: TrackPackager?, _ boundary: Boundary) -> Bool {
        guard let track else { return true }
        let number = boundary.segmenter.number
        return track.number > number || track.number == number && !track.isAtOpening
    }

    // MARK: End

    /// Finishes the open segments of all tracks.
    ///
    /// - Parameter next: Where the next run begins when it follows without a seam, in 1/90,000 s.
    /// - Returns: The segmenter, ready for the next run.
    consuming func finish(next: Int64?, to outputs: inout [PackagerOutput]) -> (Segmenter, PendingTargets) {
        var this = self
        this.drainTail(&outputs)
        var end = next ?? 0
        for track in [this.video, this.audio] {
            guard let track, track.lastTime >= 0 else { continue }
            let last = MediaTime(ticks: track.lastTime + track.lastDuration, timescale: track.rendition.timescale)
            if next == nil { end = max(end, last.ticks(in: MediaTime.videoTimescale)) }
        }
        end = max(end, this.segmenter.start + 1)
        let previous = this.segmenter.start
        this.segmenter.runEnded(at: end)
        this.announceTargets(&outputs)
        this.announceAbsent(from: previous, to: end, number: this.segmenter.number - 1, &outputs)
        for var track in [this.video, this.audio].compactMap(\.self) {
            while track.number < this.segmenter.number {
                let boundary = this.boundary(after: track.number)?.time
                track.endSegment(
                    at: boundary == nil ? Self.seamlessEnd(of: track, next) : nil, boundary: boundary ?? end,
                    limits: this.limits, to: &outputs)
            }
        }
        return (this.segmenter, this.targets)
    }

    /// Audio that still waits for video, as far as it is not much longer.
    private mutating func drainTail(_ outputs: inout [PackagerOutput]) {
        guard let video else { return }
        let end = video.lastTime + video.lastDuration + Self.audioTailMax
        for placed in waiting {
            let time = Self.time(of: placed.frame)
            if time < end { appendAudio(placed, at: time, decides: false, &outputs) }
        }
        waiting.removeAll()
    }

    /// The next run's beginning when it is about a frame after the last one, on the track's scale.
    private static func seamlessEnd(of track: TrackPackager, _ next: Int64?) -> Int64? {
        guard let next else { return nil }
        let time = MediaTime(ticks: next, timescale: MediaTime.videoTimescale).ticks(in: track.rendition.timescale)
        let distance = time - track.lastTime
        return distance > 0 && distance <= track.lastDuration * 2 ? time : nil
    }
}

/// The targets of a broadcast while they are being found.
struct PendingTargets: Sendable, Hashable {
    /// What the configuration asks for, in milliseconds.
    let wishedPartMilliseconds: Int64
    /// `nil` until the duration of a frame is known.
    private(set) var chosen: Int64?
    private(set) var isAnnounced = false

    init(wishedPartMilliseconds: Int64) { self.wishedPartMilliseconds = wishedPartMilliseconds }

    /// Those of a broadcast that has announced them.
    init(wishedPartMilliseconds: Int64, announced partMilliseconds: Int64?) {
        self.wishedPartMilliseconds = wishedPartMilliseconds
        chosen = partMilliseconds
        isAnnounced = partMilliseconds != nil
    }

    var partMilliseconds: Int64 { chosen ?? wishedPartMilliseconds + 1 }

    mutating func choosePart(frameTicks: Int64, timescale: Int32) {
        guard chosen == nil else { return }
        let milliseconds = (frameTicks * 1000 + Int64(timescale) - 1) / Int64(timescale)
        chosen = PartTarget.milliseconds(wished: wishedPartMilliseconds, frameMilliseconds: milliseconds)
    }

    /// The targets to announce, the first time.
    mutating func announce(_ durationSeconds: Int) -> Targets? {
        guard !isAnnounced else { return nil }
        isAnnounced = true
        chosen = partMilliseconds
        return Targets(durationSeconds: durationSeconds, partMilliseconds: Int(partMilliseconds))
    }
}
