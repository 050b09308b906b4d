import Bytes
import Media
import StreamingCore
import Testing

@testable import KafkaBackend

@Suite struct StreamSequenceTests {
    private func read(
        _ records: [FrameRecord], _ sequence: inout StreamSequence, from offset: Int64 = 0
    ) -> [StreamSequence.Item] {
        records.enumerated().flatMap { sequence.recordRead($1, at: offset + Int64($0)) }
    }

    @Test func `entries come in order, each at the position of its number`() throws {
        let entries = try Samples.broadcast(5, pictures: 10, group: 5)
        var sequence = StreamSequence()
        let items = read(try Samples.records(entries), &sequence)
        #expect(items.map(\.entry.label) == entries.map(\.label))
        #expect(items.map(\.position) == entries.indices.map { 5 << 20 + Int64($0) })
        #expect(items.allSatisfy { $0.lostEntries == 0 })
    }

    @Test func `tracks are the same objects while the codec is the same`() throws {
        var sequence = StreamSequence()
        let items = read(try Samples.records(try Samples.broadcast(5, pictures: 20, group: 5)), &sequence)
        let tracks = items.compactMap { if case .frame(let frame) = $0.entry { frame.track } else { nil } }
        #expect(Set(tracks.map(ObjectIdentifier.init)).count == 2)
    }

    @Test func `entries that come twice are given once`() throws {
        let records = try Samples.records(try Samples.broadcast(5, pictures: 10, group: 5))
        var sequence = StreamSequence()
        let items = read(records.flatMap { [$0, $0] } + records, &sequence)
        #expect(items.count == records.count)
    }

    @Test func `a writer that was replaced is not heard`() throws {
        let old = try Samples.records(try Samples.broadcast(5, pictures: 10, group: 5))
        let new = try Samples.records(try Samples.broadcast(6, pictures: 10, group: 5))
        var sequence = StreamSequence()
        let items = read(
            Array(old.prefix(8)) + Array(new.prefix(5)) + Array(old.dropFirst(8)) + new.dropFirst(5), &sequence)
        let expected =
            try Samples.broadcast(5, pictures: 10, group: 5).prefix(8)
            + Samples.broadcast(6, pictures: 10, group: 5)
        #expect(items.map(\.entry.label) == expected.map(\.label))
        #expect(sequence.staleRecords == old.count - 8)
    }

    @Test func `where entries are missing, reading goes on at the next keyframe and says how many`() throws {
        let records = try Samples.records(try Samples.broadcast(5, pictures: 12, group: 4))
        // Entry 0 is the beginning, entry 1 + 2n a picture: the second keyframe is entry 9.
        var sequence = StreamSequence()
        let items = read(Array(records.prefix(4)) + records.dropFirst(5), &sequence)
        #expect(
            items.map(\.entry.label).prefix(5) == ["began 5", "video 0 key", "audio 0 key", "video 1", "video 4 key"])
        #expect(items[4].lostEntries == 5)
        #expect(items[4].position == 5 << 20 + 9)
    }

    @Test func `who comes too late for the beginning gets it with the first keyframe`() throws {
        let records = try Samples.records(try Samples.broadcast(5, pictures: 12, group: 4))
        var sequence = StreamSequence()
        let items = read(Array(records.dropFirst(4)), &sequence)
        #expect(items.map(\.entry.label).prefix(3) == ["began 5", "video 4 key", "audio 4 key"])
        #expect(items[0].position == 5 << 20)
        guard case .began(let origin) = items[0].entry else { return }
        #expect(origin == Samples.origin(5))
        #expect(items[1].lostEntries == 8)
    }

    @Test func `an end alone is nothing to begin with`() throws {
        let records = try Samples.records(try Samples.broadcast(5, pictures: 2, group: 4))
        var sequence = StreamSequence()
        #expect(read(Array(records.suffix(2)), &sequence).isEmpty)
    }

    @Test(arguments: 0..<26) func `a later reader goes on exactly where the one before was`(done: Int) throws {
        let entries = try Samples.broadcast(5, pictures: 12, group: 4)
        let records = try Samples.records(entries)
        var first = StreamSequence()
        _ = read(records, &first, from: 100)
        let position = 5 << 20 + Int64(done)
        let anchor = try #require(first.anchor(for: position))
        let checkpoint = StreamCheckpoint(
            readerFence: 1, writerFence: anchor.fence, position: position, offset: anchor.offset, state: [1])
        var second = StreamSequence(after: checkpoint)
        let items = read(Array(records.dropFirst(Int(anchor.offset) - 100)), &second, from: anchor.offset)
        #expect(items.map(\.entry.label) == entries.dropFirst(done).map(\.label))
        #expect(items.allSatisfy { $0.lostEntries == 0 })
    }

    @Test func `what the log has lost behind a checkpoint is counted`() throws {
        let records = try Samples.records(try Samples.broadcast(5, pictures: 12, group: 4))
        let checkpoint = StreamCheckpoint(
            readerFence: 1, writerFence: 5, position: 5 << 20 + 3, offset: 100, state: [1])
        var sequence = StreamSequence(after: checkpoint)
        let items = read(Array(records.dropFirst(6)), &sequence, from: 106)
        #expect(items.first?.entry.label == "video 4 key")
        #expect(items.first?.lostEntries == 6)
    }

    @Test func `places to begin at are bounded, and earlier ones are found`() throws {
        var sequence = StreamSequence()
        let track = try Samples.audioTrack()
        let entries = [.began(Samples.origin(0))] + (0..<5000).map { Samples.frame(track, $0) }
        _ = read(try Samples.records(entries), &sequence)
        for position in stride(from: Int64(0), through: 5000, by: 100) {
            let anchor = try #require(sequence.anchor(for: position))
            #expect(anchor.position <= position)
        }
        sequence.forgetAnchors(before: 4000)
        #expect(try #require(sequence.anchor(for: 0)).position > 3500)
    }
}
