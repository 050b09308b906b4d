/// Bounds of the delivery service.
public enum DeliveryLimits {
    /// Streams whose window is in memory; when one more comes, those that ended first are forgotten.
    public static let streamsMax = 10_000
    /// Requests that one stream's first playlist may keep waiting; more are answered 503.
    public static let heldRequestsPerStreamMax = 10_000
    /// Requests that one rendition may keep waiting; more are answered at once, with the playlist as it is.
    public static let heldRequestsPerRenditionMax = 50_000
    /// How long the first playlist of a starting stream is waited for, in milliseconds: longer than the longest first
    /// segment, because an encoder that is left to itself sends its second keyframe after ten seconds.
    public static let holdMilliseconds: Int64 = 13_000
    /// How long a part that may come, or a segment that is about to begin, is waited for, in target durations.
    public static let mediaHoldTargets: Int64 = 3
    /// How long the next part of a segment in progress may keep the viewers waiting who have its beginning, in
    /// milliseconds. Their connections are then broken, so that no cache takes what they have for the whole.
    public static let unfinishedSegmentMilliseconds: Int64 = 10_000
    /// How long a store that does not have what was announced a moment ago is asked again, in milliseconds: it was
    /// emptied or is away, and whoever made it puts it there again. Less than a balancer gives us.
    public static let missingMilliseconds: Int64 = 2500
    /// The bounds of the time between two such questions, in milliseconds (``RetryDelay``).
    static let missingPauseMilliseconds: ClosedRange<Int64> = 50...200
    /// How long after its end viewers of a broadcast may not know of it yet, in milliseconds.
    public static let justEndedMilliseconds: Int64 = 3000
    /// How often held requests and ended streams are looked through, in milliseconds.
    public static let sweepMilliseconds: Int64 = 100
    /// How long the answer of the database about an unknown stream is believed, in milliseconds.
    public static let lookupMilliseconds: Int64 = 1000
    /// How many of those answers are kept.
    public static let lookupsMax = 10_000
    /// MPEG-TS segments kept because somebody asked for them, in bytes.
    public static let transportBytesMax = 64 << 20
    /// How long a viewer may take nothing of a response before the connection is closed, in milliseconds.
    public static let stalledReaderMilliseconds: Int64 = 10_000
    /// How long an answer with a segment is kept ready, in milliseconds.
    public static let hotMilliseconds: Int64 = 1000
    /// Segments in answers that are kept ready, in bytes, beside what the store holds.
    public static let hotBytesMax = 64 << 20
    /// How many answers are kept ready.
    public static let hotSegmentsMax = 1024
    /// Documents below are not worth compressing, in bytes: they fit into one packet anyway.
    public static let compressedBytesMin = 500
    /// How long caches keep the newest still picture, in seconds; there is a new one every ten.
    public static let thumbnailSeconds = 5
}
