import Bytes
import Packaging
import StreamingCore
import Synchronization

/// What several processes share, within one: segments, snapshots and announcements. It can be emptied, and be away.
final class SharedStore: SegmentStore, TimelineSnapshots, TimelineLog {
    private struct State {
        var objects: [SegmentName: [Bytes]] = [:]
        var records: [Bytes] = []
        var first: Int64 = 0
        var announced: [TimelineEvent] = []
        /// How many calls fail from now on, and how many did.
        var failuresLeft = 0
        var failures = 0
        var puts: [String] = []
        var replacements = 0
    }

    private let state = Mutex(State())

    var names: Set<String> { state.withLock { Set($0.objects.keys.map(\.path)) } }
    /// The names in the order in which they were put, since the store was emptied.
    var puts: [String] { state.withLock { $0.puts } }
    var recordCount: Int { state.withLock { $0.records.count } }
    var replacements: Int { state.withLock { $0.replacements } }
    var announced: [TimelineEvent] { state.withLock { $0.announced } }
    var failures: Int { state.withLock { $0.failures } }

    func bytes(of path: String) -> Bytes? {
        state.withLock { state in
            state.objects.first { $0.key.path == path }.map {
                StoredObject(kind: .part, name: path, chunks: $0.value).bytes
            }
        }
    }

    /// Forgets everything, and forgets what was asked of it.
    func empty() {
        state.withLock { state in
            state.objects = [:]
            state.records = []
            state.puts = []
        }
    }

    /// Fails so many calls.
    func fail(_ count: Int) { state.withLock { $0.failuresLeft = count } }

    private func call<Result>(_ body: (inout State) -> Result) throws(StreamError) -> Result {
        try state.withLock { state throws(StreamError) in
            guard state.failuresLeft == 0 else {
                state.failuresLeft -= 1
                state.failures += 1
                throw .network(reason: "the store is away")
            }
            return body(&state)
        }
    }

    // MARK: Segments

    @discardableResult
    func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes] {
        try call { state in
            state.puts.append(name.path)
            let standing = state.objects[name] ?? buffers
            state.objects[name] = standing
            return standing
        }
    }

    func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? { try call { $0.objects[name] } }

    func remove(_ names: [SegmentName]) async {
        state.withLock { state in for name in names { state.objects[name] = nil } }
    }

    func removeAll(of stream: StreamID) async { state.withLock { $0.objects = [:] } }

    // MARK: Snapshots

    func append(
        _ record: Bytes, number: Int64, keepingFrom first: Int64, of stream: StreamID, fence: Int64
    ) async throws(StreamError) -> Bool {
        try call { state in
            guard !state.records.isEmpty, number == state.first + Int64(state.records.count) else { return false }
            state.records.append(record)
            return true
        }
    }

    func replace(
        with records: [Bytes], from first: Int64, of stream: StreamID, fence: Int64
    ) async throws(StreamError) {
        try call { state in
            state.records = records
            state.first = first
            state.replacements += 1
        }
    }

    func load() async throws(StreamError) -> [TimelineSnapshot] { [] }

    func load(_ stream: StreamID) async throws(StreamError) -> TimelineSnapshot? { nil }

    func remove(_ stream: StreamID) async throws(StreamError) {}

    // MARK: Announcements

    func append(_ record: Bytes, for stream: StreamID, fence: Int64) async throws(StreamError) {
        state.withLock { state in
            if let event = try? TimelineEvent(decoding: record) { state.announced.append(event) }
        }
    }

    func follow(_ receive: @escaping @Sendable (StreamID, Bytes) -> Void) async {}
}

/// Reads nothing.
struct IdleReader: FrameLogReader {
    let stream: StreamID
    let fence: Int64 = 1
    var checkpoint: FrameLogCheckpoint? { nil }
    var wasTaken: Bool { false }

    func next() async -> FrameLogBatch? { nil }

    func commit(_ checkpoint: FrameLogCheckpoint) {}
}
