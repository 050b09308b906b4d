import Bytes
import Media
import Packaging
import StreamingCore
import Synchronization

/// Begins to follow the timelines in the middle: first what was kept of them for those who come late, then what has
/// come since.
///
/// Records wait while the snapshots are loaded. A log may begin a moment after it was asked to, so that records fall
/// between the two: therefore the snapshots are loaded a second time, and count for streams that are ahead in them.
final class TimelineCatchUp: Sendable {
    /// Records that may wait for the snapshots; when there are more, the oldest are forgotten.
    static let recordsWaitingMax = 100_000
    /// How long after the first time the snapshots are loaded again, in milliseconds.
    static let repetitionMilliseconds: Int64 = 2_000
    /// How long it is waited after loading has failed, in milliseconds.
    static let retryMilliseconds: Int64 = 500

    /// Records that wait; `nil` once the snapshots are loaded.
    private let waiting = Mutex<[(StreamID, Bytes)]?>([])
    private let snapshots: any TimelineSnapshots
    private let logger: Logger
    private let restore: @Sendable (StreamID, [TimelineEvent]) -> Void
    private let pass: @Sendable (StreamID, Bytes) -> Void

    /// - Parameters:
    ///   - restore: Takes what is known of a stream.
    ///   - pass: Takes a record that came since.
    init(
        _ snapshots: any TimelineSnapshots, logger: Logger,
        restore: @escaping @Sendable (StreamID, [TimelineEvent]) -> Void,
        pass: @escaping @Sendable (StreamID, Bytes) -> Void
    ) {
        self.snapshots = snapshots
        self.logger = logger
        self.restore = restore
        self.pass = pass
    }

    /// Takes a record of the log.
    func received(_ record: Bytes, of stream: StreamID) {
        let mustPass = waiting.withLock { waiting in
            guard let count = waiting?.count else { return true }
            if count >= Self.recordsWaitingMax { waiting?.removeFirst(count / 2) }
            waiting?.append((stream, record))
            return false
        }
        if mustPass { pass(stream, record) }
    }

    /// Loads the snapshots, as often as it takes.
    func run() async {
        while await !load() {
            guard !Task.isCancelled else { return }
            // A cancelled sleep ends the loop above.
            try? await Task.sleep(for: .milliseconds(Self.retryMilliseconds))
        }
        waiting.withLock { waiting in
            // Nobody else passes records before all of these are passed.
            for (stream, record) in waiting ?? [] { pass(stream, record) }
            waiting = nil
        }
        try? await Task.sleep(for: .milliseconds(Self.repetitionMilliseconds))
        if !Task.isCancelled { _ = await load() }
    }

    private func load() async -> Bool {
        do throws(StreamError) {
            for snapshot in try await snapshots.load() {
                // What cannot be read was written by another version; the others stand for themselves.
                restore(snapshot.stream, snapshot.records.compactMap { try? TimelineEvent(decoding: $0) })
            }
            return true
        } catch {
            logger.error("timelines not loaded", ["error": LogValue(error)])
            return false
        }
    }
}

extension LiveWindow {
    /// Whether another window of the same stream has come further.
    func isBehind(_ other: LiveWindow) -> Bool { place < other.place }

    private var place: (Int64, Int64, Int) {
        let newest = renditions.compactMap(\.entries.last?.segment.number).max() ?? -1
        return (origin?.firstSegmentNumber ?? -1, newest, state == .ended ? 1 : 0)
    }
}
