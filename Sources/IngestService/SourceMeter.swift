import Bytes
import Media
import StreamingCore

/// Measures what an encoder sends and how regularly, without clock, lock or I/O.
///
/// Frames are measured as they arrive, before anything is put right. A connection that begins measures anew what is
/// about a connection; rates go on.
struct SourceMeter {
    /// A second that is over.
    private struct Second {
        var bytes: Int64 = 0
        var pictures = 0
    }

    /// One kind of media of the present connection.
    fileprivate struct TrackMeter {
        var unwrapper = TimestampUnwrapper()
        /// Encoder time of the first frame, and when it arrived, in milliseconds.
        var began: (time: Int64, arrival: Int64)?
        var newest: Int64 = 0
        /// The least that arrival lay behind the encoder's clock, which is the way alone with nothing that waits: in
        /// this span of time and in the one before. Clocks never run quite alike, so that older ones say nothing.
        var leastDelay: Int64 = .max
        var leastDelayBefore: Int64 = .max
        var spanBegan: Int64 = 0
    }

    /// How many seconds the usual rate is made of.
    static let usualSeconds = 10
    /// How many distances between keyframes are looked at.
    static let keyframeIntervals = 3
    /// A delay or a drift above this many milliseconds is a clock that jumped and not one that runs differently.
    static let believableMax: Int64 = 60_000

    /// How long a span of time is in which the quickest frame is remembered, in milliseconds.
    static let delaySpan: Int64 = 120_000

    private var current = Second()
    private var past: [Second] = []
    private var secondBegan: WallTime?
    private var video = TrackMeter()
    private var audio = TrackMeter()
    private var lastKeyframe: Int64?
    private var intervals: [Int64] = []
    private var arrivalDelay: Int64 = 0
    private var isConnected = false

    init() {}

    /// The encoder has connected, for the first time or again.
    mutating func connectionBegan() {
        (video, audio) = (TrackMeter(), TrackMeter())
        (lastKeyframe, intervals) = (nil, [])
        (arrivalDelay, isConnected) = (0, true)
    }

    /// The encoder is gone: nothing is told until it comes back.
    mutating func connectionEnded() {
        isConnected = false
        (current, past, secondBegan) = (Second(), [], nil)
    }

    /// A frame came, as the encoder stamped it.
    mutating func received(_ frame: EncoderFrame, at now: WallTime) {
        current.bytes += Int64(frame.payload.count)
        if secondBegan == nil { secondBegan = now }
        switch frame.track.kind {
        case .video:
            current.pictures += 1
            let time = video.received(frame, at: now)
            if frame.isKeyframe { keyframe(at: time) }
        case .audio: _ = audio.received(frame, at: now)
        }
        let track = frame.track.kind == .video ? video : audio
        arrivalDelay = max(arrivalDelay, track.delay(at: now))
    }

    private mutating func keyframe(at time: Int64) {
        if let lastKeyframe, time > lastKeyframe, time - lastKeyframe <= Self.believableMax {
            intervals.append(time - lastKeyframe)
            if intervals.count > Self.keyframeIntervals { intervals.removeFirst() }
        }
        lastKeyframe = time
    }

    /// - Parameters:
    ///   - repairs: Timestamps that were put right since the broadcast began.
    /// - Returns: What the second was like, when one is over.
    mutating func timePassed(_ now: WallTime, repairs: Int64) -> (bitsPerSecond: Int64, health: SourceHealth)? {
        guard isConnected, let began = secondBegan else { return nil }
        let milliseconds = now.unixMilliseconds - began.unixMilliseconds
        guard milliseconds >= 1000 else {
            // The wall clock was set back.
            if milliseconds < 0 { secondBegan = now }
            return nil
        }
        secondBegan = now
        let second = current
        // Whoever looks a little late has a little more than a second.
        let bitsPerSecond = second.bytes * 8000 / milliseconds
        past.append(Second(bytes: second.bytes * 1000 / milliseconds, pictures: second.pictures))
        if past.count > Self.usualSeconds { past.removeFirst() }
        current = Second()
        defer { arrivalDelay = 0 }
        let usual = past.reduce(0) { $0 + $1.bytes } * 8 / Int64(past.count)
        return (
            bitsPerSecond,
            SourceHealth(
                picturesPerSecond: Double(second.pictures) * 1000 / Double(milliseconds),
                keyframeIntervalMilliseconds: intervals.max(), usualBitsPerSecond: usual,
                audioDriftMilliseconds: drift, timestampRepairs: repairs,
                arrivalDelayMilliseconds: min(arrivalDelay, Self.believableMax))
        )
    }

    /// How much further the sound's clock has come than the picture's since both began; 0 while one is missing.
    private var drift: Int64 {
        guard let sound = audio.advance, let picture = video.advance else { return 0 }
        let drift = sound - picture
        return abs(drift) <= Self.believableMax ? drift : 0
    }
}

extension SourceMeter.TrackMeter {
    /// - Returns: The frame's time on the encoder's clock, in milliseconds, without wraps.
    fileprivate mutating func received(_ frame: EncoderFrame, at now: WallTime) -> Int64 {
        newest = unwrapper.unwrap(frame.timestampMilliseconds)
        let (arrival, delay) = (now.unixMilliseconds, now.unixMilliseconds - newest)
        if began == nil { began = (newest, arrival) }
        if arrival - spanBegan >= SourceMeter.delaySpan {
            (leastDelayBefore, leastDelay, spanBegan) = (leastDelay, delay, arrival)
        }
        leastDelay = min(leastDelay, delay)
        // The encoder's clock has jumped back: what was quick before says nothing any more.
        if self.delay(at: now) > SourceMeter.believableMax { (leastDelayBefore, leastDelay) = (delay, delay) }
        return newest
    }

    /// How much later the newest frame arrived than the quickest one did.
    fileprivate func delay(at now: WallTime) -> Int64 {
        max(0, now.unixMilliseconds - newest - min(leastDelay, leastDelayBefore))
    }

    /// How much of media came more than time has passed since the first frame, in milliseconds.
    fileprivate var advance: Int64? { began.map { newest - $0.time } }
}

extension TimelineRepairCounts {
    /// Frames whose time was not taken as it came.
    var timestampRepairs: Int64 {
        Int64(nudged + restamped + separatedTracks + audioResyncs + refusedCompositionOffsets)
    }
}
