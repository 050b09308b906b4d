import Bytes
import Foundation
import Media
import StreamingCore
import TestKit
import Testing

@testable import KafkaBackend

/// How fast partitions go from one process to another, how they are shared, and what an outage of the database changes,
/// with real processes, on PostgreSQL and librdkafka's mock cluster.
@Suite(.timeLimit(.minutes(2))) struct LeaseSharingTests {
    @Test func `what a killed one had is read by those that stand ready as soon as its lease is over`() async throws {
        let stage = try await TakeOverStage()
        let readers = [try stage.reader(), try stage.reader()]
        let publishers = (0..<8).map { _ in SteadyPublisher(stage.cluster) }
        try await eventually("both read, and all is read", within: 40) {
            readers.allSatisfy { reader in publishers.contains { reader.commits(of: $0.stream).count > 5 } }
                && publishers.allSatisfy { publisher in
                    readers.contains { $0.commits(of: publisher.stream).count > 20 }
                }
        }
        let lost = publishers.filter { !readers[0].readings(of: $0.stream).isEmpty }.map(\.stream)
            .filter { readers[0].lines("closed", of: $0).isEmpty }
        // Some may have been the other's before.
        let readings = lost.map { readers[1].readings(of: $0).count }
        let elapsed = try await ContinuousClock().measure {
            readers[0].child.signal(SIGKILL)
            try await eventually("the other reads all", within: 40) {
                zip(lost, readings).allSatisfy { readers[1].readings(of: $0).count > $1 }
            }
        }
        // A lease, and what a machine takes that does other things as well.
        #expect((.milliseconds(1000) ... .seconds(10)).contains(elapsed))
        for publisher in publishers { _ = try await publisher.end() }
        await stage.cluster.close()
        withExtendedLifetime(stage) {}
    }

    @Test func `three share the partitions, and two when one has left`() async throws {
        let stage = try await TakeOverStage(partitions: 6)
        let readers = try (0..<3).map { _ in try stage.reader() }
        let publishers = (0..<18).map { _ in SteadyPublisher(stage.cluster, pauseMilliseconds: 30) }
        func reads(_ reader: KafkaReaderProcess, _ stream: StreamID) -> Bool {
            reader.readings(of: stream).count > reader.lines("closed", of: stream).count
        }
        try await eventually("two partitions are leased by each", within: 40) {
            try await stage.partitionsByWorker() == [2, 2, 2]
        }
        try await eventually("everything is read by one of them", within: 40) {
            publishers.allSatisfy { publisher in readers.count { reads($0, publisher.stream) } == 1 }
        }
        let stay = publishers.map { publisher in readers.dropFirst().filter { reads($0, publisher.stream) }.count }
        let before = publishers.map { publisher in
            readers.dropFirst().map { $0.readings(of: publisher.stream).count }
        }
        try await readers[0].child.stop()
        try await eventually("three partitions are leased by each", within: 40) {
            try await stage.partitionsByWorker() == [3, 3]
        }
        try await eventually("everything is read by one of them", within: 40) {
            publishers.allSatisfy { publisher in
                readers.dropFirst().count { reads($0, publisher.stream) } == 1
            }
        }
        for (index, publisher) in publishers.enumerated() where stay[index] == 1 {
            let after = readers.dropFirst().map { $0.readings(of: publisher.stream).count }
            #expect(after == before[index], "what was read by those that stay is not moved")
        }
        for publisher in publishers { _ = try await publisher.end() }
        await stage.cluster.close()
        withExtendedLifetime(stage) {}
    }

    @Test(arguments: ["ended", "paused"])
    func `a database that is away moves nothing, and stops nobody`(_ outage: String) async throws {
        let server = try await PostgresServer()
        let stage = try await TakeOverStage(on: server)
        let readers = try (0..<2).map { _ in try stage.reader() }
        let publishers = (0..<8).map { _ in SteadyPublisher(stage.cluster, pauseMilliseconds: 20) }
        func entries() -> [Int] {
            publishers.map { publisher in readers.map { $0.positions(of: publisher.stream).count }.reduce(0, +) }
        }
        func readings() -> [[Int]] {
            publishers.map { publisher in readers.map { $0.readings(of: publisher.stream).count } }
        }
        try await eventually("both have their part", within: 40) {
            try await stage.partitionsByWorker() == [2, 2] && entries().allSatisfy { $0 > 20 }
        }
        let before = (entries: entries(), readings: readings(), leases: try await stage.leases())
        if outage == "ended" { try await server.kill() } else { server.pause() }
        // More than twice as long as a lease.
        try await Task.sleep(for: .seconds(4))
        let during = entries()
        #expect(zip(before.entries, during).allSatisfy { $0 + 50 < $1 }, "everybody goes on reading")
        if outage == "ended" { try await server.start() } else { server.resume() }
        try await eventually("both say that they live", within: 40) {
            try await server.run(
                "SELECT count(*) FROM lease_workers WHERE seen_at > clock_timestamp() - interval '1 second'",
                schema: stage.schema) == "2"
        }
        // Longer than silence does not count after an outage.
        try await Task.sleep(for: .seconds(4))
        #expect(try await stage.leases() == before.leases)
        #expect(readings() == before.readings)
        for publisher in publishers { _ = try await publisher.end() }
        await stage.cluster.close()
        withExtendedLifetime(stage) {}
    }
}
