import Bytes
import Media

/// Packages one run: asks the segmenter for boundaries and cuts every track at them.
///
/// Video leads. Audio waits until video has passed it, because only then is every boundary before it known; both tracks
/// then cut at the same boundaries, each at its first frame that is not before one.
///
/// Segments of a rendition follow each other without a hole, whatever the frames do. The last frame before a hole lasts
/// until the next one where the target duration allows it. Otherwise the segment ends at its boundary, and what follows
/// up to the next frame is a gap. A track that stops while the other goes on leaves the run after a while: its playlist
/// goes on with gaps, and when it comes back it joins the next run.
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
    /// How far a segment may begin behind the end of the one before, in 1/90,000 s: about a frame of audio.
    static let seamMax = Segmenter.seamMilliseconds * 90

    /// A frame and its place in the frame log.
    struct Placed: Sendable {
        /// Audio, or the frame of the video rendition that leads.
        let frame: Frame
        let position: Int64
        /// `nil` with audio.
        var ladder: VideoLadder?
        /// The same picture in the other video renditions.
        var followers: [LadderPicture.Follower] = []
    }

    /// A decision of the segmenter that not all tracks have reached yet.
    struct Boundary: Sendable {
        let time: Int64
        /// As it stood right after the decision; its `number` is that of the segment that begins here.
        let segmenter: Segmenter
        var video: TrackPackager.Opening?
        var audio: TrackPackager.Opening?
        /// By the folder of their rendition.
        var followers: [String: TrackPackager.Opening] = [:]
    }

    let run: Run
    /// The folder of the video rendition that leads.
    let leader: String?
    /// Whether decode times lie before presentation times; the same throughout a broadcast.
    let leads: Bool
    /// Renditions that the broadcast had before and that are not in this run: their playlists go on with gaps.
    /// So do those of tracks that left it.
    var absent: [Rendition]
    var segmenter: Segmenter
    var targets: PendingTargets
    /// The video rendition that leads.
    var video: TrackPackager?
    var audio: TrackPackager?
    /// The other video renditions.
    var followers: [TrackPackager]
    /// Audio that video has not passed yet.
    var waiting: [Placed] = []
    /// Where the segments begin that not all tracks have reached, in order.
    var boundaries: [Boundary]
    /// The newest boundary that all tracks have passed.
    var passed: Boundary?
    /// Audio before here is processed, in 1/90,000 s.
    var audioFrontier: Int64
    /// A frame was lost to this packager, so that others would refer to nothing until the next key frame.
    var isKeyframeNeeded = false

    /// Begins a run.
    ///
    /// - Parameters:
    ///   - leader: The folder of the video rendition that leads.
    ///   - segmenter: Begun at `time`.
    init(
        run: Run, leader: String?, leads: Bool, absent: [Rendition], segmenter: Segmenter, targets: PendingTargets,
        at time: Int64
    ) {
        self.run = run
        self.leader = leader
        self.leads = leads
        self.absent = absent
        self.segmenter = segmenter
        self.targets = targets
        let track = {
            TrackPackager(
                rendition: $0, run: run.number, number: segmenter.number, boundary: time, leads: leads)
        }
        video = leader.flatMap(run.rendition(named:)).map(track)
        audio = run.rendition(of: .audio).map(track)
        followers = run.renditions.filter { $0.kind == .video && $0.name != leader }.map(track)
        boundaries = [Boundary(time: time, segmenter: segmenter)]
        audioFrontier = time
    }

    /// Continues a run at a boundary that all tracks had passed.
    init(
        run: Run, leader: String?, leads: Bool, absent: [Rendition], targets: PendingTargets,
        resuming boundary: Boundary
    ) {
        self.init(
            run: run, leader: leader, leads: leads, absent: absent, segmenter: boundary.segmenter, targets: targets,
            at: boundary.time)
        let resumed = { (track: TrackPackager, opening: TrackPackager.Opening?) -> TrackPackager? in
            guard !absent.contains(where: { $0.name == track.rendition.name }) else { return nil }
            return TrackPackager(
                rendition: track.rendition, run: run.number, number: boundary.segmenter.number,
                boundary: boundary.time, leads: leads, resuming: opening)
        }
        video = video.flatMap { resumed($0, boundary.video) }
        audio = audio.flatMap { resumed($0, boundary.audio) }
        followers = followers.compactMap { resumed($0, boundary.followers[$0.rendition.name]) }
        // Recorded again when the first frames come, from the same frames.
        boundaries = [Boundary(time: boundary.time, segmenter: boundary.segmenter)]
    }

    var limits: Limits {
        Limits(partMilliseconds: targets.partMilliseconds, targetDurationSeconds: segmenter.targetDurationSeconds)
    }

    /// The rendition of a track that is in the run and has not left it.
    func rendition(of kind: MediaKind) -> Rendition? {
        switch kind {
        case .video: video?.rendition
        case .audio: audio?.rendition
        }
    }

    /// The tracks that are in the run and have not left it; the leader first.
    private var tracks: [TrackPackager] { [video].compactMap(\.self) + followers + [audio].compactMap(\.self) }

    /// The time of the newest frame of any track, in 1/90,000 s.
    var newestTime: Int64 {
        let sound = waiting.last.map { Self.time(of: $0.frame) } ?? 0
        return max(video?.lastTime ?? 0, sound, audioFrontier)
    }

    /// Whether there is a hole between all frames so far and this one that no segment is to contain.
    ///
    /// Pictures alone may be a slide show: their hole is one only when it does not fit into a segment.
    func isBeyondHole(_ frame: Frame) -> Bool {
        let time =
            switch frame.track.kind {
            case .video: video?.time(of: frame, opens: frame.isKeyframe) ?? Self.time(of: frame)
            case .audio: Self.time(of: frame)
            }
        let length = time - newestTime
        return length > Packager.holeMilliseconds * 90 && (audio != nil || length >= segmenter.limit)
    }

    /// Takes a frame of a track that is in the run.
    mutating func append(_ placed: Placed, to outputs: inout [PackagerOutput]) {
        switch placed.frame.track.kind {
        case .video:
            appendVideo(placed, &outputs)
            appendFollowers(placed, &outputs)
        case .audio: waiting.append(placed)
        }
        drainAudio(&outputs)
        closeStalled(&outputs)
        forgetPassed()
    }

    // MARK: Video

    mutating func appendVideo(_ placed: Placed, _ outputs: inout [PackagerOutput]) {
        guard var track = video.take() else { return }
        var isLost = false
        defer { video = isLost ? nil : track }
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
                noteGap(of: track, position: placed.position)
                end(&track, at: next, until: time, &outputs)
            }
        }
        if track.number == segmenter.number {
            spanHole(of: &track, until: time, position: placed.position, &outputs)
        }
        if track.isAtOpening {
            if let end = track.previousEnd, time - end > Self.seamMax {
                // Audio is further, so that there can be no boundary here.
                isLost = true
                leave(track, &outputs)
                return
            }
            if track.number == segmenter.number && frame.isKeyframe { segmenter.opened(withKeyframeAt: time) }
        } else if track.number == segmenter.number {
            let decisive = frame.isKeyframe ? time : track.time(of: frame, opens: false)
            if segmenter.videoReached(decisive, isKeyframe: frame.isKeyframe, frameDuration: track.lastDuration) {
                decided(&outputs)
                track.endSegment(at: decisive, boundary: decisive, limits: limits, to: &outputs)
            }
        }
        if track.isAtOpening, let index = boundaries.firstIndex(where: { $0.segmenter.number == track.number }) {
            boundaries[index].video = track.opening(with: frame, position: placed.position)
        }
        track.append(frame, position: placed.position, limits: limits, to: &outputs)
    }

    /// Cuts at and within a hole before the next picture, where the open segment would become too long with it.
    mutating func spanHole(
        of track: inout TrackPackager, until time: Int64, position: Int64, _ outputs: inout [PackagerOutput]
    ) {
        if !track.isAtOpening {
            guard segmenter.isOverdue(at: time) else { return }
            reopen(&track, at: track.lastTime, until: time, &outputs)
            guard segmenter.isOverdue(at: time) else { return }
        } else {
            guard let end = track.previousEnd, time - end > Self.seamMax else { return }
        }
        let earliest = max(audioFrontier, track.lastTime) + 1
        for cut in segmenter.cuts(inHoleTo: time, notBefore: earliest) {
            segmenter.cut(inHoleAt: cut)
            decided(&outputs)
            noteGap(of: track, position: position)
            track.endSegment(at: cut, boundary: cut, limits: limits, to: &outputs)
        }
    }

    /// Lets the frame that is held back begin a segment, so that the hole behind it has room.
    ///
    /// - Parameters:
    ///   - beginning: That frame's time, in 1/90,000 s.
    ///   - time: The next frame's time, in 1/90,000 s.
    mutating func reopen(
        _ track: inout TrackPackager, at beginning: Int64, until time: Int64, _ outputs: inout [PackagerOutput]
    ) {
        let reached = track.rendition.kind == .video ? audioFrontier : video?.lastTime ?? 0
        guard beginning > reached, track.canReopen, segmenter.shouldCut(atHoleFrom: beginning, to: time) else { return }
        segmenter.cut(beforeHoleAt: beginning)
        decided(&outputs)
        let opening = track.endSegmentBeforePending(boundary: beginning, limits: limits, to: &outputs)
        let index = boundaries.count - 1
        switch track.rendition.kind {
        case .video: boundaries[index].video = opening
        case .audio: boundaries[index].audio = opening
        }
    }

    /// Records how a segment of a track begins that becomes a gap, if the open one does.
    ///
    /// - Parameter position: That of the next frame.
    mutating func noteGap(of track: TrackPackager, position: Int64) {
        guard track.isAtOpening, let index = boundaries.firstIndex(where: { $0.segmenter.number == track.number })
        else { return }
        switch track.rendition.kind {
        case .video: boundaries[index].video = track.opening(ofGapBefore: position)
        case .audio: boundaries[index].audio = track.opening(ofGapBefore: position)
        }
    }

    /// Ends the open segment of a track at a boundary that its next frame, at `time` on its scale, has passed: with
    /// that frame if it opens the next segment and is not too far, or at the boundary.
    func end(
        _ track: inout TrackPackager, at next: Boundary, until time: Int64, _ outputs: inout [PackagerOutput]
    ) {
        let opensNext = boundary(after: next.segmenter.number).map { time < track.ticks($0.time) } ?? true
        track.endSegment(
            at: opensNext && track.reaches(time, limits: limits) ? time : track.ticks(next.time), boundary: next.time,
            limits: limits, to: &outputs)
    }

    // MARK: Boundaries

    /// Where the segment behind a number begins, if that is decided.
    func boundary(after number: Int64) -> Boundary? {
        number < segmenter.number ? boundaries.first { $0.segmenter.number == number + 1 } : nil
    }

    /// The segmenter has just begun a segment.
    mutating func decided(_ outputs: inout [PackagerOutput]) {
        announceTargets(&outputs)
        let previous = boundaries.last?.time ?? passed?.time ?? segmenter.start
        announceAbsent(from: previous, to: segmenter.start, number: segmenter.number - 1, &outputs)
        boundaries.append(Boundary(time: segmenter.start, segmenter: segmenter))
    }

    mutating func announceTargets(_ outputs: inout [PackagerOutput]) {
        guard let seconds = segmenter.targetDurationSeconds, let announced = targets.announce(seconds) else { return }
        outputs.append(.announce(.targets(announced)))
    }

    func announceAbsent(from: Int64, to end: Int64, number: Int64, _ outputs: inout [PackagerOutput]) {
        for rendition in absent {
            outputs.append(
                .announce(
                    .segment(
                        .gap(
                            rendition: rendition.name, number: number, run: run.number,
                            timescale: rendition.timescale, from: from, to: end))))
        }
    }

    /// Lets a track go that stays behind.
    mutating func closeStalled(_ outputs: inout [PackagerOutput]) {
        closeStalledFollowers(&outputs)
        guard let video, let audio else { return }
        if let next = boundary(after: audio.number), video.lastTime - next.time > Self.stallMax {
            self.audio = nil
            leave(audio, &outputs)
        } else if let next = boundary(after: video.number), audioFrontier - next.time > Self.stallMax {
            self.video = nil
            leave(video, &outputs)
        }
    }

    /// Closes what is open of a track that is no more part of the run; its playlist goes on with gaps.
    mutating func leave(_ track: TrackPackager, _ outputs: inout [PackagerOutput]) {
        var track = track
        while let next = boundary(after: track.number) {
            track.endSegment(at: track.ticks(next.time), boundary: next.time, limits: limits, to: &outputs)
        }
        absent.append(track.rendition)
    }

    mutating func forgetPassed() {
        while let first = boundaries.first, hasPassed(video, first), hasPassed(audio, first),
            followers.allSatisfy({ hasPassed($0, first) })
        {
            passed = first
            boundaries.removeFirst()
        }
    }

    func hasPassed(_ track: TrackPackager?, _ boundary: Boundary) -> Bool {
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
        for track in this.tracks where track.lastTime >= 0 {
            let last = MediaTime(ticks: track.lastTime + track.lastDuration, timescale: track.rendition.timescale)
            if next == nil { end = max(end, last.ticks(in: MediaTime.videoTimescale)) }
        }
        end = max(end, this.segmenter.start + 1)
        let previous = this.segmenter.start
        this.segmenter.runEnded(at: end)
        this.announceTargets(&outputs)
        this.announceAbsent(from: previous, to: end, number: this.segmenter.number - 1, &outputs)
        for var track in this.tracks {
            while track.number < this.segmenter.number {
                let boundary = this.boundary(after: track.number)?.time
                track.endSegment(
                    at: (boundary ?? next).map(track.ticks).flatMap { $0 > track.lastTime ? $0 : nil },
                    boundary: boundary ?? end, limits: this.limits, to: &outputs)
            }
        }
        return (this.segmenter, this.targets)
    }

    /// Audio that still waits for video, as far as it is not much longer and fits into the last segment.
    mutating func drainTail(_ outputs: inout [PackagerOutput]) {
        guard let video else { return }
        let end = video.lastTime + video.lastDuration + Self.audioTailMax
        for placed in waiting {
            let time = Self.time(of: placed.frame)
            if time < end && !segmenter.isOverdue(at: time) { appendAudio(placed, at: time, decides: false, &outputs) }
        }
        waiting.removeAll()
    }
}
