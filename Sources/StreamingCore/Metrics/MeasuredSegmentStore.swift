public import Bytes

/// What is done with a segment store.
public enum StoreOperation: Int, MetricLabel {
    case put, get
    public static let name = "operation"
}

/// Counts and times the calls of a segment store, and hands them on.
public final class MeasuredSegmentStore: SegmentStore {
    private let store: any SegmentStore
    private let calls: CounterGrid<StoreOperation, CallOutcome>
    private let durations: LatencyHistograms<StoreOperation>
    private let bytes: Counters<StoreOperation>

    /// - Parameter name: Of the store, as it is in the names of its metrics: `redis`.
    public init(_ store: any SegmentStore, name: String, in registry: MetricsRegistry) {
        self.store = store
        calls = registry.counters(
            "sluice_\(name)_operations_total", "Segments and parts put into \(name) or asked for there.",
            by: StoreOperation.self, and: CallOutcome.self)
        durations = registry.histograms(
            "sluice_\(name)_operation_duration_seconds", "How long \(name) took to take or give a segment or part.",
            by: StoreOperation.self)
        bytes = registry.counters(
            "sluice_\(name)_bytes_total", "Bytes of segments and parts put into \(name) or found there.",
            by: StoreOperation.self)
    }

    @discardableResult
    public func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes] {
        let stopwatch = Stopwatch()
        do throws(StreamError) {
            let standing = try await store.put(buffers, under: name)
            done(.put, buffers.reduce(0) { $0 + $1.count }, stopwatch)
            return standing
        } catch {
            failed(.put, stopwatch)
            throw error
        }
    }

    public func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? {
        let stopwatch = Stopwatch()
        do throws(StreamError) {
            let found = try await store.get(name)
            done(.get, found?.reduce(0) { $0 + $1.count } ?? 0, stopwatch)
            return found
        } catch {
            failed(.get, stopwatch)
            throw error
        }
    }

    private func done(_ operation: StoreOperation, _ byteCount: Int, _ stopwatch: Stopwatch) {
        calls[operation, .success].add()
        bytes[operation].add(byteCount)
        durations[operation].observe(stopwatch)
    }

    private func failed(_ operation: StoreOperation, _ stopwatch: Stopwatch) {
        calls[operation, .failure].add()
        durations[operation].observe(stopwatch)
    }

    public func remove(_ names: [SegmentName]) async { await store.remove(names) }

    public func retire(_ stream: StreamID) async { await store.retire(stream) }

    public func removeAll(of stream: StreamID) async { await store.removeAll(of: stream) }
}
