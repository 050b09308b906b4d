/// What a process tells once a second of a stream that it has to do with. It is never stored: who misses one has the
/// next, because numbers that add up are told from their beginning and not since the report before.
public enum StreamReport: Sendable, Equatable {
    /// By the `ingest` that has the broadcast.
    case source(SourceReport)
    /// By each `delivery` that was asked for anything of the stream since the report before.
    case audience(AudienceReport)
}

/// What came from the encoder.
public struct SourceReport: Sendable, Equatable {
    /// The process, unique for each start of it.
    public var instance: String
    public var at: WallTime
    /// In the second before `at`.
    public var bitsPerSecond: Int64
    public var health: SourceHealth

    public init(instance: String, at: WallTime, bitsPerSecond: Int64, health: SourceHealth) {
        self.instance = instance
        self.at = at
        self.bitsPerSecond = bitsPerSecond
        self.health = health
    }
}

/// What went to viewers from one process. A second with many sessions is told in several reports.
public struct AudienceReport: Sendable, Equatable {
    /// The process, unique for each start of it.
    public var instance: String
    public var at: WallTime
    /// Bodies sent to anybody since the process began, sessions or not.
    public var bytesSent: Int64
    /// How long a viewer of this stream may ask for nothing before the session is over: three target durations, in
    /// milliseconds.
    public var silenceMilliseconds: Int64
    /// The sessions of which something is new.
    public var sessions: [SessionShare]

    /// The most sessions in one report, so that a record of a log is not too long for it.
    public static let sessionsMax = 2000

    public init(
        instance: String, at: WallTime, bytesSent: Int64, silenceMilliseconds: Int64, sessions: [SessionShare]
    ) {
        self.instance = instance
        self.at = at
        self.bytesSent = bytesSent
        self.silenceMilliseconds = silenceMilliseconds
        self.sessions = sessions
    }
}

/// What one process knows of a session: its requests may have reached others too. Sums count from the session's
/// beginning, so that a share which is told twice, or late, counts once.
public struct SessionShare: Sendable, Equatable {
    public var id: ViewerSessionID
    public var streamingProtocol: StreamingProtocol
    /// The first and the newest request at this process.
    public var firstSeenAt: WallTime
    public var lastSeenAt: WallTime
    public var bytesSent: Int64
    /// What the player told, over all processes: the highest wins.
    public var stalls: Int64
    public var stalledMilliseconds: Int64
    public var startupMilliseconds: Int64?
    /// Media in the player's buffer, in milliseconds, if it tells.
    public var bufferMilliseconds: Int64?
    /// Which video rendition the newest segments were fetched of, in the order of their numbers, at most
    /// ``picksMax``: where the rendition changes from one to the next over all processes, a switch is counted.
    public var picks: [Pick]
    /// The player said that it is leaving.
    public var isLeaving: Bool

    public static let picksMax = 8
    /// How long after its farewell a player's last requests may still come, in milliseconds: they were under way, or
    /// went to a process whose clock is ahead. They do not mean that it is back.
    public static let farewellMilliseconds: Int64 = 1000

    /// A segment and the rendition that it was fetched of.
    public struct Pick: Sendable, Equatable {
        public var segmentNumber: Int64
        public var rendition: String

        public init(segmentNumber: Int64, rendition: String) {
            self.segmentNumber = segmentNumber
            self.rendition = rendition
        }
    }

    public init(
        id: ViewerSessionID, streamingProtocol: StreamingProtocol, firstSeenAt: WallTime, lastSeenAt: WallTime,
        bytesSent: Int64 = 0, stalls: Int64 = 0, stalledMilliseconds: Int64 = 0, startupMilliseconds: Int64? = nil,
        bufferMilliseconds: Int64? = nil, picks: [Pick] = [], isLeaving: Bool = false
    ) {
        self.id = id
        self.streamingProtocol = streamingProtocol
        self.firstSeenAt = firstSeenAt
        self.lastSeenAt = lastSeenAt
        self.bytesSent = bytesSent
        self.stalls = stalls
        self.stalledMilliseconds = stalledMilliseconds
        self.startupMilliseconds = startupMilliseconds
        self.bufferMilliseconds = bufferMilliseconds
        self.picks = picks
        self.isLeaving = isLeaving
    }
}
