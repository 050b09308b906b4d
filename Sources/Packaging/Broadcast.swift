import Media

/// A broadcast from its beginning to its end, as a sequence of runs.
struct Broadcast: Sendable {
    /// What happens to the next frame.
    enum Phase: Sendable {
        /// Frames are collected until the tracks of the next run are known; becomes `running`.
        case gathering(Gathering)
        /// Becomes `gathering` at a discontinuity, a changed configuration, a hole, or when a track joins.
        case running(RunPackager, joining: Joining, beyond: BeyondHole)
    }

    let origin: BroadcastOrigin
    private let configuration: Packager.Configuration
    private var segmenter: Segmenter
    private var targets: PendingTargets
    /// The newest rendition of each kind: its epoch lasts as long as its configuration.
    private(set) var renditions: [Rendition] = []
    /// The discontinuity sequence of the newest run, which rises by one at a time, and the encoder's that it stands
    /// for.
    private(set) var discontinuitySequence: Int
    private(set) var encoderDiscontinuity: Int?
    /// Whether the next run begins behind a hole that the encoder did not tell.
    private var isBeyondHole = false
    /// The video renditions of the newest run that has any.
    private var ladder: VideoLadder?
    /// Whether decode times lie before presentation times: when the broadcast begins late enough for that.
    private var leads: Bool?
    /// The runs so far.
    private var runCount = 0
    private var phase = Phase.gathering(Gathering())

    init(_ configuration: Packager.Configuration, origin: BroadcastOrigin) {
        self.configuration = configuration
        self.origin = origin
        segmenter = Segmenter(
            targetMilliseconds: configuration.segmentMilliseconds, firstNumber: origin.firstSegmentNumber)
        targets = PendingTargets(wishedPartMilliseconds: configuration.partMilliseconds)
        discontinuitySequence = origin.firstDiscontinuitySequence
    }

    init(_ configuration: Packager.Configuration, resuming checkpoint: Packager.Checkpoint) {
        self.init(configuration, origin: checkpoint.origin)
        targets = PendingTargets(
            wishedPartMilliseconds: configuration.partMilliseconds, announced: checkpoint.announcedPartMilliseconds)
        // A track that left the run is in both.
        renditions =
            checkpoint.run.renditions
            + checkpoint.absent.filter { checkpoint.run.rendition(named: $0.name) == nil }
        discontinuitySequence = checkpoint.run.discontinuitySequence
        encoderDiscontinuity = checkpoint.encoderDiscontinuity
        runCount = checkpoint.run.ordinal + 1
        ladder = VideoLadder(resuming: checkpoint)
        leads = checkpoint.leads
        phase = .running(
            RunPackager(
                run: checkpoint.run, leader: checkpoint.leader, leads: checkpoint.leads, absent: checkpoint.absent,
                targets: targets,
                resuming: checkpoint.boundary),
            joining: Joining(), beyond: BeyondHole())
    }

    var checkpoint: Packager.Checkpoint? {
        guard case .running(let run, let joining, let beyond) = phase, let boundary = run.passed,
            let encoderDiscontinuity
        else {
            return nil
        }
        return Packager.Checkpoint(
            origin: origin, run: run.run, leader: run.leader, leads: run.leads, absent: run.absent,
            encoderDiscontinuity: encoderDiscontinuity,
            announcedPartMilliseconds: boundary.segmenter.targetDurationSeconds == nil
                ? nil : run.targets.partMilliseconds,
            boundary: boundary, joiningPosition: [joining.position, beyond.position].compactMap(\.self).min())
    }

    var openSegmentNumber: Int64? {
        guard case .running(let run, _, _) = phase else { return nil }
        return run.video?.number
    }

    mutating func append(_ placed: RunPackager.Placed, _ outputs: inout [PackagerOutput]) {
        let frame = placed.frame
        switch phase {
        case .gathering(var gathering):
            // The copy in `phase` must not share the frames, or each append would copy them all.
            phase = .gathering(Gathering())
            if let sequence = gathering.discontinuitySequence, frame.discontinuitySequence != sequence {
                guard frame.discontinuitySequence > sequence else {
                    phase = .gathering(gathering)
                    return
                }
                begin(gathering, &outputs)
                interrupt(&outputs)
                gathering = Gathering()
            }
            gathering.append(placed)
            if isComplete(gathering) {
                begin(gathering, &outputs)
            } else {
                phase = .gathering(gathering)
            }
        case .running: appendRunning(placed, &outputs)
        }
    }

    private mutating func appendRunning(_ placed: RunPackager.Placed, _ outputs: inout [PackagerOutput]) {
        let frame = placed.frame
        if let sequence = encoderDiscontinuity, frame.discontinuitySequence != sequence {
            guard frame.discontinuitySequence > sequence else { return }
            interrupt(&outputs)
            return append(placed, &outputs)
        }
        guard case .running(var packager, var joining, var beyond) = phase else { return }
        phase = .gathering(Gathering())
        let kind = frame.track.kind
        let rendition = packager.rendition(of: kind)
        if rendition != nil, !joining.isHolding, beyond.kind == kind || packager.isBeyondHole(frame) {
            let isInOtherTrack = beyond.kind == kind.other || packager.rendition(of: kind.other) == nil
            beyond.append(placed)
            guard isInOtherTrack || beyond.isTooLong else {
                return phase = .running(packager, joining: joining, beyond: beyond)
            }
            return resume(behind: packager, with: joining.frames + beyond.frames, &outputs)
        }
        if let rendition, !isContinued(rendition, by: placed) {
            // Without a key frame a changed configuration cannot be decoded.
            guard frame.isKeyframe else { return phase = .running(packager, joining: joining, beyond: beyond) }
            if !beyond.frames.isEmpty {
                return resume(behind: packager, with: beyond.frames + [placed], &outputs)
            }
            (segmenter, targets) = packager.finish(next: Self.time(of: frame), to: &outputs)
            return append(placed, &outputs)
        }
        if kind == .audio && (rendition == nil || joining.isHolding) {
            joining.append(placed)
            if joining.isTooLong {
                guard rendition == nil else { return give(joining.frames, to: packager, beyond, &outputs) }
                joining.forgetFirst()
            }
        } else if kind == .video && frame.isKeyframe && (rendition == nil || !joining.isEmpty) {
            let time = Self.time(of: frame)
            if rendition != nil || time >= packager.audioFrontier {
                if joining.isHolding {
                    for (index, waiting) in joining.frames.enumerated() where Self.time(of: waiting.frame) < time {
                        if packager.isBeyondHole(waiting.frame) {
                            return resume(behind: packager, with: joining.frames[index...] + [placed], &outputs)
                        }
                        packager.append(waiting, to: &outputs)
                    }
                }
                if packager.isBeyondHole(frame) {
                    return resume(behind: packager, with: joining.frames + [placed], &outputs)
                }
                (segmenter, targets) = packager.finish(next: time, to: &outputs)
                var gathering = Gathering()
                for waiting in joining.frames { gathering.append(waiting) }
                gathering.append(placed)
                if isComplete(gathering) { return begin(gathering, &outputs) }
                phase = .gathering(gathering)
                return
            }
            joining.hold(from: placed.position)
        } else if rendition != nil {
            packager.append(placed, to: &outputs)
            if let first = beyond.frames.first?.frame, !packager.isBeyondHole(first) {
                // The other track has filled the hole.
                phase = .running(packager, joining: joining, beyond: BeyondHole())
                for waiting in beyond.frames { append(waiting, &outputs) }
                return
            }
        }
        phase = .running(packager, joining: joining, beyond: beyond)
    }

    /// Video that was about to join does not catch up: the run goes on with the audio that was held.
    private mutating func give(
        _ frames: [RunPackager.Placed], to packager: consuming RunPackager, _ beyond: BeyondHole,
        _ outputs: inout [PackagerOutput]
    ) {
        phase = .running(packager, joining: Joining(), beyond: beyond)
        for placed in frames { append(placed, &outputs) }
    }

    /// Ends the run before a hole, and begins another with what lies behind it.
    private mutating func resume(
        behind packager: consuming RunPackager, with frames: [RunPackager.Placed], _ outputs: inout [PackagerOutput]
    ) {
        let end = packager.newestTime
        (segmenter, targets) = packager.finish(next: nil, to: &outputs)
        isBeyondHole = true
        for placed in frames where Self.time(of: placed.frame) > end { append(placed, &outputs) }
    }

    /// Whether a frame goes on with the renditions of the run.
    private func isContinued(_ rendition: Rendition, by placed: RunPackager.Placed) -> Bool {
        guard let next = placed.ladder else { return rendition.track.hasSameConfiguration(as: placed.frame.track) }
        return ladder?.isContinued(by: next) ?? false
    }

    /// A frame's presentation time in 1/90,000 s.
    private static func time(of frame: Frame) -> Int64 {
        MediaTime(ticks: max(0, frame.presentationTime), timescale: frame.track.timescale)
            .ticks(in: MediaTime.videoTimescale)
    }

    /// Finishes the run, or what was gathered for one. The next run is behind a discontinuity if its frames say so.
    mutating func interrupt(_ outputs: inout [PackagerOutput]) {
        if case .gathering(let gathering) = phase { begin(gathering, &outputs) }
        guard case .running(let packager, let joining, let beyond) = phase else { return }
        phase = .gathering(Gathering())
        guard beyond.frames.isEmpty else {
            resume(behind: packager, with: beyond.frames, &outputs)
            return interrupt(&outputs)
        }
        if joining.isHolding {
            give(joining.frames, to: packager, beyond, &outputs)
            return interrupt(&outputs)
        }
        (segmenter, targets) = packager.finish(next: nil, to: &outputs)
    }

    mutating func end(_ outputs: inout [PackagerOutput]) { interrupt(&outputs) }

    /// Whether a run can begin. Behind a hole pictures go on, so that a key frame is close.
    private func isComplete(_ gathering: Gathering) -> Bool {
        let target = configuration.segmentMilliseconds
        return gathering.isComplete(
            audioMilliseconds: target,
            videoMilliseconds: Packager.gatheringMilliseconds + (isBeyondHole ? target : 0))
    }

    /// Begins a run with the tracks that were gathered, if any.
    private mutating func begin(_ gathering: Gathering, _ outputs: inout [PackagerOutput]) {
        phase = .gathering(Gathering())
        guard let start = gathering.start, let sequence = gathering.discontinuitySequence else { return }
        if let encoderDiscontinuity, encoderDiscontinuity != sequence || isBeyondHole { discontinuitySequence += 1 }
        isBeyondHole = false
        encoderDiscontinuity = sequence
        segmenter.runBegan(at: start)
        let leads = leads ?? (start >= TrackPackager.decodeLead)
        self.leads = leads

        var present: [Rendition] = []
        if let ladder = gathering.ladder {
            self.ladder = ladder
            for member in ladder.members { present.append(rendition(member.name, for: member.track, &outputs)) }
        }
        if let audio = gathering.audioTrack { present.append(rendition(configuration.audioName, for: audio, &outputs)) }
        let run = Run(
            number: segmenter.number, discontinuitySequence: discontinuitySequence, ordinal: runCount,
            startMilliseconds: start / (Int64(MediaTime.videoTimescale) / 1000), renditions: present)
        runCount += 1
        outputs.append(.announce(.run(run)))
        phase = .running(
            RunPackager(
                run: run, leader: gathering.ladder.map { $0.members[$0.leader].name }, leads: leads,
                absent: renditions.filter { known in !present.contains { $0.name == known.name } },
                segmenter: segmenter, targets: targets, at: start),
            joining: Joining(), beyond: BeyondHole())
        for placed in gathering.frames { append(placed, &outputs) }
    }

    /// The rendition of a track; a new epoch, with its initialisation segment, when the configuration is not the last
    /// one.
    private mutating func rendition(
        _ name: String, for track: Track, _ outputs: inout [PackagerOutput]
    ) -> Rendition {
        let index = renditions.firstIndex { $0.name == name }
        if let index, renditions[index].track.hasSameConfiguration(as: track) { return renditions[index] }
        let rendition = Rendition(name: name, epoch: segmenter.number, track: track)
        if let index { renditions[index] = rendition } else { renditions.append(rendition) }
        outputs.append(.store(rendition.initialization))
        return rendition
    }
}

extension Rendition {
    /// Its initialisation segment, always the same.
    public var initialization: StoredObject {
        StoredObject(
            kind: .initialization, name: initializationName, chunks: [InitializationSegment.bytes(for: track)])
    }
}

extension Track {
    /// Whether frames of another track decode with this one's configuration; usually they share the object.
    func hasSameConfiguration(as other: Track) -> Bool { self === other || configuration == other.configuration }
}

/// Audio that waits for the key frame with which the next run begins, because a track joins.
struct Joining: Sendable {
    private(set) var frames: [RunPackager.Placed] = []
    /// Video joins, but its frames are older than the audio that is packaged already: audio waits until video has
    /// caught up.
    var isHolding: Bool { heldFrom != nil }
    private var heldFrom: Int64?

    var isEmpty: Bool { frames.isEmpty }

    /// Where in the frame log the waiting began.
    var position: Int64? { heldFrom ?? frames.first?.position }

    /// Audio is held from a key frame of the video that joins on.
    mutating func hold(from position: Int64) { heldFrom = heldFrom ?? position }

    /// Whether no more is to be held.
    var isTooLong: Bool {
        guard let first = frames.first?.frame, let last = frames.last?.frame else { return false }
        let milliseconds = isHolding ? Packager.holdingMilliseconds : Packager.joiningMilliseconds
        return frames.count > Packager.joiningFramesMax
            || last.decodeTime - first.decodeTime > milliseconds * Int64(first.track.timescale) / 1000
    }

    mutating func append(_ placed: RunPackager.Placed) { frames.append(placed) }

    /// Audio joins, and the next key frame is far: the oldest frame falls away.
    mutating func forgetFirst() { frames.removeFirst() }
}

/// Frames of one track that lie behind a hole, held until the other track shows whether it has that hole too.
struct BeyondHole: Sendable {
    private(set) var frames: [RunPackager.Placed] = []

    /// Of the track whose frames are held.
    var kind: MediaKind? { frames.first?.frame.track.kind }

    /// Where in the frame log the holding began.
    var position: Int64? { frames.first?.position }

    /// Whether the other track has had time enough.
    var isTooLong: Bool {
        guard let first = frames.first?.frame, let last = frames.last?.frame else { return false }
        return frames.count > Packager.beyondHoleFramesMax
            || last.decodeTime - first.decodeTime
                > Packager.beyondHoleMilliseconds * Int64(first.track.timescale) / 1000
    }

    mutating func append(_ placed: RunPackager.Placed) { frames.append(placed) }
}

extension MediaKind {
    fileprivate var other: MediaKind { self == .video ? .audio : .video }
}

/// The first frames of a run, held until its tracks are known.
struct Gathering: Sendable {
    private(set) var frames: [RunPackager.Placed] = []
    /// The video renditions; `nil` until the first key frame.
    private(set) var ladder: VideoLadder?
    private(set) var audioTrack: Track?
    private var earliest: Int64 = .max
    private var latest: Int64 = 0
    /// The presentation time of the first video key frame, in 1/90,000 s.
    private var videoStart: Int64?

    /// The encoder's, which all frames have in common.
    var discontinuitySequence: Int? { frames.first?.frame.discontinuitySequence }

    /// Where the run begins, in 1/90,000 s: video, where there is any, begins it.
    var start: Int64? { frames.isEmpty ? nil : videoStart ?? earliest }

    /// Whether no further track is to be expected.
    ///
    /// - Parameters:
    ///   - audioMilliseconds: How long audio is expected.
    ///   - videoMilliseconds: How long a key frame is expected.
    func isComplete(audioMilliseconds: Int64, videoMilliseconds: Int64) -> Bool {
        if ladder != nil && audioTrack != nil { return true }
        guard !frames.isEmpty else { return false }
        let milliseconds = ladder == nil ? videoMilliseconds : audioMilliseconds
        return latest - earliest >= milliseconds * Int64(MediaTime.videoTimescale) / 1000
            || frames.count >= Packager.gatheredFramesMax
    }

    mutating func append(_ placed: RunPackager.Placed) {
        let frame = placed.frame
        let time = max(
            0,
            MediaTime(ticks: frame.presentationTime, timescale: frame.track.timescale)
                .ticks(in: MediaTime.videoTimescale))
        switch frame.track.kind {
        case .video:
            // Nothing can be decoded before the first key frame.
            guard ladder != nil || frame.isKeyframe else { return }
            if ladder == nil {
                ladder = placed.ladder
                videoStart = time
            }
        case .audio: audioTrack = audioTrack ?? frame.track
        }
        earliest = min(earliest, time)
        latest = max(latest, time)
        frames.append(placed)
    }
}
