/// Who watched. Writing twice or late is harmless: of what is told of a session the later state wins, sums never fall.
public protocol ViewerSessionRepository: Sendable {
    /// Stores sessions as they are now, new ones and known ones, all or none.
    ///
    /// An earlier `startedAt` and a later `lastSeenAt` win. A session that is told without `endedAt` after it was told
    /// with one, and was seen later than that, is open again. Sessions of streams that are not there are left out.
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
    func summary(of stream: StreamID, from: WallTime, to: WallTime) async throws(StreamError) -> AudienceSummary

    /// Ends the open sessions that were last seen before `time`, each at the time at which it was last seen: nobody is
    /// left to end them.
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
}

/// What a number of sessions come to.
public struct AudienceSummary: Sendable, Equatable {
    public var sessions: Int64 = 0
    public var watchedMilliseconds: Int64 = 0
    public var totals = ViewerTotals()

    public init(sessions: Int64 = 0, watchedMilliseconds: Int64 = 0, totals: ViewerTotals = ViewerTotals()) {
        self.sessions = sessions
        self.watchedMilliseconds = watchedMilliseconds
        self.totals = totals
    }
}

/// How streams did from second to second. Writing a second twice is harmless: the later writing wins.
public protocol StreamMetricsRepository: Sendable {
    /// Stores measurements, all or none.
    ///
    /// - Parameter metrics: At most ``AudienceLimits/metricsPerWriteMax``.
    func record(_ metrics: [StreamMetrics]) async throws(StreamError)

    /// Measurements of a span of time, drawn together by the database.
    ///
    /// - Parameters:
    ///   - from: The first second that counts.
    ///   - to: The first one that does not.
    ///   - stepSeconds: How many seconds are drawn together, 1 or more; steps begin at whole multiples of it since the
    ///     Unix epoch. No more than ``AudienceLimits/pointsMax`` may come of it.
    /// - Returns: A point for every step in which anything was measured, in order.
    func range(
        of stream: StreamID, from: WallTime, to: WallTime, stepSeconds: Int
    ) async throws(StreamError) -> [StreamMetricsPoint]

    /// The newest measurement.
    func latest(of stream: StreamID) async throws(StreamError) -> StreamMetrics?
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

/// Bounds on what is kept of audiences.
public enum AudienceLimits {
    public static let sessionsPerWriteMax = 2000
    public static let metricsPerWriteMax = 2000
    public static let pointsMax = 2000
    /// How many days sessions and measurements are kept.
    public static let daysKept = 30
}
