/// Bounds of the in-process frame log.
public struct FrameLogLimits: Sendable {
    /// Payload bytes that one stream's log holds for readers that are behind; then the oldest entries are dropped.
    public var bytesPerStreamMax = 64 << 20
    /// Entries that one stream's log holds; then the oldest are dropped. About two minutes of video with audio.
    public var entriesPerStreamMax = 16_384
    /// Streams that have a log at the same time; further writers are refused.
    public var streamsMax = 1_000
    /// Entries that a reader gets in one go.
    public var batchEntriesMax = 256

    public init() {}
}
