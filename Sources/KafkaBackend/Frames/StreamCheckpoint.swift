internal import Bytes
internal import StreamingCore

// A record of `stream-checkpoints`. Its key is the stream's id as text; its partition has the number that the stream's
// has in `stream-frames`. No value: the stream has ended, and everything of it was read. Integers are big-endian.
//
// +-----------+---------+----------------+-------------------+-----------------+-----------+------------------+
// | version 8 | flags 8 | reader fence 64 | writer fence 64  | position 64     | offset 64 | state, the rest  |
// +-----------+---------+----------------+-------------------+-----------------+-----------+------------------+
//
// flags: 0x01 has a state (a reader committed it), 0x02 the broadcast was read to its end
//
// Beside them stands where the partition of `stream-frames` must be read from, under the key `partition`:
//
// +-----------+-----------------+-----------+
// | version 8 | reader fence 64 | offset 64 |
// +-----------+-----------------+-----------+

/// Where the reading of a stream goes on, and who may say so.
struct StreamCheckpoint: Equatable {
    static let version: UInt8 = 1

    /// That of the reader who wrote it: records of a lower one do not count any more.
    var readerFence: Int64
    /// That of the broadcast that was read: what older writers append does not count.
    var writerFence: Int64
    /// The first entry to give; all before it are done with.
    var position: Int64
    /// Where in the partition a reader must begin to have all that it needs at `position`.
    var offset: Int64
    /// What the reader committed; `nil` when a stream was only taken over so far.
    var state: Bytes?
    /// Whether the broadcast was read to its end. Such a checkpoint stays until nobody can be given its frames again.
    var isEnded: Bool

    var encoded: Bytes {
        var writer = ByteWriter(capacity: 34 + (state?.count ?? 0))
        writer.write(Self.version)
        writer.write(UInt8(state == nil ? 0 : 1) | UInt8(isEnded ? 2 : 0))
        writer.write(readerFence)
        writer.write(writerFence)
        writer.write(position)
        writer.write(offset)
        if let state { writer.write(state) }
        return writer.finish()
    }

    init(
        readerFence: Int64, writerFence: Int64, position: Int64, offset: Int64, state: Bytes? = nil,
        isEnded: Bool = false
    ) {
        self.readerFence = readerFence
        self.writerFence = writerFence
        self.position = position
        self.offset = offset
        self.state = state
        self.isEnded = isEnded
    }

    /// Reads a record's value; `nil` when it is none of ours.
    init?(_ value: Bytes) {
        var reader = ByteReader(value)
        guard let version = try? reader.readUInt8(), version == Self.version, let flags = try? reader.readUInt8(),
            let readerFence = try? reader.readUInt64(), let writerFence = try? reader.readUInt64(),
            let position = try? reader.readUInt64(), let offset = try? reader.readUInt64()
        else { return nil }
        let numbers = [readerFence, writerFence, position, offset].map { Int64(bitPattern: $0) }
        // A fence leaves room to be counted up.
        guard numbers.allSatisfy({ 0...Int64.max / 2 ~= $0 }), reader.remaining <= FrameLogCheckpoint.stateBytesMax
        else { return nil }
        self.init(
            readerFence: numbers[0], writerFence: numbers[1], position: numbers[2], offset: numbers[3],
            state: flags & 1 == 0 ? nil : reader.rest, isEnded: flags & 2 != 0)
    }
}

/// From where a partition of `stream-frames` must be read, so that every stream in it can go on.
///
/// It stands here and not with a group's offsets, because it has a fence: a reader that lost the partition cannot put
/// it back.
struct PartitionCheckpoint: Equatable {
    static let version: UInt8 = 1
    static let key = Bytes(utf8: "partition")

    /// Above that of every reader that the partition had before.
    var readerFence: Int64
    var offset: Int64

    var encoded: Bytes {
        var writer = ByteWriter(capacity: 17)
        writer.write(Self.version)
        writer.write(readerFence)
        writer.write(offset)
        return writer.finish()
    }

    init(readerFence: Int64, offset: Int64) {
        self.readerFence = readerFence
        self.offset = offset
    }

    /// Reads a record's value; `nil` when it is none of ours.
    init?(_ value: Bytes) {
        var reader = ByteReader(value)
        guard let version = try? reader.readUInt8(), version == Self.version, let fence = try? reader.readUInt64(),
            let offset = try? reader.readUInt64(), fence <= UInt64(Int64.max / 2), offset <= UInt64(Int64.max / 2)
        else { return nil }
        self.init(readerFence: Int64(fence), offset: Int64(offset))
    }
}

/// The newest checkpoint of each stream of a partition, and of the partition, from all records that are there.
struct CheckpointTable {
    private(set) var partition: PartitionCheckpoint?
    private(set) var checkpoints: [StreamID: StreamCheckpoint] = [:]
    /// Records that were none of ours.
    private(set) var unreadable = 0

    /// Takes records in the order of their offsets. A reader that lost its partition without knowing writes with a
    /// fence below that of its successor, and is passed over.
    mutating func recordRead(key: Bytes, value: Bytes?) {
        if key == PartitionCheckpoint.key, let read = value.flatMap(PartitionCheckpoint.init) {
            if read.readerFence >= partition?.readerFence ?? 0 { partition = read }
            return
        }
        guard let stream = StreamID(key.string) else {
            unreadable += 1
            return
        }
        guard let value else {
            checkpoints[stream] = nil
            return
        }
        guard let checkpoint = StreamCheckpoint(value) else {
            unreadable += 1
            return
        }
        if let known = checkpoints[stream], checkpoint.readerFence < known.readerFence { return }
        checkpoints[stream] = checkpoint
    }
}
