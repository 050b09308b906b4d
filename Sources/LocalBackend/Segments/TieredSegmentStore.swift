public import Bytes
public import StreamingCore
import Synchronization

/// Segments in memory as far as the budget goes, the older ones in a colder store.
///
/// A put goes to memory and never waits. What memory has no room for is written to the colder store by ``run()``; while
/// that is slow, at most ``spillingBytesMax`` wait, and beyond that the oldest segment is dropped and counted. A get
/// looks into memory, then into the colder store, once for all who want the same name at the same time, and keeps what
/// it found.
public final class TieredSegmentStore: SegmentStore, Service {
    /// Bytes that may wait for the colder store, beside the budget.
    public static let spillingBytesMax = 64 << 20

    public let name = "segment spill"
    private let cold: any SegmentStore
    private let state: Mutex<TieredSegmentState>
    private let spills: AsyncStream<Void>
    private let spillWaits: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - memoryBytesMax: The budget of memory.
    ///   - cold: Takes what memory has no room for.
    public init(memoryBytesMax: Int, over cold: any SegmentStore) {
        self.cold = cold
        state = Mutex(
            TieredSegmentState(
                memory: SegmentMemory(bytesMax: memoryBytesMax, spillingBytesMax: Self.spillingBytesMax)))
        (spills, spillWaits) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// What the store did and holds.
    public var counters: SegmentStoreCounters { state.withLock { $0.memory.counters } }

    /// Writes to the colder store what memory has no room for, until cancelled. To be run once.
    public func run() async {
        for await _ in spills {
            while let spill = state.withLock({ $0.memory.nextSpill() }) { await write(spill.buffers, spill.name) }
        }
    }

    private func write(_ buffers: [Bytes], _ name: SegmentName) async {
        var isStored = true
        do throws(StreamError) {
            try await cold.put(buffers, under: name)
        } catch {
            // Nobody waits for this write; the loss of an old segment is counted, and the stream goes on.
            isStored = false
        }
        let mustRemove = state.withLock { $0.memory.spillEnded(name, isStored: isStored) }
        if mustRemove { await cold.remove([name]) }
    }

    public func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) {
        let mustSpill = state.withLock { $0.memory.put(buffers, under: name) }
        if mustSpill { spillWaits.yield() }
    }

    public func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? {
        while true {
            switch state.withLock({ $0.lookUp(name) }) {
            case .found(let buffers): return buffers
            case .mustRead: return try await read(name).get()
            case .isRead:
                if let found = await joinRead(of: name) { return try found.get() }
            }
        }
    }

    /// Reads from the colder store and hands the result to all who came meanwhile.
    private func read(_ name: SegmentName) async -> TieredSegmentState.Found {
        let found: TieredSegmentState.Found
        do throws(StreamError) {
            found = .success(try await cold.get(name))
        } catch {
            found = .failure(error)
        }
        for waiter in state.withLock({ $0.readEnded(name, found) }) { waiter.resume(returning: found) }
        return found
    }

    /// Waits for the read that somebody else does; `nil` when it ended before one could wait.
    private func joinRead(of name: SegmentName) async -> TieredSegmentState.Found? {
        await withCheckedContinuation { waiter in
            let isWaiting = state.withLock { $0.readerCame(waiter, for: name) }
            if !isWaiting { waiter.resume(returning: nil) }
        }
    }

    public func remove(_ names: [SegmentName]) async {
        let colder = state.withLock { state in names.filter { state.remove($0) } }
        if !colder.isEmpty { await cold.remove(colder) }
    }

    public func removeAll(of stream: StreamID) async {
        state.withLock { $0.removeAll(of: stream) }
        await cold.removeAll(of: stream)
    }
}
