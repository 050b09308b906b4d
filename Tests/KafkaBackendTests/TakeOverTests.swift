import Bytes
import Foundation
import Media
import StreamingCore
import TestKit
import Testing

@testable import KafkaBackend

/// A stream's way from one process to another, with real processes, on PostgreSQL and on librdkafka's mock cluster or
/// the broker that the environment names.
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

    @Test(arguments: KafkaTestBroker.chosen)
    func `a reader that is killed is followed by another, from what it committed last`(
        _ broker: KafkaTestBroker
    ) async throws {
        let stage = try await TakeOverStage(broker: broker)
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

    @Test(arguments: KafkaTestBroker.chosen)
    func `a reader that leaves in order hands over exactly what it has done`(
        _ broker: KafkaTestBroker
    ) async throws {
        let stage = try await TakeOverStage(broker: broker)
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

    @Test(arguments: KafkaTestBroker.chosen)
    func `a second reader takes a part of the streams, which go on where the first has stopped`(
        _ broker: KafkaTestBroker
    ) async throws {
        let stage = try await TakeOverStage(broker: broker)
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

    @Test(arguments: KafkaTestBroker.chosen)
    func `a reader that stood still loses its stream, and what it then commits does not count`(
        _ broker: KafkaTestBroker
    ) async throws {
        let stage = try await TakeOverStage(broker: broker)
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
}
