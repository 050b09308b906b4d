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
    static let frameLogs: [LogBackend<any FrameLog>] = fanningOutFrameLogs + onKafka { $0.frames }
    /// Those whose followers each get everything; those of Kafka share the streams among themselves.
    static let fanningOutFrameLogs: [LogBackend<any FrameLog>] = [
        LogBackend(testDescription: "in process") { LocalFrameLog() }
    ]
    static let timelineLogs: [LogBackend<any TimelineLog>] =
        [LogBackend(testDescription: "in process") { LocalTimelineLog() }] + onKafka { $0.timeline }
    static let eventLogs: [LogBackend<any EventLog>] =
        [LogBackend(testDescription: "in process") { LocalEventLog() }] + onKafka { $0.events }
    static let reportLogs: [LogBackend<any ReportLog>] =
        [LogBackend(testDescription: "in process") { LocalReportLog() }] + onKafka { $0.reports }

    /// On the broker of this run.
    private static func onKafka<Log>(_ log: @escaping @Sendable (KafkaCluster) -> Log) -> [LogBackend<Log>] {
        KafkaTestBroker.chosen.map { broker in
            LogBackend(testDescription: broker.description) { log(try await open(broker)) }
        }
    }

    /// Topics of their own.
    private static func open(_ broker: KafkaTestBroker) async throws -> KafkaCluster {
        var configuration = KafkaConfiguration(brokers: broker.bootstrap)
        configuration.prefix = KafkaBroker.uniquePrefix()
        configuration.partitions = 4
        configuration.fetchWaitMilliseconds = broker.fetchWaitMilliseconds
        return try await KafkaCluster.open(
            configuration, leases: MemoryPartitionLeases(), logger: Logger(service: "contract", level: .error))
    }
}
