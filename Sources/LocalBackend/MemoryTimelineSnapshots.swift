public import Bytes
public import StreamingCore
import Synchronization

/// Timelines in memory: for tests, and for a process that is all services.
public final class MemoryTimelineSnapshots: TimelineSnapshots {
    /// Fences of streams without records that are remembered; beyond that, those of any such streams are forgotten.
    public static let fencesMax = 10_000

    private struct Kept {
        var fence: Int64
        var first: Int64 = 0
        var records: [Bytes] = []
    }

    private let streams = Mutex<[StreamID: Kept]>([:])

    public init() {}

    public func append(
        _ record: Bytes, number: Int64, keepingFrom first: Int64, of stream: StreamID, fence: Int64
    ) async throws(StreamError) -> Bool {
        try TimelineSnapshotLimits.check(record, number: number, keepingFrom: first)
        return try change(stream, fence) { kept in
            if kept.records.isEmpty { kept.first = number }
            let next = kept.first + Int64(kept.records.count)
            guard kept.first <= first, number <= next else { return false }
            kept.records.removeLast(Int(next - number))
            kept.records.append(record)
            kept.records.removeFirst(Int(first - kept.first))
            kept.first = first
            return true
        }
    }

    public func replace(
        with records: [Bytes], from first: Int64, of stream: StreamID, fence: Int64
    ) async throws(StreamError) {
        try TimelineSnapshotLimits.check(records, from: first)
        try change(stream, fence) { kept in
            kept.first = first
            kept.records = records
        }
    }

    public func load() async throws(StreamError) -> [TimelineSnapshot] {
        streams.withLock { streams in streams.compactMap { snapshot(of: $0.key, $0.value) } }
    }

    public func load(_ stream: StreamID) async throws(StreamError) -> TimelineSnapshot? {
        streams.withLock { streams in streams[stream].flatMap { snapshot(of: stream, $0) } }
    }

    public func remove(_ stream: StreamID) async throws(StreamError) {
        streams.withLock { streams in
            streams[stream]?.records = []
            if streams.count > Self.fencesMax { streams = streams.filter { !$0.value.records.isEmpty } }
        }
    }

    private func change<Result>(
        _ stream: StreamID, _ fence: Int64, _ body: (inout Kept) -> Result
    ) throws(StreamError) -> Result {
        try streams.withLock { streams throws(StreamError) in
            var kept = streams[stream] ?? Kept(fence: fence)
            guard fence >= kept.fence else {
                throw .conflict(reason: "another process writes for the stream now")
            }
            kept.fence = fence
            // The array of records must be held once to be changed in place.
            streams[stream] = nil
            defer { streams[stream] = kept }
            return body(&kept)
        }
    }

    private func snapshot(of stream: StreamID, _ kept: Kept) -> TimelineSnapshot? {
        kept.records.isEmpty ? nil : TimelineSnapshot(stream: stream, first: kept.first, records: kept.records)
    }
}
