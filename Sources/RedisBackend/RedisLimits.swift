/// Bounds on what goes to Redis and comes back.
public enum RedisLimits {
    /// Calls that may be under way in a pool; one more fails with ``StreamError/overloaded(what:)``.
    public static let callsMax = 8192
    /// Bytes of all calls under way in a pool; what goes beyond fails with ``StreamError/overloaded(what:)``.
    public static let callBytesMax = 256 << 20
    /// The largest value to store.
    public static let valueBytesMax = 48 << 20
    /// The most that a server may send for one answer; a connection that gets more is closed.
    public static let replyBytesMax = 64 << 20
    /// The most elements in one answer, nested ones too; a connection that gets more is closed.
    public static let replyElementsMax = 1 << 20
    /// How long an idle connection has to prove that the server lives, after another one got no answer.
    static let proofTimeMax = Duration.milliseconds(500)
    /// A connection that did not live this long is not opened again at once.
    static let stableTimeMin = Duration.seconds(1)
    /// Until a connection that ended is opened again, in milliseconds (``RetryDelay``); doubled with each failure, so
    /// that many clients of a server that comes back do not come all at once,
    static let firstDelayMilliseconds: Int64 = 50
    /// up to this: a server that comes back is found before players have nothing left to play.
    static let delayMillisecondsMax: Int64 = 500
}
