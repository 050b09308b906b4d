/// Carries what processes tell of streams from second to second to all who want to know.
public protocol ReportLog: Sendable {
    /// Tells a report to all followers. Never waits: when reports cannot be passed on for a while, the oldest are lost,
    /// because the next ones make up for them.
    func append(_ report: StreamReport, for stream: StreamID)

    /// Calls `receive` for every report from now on, those of one process in order, until cancelled.
    ///
    /// `receive` may run on any thread, for one stream never on two at once, and must not wait.
    func follow(_ receive: @escaping @Sendable (StreamID, StreamReport) -> Void) async
}
