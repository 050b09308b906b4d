public import Bytes
public import StreamingCore
import Synchronization

/// Segments in memory alone. Over the budget, the oldest are forgotten.
public final class MemorySegmentStore: SegmentStore {
    private let memory: Mutex<SegmentMemory>

    /// - Parameter bytesMax: The budget.
    public init(bytesMax: Int) {
        memory = Mutex(SegmentMemory(bytesMax: bytesMax, spillingBytesMax: 0))
    }

    /// What the store did and holds.
    public var counters: SegmentStoreCounters { memory.withLock { $0.counters } }

    @discardableResult
    public func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes] {
        _ = memory.withLock { $0.put(buffers, under: name) }
        return buffers
    }

    public func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? {
        memory.withLock { $0.get(name) }
    }

    public func remove(_ names: [SegmentName]) async {
        memory.withLock { memory in
            for name in names { _ = memory.remove(name) }
        }
    }

    public func removeAll(of stream: StreamID) async {
        memory.withLock { $0.removeAll(of: stream) }
    }
}
