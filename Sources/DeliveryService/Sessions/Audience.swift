public import StreamingCore

/// How audiences are counted.
public struct Audience: Sendable {
    /// Where other processes hear of them.
    public var reports: any ReportLog
    /// The name of this process, unique for each start of it.
    public var instance: String
    /// How many sessions may be open at once; players that come then are told to come later.
    public var sessionsMax: Int
    /// Whether players that show nothing are given a cookie.
    public var offersCookies: Bool

    public init(
        reports: any ReportLog, instance: String, sessionsMax: Int = ViewerLimits.openSessionsMax,
        offersCookies: Bool = true
    ) {
        self.reports = reports
        self.instance = instance
        self.sessionsMax = sessionsMax
        self.offersCookies = offersCookies
    }
}
