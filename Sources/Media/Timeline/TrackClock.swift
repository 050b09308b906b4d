/// One track's place on the timeline, and what a `TimelineRepair` knows about its encoder clock.
struct TrackClock: Sendable {
    /// Where a frame belongs, in milliseconds of the timeline.
    enum Placement {
        /// The first frame of a track in a connection or after a jump.
        case begins(Int64)
        /// A frame that follows the last one.
        case follows(Int64)
        /// A frame whose own time is not believed: one frame behind the last.
        case restamped
    }

    private(set) var track: Track?
    /// Timeline minus encoder time, in milliseconds; `nil` before the first frame of a connection.
    private(set) var offset: Int64?
    /// How much `offset` differs from that of both tracks, in milliseconds, when their clocks have nothing in common.
    var skew: Int64 = 0
    /// Whether no time was believed yet since the codec configuration changed.
    private(set) var isNewConfiguration = false
    /// When the last frame came, in milliseconds since the Unix epoch.
    var lastReceived: Int64 = 0

    /// The last decode time, in ticks; -1 before the first.
    private var lastTicks: Int64 = -1
    /// How long a frame usually lasts, in ticks.
    private var frameTicks: Int64 = 0
    private var unwrapper = TimestampUnwrapper()
    private var outliers = 0
    private var lastOutlier: Int64 = 0
    /// The discontinuity sequence of the last frame that was returned.
    private(set) var lastSequence: Int?
    /// A seam is due, unless the discontinuity sequence has risen above this value meanwhile.
    private var seam: Int?
    /// Whether pictures are of no use before the next keyframe.
    private var awaitsKeyframe = true

    /// Audio times keep to the count of samples unless the encoder's clock is further away than this, or than
    /// `audioDriftFramesMax` frames, whichever is longer.
    static let audioDriftMillisecondsMax: Int64 = 100
    static let audioDriftFramesMax: Int64 = 3
    /// Per frame, audio times give way by this part of the distance, so that clocks that run differently stay together;
    /// what rounding to milliseconds makes is too little to count.
    static let audioDriftDivisor: Int64 = 128
    /// The most that one audio frame gives way, as a part of its length.
    static let audioCorrectionDivisor: Int64 = 64

    /// Where the next frame is expected, in milliseconds of the timeline.
    var end: Int64 {
        guard lastTicks >= 0, let track else { return 0 }
        return MediaTime(ticks: lastTicks + frameTicks, timescale: track.timescale).milliseconds
    }
}

// MARK: - Facts

extension TrackClock {
    /// A connection began; `sequence` is the present discontinuity sequence when frames were returned before.
    mutating func connectionBegan(seam sequence: Int?) {
        offset = nil
        skew = 0
        unwrapper = TimestampUnwrapper()
        outliers = 0
        awaitsKeyframe = true
        if let sequence { interrupt(at: sequence) }
    }

    /// The media ahead have nothing to do with those behind.
    mutating func interrupt(at sequence: Int) {
        seam = sequence
        awaitsKeyframe = true
    }

    /// Takes the track of a frame, and returns the one to use: the old object when the configuration is the same.
    mutating func adopt(_ new: Track, discontinuitySequence: Int) -> Track {
        guard let old = track else {
            track = new
            frameTicks = Self.usualFrameTicks(new)
            return new
        }
        if new === old || new.configuration == old.configuration { return old }
        if lastTicks >= 0 {
            // Rounded up, so that times in the new timescale stay behind those in the old one.
            let last = MediaTime(ticks: lastTicks, timescale: old.timescale)
            lastTicks = last.ticks(in: new.timescale) + (new.timescale == old.timescale ? 0 : 1)
        }
        track = new
        frameTicks = Self.usualFrameTicks(new)
        isNewConfiguration = true
        awaitsKeyframe = true
        requestSeam(at: discontinuitySequence)
        return new
    }

    /// The encoder time that a timestamp stands for. The first is sought near the other track's.
    mutating func time(of timestamp: UInt32, near other: TrackClock) -> Int64 {
        if unwrapper.reference == nil { unwrapper = TimestampUnwrapper(near: other.unwrapper.reference) }
        return unwrapper.time(of: timestamp)
    }

    /// A time was believed.
    mutating func accept(_ encoderTime: Int64, offset: Int64) {
        unwrapper.accept(encoderTime)
        self.offset = offset
        outliers = 0
        isNewConfiguration = false
    }

    /// A time was not believed. Returns how many in a row agree with each other.
    mutating func noteOutlier(_ encoderTime: Int64) -> Int {
        let step = encoderTime - lastOutlier
        let agrees = step >= -TimelineRepair.backwardStepMax && step <= TimelineRepair.forwardStepMax
        outliers = outliers > 0 && agrees ? outliers + 1 : 1
        lastOutlier = encoderTime
        return outliers
    }

    private static func usualFrameTicks(_ track: Track) -> Int64 {
        switch track.configuration {
        case .aac(let aac): return Int64(aac.samplesPerFrame)
        case .avc(let avc):
            guard let rate = avc.sequence.frameRate else { return Int64(MediaTime.videoTimescale) / 30 }
            return Int64(MediaTime.videoTimescale) * Int64(rate.denominator) / Int64(rate.numerator)
        }
    }
}

// MARK: - Ticks

extension TrackClock {
    /// Moves on to a frame's place.
    ///
    /// - Returns: The decode time and by how many ticks it lies behind the frame's own; `nil` when audio is too late.
    mutating func advance(
        to placement: Placement, kind: MediaKind, _ counts: inout TimelineRepairCounts
    ) -> (ticks: Int64, delay: Int64)? {
        let ticks: Int64
        switch (placement, kind) {
        case (.restamped, _):
            lastTicks += frameTicks
            return (lastTicks, 0)
        case (.begins(let time), _): ticks = target(time)
        case (.follows(let time), .video):
            ticks = target(time)
            let length = ticks - lastTicks
            // A second at most: longer is a pause, and says nothing about the usual length.
            if length > 0 && length <= Int64(MediaTime.videoTimescale) { frameTicks = length }
        case (.follows(let time), .audio):
            guard let counted = audioTicks(target(time), &counts) else { return nil }
            ticks = counted
        }
        if ticks <= lastTicks { counts.nudged += 1 }
        lastTicks = max(ticks, lastTicks + 1)
        return (lastTicks, lastTicks - ticks)
    }

    private func target(_ time: Int64) -> Int64 {
        MediaTime(milliseconds: time).ticks(in: track?.timescale ?? MediaTime.videoTimescale)
    }

    /// The time of an audio frame from the count of samples.
    private func audioTicks(_ target: Int64, _ counts: inout TimelineRepairCounts) -> Int64? {
        let counted = lastTicks + frameTicks
        let drift = target - counted
        let limit = max(
            self.target(Self.audioDriftMillisecondsMax), frameTicks * Self.audioDriftFramesMax)
        if drift > limit {
            counts.audioResyncs += 1
            return target
        }
        if drift < -limit {
            counts.droppedLateAudio += 1
            return nil
        }
        let correctionMax = frameTicks / Self.audioCorrectionDivisor
        return counted + min(max(drift / Self.audioDriftDivisor, -correctionMax), correctionMax)
    }
}

// MARK: - Seams

extension TrackClock {
    /// Asks for a new discontinuity sequence from this track's next fitting frame on, unless one began since its last.
    mutating func requestSeam(at sequence: Int) {
        if lastSequence == sequence { seam = sequence }
    }

    /// Whether a frame may be returned, raising the discontinuity sequence where that is due.
    mutating func passesSeam(_ sequence: inout Int, isKeyframe: Bool) -> Bool {
        // The first picture of each value must be a keyframe; so a seam waits for one, in the meantime pictures go on.
        guard isKeyframe || !awaitsKeyframe && lastSequence == sequence else { return false }
        if isKeyframe {
            if seam == sequence { sequence += 1 }
            seam = nil
        }
        awaitsKeyframe = false
        lastSequence = sequence
        return true
    }
}
