/// Bounds of what is known of viewers.
public enum ViewerLimits {
    /// How long nothing may be fetched before a session is over, at least, in milliseconds, and in target durations.
    public static let silenceMilliseconds: Int64 = 6000
    public static let silenceTargets: Int64 = 3
    /// How long a session that is over is remembered, in milliseconds, so that sums go on when the viewer comes back.
    public static let memoryMilliseconds: Int64 = 600_000
    /// How many sessions are remembered for each that may be open: those that are over are forgotten first.
    public static let sessionsPerOpenOne = 2
    /// How many sessions may be open where nothing else is set.
    public static let openSessionsMax = 10_000
    /// Streams of which bytes outside of sessions are counted.
    public static let talliesMax = 10_000
    /// How often others are told, in milliseconds.
    public static let reportMilliseconds: Int64 = 1000
    /// The longest name of a session, in bytes.
    public static let nameBytesMax = 64
    /// The longest beacon, in bytes.
    public static let beaconBytesMax = 4096
    /// Members of a beacon that are read.
    public static let beaconMembersMax = 32
    /// How long a player that is not admitted is told to wait, in seconds.
    public static let retrySeconds = 5
}
