public import Media

/// One finished segment of one rendition, without its bytes.
///
/// Segments of different renditions with the same number overlap in time: they were cut at the same boundary.
public struct Segment: Sendable, Hashable {
    /// The folder of its rendition.
    public var rendition: String
    /// Consecutive within a broadcast, and never used twice within a stream.
    public var number: Int64
    /// The number of the run that it belongs to, at most `number`.
    public var run: Int64
    /// Ticks per second of the times below.
    public var timescale: Int32
    /// The earliest presentation time, on the broadcast's timeline. The first decode time (`tfdt`) of video lies a
    /// fixed time before.
    public var start: Int64
    /// The sum of the durations of its frames.
    public var duration: Int64
    /// The length of the stored bytes; zero for a gap.
    public var byteCount: Int
    public var frameCount: Int
    /// How many parts it has; its bytes are theirs, one behind the other.
    public var partCount: Int
    /// Whether decoding can start with its first frame.
    public var isIndependent: Bool
    /// The length of its beginning up to the end of the key frame that it starts with, which is what fast seeking
    /// fetches; zero where there is none, and for audio.
    public var keyframeByteCount: Int
    /// Whether there is no media in it, so that nothing is stored under its name.
    public var isGap: Bool
    /// By how much decode times must be moved back so that no frame is presented before it is decoded, in ticks.
    ///
    /// In CMAF a segment's decode times begin a fixed time before its presentation times, or with them; MPEG-TS,
    /// which has no negative offsets, needs the encoder's order back. It never falls within a run.
    public var decodeDelay: Int64

    public init(
        rendition: String, number: Int64, run: Int64, timescale: Int32, start: Int64, duration: Int64, byteCount: Int,
        frameCount: Int, partCount: Int, isIndependent: Bool = true, keyframeByteCount: Int = 0, isGap: Bool = false,
        decodeDelay: Int64 = 0
    ) {
        self.rendition = rendition
        self.number = number
        self.run = run
        self.timescale = timescale
        self.start = start
        self.duration = duration
        self.byteCount = byteCount
        self.frameCount = frameCount
        self.partCount = partCount
        self.isIndependent = isIndependent
        self.keyframeByteCount = keyframeByteCount
        self.isGap = isGap
        self.decodeDelay = decodeDelay
    }

    /// Where its bytes are stored, and the tail of its URL.
    public var name: String { "\(rendition)/segment-\(number).m4s" }

    public var startTime: MediaTime { MediaTime(ticks: start, timescale: timescale) }
    public var endTime: MediaTime { MediaTime(ticks: start + duration, timescale: timescale) }
}

/// One CMAF chunk of a segment: what low-latency players fetch before the segment is finished.
public struct Part: Sendable, Hashable {
    /// The folder of its rendition.
    public var rendition: String
    /// The number of the segment that it is a piece of.
    public var segmentNumber: Int64
    /// Its place in the segment, from zero.
    public var number: Int
    /// Ticks per second of the times below.
    public var timescale: Int32
    /// Its first decode time, on the broadcast's timeline.
    public var start: Int64
    public var duration: Int64
    public var byteCount: Int
    /// Whether decoding can start with its first frame.
    public var isIndependent: Bool
    /// Whether it is known to be the last of its segment: the next part is the first of the next one. Where only a hole
    /// behind it ends the segment, it is not.
    public var endsSegment: Bool

    /// The most parts in one segment. No segment is long enough for more: two parts in a row last longer than the part
    /// target, which is at least ``Packager/Configuration/partMillisecondsMin``.
    public static let countPerSegmentMax = 256

    public init(
        rendition: String, segmentNumber: Int64, number: Int, timescale: Int32, start: Int64, duration: Int64,
        byteCount: Int, isIndependent: Bool, endsSegment: Bool = false
    ) {
        self.rendition = rendition
        self.segmentNumber = segmentNumber
        self.number = number
        self.timescale = timescale
        self.start = start
        self.duration = duration
        self.byteCount = byteCount
        self.isIndependent = isIndependent
        self.endsSegment = endsSegment
    }

    /// Where its bytes are stored, and the tail of its URL.
    public var name: String { "\(rendition)/segment-\(segmentNumber).\(number).m4s" }
}

/// The two durations that playlists declare and that must not change during a broadcast.
public struct Targets: Sendable, Hashable {
    /// `EXT-X-TARGETDURATION` in seconds: no segment's duration, rounded, is longer.
    public var durationSeconds: Int
    /// `PART-TARGET` in milliseconds: no part is longer, unless a single frame is.
    public var partMilliseconds: Int

    public init(durationSeconds: Int, partMilliseconds: Int) {
        self.durationSeconds = durationSeconds
        self.partMilliseconds = partMilliseconds
    }
}
