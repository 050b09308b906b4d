public import StreamingCore

/// What was written down of audiences, for those who ask.
public struct AudienceHistory: Sendable {
    /// The most points of an answer.
    static let pointsMax = 900
    /// What is asked for without a beginning, in seconds.
    static let secondsDefault: Int64 = 900
    /// The longest span, in seconds: as long as anything is kept.
    static let secondsMax = Int64(AudienceLimits.daysKept) * 86_400

    let sessions: any ViewerSessionRepository
    let metrics: any StreamMetricsRepository

    public init(sessions: any ViewerSessionRepository, metrics: any StreamMetricsRepository) {
        self.sessions = sessions
        self.metrics = metrics
    }
}
