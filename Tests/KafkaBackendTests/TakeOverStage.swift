import Bytes
import Media
import PostgresBackend
import StreamingCore
import TestKit

@testable import KafkaBackend

/// A broker, a schema of a database, and a process that writes: what workers in processes of their own need.
struct TakeOverStage {
    let configuration: KafkaConfiguration
    let server: PostgresServer
    let schema: String
    /// For those who write.
    let cluster: KafkaCluster

    /// - Parameters:
    ///   - server: That of all tests, unless another is given.
    ///   - broker: The mock cluster, unless another is given.
    init(
        on server: PostgresServer? = nil, broker: KafkaTestBroker = .mock, partitions: Int = 4
    ) async throws {
        var configuration = KafkaConfiguration.test(broker)
        configuration.partitions = partitions
        for topic in KafkaTopic.allCases {
            broker.makeTopic(topic.name(configuration), partitions: topic.partitions(configuration))
        }
        self.configuration = configuration
        if let server { self.server = server } else { self.server = try await PostgresServer.shared.value }
        schema = try await self.server.makeSchema()
        let database = try PostgresDatabase(url: Secret(self.server.url(schema: schema)), logger: .quiet)
        _ = try await database.migrate()
        cluster = try await KafkaCluster.open(configuration, leases: MemoryPartitionLeases(), logger: .quiet)
    }

    func reader() throws -> KafkaReaderProcess {
        try KafkaReaderProcess(configuration, database: server.url(schema: schema))
    }

    /// Who has which partition, a line for each.
    func leases() async throws -> String {
        try await server.run("SELECT partition, worker, fence FROM partition_leases ORDER BY partition", schema: schema)
    }

    /// How many partitions each worker has.
    func partitionsByWorker() async throws -> [Int] {
        let counts = try await server.run(
            "SELECT count(*) FROM partition_leases WHERE worker IS NOT NULL GROUP BY worker ORDER BY 1",
            schema: schema)
        return counts.split(separator: "\n").compactMap { Int($0) }
    }
}

/// Writes a broadcast at a steady pace, until it is told to end.
struct SteadyPublisher {
    let stream = StreamID(at: Samples.noon)
    private let task: Task<Int, any Error>

    init(_ cluster: KafkaCluster, pauseMilliseconds: Int = 4) {
        let stream = stream
        task = Task {
            let writer = try await cluster.frames.openWriter(for: stream)
            let (video, audio) = (try Samples.videoTrack(), try Samples.audioTrack())
            try writer.append(.began(Samples.origin(5)))
            var entries = 1
            for time in Int64(0)... {
                try writer.append(Samples.frame(video, time, isKeyframe: time % 25 == 0, count: 500))
                try writer.append(Samples.frame(audio, time, count: 50))
                entries += 2
                do { try await Task.sleep(for: .milliseconds(pauseMilliseconds)) } catch { break }
            }
            try writer.append(.ended)
            return entries + 1
        }
    }

    /// Ends the broadcast; returns how many entries it had.
    func end() async throws -> Int {
        task.cancel()
        return try await task.value
    }
}

extension Logger {
    /// For tests that look at something else.
    static let quiet = Logger(service: "test", level: .error)
}
