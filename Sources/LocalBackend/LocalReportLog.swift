public import StreamingCore

/// The report log inside one process; it delivers like ``LocalTimelineLog``.
///
/// At most ``reportsWaitingMax`` reports of a stream wait for a follower that is slow; then further ones are lost,
/// which the next ones make up for.
public struct LocalReportLog: ReportLog {
    /// Reports of one stream that may wait for a slow follower.
    public static let reportsWaitingMax = 64
    private let fanOut = OrderedFanOut<StreamReport>(waitingMax: reportsWaitingMax)

    public init() {}

    public func append(_ report: StreamReport, for stream: StreamID) {
        // Refused is lost, as the port has it: the follower is busy with those before it.
        try? fanOut.append(report, for: stream)
    }

    public func follow(_ receive: @escaping @Sendable (StreamID, StreamReport) -> Void) async {
        await fanOut.follow(receive)
    }
}
