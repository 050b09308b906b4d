import Bytes
import Media
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import KafkaBackend

/// Workers of one process that share leases in its memory, on librdkafka's mock cluster.
@Suite(.timeLimit(.minutes(2))) struct LeaseKeeperTests {
    /// A worker, and the labels of what it was given.
    private final class Worker: Sendable {
        private let labels = Mutex<[StreamID: [String]]>([:])
        private let task = Mutex<Task<Void, Never>?>(nil)

        init(_ cluster: KafkaCluster) {
            let task = Task {
                await cluster.frames.follow { reader in
                    while let batch = await reader.next() {
                        self.labels.withLock { $0[reader.stream, default: []] += batch.entries.map(\.label) }
                    }
                }
            }
            self.task.withLock { $0 = task }
        }

        func labels(of stream: StreamID) -> [String] { labels.withLock { $0[stream] ?? [] } }

        func end() async {
            let task = task.withLock { $0 }
            task?.cancel()
            await task?.value
        }
    }

    private let broker = KafkaBroker()
    private let leases = MemoryPartitionLeases()

    private func open(_ prefix: String) async throws -> KafkaCluster {
        try await KafkaCluster.open(.test(broker, prefix: prefix), leases: leases, logger: .quiet)
    }

    private func view(_ prefix: String) async throws -> LeaseView {
        try await leases.beat(
            LeaseBeat(
                group: prefix + "transcode", worker: "nobody", isLeaving: true, leaseMilliseconds: 60_000,
                partitionCount: 4))
    }

    @Test func `without an answer it reads on, and ends when it is told to`() async throws {
        let prefix = KafkaBroker.uniquePrefix()
        let cluster = try await open(prefix)
        let worker = Worker(cluster)
        let stream = StreamID(at: Samples.noon)
        let track = try Samples.audioTrack()
        let writer = try await cluster.frames.openWriter(for: stream)
        try writer.append(.began(Samples.origin(1)))
        try await eventually("the first is there") { worker.labels(of: stream) == ["began 1"] }
        leases.isAway = true
        try writer.append(Samples.frame(track, 1))
        try await eventually("the second is there") { worker.labels(of: stream).count == 2 }
        await worker.end()
        leases.isAway = false
        #expect(try await view(prefix).leases.count == 4, "what it could not give back stays its own for a while")
        await cluster.close()
    }

    @Test func `nothing is read before somebody says what may be`() async throws {
        let cluster = try await open(KafkaBroker.uniquePrefix())
        leases.isAway = true
        let worker = Worker(cluster)
        let stream = StreamID(at: Samples.noon)
        let writer = try await cluster.frames.openWriter(for: stream)
        try writer.append(.began(Samples.origin(1)))
        try await eventually("the record is with Kafka") { cluster.waitingBytes == 0 }
        #expect(worker.labels(of: stream).isEmpty)
        leases.isAway = false
        try await eventually("it is there") { worker.labels(of: stream) == ["began 1"] }
        await worker.end()
        await cluster.close()
    }

    @Test func `who ends gives everything back, and the other has all`() async throws {
        let prefix = KafkaBroker.uniquePrefix()
        let cluster = try await open(prefix)
        let workers = [Worker(cluster), Worker(cluster)]
        func counts() async throws -> [Int] {
            Dictionary(grouping: try await view(prefix).leases, by: \.worker).values.map(\.count).sorted()
        }
        try await eventually("both have their part") { try await counts() == [2, 2] }
        await workers[0].end()
        try await eventually("one has all") { try await counts() == [4] }
        await workers[1].end()
        let left = try await view(prefix)
        #expect(left.leases.isEmpty && left.workers.isEmpty)
        await cluster.close()
    }
}
