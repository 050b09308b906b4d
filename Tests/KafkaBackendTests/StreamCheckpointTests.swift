import Bytes
import StreamingCore
import Testing

@testable import KafkaBackend

@Suite struct StreamCheckpointTests {
    private let stream = StreamID(at: Samples.noon)

    private func checkpoint(fence: Int64, position: Int64 = 7) -> StreamCheckpoint {
        StreamCheckpoint(readerFence: fence, writerFence: 3, position: position, offset: 9, state: [1, 2])
    }

    @Test func `a checkpoint is read as it was written`() {
        for state in [nil, Bytes(), Bytes([UInt8](repeating: 5, count: 4096))] {
            for isEnded in [false, true] {
                let checkpoint = StreamCheckpoint(
                    readerFence: 1_795_435_200_000, writerFence: 8, position: 1 << 50, offset: 12, state: state,
                    isEnded: isEnded)
                #expect(StreamCheckpoint(checkpoint.encoded) == checkpoint)
            }
        }
    }

    @Test func `what is none of ours is not read`() {
        let good = checkpoint(fence: 5).encoded
        for length in 0..<34 { #expect(StreamCheckpoint(good.prefix(length)) == nil) }
        var bytes = good.array
        bytes[0] = 2
        #expect(StreamCheckpoint(Bytes(bytes)) == nil)
        bytes = good.array
        bytes[2] = 0xFF
        #expect(StreamCheckpoint(Bytes(bytes)) == nil)
    }

    @Test func `the newest of the highest fence counts`() {
        var table = CheckpointTable()
        let key = Bytes(utf8: stream.description)
        table.recordRead(key: key, value: checkpoint(fence: 5, position: 1).encoded)
        table.recordRead(key: key, value: checkpoint(fence: 5, position: 2).encoded)
        table.recordRead(key: key, value: checkpoint(fence: 6, position: 2).encoded)
        table.recordRead(key: key, value: checkpoint(fence: 5, position: 3).encoded)
        #expect(table.checkpoints[stream]?.position == 2)
        table.recordRead(key: key, value: nil)
        #expect(table.checkpoints.isEmpty)
        let key0 = PartitionCheckpoint.key
        table.recordRead(key: key0, value: PartitionCheckpoint(readerFence: 5, offset: 70).encoded)
        table.recordRead(key: key0, value: PartitionCheckpoint(readerFence: 6, offset: 60).encoded)
        table.recordRead(key: key0, value: PartitionCheckpoint(readerFence: 5, offset: 80).encoded)
        #expect(table.partition == PartitionCheckpoint(readerFence: 6, offset: 60))
        table.recordRead(key: [1], value: [1])
        table.recordRead(key: key, value: [9])
        #expect(table.unreadable == 2)
    }
}
