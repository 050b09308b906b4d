import Bytes
import StreamingCore

/// Segments in memory under a budget of bytes, and the decisions of what leaves it.
///
/// ```
///  put ──▶ only ──over budget──▶ spilling ──written──▶ (colder store) ──read──▶ copy ──over budget──▶ (gone)
///                     └──too much is spilling──▶ (dropped)
/// ```
/// Copies leave first, the least recently used before the others, because the colder store has them; then those that
/// are only here, in the order of their coming, because the oldest segment is the next to leave the playlists anyway.
struct SegmentMemory {
    private enum Standing {
        /// Nowhere else.
        case only(NameQueue.Place)
        /// Waiting to be written to the colder store.
        case spilling(NameQueue.Place)
        /// Being written to the colder store.
        case written
        /// In the colder store too.
        case copy(NameQueue.Place)
    }

    private struct Entry {
        let buffers: [Bytes]
        let byteCount: Int
        var standing: Standing
    }

    let bytesMax: Int
    /// Bytes that may be on their way to the colder store; 0 when there is none.
    let spillingBytesMax: Int
    private(set) var counters = SegmentStoreCounters()
    private var streams: [StreamID: [String: Entry]] = [:]
    /// Those that are only here, the oldest first.
    private var originals = NameQueue()
    /// Copies, the least recently used first.
    private var copies = NameQueue()
    /// Those to be written, the oldest first.
    private var spills = NameQueue()

    init(bytesMax: Int, spillingBytesMax: Int) {
        self.bytesMax = bytesMax
        self.spillingBytesMax = spillingBytesMax
    }

    // MARK: Reading and writing

    /// Keeps a new segment; one that is here already stays as it is.
    ///
    /// - Returns: Whether there is something to spill now.
    mutating func put(_ buffers: [Bytes], under name: SegmentName) -> Bool {
        guard streams[name.stream]?[name.path] == nil else { return false }
        insert(buffers, under: name, standing: .only(originals.append(name)))
        makeRoom()
        return spills.first != nil
    }

    mutating func get(_ name: SegmentName) -> [Bytes]? {
        guard let entry = streams[name.stream]?[name.path] else { return nil }
        if case .copy(let place) = entry.standing { copies.moveToEnd(place) }
        return entry.buffers
    }

    /// Keeps what was read from the colder store, as far as there is room.
    mutating func keepCopy(_ buffers: [Bytes], of name: SegmentName) {
        guard streams[name.stream]?[name.path] == nil else { return }
        insert(buffers, under: name, standing: .copy(copies.append(name)))
        makeRoom()
    }

    /// - Returns: Whether the colder store may have it.
    mutating func remove(_ name: SegmentName) -> Bool {
        switch take(name)?.standing {
        case .only, .spilling: false
        case .written, .copy, nil: true
        }
    }

    mutating func removeAll(of stream: StreamID) {
        for path in (streams[stream] ?? [:]).keys { _ = take(SegmentName(stream: stream, path: path)) }
    }

    // MARK: Spilling

    /// The next segment to write to the colder store; it stays readable here until ``spillEnded(_:isStored:)``.
    mutating func nextSpill() -> (name: SegmentName, buffers: [Bytes])? {
        guard let name = spills.first, let entry = take(name) else { return nil }
        insert(entry.buffers, under: name, standing: .written)
        return (name, entry.buffers)
    }

    /// - Returns: Whether the segment was removed meanwhile, so that it must leave the colder store again.
    mutating func spillEnded(_ name: SegmentName, isStored: Bool) -> Bool {
        guard take(name) != nil else { return isStored }
        if isStored { counters.spilledSegments += 1 } else { counters.failedSegments += 1 }
        return false
    }

    private mutating func makeRoom() {
        while counters.memoryBytes > bytesMax {
            if let name = copies.first {
                _ = take(name)
            } else if let name = originals.first, let entry = take(name) {
                spill(entry, name)
            } else {
                preconditionFailure("bytes are counted that no segment has")
            }
        }
    }

    private mutating func spill(_ entry: Entry, _ name: SegmentName) {
        guard counters.spillingBytes + entry.byteCount <= spillingBytesMax else {
            counters.droppedSegments += 1
            return
        }
        insert(entry.buffers, under: name, standing: .spilling(spills.append(name)))
    }

    // MARK: Book-keeping

    private mutating func insert(_ buffers: [Bytes], under name: SegmentName, standing: Standing) {
        let byteCount = buffers.reduce(0) { $0 + $1.count }
        streams[name.stream, default: [:]][name.path] = Entry(
            buffers: buffers, byteCount: byteCount, standing: standing)
        switch standing {
        case .only, .copy: counters.memoryBytes += byteCount
        case .spilling, .written: counters.spillingBytes += byteCount
        }
    }

    private mutating func take(_ name: SegmentName) -> Entry? {
        guard let entry = streams[name.stream]?.removeValue(forKey: name.path) else { return nil }
        if streams[name.stream]?.isEmpty == true { streams[name.stream] = nil }
        switch entry.standing {
        case .only(let place):
            originals.remove(place)
            counters.memoryBytes -= entry.byteCount
        case .copy(let place):
            copies.remove(place)
            counters.memoryBytes -= entry.byteCount
        case .spilling(let place):
            spills.remove(place)
            counters.spillingBytes -= entry.byteCount
        case .written: counters.spillingBytes -= entry.byteCount
        }
        return entry
    }
}
