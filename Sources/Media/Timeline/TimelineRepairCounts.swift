/// What a `TimelineRepair` had to do, since it was made.
public struct TimelineRepairCounts: Sendable, Hashable {
    /// Frames that were placed on the timeline and returned.
    public internal(set) var frames = 0
    /// Video frames whose time was equal to or before that of their predecessor, and was moved behind it.
    public internal(set) var nudged = 0
    /// Frames with a time that nobody believed, placed one frame behind their predecessor.
    public internal(set) var restamped = 0
    /// New beginnings of the encoder's clock: of a connection, and after a jump that lasted.
    public internal(set) var anchors = 0
    /// Tracks that began too far away from the other track and were moved to where it was.
    public internal(set) var separatedTracks = 0
    /// Pauses in the media that the wall clock or the other track confirms.
    public internal(set) var confirmedGaps = 0
    /// Times that audio left its sample count and was set to the encoder's clock.
    public internal(set) var audioResyncs = 0
    /// Audio frames dropped because the encoder's clock says that their time is over.
    public internal(set) var droppedLateAudio = 0
    /// Video frames dropped because decoding could not start there.
    public internal(set) var droppedBeforeKeyframe = 0
    /// Composition offsets that were too large and were taken for zero.
    public internal(set) var refusedCompositionOffsets = 0

    public init() {}

    /// The counts of a stream without faults.
    public init(frames: Int, anchors: Int) {
        self.frames = frames
        self.anchors = anchors
    }
}
