import Bytes
import Media
import StreamingCore
import Testing

@testable import KafkaBackend

/// Streams that share a partition.
@Suite struct PartitionReadingTests {
    private let streams = (0..<3).map { StreamID(at: WallTime(unixMilliseconds: Int64($0))) }

    private func record(_ stream: StreamID, _ record: FrameRecord, at offset: Int64) -> KafkaRecord {
        KafkaRecord(partition: 0, offset: offset, key: Bytes(utf8: stream.description), value: record.encoded)
    }

    /// Reads the broadcasts of several streams in turn, a record of each; returns the sessions.
    private func readInTurn(
        _ reading: inout PartitionReading, _ broadcasts: [[FrameRecord]], from offset: Int64 = 0
    ) -> [StreamSession] {
        var sessions: [StreamSession] = []
        var next = offset
        for index in 0..<(broadcasts.map(\.count).max() ?? 0) {
            for (stream, records) in zip(streams, broadcasts) where index < records.count {
                let outcome = reading.recordRead(record(stream, records[index], at: next))
                if case .began(let session, _) = outcome { sessions.append(session) }
                next += 1
            }
        }
        return sessions
    }

    private func drain(_ session: StreamSession) async -> [String] {
        session.seal()
        var labels: [String] = []
        while let batch = await session.next() { labels += batch.entries.map(\.label) }
        return labels
    }

    @Test func `each stream gets its own entries, in order`() async throws {
        let entries = try Samples.broadcast(5, pictures: 20, group: 5)
        let records = try Samples.records(entries)
        var reading = PartitionReading(partition: 0, CheckpointTable(), leaseFence: 1000, now: 1000)
        let sessions = readInTurn(&reading, [records, records, records])
        #expect(sessions.count == 3)
        #expect(Set(sessions.map(\.fence)).count == 3)
        for session in sessions { #expect(await drain(session) == entries.map(\.label)) }
    }

    @Test func `the partition's offset stays at the earliest that a stream needs`() throws {
        let records = try Samples.records(try Samples.broadcast(5, pictures: 20, group: 5).dropLast())
        var reading = PartitionReading(partition: 0, CheckpointTable(), leaseFence: 1000, now: 1000)
        let sessions = readInTurn(&reading, [records, records])
        _ = reading.sessionsServed(now: 1000)
        // The first record of the first stream.
        #expect(reading.takePartitionCheckpoint()?.offset == 0)
        // Entry 11 is the second keyframe: of the first stream at offset 22.
        let base = Int64(5) << 20
        sessions[0].commit(FrameLogCheckpoint(position: base + 13, state: [1]))
        let writes = reading.sessionsServed(now: 1000)
        #expect(writes.map(\.checkpoint?.offset) == [22])
        #expect(writes.first?.checkpoint?.position == base + 13)
        sessions[0].recordDone(base + 13, bytes: 1, failure: nil)
        _ = reading.sessionsServed(now: 1000)
        #expect(reading.takePartitionCheckpoint()?.offset == 1, "the second stream has committed nothing")
        sessions[1].recordDone(base + 11, bytes: 1, failure: nil)
        _ = reading.sessionsServed(now: 1000)
        #expect(reading.takePartitionCheckpoint()?.offset == 22)
        #expect(reading.takePartitionCheckpoint()?.offset == nil)
    }

    @Test func `a checkpoint that Kafka refused moves nothing`() throws {
        let records = try Samples.records(try Samples.broadcast(5, pictures: 20, group: 5).dropLast())
        var reading = PartitionReading(partition: 0, CheckpointTable(), leaseFence: 1000, now: 1000)
        let sessions = readInTurn(&reading, [records])
        sessions[0].commit(FrameLogCheckpoint(position: 5 << 20 + 13, state: [1]))
        _ = reading.sessionsServed(now: 1000)
        sessions[0].recordDone(5 << 20 + 13, bytes: 1, failure: KafkaFailure(code: -192))
        _ = reading.sessionsServed(now: 1000)
        #expect(reading.takePartitionCheckpoint()?.offset == 0)
    }

    @Test func `a stream that was read to its end is not read again, by whoever has the partition next`() throws {
        let records = try Samples.records(try Samples.broadcast(5, pictures: 4, group: 2))
        var reading = PartitionReading(partition: 0, CheckpointTable(), leaseFence: 1000, now: 1000)
        let sessions = readInTurn(&reading, [records])
        sessions[0].finish(wasCancelled: false)
        var table = CheckpointTable()
        for write in reading.sessionsServed(now: 1000) {
            table.recordRead(key: Bytes(utf8: write.stream.description), value: write.checkpoint?.encoded)
        }
        #expect(table.checkpoints[streams[0]]?.isEnded == true)
        #expect(reading.takePartitionCheckpoint()?.offset == Int64(records.count))
        reading.report.recordDone(Int64(records.count), bytes: 1, failure: nil)
        #expect(reading.reportRead(now: 1000).isEmpty, "an old writer may still wake up")
        reading.report.recordDone(Int64(records.count), bytes: 1, failure: nil)
        let late = 1000 + KafkaLimits.endKnownMilliseconds
        #expect(reading.reportRead(now: late).map(\.checkpoint) == [nil])

        var next = PartitionReading(partition: 0, table, leaseFence: 2000, now: 2000)
        #expect(readInTurn(&next, [records]).isEmpty)
        let new = try Samples.records(try Samples.broadcast(6, pictures: 4, group: 2))
        let again = readInTurn(&next, [new], from: 100)
        #expect(again.count == 1)
        #expect(again[0].checkpoint == nil && again[0].fence > sessions[0].fence)
    }

    @Test func `a reading that was stopped is not at its end`() throws {
        let records = try Samples.records(try Samples.broadcast(5, pictures: 4, group: 2))
        var reading = PartitionReading(partition: 0, CheckpointTable(), leaseFence: 1000, now: 1000)
        let sessions = readInTurn(&reading, [records])
        sessions[0].finish(wasCancelled: true)
        #expect(reading.sessionsServed(now: 1000).allSatisfy { $0.checkpoint?.isEnded == false })
        #expect(reading.takePartitionCheckpoint()?.offset == 0)
    }

    @Test func `whoever gives a stream up is asked again for its next broadcast`() throws {
        let records = try Samples.records(try Samples.broadcast(5, pictures: 4, group: 2).dropLast())
        let new = try Samples.records(try Samples.broadcast(6, pictures: 4, group: 2))
        var reading = PartitionReading(partition: 0, CheckpointTable(), leaseFence: 1000, now: 1000)
        let sessions = readInTurn(&reading, [Array(records.prefix(4))])
        sessions[0].finish(wasCancelled: false)
        _ = reading.sessionsServed(now: 1000)
        #expect(reading.takePartitionCheckpoint()?.offset == 4, "nothing of it is needed")
        #expect(readInTurn(&reading, [Array(records.dropFirst(4))], from: 4).isEmpty)
        #expect(readInTurn(&reading, [new], from: 50).count == 1)
    }

    @Test func `two broadcasts that follow each other have a session each, and their ends are written in turn`() throws
    {
        let records = try Samples.records(
            try Samples.broadcast(5, pictures: 2, group: 2) + Samples.broadcast(6, pictures: 2, group: 2))
        var reading = PartitionReading(partition: 0, CheckpointTable(), leaseFence: 1000, now: 1000)
        let sessions = readInTurn(&reading, [records])
        #expect(sessions.count == 2)
        // The second's claim must not take the place of what the first is still working on.
        let first = reading.sessionsServed(now: 1000)
        #expect(first.map(\.checkpoint?.writerFence) == [5])
        sessions[0].finish(wasCancelled: false)
        sessions[1].finish(wasCancelled: false)
        var last: StreamCheckpoint?
        for write in reading.sessionsServed(now: 1000) { last = write.checkpoint }
        #expect(last?.isEnded == true && last?.writerFence == 6)
    }

    @Test func `a checkpoint is taken over under a higher fence, and reading goes on at its position`() async throws {
        let entries = try Samples.broadcast(5, pictures: 20, group: 5)
        let records = try Samples.records(entries)
        var table = CheckpointTable()
        let old = StreamCheckpoint(
            readerFence: 9_000, writerFence: 5, position: 5 << 20 + 13, offset: 11, state: [4])
        table.recordRead(key: Bytes(utf8: streams[0].description), value: old.encoded)
        // The clock is behind: the fence rises all the same.
        var reading = PartitionReading(partition: 0, table, leaseFence: 1000, now: 1000)
        let claims = reading.takeOver()
        #expect(claims.map(\.checkpoint?.position) == [old.position])
        #expect((claims.first?.checkpoint?.readerFence ?? 0) > 9_000)
        let sessions = readInTurn(&reading, [Array(records.dropFirst(11))], from: 11)
        #expect(sessions.count == 1)
        #expect(sessions[0].checkpoint?.position == old.position && sessions[0].checkpoint?.state == [4])
        #expect(sessions[0].fence == claims.first?.checkpoint?.readerFence)
        let batch = try #require(await sessions[0].next())
        #expect(batch.firstPosition == old.position && batch.lostEntries == 0)
        #expect(batch.entries.map(\.label) == entries.dropFirst(13).map(\.label))
    }

    @Test func `records that cannot be read are counted and passed over`() throws {
        var reading = PartitionReading(partition: 0, CheckpointTable(), leaseFence: 1000, now: 1000)
        let key = Bytes(utf8: streams[0].description)
        for (offset, value) in [Bytes(), [1], nil, [1, 9, 0, 0]].enumerated() {
            let record = KafkaRecord(partition: 0, offset: Int64(offset), key: key, value: value)
            guard case .nothing = reading.recordRead(record) else {
                Issue.record("a broken record began something")
                return
            }
        }
        _ = reading.recordRead(KafkaRecord(partition: 0, offset: 4, key: [1, 2], value: [1]))
        #expect(reading.unreadable == 5)
        #expect(reading.takePartitionCheckpoint()?.offset == 5)
    }
}
