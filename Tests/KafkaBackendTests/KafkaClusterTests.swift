import Bytes
import Foundation
import Media
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import KafkaBackend

/// What the back end does while its broker comes and goes, on librdkafka's mock cluster.
@Suite(.timeLimit(.minutes(2))) struct KafkaClusterTests {
    /// What a follower saw. What was not committed may come again; the positions tell.
    private final class Seen: Sendable {
        private let known = Mutex<Set<String>>([])
        let entries = Mutex<[(stream: StreamID, position: Int64, lost: Int, entry: BroadcastEntry)]>([])
        private let task = Mutex<Task<Void, Never>?>(nil)

        init(_ cluster: KafkaCluster, pause: Duration? = nil) {
            let task = Task {
                await cluster.frames.follow { reader in
                    while let batch = await reader.next() {
                        self.add(batch, of: reader.stream)
                        if let pause { try? await Task.sleep(for: pause) }
                    }
                }
            }
            self.task.withLock { $0 = task }
        }

        private func add(_ batch: FrameLogBatch, of stream: StreamID) {
            for (index, entry) in batch.entries.enumerated() {
                let position = batch.firstPosition + Int64(index)
                guard known.withLock({ $0.insert("\(stream) \(position)").inserted }) else { continue }
                let lost = index == 0 ? batch.lostEntries : 0
                entries.withLock { $0.append((stream, position, lost, entry)) }
            }
        }

        func labels(of stream: StreamID) -> [String] {
            entries.withLock { $0.filter { $0.stream == stream }.map(\.entry.label) }
        }

        func end() async {
            let task = task.withLock { $0 }
            task?.cancel()
            await task?.value
        }
    }

    private func open(
        _ broker: KafkaBroker, _ sink: RecordingSink = RecordingSink(),
        leases: any PartitionLeases = MemoryPartitionLeases(), _ change: (inout KafkaConfiguration) -> Void = { _ in }
    ) async throws -> KafkaCluster {
        var configuration = KafkaConfiguration.test(broker)
        change(&configuration)
        return try await KafkaCluster.open(
            configuration, leases: leases, logger: Logger(service: "test", level: .info, sink: sink))
    }

    @Test func `keyframes of more than a megabyte go through as they are`() async throws {
        let broker = KafkaBroker()
        let cluster = try await open(broker)
        let seen = Seen(cluster)
        let stream = StreamID(at: Samples.noon)
        let writer = try await cluster.frames.openWriter(for: stream)
        let track = try Samples.videoTrack()
        try writer.append(.began(Samples.origin(1)))
        var random = SplitMix64(state: 5)
        let payloads = [100, 70_000, 1_300_000, 2_500_000].map { count in
            var bytes = [UInt8](repeating: 0, count: count)
            for index in stride(from: 0, to: count, by: 97) { bytes[index] = .random(in: 0...255, using: &random) }
            return Bytes(bytes)
        }
        for (time, payload) in payloads.enumerated() {
            try writer.append(.frame(Frame(track: track, decodeTime: Int64(time), isKeyframe: true, payload: payload)))
        }
        try writer.append(.ended)
        try await eventually("the end is there") { seen.labels(of: stream).last == "ended" }
        let received = seen.entries.withLock { $0 }.compactMap { item -> Bytes? in
            if case .frame(let frame) = item.entry { frame.payload } else { nil }
        }
        #expect(received == payloads)
        await seen.end()
        await cluster.close()
    }

    @Test func `a broker that is away for a while costs nothing`() async throws {
        let broker = KafkaBroker()
        let sink = RecordingSink()
        let cluster = try await open(broker, sink)
        let seen = Seen(cluster)
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
        let seen = Seen(cluster)
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

    @Test func `streams that share a partition do not disturb each other`() async throws {
        let broker = KafkaBroker()
        let cluster = try await open(broker)
        let seen = Seen(cluster)
        let streams = (0..<40).map { _ in StreamID(at: Samples.noon) }
        var writers: [any FrameLogWriter] = []
        for stream in streams { writers.append(try await cluster.frames.openWriter(for: stream)) }
        let entries = try Samples.broadcast(1, pictures: 50, group: 10)
        for entry in entries { for writer in writers { try writer.append(entry) } }
        try await eventually("all are there", within: 40) {
            seen.entries.withLock { $0.count } == streams.count * entries.count
        }
        for stream in streams { #expect(seen.labels(of: stream) == entries.map(\.label)) }
        await seen.end()
        await cluster.close()
    }

    @Test func `a slow reader gets everything, and is waited for`() async throws {
        let broker = KafkaBroker()
        let cluster = try await open(broker)
        let seen = Seen(cluster, pause: .milliseconds(20))
        let stream = StreamID(at: Samples.noon)
        let writer = try await cluster.frames.openWriter(for: stream)
        let track = try Samples.audioTrack()
        try writer.append(.began(Samples.origin(1)))
        // More than a reader's inbox may hold.
        let count = Int64(KafkaLimits.inboxEntriesMax * 2)
        for time in 0..<count { try writer.append(Samples.frame(track, time, count: 20)) }
        try writer.append(.ended)
        try await eventually("the end is there", within: 60) { seen.labels(of: stream).last == "ended" }
        let found = seen.entries.withLock { $0 }
        #expect(found.count == Int(count) + 2)
        #expect(found.allSatisfy { $0.lost == 0 })
        await seen.end()
        await cluster.close()
    }

    @Test func `an ingest that was replaced in another process is not heard`() async throws {
        let broker = KafkaBroker()
        let prefix = KafkaBroker.uniquePrefix()
        let old = try await open(broker) { $0.prefix = prefix }
        let new = try await open(broker) { $0.prefix = prefix }
        let seen = Seen(new)
        let stream = StreamID(at: Samples.noon)
        let track = try Samples.audioTrack()
        let first = try await old.frames.openWriter(for: stream)
        try first.append(.began(Samples.origin(1)))
        try first.append(Samples.frame(track, 0))
        try await eventually("the first is there") { seen.labels(of: stream).count == 2 }
        let second = try await new.frames.openWriter(for: stream)
        try second.append(.began(Samples.origin(2)))
        try second.append(Samples.frame(track, 10))
        try await eventually("the second is there") { seen.labels(of: stream).count == 4 }
        for time in Int64(1)..<50 { try first.append(Samples.frame(track, time)) }
        try first.append(.ended)
        try await eventually("the old one's are with Kafka") { old.waitingBytes == 0 }
        try second.append(Samples.frame(track, 11))
        try second.append(.ended)
        try await eventually("the end is there") { seen.labels(of: stream).last == "ended" }
        #expect(
            seen.labels(of: stream) == [
                "began 1", "audio 0 key", "began 2", "audio 10 key", "audio 11 key", "ended",
            ])
        // After the end, too.
        try first.append(Samples.frame(track, 60))
        let next = try await new.frames.openWriter(for: stream)
        try next.append(.began(Samples.origin(3)))
        try await eventually("the third is there") { seen.labels(of: stream).last == "began 3" }
        #expect(seen.labels(of: stream).count == 7)
        await seen.end()
        await old.close()
        await new.close()
    }

    @Test func `hostile records in the topics are passed over`() async throws {
        let broker = KafkaBroker()
        let cluster = try await open(broker)
        let seen = Seen(cluster)
        let stream = StreamID(at: Samples.noon)
        let events = Mutex<[StreamEvent]>([])
        let announcements = Mutex<[Bytes]>([])
        let following = [
            Task { await cluster.events.follow { event in events.withLock { $0.append(event) } } },
            Task { await cluster.timeline.follow { _, record in announcements.withLock { $0.append(record) } } },
        ]
        var random = SplitMix64(state: 6)
        let writer = try await cluster.frames.openWriter(for: stream)
        try await eventually("everything is followed") {
            try await cluster.events.append(StreamEvent(streamID: stream, at: Samples.noon, kind: .started))
            try await cluster.timeline.append([1], for: stream, fence: 1)
            return !events.withLock { $0.isEmpty } && !announcements.withLock { $0.isEmpty }
        }
        try writer.append(.began(Samples.origin(1)))
        for turn in 0..<300 {
            let key = turn % 2 == 0 ? Bytes(utf8: StreamID(at: Samples.noon).description) : Bytes([1, 2, 3])
            let count = Int.random(in: 0...60, using: &random)
            let value = Bytes((0..<count).map { _ in UInt8.random(in: 0...3, using: &random) })
            for topic in [KafkaTopic.frames, .timeline, .events, .checkpoints] {
                _ = cluster.producer.produce(turn % 10 == 0 ? nil : value, key: key, to: topic)
            }
        }
        try writer.append(.ended)
        try await cluster.timeline.append([2], for: stream, fence: 1)
        try await cluster.events.append(StreamEvent(streamID: stream, at: Samples.noon, kind: .deleted))
        try await eventually("all goes on") {
            seen.labels(of: stream).last == "ended" && announcements.withLock { $0.contains([2]) }
                && events.withLock { $0.contains { $0.kind == .deleted } }
        }
        for task in following { task.cancel() }
        for task in following { await task.value }
        await seen.end()
        await cluster.close()
    }

    @Test func `with a schema registry, records carry its number, also when it answers late`() async throws {
        let broker = KafkaBroker()
        let attempts = Mutex(0)
        let registry = SchemaRegistry(
            register: { schema, subject in
                #expect(schema == EventSchema.current.text && subject.hasSuffix("stream-events-value"))
                let isFirst = attempts.withLock { attempts in
                    attempts += 1
                    return attempts == 1
                }
                if isFirst { throw StreamError.network(reason: "not yet") }
                return 77
            },
            schema: { id in
                guard id == 77 else { throw StreamError.notFound(what: "schema \(id)") }
                return EventSchema.current.text
            })
        let cluster = try await KafkaCluster.open(
            .test(broker), leases: MemoryPartitionLeases(), registry: registry, logger: .quiet)
        let events = Mutex<[StreamEvent]>([])
        let following = Task { await cluster.events.follow { event in events.withLock { $0.append(event) } } }
        let stream = StreamID(at: Samples.noon)
        try await eventually("events are followed") {
            try await cluster.events.append(StreamEvent(streamID: stream, at: Samples.noon, kind: .started))
            return !events.withLock { $0.isEmpty }
        }
        #expect(attempts.withLock { $0 } == 2)
        let event = StreamEvent(streamID: stream, at: Samples.noon, kind: .ended(.unpublished))
        #expect(try cluster.events.encode(event).prefix(5) == [0, 0, 0, 0, 77])
        try await cluster.events.append(event)
        try await eventually("the last is there") { events.withLock { $0.last } == event }
        following.cancel()
        await following.value
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
