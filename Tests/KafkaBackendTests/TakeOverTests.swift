import Bytes
import Foundation
import Media
import StreamingCore
import TestKit
import Testing

@testable import KafkaBackend

/// A stream's way from one process to another, with real processes, on librdkafka's mock cluster and PostgreSQL.
@Suite(.timeLimit(.minutes(2))) struct TakeOverTests {
    /// Holds what two readers got, one after the other, against all that was written.
    private func check(
        _ first: KafkaReaderProcess, _ second: KafkaReaderProcess, _ stream: StreamID, entries: Int,
        isGraceful: Bool
    ) throws {
        let base = Int64(5) << 20
        let resumed = try #require(second.readings(of: stream).last)
        let position = try #require(resumed.checkpoint)
        #expect(first.commits(of: stream).contains(position), "it goes on at something that was committed")
        if isGraceful { #expect(first.commits(of: stream).last == position) }
        let (before, after) = (first.positions(of: stream), second.positions(of: stream))
        #expect(before == Array(base..<base + Int64(before.count)), "the first got each once and in order")
        #expect(after == Array(position..<base + Int64(entries)), "the second got the rest, each once and in order")
        #expect(resumed.fence > (try #require(first.readings(of: stream).first)).fence)
        for process in [first, second] {
            #expect(process.lines("entry", of: stream).allSatisfy { $0.words[3] == "0" }, "nothing was lost")
        }
    }

    @Test func `a reader that is killed is followed by another, from what it committed last`() async throws {
        let stage = try await TakeOverStage()
        let first = try stage.reader()
        let publisher = SteadyPublisher(stage.cluster)
        let stream = publisher.stream
        try await eventually("the first reads") { first.commits(of: stream).count > 20 }
        first.child.signal(SIGKILL)
        let second = try stage.reader()
        try await eventually("the second reads", within: 40) { second.positions(of: stream).count > 200 }
        let entries = try await publisher.end()
        try await eventually("the second closes") { !second.lines("closed", of: stream).isEmpty }
        try check(first, second, stream, entries: entries, isGraceful: false)
        await stage.cluster.close()
        withExtendedLifetime(stage) {}
    }

    @Test func `a reader that leaves in order hands over exactly what it has done`() async throws {
        let stage = try await TakeOverStage()
        let first = try stage.reader()
        let publisher = SteadyPublisher(stage.cluster)
        let stream = publisher.stream
        try await eventually("the first reads") { first.commits(of: stream).count > 20 }
        let second = try stage.reader()
        try await first.child.stop()
        try await eventually("the second reads", within: 40) { second.positions(of: stream).count > 200 }
        let entries = try await publisher.end()
        try await eventually("the second closes") { !second.lines("closed", of: stream).isEmpty }
        try check(first, second, stream, entries: entries, isGraceful: true)
        await stage.cluster.close()
        withExtendedLifetime(stage) {}
    }

    @Test func `a second reader takes a part of the streams, which go on where the first has stopped`() async throws {
        let stage = try await TakeOverStage()
        let first = try stage.reader()
        let publishers = (0..<8).map { _ in SteadyPublisher(stage.cluster) }
        try await eventually("the first reads all", within: 40) {
            publishers.allSatisfy { first.commits(of: $0.stream).count > 10 }
        }
        let second = try stage.reader()
        try await eventually("the second reads some", within: 40) {
            publishers.contains { second.positions(of: $0.stream).count > 200 }
        }
        for publisher in publishers {
            let entries = try await publisher.end()
            let stream = publisher.stream
            let last = Int64(5) << 20 + Int64(entries) - 1
            try await eventually("the stream is read to its end", within: 40) {
                first.positions(of: stream).last == last || second.positions(of: stream).last == last
            }
            if second.readings(of: stream).isEmpty {
                #expect(first.positions(of: stream).count == entries, "a stream that stays is not disturbed")
                #expect(first.readings(of: stream).count == 1)
            } else {
                #expect(first.lines("closed", of: stream).map { $0.words[2] } == ["taken"])
                try check(first, second, stream, entries: entries, isGraceful: true)
            }
        }
        let moved = publishers.filter { !second.readings(of: $0.stream).isEmpty }.count
        #expect(0 < moved && moved < 8)
        await stage.cluster.close()
        withExtendedLifetime(stage) {}
    }

    @Test func `a reader that stood still loses its stream, and what it then commits does not count`() async throws {
        let stage = try await TakeOverStage()
        let first = try stage.reader()
        let publisher = SteadyPublisher(stage.cluster)
        let stream = publisher.stream
        try await eventually("the first reads") { first.commits(of: stream).count > 20 }
        first.child.signal(SIGSTOP)
        let second = try stage.reader()
        try await eventually("the second reads", within: 40) { second.commits(of: stream).count > 20 }
        first.child.signal(SIGCONT)
        try await eventually("the first is told", within: 40) {
            first.lines("closed", of: stream).contains { $0.words[2] == "taken" }
        }
        let readings = first.readings(of: stream).count + second.readings(of: stream).count
        #expect(readings >= 2)
        // Whoever has it now is killed: what the third goes on with tells what the log believes.
        let commits = second.commits(of: stream)
        second.child.signal(SIGKILL)
        first.child.signal(SIGKILL)
        let third = try stage.reader()
        try await eventually("the third reads", within: 40) { third.positions(of: stream).count > 200 }
        let entries = try await publisher.end()
        try await eventually("the third closes") { !third.lines("closed", of: stream).isEmpty }
        let resumed = try #require(third.readings(of: stream).last)
        #expect(try #require(resumed.checkpoint) >= commits[0], "the one that stood still has not taken it back")
        let positions = third.positions(of: stream)
        #expect(positions == Array(try #require(resumed.checkpoint)..<5 << 20 + Int64(entries)))
        await stage.cluster.close()
        withExtendedLifetime(stage) {}
    }

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
