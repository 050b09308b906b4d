public import StreamingCore
import Synchronization

/// Writes measurements and sessions to the database, one batch at a time.
///
/// While the database does not answer, measurements wait up to ``measurementsWaitingMax``; sessions are brought again
/// by who has them.
public final class AudienceRecorder: Sendable {
    /// Measurements that wait to be written; beyond, the oldest are lost.
    static let measurementsWaitingMax = 60_000
    /// A failure is told in the log at most this often, in milliseconds.
    static let complaintMilliseconds: Int64 = 30_000

    private struct State {
        var waiting: [StreamMetrics] = []
        var isWriting = false
        var complainedAt: WallTime?
    }

    private let sessions: any ViewerSessionRepository
    private let metrics: any StreamMetricsRepository
    private let clock: any WallClock
    private let logger: Logger
    private let state = Mutex(State())

    public init(
        sessions: any ViewerSessionRepository, metrics: any StreamMetricsRepository,
        clock: any WallClock = SystemWallClock(), logger: Logger
    ) {
        self.sessions = sessions
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
    }

    /// Writes in the background; never waits. When the batch before is not written yet, the measurements wait for the
    /// next call and the sessions are given back.
    ///
    /// - Parameter done: Called with the sessions and whether they were written.
    func record(
        _ measured: [StreamMetrics], _ changed: [ViewerSession],
        done: @escaping @Sendable ([ViewerSession], Bool) -> Void
    ) {
        let batch: [StreamMetrics]? = state.withLock { state in
            state.waiting += measured
            let excess = state.waiting.count - Self.measurementsWaitingMax
            if excess > 0 { state.waiting.removeFirst(excess) }
            guard !state.isWriting, !(state.waiting.isEmpty && changed.isEmpty) else { return nil }
            state.isWriting = true
            return Array(state.waiting.prefix(AudienceLimits.metricsPerWriteMax))
        }
        guard let batch else { return }
        // Not a child of anybody: it is one call to the database, which has time-outs of its own.
        Task { await write(batch, changed, done) }
    }

    private func write(
        _ batch: [StreamMetrics], _ changed: [ViewerSession], _ done: @Sendable ([ViewerSession], Bool) -> Void
    ) async {
        var isWritten = changed.isEmpty
        do throws(StreamError) {
            if !changed.isEmpty {
                try await sessions.record(changed)
                isWritten = true
            }
            if !batch.isEmpty { try await metrics.record(batch) }
            state.withLock { state in
                // What was too much meanwhile is gone from the front already.
                if let last = batch.last, let index = state.waiting.firstIndex(of: last) {
                    state.waiting.removeFirst(index + 1)
                }
            }
        } catch {
            complain(of: error)
        }
        state.withLock { $0.isWriting = false }
        done(changed, isWritten)
    }

    private func complain(of error: StreamError) {
        let now = clock.now()
        let isDue = state.withLock { state in
            if let at = state.complainedAt, now.unixMilliseconds - at.unixMilliseconds < Self.complaintMilliseconds {
                return false
            }
            state.complainedAt = now
            return true
        }
        if isDue { logger.error("audience not recorded, trying again", ["error": LogValue(error)]) }
    }
}
