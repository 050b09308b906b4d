public import Bytes

/// One access unit as the encoder sent it: its times are the encoder's own and not to be trusted.
public struct EncoderFrame: Sendable {
    public var track: Track
    /// Decode time in milliseconds, modulo 2³², as FLV carries it.
    public var timestampMilliseconds: UInt32
    /// Presentation minus decode time in milliseconds; signed (FLV, 24 bits). Zero for audio.
    public var compositionOffsetMilliseconds: Int32
    /// Whether decoding can start here: an IDR picture; every audio access unit.
    public var isKeyframe: Bool
    /// NAL units behind 4-byte lengths, or one raw AAC access unit. Never empty.
    public var payload: Bytes

    public init(
        track: Track, timestampMilliseconds: UInt32, compositionOffsetMilliseconds: Int32 = 0, isKeyframe: Bool,
        payload: Bytes
    ) {
        self.track = track
        self.timestampMilliseconds = timestampMilliseconds
        self.compositionOffsetMilliseconds = compositionOffsetMilliseconds
        self.isKeyframe = isKeyframe
        self.payload = payload
    }
}

/// One access unit on the stream's own timeline.
///
/// Decode times of a track rise strictly; they start near zero at the beginning of a broadcast and run on over
/// reconnects of the encoder.
public struct Frame: Sendable {
    public var track: Track
    /// Decode time in ticks of the track's timescale since the broadcast's origin; not negative.
    public var decodeTime: Int64
    /// Presentation minus decode time in ticks; negative only when the encoder says so.
    public var compositionOffset: Int32
    /// Whether decoding can start here: an IDR picture; every audio access unit.
    public var isKeyframe: Bool
    /// Counts breaks of the timeline: it rises when the encoder reconnects, jumps, or changes its codec configuration.
    /// Frames with the same number decode and present without a seam.
    public var discontinuitySequence: Int
    /// When ingest received it, in milliseconds since the Unix epoch.
    public var receivedUnixMilliseconds: Int64
    /// NAL units behind 4-byte lengths, or one raw AAC access unit. Never empty.
    public var payload: Bytes

    public init(
        track: Track, decodeTime: Int64, compositionOffset: Int32 = 0, isKeyframe: Bool, discontinuitySequence: Int = 0,
        receivedUnixMilliseconds: Int64 = 0, payload: Bytes
    ) {
        self.track = track
        self.decodeTime = decodeTime
        self.compositionOffset = compositionOffset
        self.isKeyframe = isKeyframe
        self.discontinuitySequence = discontinuitySequence
        self.receivedUnixMilliseconds = receivedUnixMilliseconds
        self.payload = payload
    }

    public var presentationTime: Int64 { decodeTime + Int64(compositionOffset) }
}
