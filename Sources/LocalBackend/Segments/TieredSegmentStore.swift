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
    private let logger: Logger?
    private let state: Mutex<TieredSegmentState>
    /// Why the colder store took nothing the last time that it was asked; `nil` while it works.
    private let lastFailure = Mutex<StreamError?>(nil)
    private let spills: AsyncStream<Void>
    private let spillWaits: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - memoryBytesMax: The budget of memory.
    ///   - cold: Takes what memory has no room for.
    ///   - logger: Is told when that begins to fail, and when it works again.
    public init(memoryBytesMax: Int, over cold: any SegmentStore, logger: Logger? = nil) {
        self.cold = cold
        self.logger = logger
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
        var failure: StreamError?
        do throws(StreamError) {
            try await cold.put(buffers, under: name)
        } catch {
            // Nobody waits for this write; the loss of an old segment is counted and told, and the stream goes on.
            failure = error
        }
        let mustRemove = state.withLock { $0.memory.spillEnded(name, isStored: failure == nil) }
        if mustRemove { await cold.remove([name]) }
        let before = lastFailure.withLock { last in
            defer { last = failure }
            return last
        }
        tell(failure, before: before)
    }

    /// One line when writing begins to fail and one when it works again, not one per segment.
    private func tell(_ failure: StreamError?, before: StreamError?) {
        if let failure, before == nil {
            logger?.error("segments that memory has no room for are lost", ["error": LogValue(failure)])
        } else if failure == nil, before != nil {
            logger?.info("segments are stored again")
        }
    }

    /// Checks that segments which memory has no room for are kept.
    ///
    /// - Throws: Why they were lost, as long as that lasts.
    public func check() throws(StreamError) {
        if let failure = lastFailure.withLock({ $0 }) { throw failure }
    }

    @discardableResult
    public func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes] {
        let mustSpill = state.withLock { $0.memory.put(buffers, under: name) }
        if mustSpill { spillWaits.yield() }
        return buffers
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
