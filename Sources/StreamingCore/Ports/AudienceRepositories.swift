/// Who watched. Writing twice or late is harmless: of what is told of a session the later state wins, sums never fall.
public protocol ViewerSessionRepository: Sendable {
    /// Stores sessions as they are now, new ones and known ones, all or none.
    ///
    /// An earlier `startedAt` and a later `lastSeenAt` win, of sums and of `startupMilliseconds` the higher;
    /// `rendition` is that of the later `lastSeenAt`. A session is over when any telling had an `endedAt` that is not
    /// before the latest `lastSeenAt` of all, and is open again when it was seen later than that: in whatever order
    /// they come, the same tellings make the same session. An `endedAt` before the `lastSeenAt` that it is told with
    /// counts as that. Sessions of streams that are not there are left out, and so is a `rendition` that cannot be one.
    ///
    /// - Parameter sessions: At most ``AudienceLimits/sessionsPerWriteMax``, no id twice.
    func record(_ sessions: [ViewerSession]) async throws(StreamError)

    /// Sessions of a stream, the one that began last first.
    ///
    /// - Parameters:
    ///   - isOpen: Only open ones, or only ended ones; all when `nil`.
    ///   - before: Only those behind this one in that order, to page.
    ///   - limit: 1 to 1,000.
    func list(
        of stream: StreamID, isOpen: Bool?, before: ViewerSessionCursor?, limit: Int
    ) async throws(StreamError) -> [ViewerSession]

    /// What all sessions of a stream that began in a span of time come to.
    ///
    /// - Parameters:
    ///   - from: The first moment that counts.
    ///   - to: The first one that does not.
    func summary(of stream: StreamID, from: WallTime, to: WallTime) async throws(StreamError) -> AudienceSummary

    /// Ends the open sessions that were last seen before `time`, each at the time at which it was last seen: nobody is
    /// left to end them. A bounded number is changed at a time.
    ///
    /// - Returns: How many there were.
    func endSilent(since time: WallTime) async throws(StreamError) -> Int
}

/// Where a page of sessions ended: the order is by start and then by id, both falling.
public struct ViewerSessionCursor: Sendable, Equatable {
    public let startedAt: WallTime
    public let id: ViewerSessionID

    public init(startedAt: WallTime, id: ViewerSessionID) {
        self.startedAt = startedAt
        self.id = id
    }

    /// Before all sessions in that order.
    public static let first = ViewerSessionCursor(
        startedAt: WallTime(unixMilliseconds: .max), id: ViewerSessionID(high: .max, low: .max))
}

/// What a number of sessions come to.
public struct AudienceSummary: Sendable, Equatable {
    public var sessions: Int64 = 0
    /// The sum of their durations.
    public var watchedMilliseconds: Int64 = 0
    /// Sums; `startupMilliseconds` is the average of those that told it, rounded, `nil` when none did.
    public var totals = ViewerTotals()

    public init(sessions: Int64 = 0, watchedMilliseconds: Int64 = 0, totals: ViewerTotals = ViewerTotals()) {
        self.sessions = sessions
        self.watchedMilliseconds = watchedMilliseconds
        self.totals = totals
    }
}

/// How streams did from second to second. Writing a second twice is harmless: the later writing wins.
///
/// Measurements stay when their stream is deleted, until they are older than is kept.
public protocol StreamMetricsRepository: Sendable {
    /// Stores measurements, all or none. Those for whose day there is no room are left out: it is older than is kept,
    /// or nobody made room for it (``AudienceRetention``).
    ///
    /// - Parameter metrics: At most ``AudienceLimits/metricsPerWriteMax``. Of ``StreamMetrics/viewersByRendition`` the
    ///   ``AudienceLimits/renditionsMax`` with the most viewers are kept; numbers below 0 count as 0.
    func record(_ metrics: [StreamMetrics]) async throws(StreamError)

    /// Measurements of a span of time, drawn together by the database.
    ///
    /// - Parameters:
    ///   - from: The first second that counts.
    ///   - to: The first one that does not.
    ///   - stepSeconds: How many seconds are drawn together, in ``AudienceLimits/stepSeconds``; steps begin at whole
    ///     multiples of it since the Unix epoch.
    /// - Returns: A point for every step in which anything was measured, in order.
    /// - Throws: ``StreamError/invalidValue(field:reason:)`` when more than ``AudienceLimits/pointsMax`` steps would
    ///   come of it, or `stepSeconds` is out of its range.
    func range(
        of stream: StreamID, from: WallTime, to: WallTime, stepSeconds: Int
    ) async throws(StreamError) -> [StreamMetricsPoint]

    /// Which seconds were measured at all.
    ///
    /// - Parameter seconds: Unix seconds; the upper bound does not count.
    /// - Returns: The oldest and the newest of them; `nil` when there is none.
    func measured(of stream: StreamID, in seconds: Range<Int64>) async throws(StreamError) -> ClosedRange<Int64>?
}

extension StreamMetricsRepository {
    /// The newest measurement.
    public func latest(of stream: StreamID) async throws(StreamError) -> StreamMetrics? {
        guard let second = try await measured(of: stream, in: StreamMetricsSpan.all)?.upperBound else { return nil }
        let time = WallTime(unixMilliseconds: second * 1000)
        return try await range(of: stream, from: time, to: time.adding(milliseconds: 1000), stepSeconds: 1).first?
            .average
    }
}

/// The measurements of a step drawn together.
public struct StreamMetricsPoint: Sendable, Equatable {
    /// Rates are averages, viewers by rendition rounded ones, start-up percentiles those of the second with the most
    /// starts, `source` that of the last second; `at` is the beginning of the step.
    public var average: StreamMetrics
    /// The most viewers in any second.
    public var viewersMax: Int
    /// How many seconds were measured.
    public var seconds: Int

    public init(average: StreamMetrics, viewersMax: Int, seconds: Int) {
        self.average = average
        self.viewersMax = viewersMax
        self.seconds = seconds
    }
}

/// Makes room for measurements and forgets what is old.
public protocol AudienceRetention: Sendable {
    /// Makes room for the measurements of the coming days, where the database needs that, and forgets sessions that
    /// were last seen, and measurements that were made, more than ``AudienceLimits/daysKept`` days before `time`, a
    /// bounded number at a time. To be called at the start and then at least once a day, by any number of processes.
    ///
    /// It goes on until nothing old is left, or its task is cancelled.
    func maintain(at time: WallTime) async throws(StreamError) -> AudienceRetentionChanges
}

/// What ``AudienceRetention/maintain(at:)`` did.
public struct AudienceRetentionChanges: Sendable, Equatable {
    /// Sessions that were deleted.
    public var sessions = 0
    /// Measurements that were deleted one by one; 0 where whole days are.
    public var measurements = 0
    /// Names of the days' partitions that were made and dropped, where there are such.
    public var partitionsMade: [String] = []
    public var partitionsDropped: [String] = []

    public init(
        sessions: Int = 0, measurements: Int = 0, partitionsMade: [String] = [], partitionsDropped: [String] = []
    ) {
        self.sessions = sessions
        self.measurements = measurements
        self.partitionsMade = partitionsMade
        self.partitionsDropped = partitionsDropped
    }
}

/// Bounds on what is kept of audiences.
public enum AudienceLimits {
    public static let sessionsPerWriteMax = 2000
    public static let metricsPerWriteMax = 2000
    public static let pointsMax = 2000
    /// What may be drawn together: up to 31 days.
    public static let stepSeconds = 1...2_678_400
    /// Renditions whose viewers are kept for a second, which is as many as a ladder has.
    public static let renditionsMax = QualityLadder.levelsMax
    /// How many days sessions and measurements are kept.
    public static let daysKept = 30
    /// Rows that are deleted or ended in one statement, so that nobody waits for long.
    public static let rowsAtOnceMax = 5000
    /// How many seconds of a stream are drawn together in one statement: three hours, which databases sort in memory,
    /// and in which others need not wait for long.
    public static let secondsAtOnceMax: Int64 = 10_800
}
