import Foundation

/// A broker that tests of what is kept in Kafka run on. Its description is in the names of their cases.
///
/// That is librdkafka's mock cluster, unless the environment names another one, as `scripts/kafka-gateway.sh` does for
/// the gateway of SeaweedFS:
///
///     KAFKA_TEST_BROKER        host:port
///     KAFKA_TEST_BROKER_NAME   what tests are to call it
///     KAFKA_TEST_BROKER_LACKS  what it cannot do, separated by commas: the names of ``Ability``
public struct KafkaTestBroker: Sendable, CustomStringConvertible {
    /// What not every broker can do. A test that needs it says so, and is skipped with this reason where it is missing.
    public enum Ability: String, CaseIterable, Sendable {
        /// Records above a megabyte.
        case longRecords = "long-records"
        /// Topics that have the settings that they were made with, compaction among them.
        case topicSettings = "topic-settings"
        /// Values that begin with a zero byte, as those do whose schema is in a registry. A broker that looks up the
        /// schema itself refuses what it does not find.
        case registryFrames = "registry-frames"

        /// Why a test is skipped.
        public func isMissing(on broker: KafkaTestBroker) -> String {
            switch self {
            case .longRecords: "\(broker) takes no records of more than a megabyte"
            case .topicSettings: "\(broker) does not keep the settings that topics are made with"
            case .registryFrames: "\(broker) refuses values that begin with a zero byte and no schema of its own"
            }
        }
    }

    public let description: String
    /// Where clients begin.
    public let bootstrap: String
    /// How long it may hold a fetch that finds nothing, in milliseconds.
    public let fetchWaitMilliseconds: Int
    private let lacks: Set<Ability>
    private let cluster: KafkaBroker?

    public init(_ broker: KafkaBroker) {
        description = KafkaBroker.name
        bootstrap = broker.bootstrap
        // It keeps an empty fetch until its time is up.
        fetchWaitMilliseconds = 5
        lacks = [.topicSettings]
        cluster = broker
    }

    /// - Parameter environment: As above.
    /// - Returns: `nil` where none is named.
    public init?(environment: [String: String]) {
        guard let bootstrap = environment["KAFKA_TEST_BROKER"], !bootstrap.isEmpty else { return nil }
        description = environment["KAFKA_TEST_BROKER_NAME"] ?? "Kafka (the broker at \(bootstrap))"
        self.bootstrap = bootstrap
        // It answers as soon as there is something, and may take its time for reading.
        fetchWaitMilliseconds = 500
        lacks = Set(
            (environment["KAFKA_TEST_BROKER_LACKS"] ?? "").split(separator: ",").map { name in
                guard let ability = Ability(rawValue: String(name)) else {
                    preconditionFailure("KAFKA_TEST_BROKER_LACKS: there is no ability '\(name)'")
                }
                return ability
            })
        cluster = nil
    }

    public func can(_ ability: Ability) -> Bool { !lacks.contains(ability) }

    /// Makes a topic before anybody asks for it, where nobody else could: with the mock cluster.
    public func makeTopic(_ name: String, partitions: Int) { cluster?.makeTopic(name, partitions: partitions) }

    /// The mock cluster of all tests that do not disturb it.
    public static let mock = KafkaTestBroker(KafkaBroker.shared)
    /// What tests of every broker run on: exactly one, as the argument of their cases, so that these say which.
    public static let chosen = [KafkaTestBroker(environment: ProcessInfo.processInfo.environment) ?? mock]
}
