import Bytes
import StreamingCore

/// What ``TieredSegmentStore`` guards with its lock: memory, and the reads from the colder store that are under way.
struct TieredSegmentState {
    typealias Found = Result<[Bytes]?, StreamError>
    typealias Waiter = CheckedContinuation<Found?, Never>

    enum Lookup {
        case found([Bytes])
        /// The caller is to read from the colder store, for all who come until it has.
        case mustRead
        /// Somebody else is reading.
        case isRead
    }

    private struct Read {
        /// As many as there are requests for the name.
        var waiters: [Waiter] = []
        /// The name was removed since, so what is read must not be kept.
        var isRemoved = false
    }

    var memory: SegmentMemory
    private var reads: [SegmentName: Read] = [:]

    init(memory: SegmentMemory) { self.memory = memory }

    mutating func lookUp(_ name: SegmentName) -> Lookup {
        if let buffers = memory.get(name) { return .found(buffers) }
        guard reads[name] == nil else { return .isRead }
        reads[name] = Read()
        return .mustRead
    }

    /// - Returns: Whether there is a read to wait for.
    mutating func readerCame(_ waiter: Waiter, for name: SegmentName) -> Bool {
        guard reads[name] != nil else { return false }
        reads[name]?.waiters.append(waiter)
        return true
    }

    /// - Returns: Who waits for the result.
    mutating func readEnded(_ name: SegmentName, _ found: Found) -> [Waiter] {
        guard let read = reads.removeValue(forKey: name) else { return [] }
        if !read.isRemoved, case .success(let buffers?) = found { memory.keepCopy(buffers, of: name) }
        return read.waiters
    }

    /// - Returns: Whether the colder store may have it.
    mutating func remove(_ name: SegmentName) -> Bool {
        reads[name]?.isRemoved = true
        return memory.remove(name)
    }

    mutating func removeAll(of stream: StreamID) {
        for name in reads.keys where name.stream == stream { reads[name]?.isRemoved = true }
        memory.removeAll(of: stream)
    }
}
