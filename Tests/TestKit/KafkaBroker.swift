internal import CKafka
import Foundation

/// A Kafka broker for tests: the mock cluster that librdkafka brings, with one broker.
///
/// It is a real server on a TCP port of the loopback, for clients of any process, and lives as long as this object. It
/// keeps records in memory, about 5 MB per partition; makes topics as they are asked for, with four partitions; knows
/// producers with idempotence, groups and committed offsets; and has no administration and no compaction. A fetch that
/// finds nothing is answered only when its time is up, so clients should ask for short ones.
///
/// `@unchecked Sendable`: librdkafka's calls on the cluster may come from any thread.
public final class KafkaBroker: @unchecked Sendable {
    /// What to call a broker of this kind in a test's description.
    public static let name = "Kafka (librdkafka's mock cluster)"
    /// One for all tests of a process that do not disturb it.
    public static let shared = KafkaBroker()

    /// Kinds of requests, by their numbers in Kafka's protocol.
    public enum Request: Int16, Sendable {
        case produce = 0, fetch = 1, metadata = 3, offsetCommit = 8, heartbeat = 12
    }

    private let client: OpaquePointer
    private let cluster: OpaquePointer
    /// Where clients begin: `127.0.0.1:` and a port.
    public let bootstrap: String

    public init() {
        let settings = rd_kafka_conf_new()
        // This client connects to nothing, and would say so.
        rd_kafka_conf_set(settings, "log_level", "0", nil, 0)
        // A client and a cluster without other settings are refused only without memory.
        guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, settings, nil, 0),
            let cluster = rd_kafka_mock_cluster_new(client, 1),
            let bootstrap = rd_kafka_mock_cluster_bootstraps(cluster)
        else { preconditionFailure("librdkafka makes no mock cluster") }
        self.client = client
        self.cluster = cluster
        self.bootstrap = String(cString: bootstrap)
    }

    deinit {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(client)
    }

    /// A prefix for topics that no other test has.
    public static func uniquePrefix() -> String { "t" + UUID().uuidString.prefix(8).lowercased() + "-" }

    /// Makes a topic before anybody asks for it.
    public func makeTopic(_ name: String, partitions: Int) {
        rd_kafka_mock_topic_create(cluster, name, Int32(partitions), 1)
    }

    /// Ends all connections, and takes no new ones.
    public func goDown() { rd_kafka_mock_broker_set_down(cluster, -1) }

    /// Takes connections again; what was there before still is.
    public func comeUp() { rd_kafka_mock_broker_set_up(cluster, -1) }

    /// Has every answer take longer.
    public func delay(milliseconds: Int) { rd_kafka_mock_broker_set_rtt(cluster, -1, Int32(milliseconds)) }

    /// Answers the next requests of a kind with errors, by their numbers in Kafka's protocol.
    public func refuse(_ request: Request, with codes: [Int32]) {
        let errors = codes.map { rd_kafka_resp_err_t($0) }
        rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, errors.count, errors)
    }
}
