/// Bounds of the ingest service.
public enum IngestLimits {
    /// State changes of one broadcast that wait for the database.
    public static let changesWaitingMax = 64
    /// How often a change is tried to be written down before it is given up, and how long after a failure, in
    /// milliseconds: four minutes, beside the time that the database takes to fail.
    public static let recordAttemptsMax = 120
    public static let recordRetryMilliseconds: Int64 = 2000
    /// Broadcasts at once in one process, those that wait for their encoder included.
    public static let broadcastsMax = 10_000
    /// Orders from the API, such as a revoked key, that wait to be carried out.
    public static let ordersWaitingMax = 10_000
    /// How long a connection may exist without a broadcast, in milliseconds: before it shows a key, and after it
    /// unpublished.
    public static let publishMilliseconds: Int64 = 15_000
    /// Lines a second about refused peers, who can make as many as they like.
    public static let refusalLinesPerSecondMax = 10
    /// How often grace times are looked at, in milliseconds.
    public static let sweepMilliseconds: Int64 = 200
}
