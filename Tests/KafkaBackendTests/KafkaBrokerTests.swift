import Bytes
import Media
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import KafkaBackend

/// What the back end does on every broker: on librdkafka's mock cluster, or on the one that the environment names.
@Suite(.timeLimit(.minutes(2))) struct KafkaBrokerTests {
    private func open(
        _ broker: KafkaTestBroker, _ sink: RecordingSink = RecordingSink(),
        _ change: (inout KafkaConfiguration) -> Void = { _ in }
    ) async throws -> KafkaCluster {
        var configuration = KafkaConfiguration.test(broker)
        change(&configuration)
        return try await KafkaCluster.open(
            configuration, leases: MemoryPartitionLeases(),
            logger: Logger(service: "test", level: .info, sink: sink))
    }

    @Test(arguments: KafkaTestBroker.chosen)
    func `keyframes go through as they are`(_ broker: KafkaTestBroker) async throws {
        try await sendKeyframes(of: [100, 70_000, 900_000], through: broker)
    }

    @Test(.needs(.longRecords), arguments: KafkaTestBroker.chosen)
    func `keyframes of more than a megabyte go through as they are`(_ broker: KafkaTestBroker) async throws {
        try await sendKeyframes(of: [1_300_000, 2_500_000], through: broker)
    }

    private func sendKeyframes(of sizes: [Int], through broker: KafkaTestBroker) async throws {
        let cluster = try await open(broker)
        let seen = SeenEntries(cluster)
        let stream = StreamID(at: Samples.noon)
        let writer = try await cluster.frames.openWriter(for: stream)
        let track = try Samples.videoTrack()
        try writer.append(.began(Samples.origin(1)))
        var random = SplitMix64(state: 5)
        let payloads = sizes.map { count in
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

    @Test(.enabled(if: !KafkaTestBroker.chosen[0].can(.topicSettings)), arguments: KafkaTestBroker.chosen)
    func `what a broker does not do for topics is said, and it is used all the same`(
        _ broker: KafkaTestBroker
    ) async throws {
        let sink = RecordingSink()
        let cluster = try await open(broker, sink)
        let sentences = [
            "kafka has no administration", "kafka does not say whether it made a topic",
            "kafka topic is set so that records will be lost",
        ]
        #expect(sink.lines.contains { line in sentences.contains { line.contains($0) } })
        try await cluster.timeline.append([1], for: StreamID(at: Samples.noon), fence: 1)
        await cluster.close()
    }

    @Test(arguments: KafkaTestBroker.chosen)
    func `checkpoints that are said to be read are all of them, however short the fetches`(
        _ broker: KafkaTestBroker
    ) async throws {
        var configuration = KafkaConfiguration.test(broker)
        let cluster = try await open(broker) { $0 = configuration }
        let count = 300
        for number in 0..<count {
            let checkpoint = StreamCheckpoint(
                readerFence: 1, writerFence: 1, position: Int64(number), offset: Int64(number),
                state: Bytes([UInt8](repeating: 1, count: 10_000)))
            let key = Bytes(utf8: StreamID(at: Samples.noon).description)
            #expect(cluster.producer.produce(checkpoint.encoded, key: key, to: .checkpoints, partition: 1) == nil)
        }
        try await eventually("they are with Kafka") { cluster.waitingBytes == 0 }
        // A broker may give up reading when the time of a fetch is over, and say that there is nothing.
        configuration.fetchWaitMilliseconds = 1
        let found = await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
            KafkaThread.start("checkpoints") { [configuration] in
                continuation.resume(returning: Self.checkpointCounts(configuration, partition: 1))
            }
        }
        #expect(found.allSatisfy { $0 == count }, "\(found)")
        await cluster.close()
    }

    /// How many checkpoints there were when all were said to be there; nothing when that was not said in five seconds.
    private static func checkpointCounts(_ configuration: KafkaConfiguration, partition: Int32) -> [Int] {
        let health = KafkaHealth(logger: .quiet)
        guard let reads = try? CheckpointReads(configuration, health: health, logger: .quiet) else { return [-1] }
        reads.begin(partition)
        let end = KafkaHealth.now() + 5000
        while KafkaHealth.now() < end {
            let done = reads.poll(milliseconds: 20)
            if !done.isEmpty { return done.map(\.table.checkpoints.count) }
        }
        return []
    }

    @Test(arguments: KafkaTestBroker.chosen)
    func `streams that share a partition do not disturb each other`(_ broker: KafkaTestBroker) async throws {
        let cluster = try await open(broker)
        let seen = SeenEntries(cluster)
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

    @Test(arguments: KafkaTestBroker.chosen)
    func `a slow reader gets everything, and is waited for`(_ broker: KafkaTestBroker) async throws {
        let cluster = try await open(broker)
        let seen = SeenEntries(cluster, pause: .milliseconds(20))
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

    @Test(arguments: KafkaTestBroker.chosen)
    func `an ingest that was replaced in another process is not heard`(_ broker: KafkaTestBroker) async throws {
        let prefix = KafkaBroker.uniquePrefix()
        let old = try await open(broker) { $0.prefix = prefix }
        let new = try await open(broker) { $0.prefix = prefix }
        let seen = SeenEntries(new)
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

    @Test(arguments: KafkaTestBroker.chosen)
    func `hostile records in the topics are passed over`(_ broker: KafkaTestBroker) async throws {
        let cluster = try await open(broker)
        let seen = SeenEntries(cluster)
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
            let first: ClosedRange<UInt8> = broker.can(.registryFrames) ? 0...3 : 1...3
            let value = Bytes((0..<count).map { UInt8.random(in: $0 == 0 ? first : 0...3, using: &random) })
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

    @Test(.needs(.registryFrames), arguments: KafkaTestBroker.chosen)
    func `with a schema registry, records carry its number, also when it answers late`(_ broker: KafkaTestBroker)
        async throws
    {
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
}

extension Trait where Self == ConditionTrait {
    /// Runs a test where the broker of this run can do what it needs; else it is skipped, and says why.
    fileprivate static func needs(_ ability: KafkaTestBroker.Ability) -> Self {
        let broker = KafkaTestBroker.chosen[0]
        return .enabled(if: broker.can(ability), "\(ability.isMissing(on: broker))")
    }
}
