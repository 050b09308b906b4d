import KafkaBackend
import LocalBackend
import StreamingCore
import TestKit
import Testing

/// An implementation of a log that its contract is run on. A new one is one more line in the list of its port.
struct LogBackend<Log: Sendable>: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Opens an empty log.
    let open: @Sendable () async throws -> Log
}

enum LogBackends {
    static let frameLogs: [LogBackend<any FrameLog>] =
        fanningOutFrameLogs + [LogBackend(testDescription: KafkaBroker.name) { try await openKafka().frames }]
    /// Those whose followers each get everything; those of Kafka share the streams among themselves.
    static let fanningOutFrameLogs: [LogBackend<any FrameLog>] = [
        LogBackend(testDescription: "in process") { LocalFrameLog() }
    ]
    static let timelineLogs: [LogBackend<any TimelineLog>] = [
        LogBackend(testDescription: "in process") { LocalTimelineLog() },
        LogBackend(testDescription: KafkaBroker.name) { try await openKafka().timeline },
    ]
    static let eventLogs: [LogBackend<any EventLog>] = [
        LogBackend(testDescription: "in process") { LocalEventLog() },
        LogBackend(testDescription: KafkaBroker.name) { try await openKafka().events },
    ]

    static let reportLogs: [LogBackend<any ReportLog>] = [
        LogBackend(testDescription: "in process") { LocalReportLog() },
        LogBackend(testDescription: KafkaBroker.name) { try await openKafka().reports },
    ]

    /// Topics of their own on the one broker of this process.
    private static func openKafka() async throws -> KafkaCluster {
        var configuration = KafkaConfiguration(brokers: KafkaBroker.shared.bootstrap)
        configuration.prefix = KafkaBroker.uniquePrefix()
        configuration.partitions = 4
        // This broker keeps an empty fetch until its time is up.
        configuration.fetchWaitMilliseconds = 5
        return try await KafkaCluster.open(
            configuration, leases: MemoryPartitionLeases(), logger: Logger(service: "contract", level: .error))
    }
}
