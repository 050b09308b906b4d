internal import Bytes
public import StreamingCore

/// The report log on Kafka: `stream-reports`, of which every follower reads all.
///
/// An append hands the report on and forgets it: one replica's word is enough, and what Kafka does not take in
/// ``KafkaLimits/reportMilliseconds`` is dropped. While Kafka is known to be down nothing is appended, because reports
/// of a minute ago are of no use to anybody.
public final class KafkaReportLog: ReportLog {
    private let configuration: KafkaConfiguration
    private let producer: KafkaProducer
    private let logger: Logger

    init(_ configuration: KafkaConfiguration, _ producer: KafkaProducer, logger: Logger) {
        self.configuration = configuration
        self.producer = producer
        self.logger = logger
    }

    public func append(_ report: StreamReport, for stream: StreamID) {
        guard !producer.health.isDown, producer.waiting.bytes < KafkaLimits.reportBytesMax else { return }
        // Not taken is lost, as the port has it; the next report makes up for it.
        _ = producer.produce(report.encoded, key: Bytes(utf8: stream.description), to: .reports)
    }

    public func follow(_ receive: @escaping @Sendable (StreamID, StreamReport) -> Void) async {
        let throttle = LogThrottle(linesPerSecondMax: 1)
        let follower = PartitionFollower(configuration, .reports, health: producer.health, logger: logger)
        await follower.follow { [logger] in
            return { record in
                guard let stream = StreamID(record.key.string),
                    let report = record.value.flatMap({ try? StreamReport(decoding: $0) })
                else {
                    guard let hidden = throttle.admit(at: SystemWallClock().now()) else { return }
                    return logger.warning(
                        "reports passed over that are none of ours", ["log.hidden": LogValue(hidden)])
                }
                receive(stream, report)
            }
        }
    }
}
