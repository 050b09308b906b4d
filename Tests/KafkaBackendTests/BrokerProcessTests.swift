import Bytes
import Foundation
import Media
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import KafkaBackend

/// The broker as a program of its own, which stands still, dies and comes back empty: librdkafka's mock cluster.
@Suite(.timeLimit(.minutes(2))) struct BrokerProcessTests {
    private static let program = KafkaReaderProcess.products.appending(path: "kafka-broker")

    private func open(_ broker: KafkaBrokerProcess) async throws -> KafkaCluster {
        var configuration = KafkaConfiguration(brokers: broker.bootstrap)
        configuration.partitions = 4
        configuration.fetchWaitMilliseconds = 5
        configuration.appendMilliseconds = 3000
        return try await KafkaCluster.open(configuration, leases: MemoryPartitionLeases(), logger: .quiet)
    }

    private func append(_ number: UInt8, _ cluster: KafkaCluster, _ stream: StreamID) async -> Bool {
        (try? await cluster.timeline.append([number], for: stream, fence: 1)) != nil
    }

    @Test func `it goes down and comes up on a signal, and nothing is lost`() async throws {
        let broker = try await KafkaBrokerProcess(Self.program)
        let cluster = try await open(broker)
        let stream = StreamID(at: Samples.noon)
        let received = Mutex<Set<UInt8>>([])
        let following = Task {
            await cluster.timeline.follow { _, record in received.withLock { _ = $0.insert(record[0]) } }
        }
        try await eventually("it is followed") {
            await append(0, cluster, stream) && received.withLock { $0.contains(0) }
        }
        broker.goDown()
        try await eventually("an append fails") { await !append(1, cluster, stream) }
        broker.comeUp()
        try await eventually("an append succeeds") { await append(2, cluster, stream) }
        try await eventually("it is received") { received.withLock { $0.contains(2) } }
        following.cancel()
        await following.value
        await cluster.close()
    }

    @Test func `one that stands still is noticed, and all goes on when it does`() async throws {
        let broker = try await KafkaBrokerProcess(Self.program)
        let cluster = try await open(broker)
        let stream = StreamID(at: Samples.noon)
        try await eventually("an append succeeds") { await append(0, cluster, stream) }
        broker.standStill()
        let writer = try await cluster.frames.openWriter(for: stream)
        for entry in try Samples.broadcast(1, pictures: 50, group: 10) { try writer.append(entry) }
        try await eventually("it is noticed") { cluster.isDown }
        broker.goOn()
        try await eventually("what waited is there", within: 40) { cluster.waitingBytes == 0 }
        try await eventually("an append succeeds") { await append(1, cluster, stream) }
        await cluster.close()
    }

    @Test func `one that dies and comes back empty is written to and read from again`() async throws {
        var broker = try await KafkaBrokerProcess(Self.program)
        let cluster = try await open(broker)
        let stream = StreamID(at: Samples.noon)
        let labels = Mutex<[String]>([])
        let following = Task {
            await cluster.frames.follow { reader in
                while let batch = await reader.next() { labels.withLock { $0 += batch.entries.map(\.label) } }
            }
        }
        let first = try await cluster.frames.openWriter(for: stream)
        for entry in try Samples.broadcast(1, pictures: 50, group: 10) { try first.append(entry) }
        try await eventually("the first is there") { labels.withLock { $0.last } == "ended" }
        broker.kill()
        broker = try await KafkaBrokerProcess(Self.program, port: broker.port)
        let second = try await cluster.frames.openWriter(for: stream)
        try second.append(.began(Samples.origin(2)))
        let track = try Samples.audioTrack()
        var time: Int64 = 0
        try await eventually("the second is there", within: 60) {
            try second.append(Samples.frame(track, time))
            time += 1
            return labels.withLock { $0.contains("began 2") }
        }
        following.cancel()
        await following.value
        await cluster.close()
    }
}
