import Bytes
import Packaging
import StreamingCore

/// Keeps one stream's ``TimelineSnapshots`` short: records are added one by one, and when there are far more than the
/// window needs, they are written anew.
actor SnapshotWriter {
    /// What became of a record.
    enum Outcome {
        /// It is there.
        case kept
        /// All must be written: for the first time, or because there are far more than needed.
        case due
        /// All must be written because the store was emptied, or was away and may have been.
        case lost
    }

    private enum Knowledge {
        /// Nothing was written yet.
        case nothing
        /// All that was written is there.
        case whole
        /// The last attempt failed, or is under way.
        case doubtful
    }

    /// Records to add beyond those of the window before it is written anew.
    static let additionsMin: Int64 = 256

    private let snapshots: any TimelineSnapshots
    private let stream: StreamID
    private let fence: Int64
    /// The number of the first record that is kept, and of the next one.
    private var first: Int64 = 0
    private var next: Int64 = 0
    /// How many records the window had when it was written.
    private var windowCount: Int64 = 0
    private var knowledge = Knowledge.nothing

    init(_ snapshots: any TimelineSnapshots, stream: StreamID, fence: Int64) {
        self.snapshots = snapshots
        self.stream = stream
        self.fence = fence
    }

    func load() async throws(StreamError) -> [TimelineEvent] {
        guard let snapshot = try await snapshots.load(stream) else { return [] }
        next = snapshot.first + Int64(snapshot.records.count)
        // What cannot be read was written by another version; the others stand for themselves.
        return snapshot.records.compactMap { try? TimelineEvent(decoding: $0) }
    }

    func append(_ record: Bytes) async throws(StreamError) -> Outcome {
        switch knowledge {
        case .nothing: return .due
        case .doubtful: return .lost
        case .whole: guard next - first < windowCount * 2 + Self.additionsMin else { return .due }
        }
        knowledge = .doubtful
        guard try await snapshots.append(record, number: next, keepingFrom: first, of: stream, fence: fence) else {
            return .lost
        }
        next += 1
        knowledge = .whole
        return .kept
    }

    func rewrite(_ records: [Bytes]) async throws(StreamError) {
        knowledge = .doubtful
        try await snapshots.replace(with: records, from: next, of: stream, fence: fence)
        first = next
        next += Int64(records.count)
        windowCount = Int64(records.count)
        knowledge = .whole
    }
}
