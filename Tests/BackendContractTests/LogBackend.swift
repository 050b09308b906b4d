import LocalBackend
import StreamingCore
import Testing

/// An implementation of a log that its contract is run on. A new one is one more line in the list of its port.
struct LogBackend<Log: Sendable>: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Opens an empty log.
    let open: @Sendable () async throws -> Log
}

enum LogBackends {
    static let frameLogs: [LogBackend<any FrameLog>] = [
        LogBackend(testDescription: "in process") { LocalFrameLog() }
    ]
    static let timelineLogs: [LogBackend<any TimelineLog>] = [
        LogBackend(testDescription: "in process") { LocalTimelineLog() }
    ]
    static let eventLogs: [LogBackend<any EventLog>] = [
        LogBackend(testDescription: "in process") { LocalEventLog() }
    ]
}
