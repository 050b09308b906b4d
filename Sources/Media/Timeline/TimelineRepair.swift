// The clocks
//
//   encoder ms, wraps     encoder ms           timeline ms            ticks of the track
//  ───TimestampUnwrapper──▶ e ────── + offset ──────▶ t ─┬─ video: t · 90, behind the last ──────▶ decodeTime
//                             (one for both tracks)      └─ audio: count of samples, led by t ───▶ decodeTime
//
//  A frame whose t does not follow:   1st, 2nd ─▶ re-stamped one frame behind the last
//                                     3rd in a row, or behind a silence or with a new configuration ─▶ new offset,
//                                     t = max(end of the timeline, wall clock - origin)

/// Puts what encoders send onto one timeline that only goes forward.
///
/// There is one for a broadcast, over all connections of its encoder. It holds no frame back: each is decided as it
/// comes.
///
/// What readers can rely on:
/// - Decode times of a track rise strictly and are never negative. PTS lies before DTS only when the encoder says so.
/// - `discontinuitySequence` never falls, and the first video frame of each value is a keyframe. A jump within a group
///   of pictures therefore counts from the next keyframe on; the times before it are continuous already.
/// - Audio and video keep the relation that their encoder gave them, since both are moved by one offset.
/// - A wrap of the encoder's clock is no break. A pause that the wall clock confirms leaves a hole of its length, with
///   a new discontinuity sequence behind it when both tracks paused for longer than `forwardStepMax`.
public struct TimelineRepair: Sendable {
    public private(set) var counts = TimelineRepairCounts()

    private let origin: BroadcastOrigin
    private var video = TrackClock()
    private var audio = TrackClock()
    /// Timeline minus encoder time of the present connection, in milliseconds; `nil` before its first frame.
    private var sharedOffset: Int64?
    /// Where and when the present connection's first frame was put.
    private var connectionStart = (timeline: Int64(0), received: Int64(0))
    private var discontinuitySequence: Int

    /// A step forward of up to this many milliseconds is believed at once.
    public static let forwardStepMax: Int64 = 5000
    /// A step back of up to this many milliseconds is a small disorder and not a jump.
    public static let backwardStepMax: Int64 = 1000
    /// How many frames in a row must make the same jump before it is believed.
    public static let jumpFrames = 3
    /// How far two tracks may lie apart at their beginning, in milliseconds. Encoders start their tracks up to a second
    /// or two apart and mean it; more comes from clocks that have nothing to do with each other.
    public static let trackDistanceMax: Int64 = 3000
    /// How far a pause in the media may differ from that on the wall clock and still be confirmed, in milliseconds.
    public static let confirmedGapTolerance: Int64 = 2000
    /// How long after its last frame video still counts as going on, in milliseconds.
    public static let pictureSilenceMax: Int64 = 10_000
    /// The largest composition offset to believe, in milliseconds: 16 reordered frames at nearly one frame a second.
    public static let compositionOffsetMax: Int32 = 20_000

    /// - Parameter origin: Where the broadcast's timeline begins. Frames that are stamped earlier than the first one
    ///   to arrive have room on the timeline when `unixMilliseconds` lies a little before its arrival.
    public init(origin: BroadcastOrigin) {
        self.origin = origin
        discontinuitySequence = origin.firstDiscontinuitySequence
    }

    /// The end of what was produced, in milliseconds since the origin.
    public var endMilliseconds: Int64 { max(video.end, audio.end) }

    /// The encoder has connected, for the first time or again; its clock and its codec configurations may be new.
    public mutating func connectionBegan() {
        let isReconnect = counts.frames > 0
        sharedOffset = nil
        video.connectionBegan(seam: isReconnect ? discontinuitySequence : nil)
        audio.connectionBegan(seam: isReconnect ? discontinuitySequence : nil)
    }

    /// Places a frame on the timeline.
    ///
    /// - Returns: `nil` when the frame is dropped; `counts` says why.
    public mutating func receive(_ frame: EncoderFrame, atUnixMilliseconds now: Int64) -> Frame? {
        // A clock is taken out and put back, so that the other one can be read meanwhile.
        switch frame.track.kind {
        case .video:
            var clock = video
            defer { video = clock }
            return receive(frame, now, &clock, other: audio)
        case .audio:
            var clock = audio
            defer { audio = clock }
            return receive(frame, now, &clock, other: video)
        }
    }

    private mutating func receive(
        _ frame: EncoderFrame, _ now: Int64, _ clock: inout TrackClock, other: TrackClock
    ) -> Frame? {
        let track = clock.adopt(frame.track, discontinuitySequence: discontinuitySequence)
        let encoderTime = clock.time(of: frame.timestampMilliseconds, near: other)
        let placement = place(encoderTime, now, &clock, other: other)
        clock.lastReceived = now
        guard let time = clock.advance(to: placement, kind: track.kind, &counts) else { return nil }
        let isKeyframe = frame.isKeyframe || track.kind == .audio
        guard clock.passesSeam(&discontinuitySequence, isKeyframe: isKeyframe) else {
            counts.droppedBeforeKeyframe += 1
            return nil
        }
        counts.frames += 1
        return Frame(
            track: track, decodeTime: time.ticks,
            compositionOffset: track.kind == .audio ? 0 : compositionOffset(of: frame, delay: time.delay),
            isKeyframe: isKeyframe, discontinuitySequence: discontinuitySequence,
            receivedUnixMilliseconds: now, payload: frame.payload)
    }

    /// In video ticks. A decode time that was moved back leaves the presentation where it was, as far as it can
    /// without lying before the decode time; an offset that is negative from the start is the encoder's own affair.
    private mutating func compositionOffset(of frame: EncoderFrame, delay: Int64) -> Int32 {
        let milliseconds = frame.compositionOffsetMilliseconds
        guard milliseconds.magnitude <= Self.compositionOffsetMax.magnitude else {
            counts.refusedCompositionOffsets += 1
            return 0
        }
        let offset = milliseconds * (MediaTime.videoTimescale / 1000)
        return offset < 0 ? offset : Int32(max(0, Int64(offset) - delay))
    }
}

// MARK: - Time

extension TimelineRepair {
    /// Decides where on the timeline, in milliseconds, a frame belongs.
    private mutating func place(
        _ encoderTime: Int64, _ now: Int64, _ clock: inout TrackClock, other: TrackClock
    ) -> TrackClock.Placement {
        guard let offset = clock.offset else { return join(encoderTime, now, &clock, other: other) }
        let expected = clock.end
        // The other track may have jumped first. Then the frame is on one of two clocks: its own, or that one.
        var time = encoderTime + offset
        if let sharedOffset, abs(encoderTime + sharedOffset + clock.skew - expected) < abs(time - expected) {
            time = encoderTime + sharedOffset + clock.skew
        }
        if follows(time, now, &clock, other: other) {
            clock.accept(encoderTime, offset: time - encoderTime)
            return .follows(time)
        }
        // A silence or a new configuration says as much as more frames would: the encoder has begun anew.
        let beginsAnew = clock.isNewConfiguration || now - clock.lastReceived > Self.forwardStepMax
        guard clock.noteOutlier(encoderTime) >= Self.jumpFrames || beginsAnew else {
            counts.restamped += 1
            return .restamped
        }
        return anchor(encoderTime, now, &clock, other: other)
    }

    /// Whether a time is a credible successor of the track's last one.
    private mutating func follows(
        _ time: Int64, _ now: Int64, _ clock: inout TrackClock, other: TrackClock
    ) -> Bool {
        let step = time - clock.end
        guard step > Self.forwardStepMax else { return step >= -Self.backwardStepMax }
        // A long pause: believed when it leads to where the other track is, or when as much time has passed here.
        if other.offset != nil && abs(time - other.end) <= Self.trackDistanceMax {
            counts.confirmedGaps += 1
            return true
        }
        guard abs(step - (now - clock.lastReceived)) <= Self.confirmedGapTolerance else { return false }
        counts.confirmedGaps += 1
        leaveHole(&clock, other: other)
        return true
    }

    /// The first frame of a track in a connection.
    private mutating func join(
        _ encoderTime: Int64, _ now: Int64, _ clock: inout TrackClock, other: TrackClock
    ) -> TrackClock.Placement {
        guard let sharedOffset else {
            let placement = anchor(encoderTime, now, &clock, other: other)
            connectionStart = (clock.offset.map { $0 + encoderTime } ?? 0, now)
            return placement
        }
        // Between what the wall clock says and what the other track says lies everything that bursts can do.
        let byWallClock = connectionStart.timeline + now - connectionStart.received
        let earliest = min(byWallClock, other.end) - Self.trackDistanceMax
        let latest = max(byWallClock, other.end) + Self.trackDistanceMax
        var time = encoderTime + sharedOffset
        if time < earliest || time > latest {
            time = max(other.end, clock.end)
            clock.skew = time - encoderTime - sharedOffset
            counts.separatedTracks += 1
        }
        clock.accept(encoderTime, offset: time - encoderTime)
        return .begins(time)
    }

    /// Sets the encoder's clock anew: behind everything produced, and not before the wall clock's time.
    private mutating func anchor(
        _ encoderTime: Int64, _ now: Int64, _ clock: inout TrackClock, other: TrackClock
    ) -> TrackClock.Placement {
        let time = max(clock.end, other.end, now - origin.unixMilliseconds, 0)
        let isHole = time - clock.end > Self.forwardStepMax
        counts.anchors += 1
        clock.accept(encoderTime, offset: time - encoderTime)
        if sharedOffset != nil {
            requestSeam(now, &clock, other: other)
            if isHole { leaveHole(&clock, other: other) }
        }
        sharedOffset = time - encoderTime - clock.skew
        return .begins(time)
    }

    /// After a jump. While there are pictures, they decide when the seam comes, because it needs a keyframe.
    private mutating func requestSeam(_ now: Int64, _ clock: inout TrackClock, other: TrackClock) {
        let picturesGoOn =
            clock.track?.kind == .audio && other.offset != nil && other.lastSequence == discontinuitySequence
            && now - other.lastReceived <= Self.pictureSilenceMax
        if picturesGoOn {
            video.requestSeam(at: discontinuitySequence)
        } else {
            clock.requestSeam(at: discontinuitySequence)
        }
    }

    /// The timeline goes on seconds later. When that is so for both tracks, the media before and behind belong to
    /// different discontinuity sequences, and pictures begin again at a keyframe. Video alone may be a slide show.
    private mutating func leaveHole(_ clock: inout TrackClock, other: TrackClock) {
        let isAudio = clock.track?.kind == .audio
        let wereSilentTogether =
            other.offset != nil && abs(other.lastReceived - clock.lastReceived) <= Self.forwardStepMax
        guard isAudio || wereSilentTogether else { return }
        clock.interrupt(at: discontinuitySequence)
        if isAudio { video.interrupt(at: discontinuitySequence) } else { audio.interrupt(at: discontinuitySequence) }
    }
}
