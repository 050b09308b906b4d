import Bytes
import Media
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import KafkaBackend

/// What the back end does while its broker comes and goes, on librdkafka's mock cluster.
@Suite(.timeLimit(.minutes(2))) struct KafkaClusterTests {
    private func open(
        _ broker: KafkaBroker, _ sink: RecordingSink = RecordingSink(),
        _ change: (inout KafkaConfiguration) -> Void = { _ in }
    ) async throws -> KafkaCluster {
        var configuration = KafkaConfiguration.test(broker)
        change(&configuration)
        return try await KafkaCluster.open(
            configuration, leases: MemoryPartitionLeases(),
            logger: Logger(service: "test", level: .info, sink: sink))
    }

    @Test func `a broker that is away for a while costs nothing`() async throws {
        let broker = KafkaBroker()
        let sink = RecordingSink()
        let cluster = try await open(broker, sink)
        let seen = SeenEntries(cluster)
        let stream = StreamID(at: Samples.noon)
        let writer = try await cluster.frames.openWriter(for: stream)
        let entries = try Samples.broadcast(1, pictures: 600, group: 50)
        for entry in entries.prefix(300) { try writer.append(entry) }
        try await eventually("some are there") { seen.labels(of: stream).count > 100 }
        broker.goDown()
        for entry in entries.dropFirst(300).prefix(600) { try writer.append(entry) }
        try await eventually("it is noticed") { cluster.isDown }
        await #expect(throws: StreamError.self) {
            try await cluster.timeline.append([1], for: stream, fence: 1)
        }
        broker.comeUp()
        for entry in entries.dropFirst(900) { try writer.append(entry) }
        try await eventually("all are there", within: 40) { seen.labels(of: stream).count >= entries.count }
        #expect(seen.labels(of: stream) == entries.map(\.label))
        #expect(!cluster.isDown)
        try await cluster.timeline.append([1], for: stream, fence: 1)
        #expect(sink.lines.contains { $0.contains("kafka is down") })
        #expect(sink.lines.contains { $0.contains("kafka is back") })
        await seen.end()
        await cluster.close()
    }

    @Test func `too long an outage drops whole groups of pictures, says so, and ends by itself`() async throws {
        let broker = KafkaBroker()
        let sink = RecordingSink()
        let cluster = try await open(broker, sink) { $0.waitingBytesMax = 1 << 20 }
        let seen = SeenEntries(cluster)
        let stream = StreamID(at: Samples.noon)
        let writer = try await cluster.frames.openWriter(for: stream)
        let track = try Samples.videoTrack()
        func append(_ times: Range<Int64>) throws {
            for time in times {
                try writer.append(Samples.frame(track, time, isKeyframe: time % 10 == 0, count: 10_000))
            }
        }
        try writer.append(.began(Samples.origin(1)))
        try append(0..<20)
        try await eventually("some are there") { seen.labels(of: stream).count == 21 }
        broker.goDown()
        try append(20..<400)
        #expect(cluster.waitingBytes <= 1 << 20 + 20_000)
        broker.comeUp()
        try await eventually("what waited is there", within: 40) { cluster.waitingBytes == 0 }
        try append(400..<450)
        try writer.append(.ended)
        try await eventually("the end is there", within: 40) { seen.labels(of: stream).last == "ended" }
        let found = seen.entries.withLock { $0 }
        let lost = found.map(\.lost).reduce(0, +)
        #expect(found.count + lost == 452)
        #expect(lost > 200)
        for item in found where item.lost > 0 {
            guard case .frame(let frame) = item.entry else { continue }
            #expect(frame.isKeyframe, "it goes on where decoding can start")
        }
        // Every group is there as a whole or not at all.
        let pictures = found.compactMap { item -> Int64? in
            if case .frame(let frame) = item.entry { frame.decodeTime } else { nil }
        }
        let groups = Dictionary(grouping: pictures) { $0 / 10 }
        #expect(groups.values.allSatisfy { $0.count == 10 })
        #expect(sink.lines.contains { $0.contains("frames are dropped from now on") })
        #expect(sink.lines.contains { $0.contains("frames dropped") && $0.contains("\"frames.dropped\":\(lost)") })
        await seen.end()
        await cluster.close()
    }

    @Test func `a producer that fails for good is replaced`() async throws {
        let broker = KafkaBroker()
        let sink = RecordingSink()
        let cluster = try await open(broker, sink)
        let stream = StreamID(at: Samples.noon)
        try await cluster.timeline.append([1], for: stream, fence: 1)
        // A broker that has forgotten what the producer wrote before: out of order sequence number.
        broker.refuse(.produce, with: [45])
        await #expect(throws: StreamError.self) { try await cluster.timeline.append([2], for: stream, fence: 1) }
        try await eventually("an append succeeds") {
            (try? await cluster.timeline.append([3], for: stream, fence: 1)) != nil
        }
        #expect(sink.lines.contains { $0.contains("kafka producer replaced") })
        #expect(cluster.waitingBytes == 0)
        await cluster.close()
    }

    @Test func `what differs in a topic that is there is told, and how much that matters`() {
        let configuration = KafkaConfiguration(brokers: "")
        let same = Dictionary(
            uniqueKeysWithValues: KafkaTopic.frames.settings(configuration).map { ($0.key, $0.value) })
        #expect(TopicSetup.differences(of: .frames, found: same, configuration).isEmpty)
        var other = same
        other["max.message.bytes"] = "1048588"
        other["retention.ms"] = "1"
        let found = TopicSetup.differences(of: .frames, found: other, configuration)
        #expect(Set(found.map(\.setting)) == ["max.message.bytes", "retention.ms"])
        #expect(found.filter(\.isHarmful).map(\.setting) == ["max.message.bytes"])
        other["max.message.bytes"] = "100000000"
        #expect(TopicSetup.differences(of: .frames, found: other, configuration).map(\.setting) == ["retention.ms"])
    }

    @Test func `a question to a broker that is slow takes no longer than it may`() async throws {
        let broker = KafkaBroker()
        let configuration = KafkaConfiguration.test(broker)
        broker.makeTopic(KafkaTopic.frames.name(configuration), partitions: 4)
        let (quick, slow) = await withCheckedContinuation { continuation in
            KafkaThread.start("questions") {
                continuation.resume(returning: Self.askTwice(configuration, broker, milliseconds: 250))
            }
        }
        #expect(quick == [0, 0, 0, 0])
        #expect(slow < 2000, "\(slow) ms")
    }

    /// - Returns: What a broker answers at once, and how long it took to give up when that takes five seconds.
    private static func askTwice(
        _ configuration: KafkaConfiguration, _ broker: KafkaBroker, milliseconds: Int32
    ) -> ([Int64]?, Int64) {
        let context = ClientContext(logger: .quiet, health: KafkaHealth(logger: .quiet))
        let settings = ClientSettings(consumer: configuration, group: "questions")
        guard
            let consumer = try? KafkaConsumer(
                settings, of: KafkaTopic.frames.name(configuration), context: context)
        else { return (nil, .max) }
        let quick = try? consumer.offsets(of: .end, in: [0, 1, 2, 3], milliseconds: 5000)
        broker.delay(milliseconds: 5000)
        let start = KafkaHealth.now()
        _ = try? consumer.offset(of: .end, in: 0, milliseconds: milliseconds)
        let slow = KafkaHealth.now() - start
        broker.delay(milliseconds: 0)
        return (quick, slow)
    }

    @Test func `topics that do not fit together are refused`() async throws {
        let broker = KafkaBroker()
        broker.makeTopic("odd-stream-frames", partitions: 4)
        broker.makeTopic("odd-stream-checkpoints", partitions: 3)
        await #expect(
            throws: StreamError.conflict(
                reason: "odd-stream-frames has 4 partitions and odd-stream-checkpoints has 3")
        ) {
            _ = try await open(broker) { $0.prefix = "odd-" }
        }
    }

    @Test func `a broker that is not there is told in time, without secrets`() async throws {
        let broker = KafkaBroker()
        broker.goDown()
        var configuration = KafkaConfiguration.test(broker)
        configuration.openMilliseconds = 500
        configuration.security = .password(
            mechanism: "PLAIN", user: "sluice", Secret("open sesame"), isInsideTLS: false, authorities: nil)
        let sink = RecordingSink()
        let failure = await #expect(throws: StreamError.self) {
            try await KafkaCluster.open(
                configuration, leases: MemoryPartitionLeases(),
                logger: Logger(service: "test", level: .debug, sink: sink))
        }
        guard case .network = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(!"\(String(describing: failure))".contains("sesame"))
        #expect(sink.lines.allSatisfy { !$0.contains("sesame") })
    }
}
