import HTTP
import StreamingCore
import Synchronization

/// The answers that many viewers get in the same second: segments at the live edge, with their fields rendered.
///
/// A viewer's request for one is a look-up by its path and nothing else. An answer is kept for a moment only, so that
/// what is removed from the store is soon not served any more, and the memory that it holds back is bounded.
final class HotSegments: Sendable {
    /// An answer that is kept: one reference to hand out, whatever it holds.
    final class Hot: Sendable {
        let representation: HTTPRepresentation
        /// What it is about, read from its path once; `nil` where a request needs more than a look-up.
        let subject: ViewerSubject?
        fileprivate let expiresAt: WallTime

        fileprivate init(_ representation: HTTPRepresentation, _ subject: ViewerSubject?, expiresAt: WallTime) {
            self.representation = representation
            self.subject = subject?.isMedia == true ? subject : nil
            self.expiresAt = expiresAt
        }
    }

    private struct State {
        var hot: [String: Hot] = [:]
        var byteCount = 0
    }

    private let state = Mutex(State())
    private let metrics: DeliveryMetrics

    init(metrics: DeliveryMetrics = DeliveryMetrics()) { self.metrics = metrics }

    func find(_ path: String, at now: WallTime) -> Hot? {
        state.withLock { state in
            guard let found = state.hot[path], found.expiresAt > now else { return nil }
            metrics.cacheHit()
            return found
        }
    }

    /// Keeps an answer, unless those that are kept already take ``DeliveryLimits/hotBytesMax``.
    func keep(_ representation: HTTPRepresentation, for path: String, at now: WallTime) {
        metrics.cacheMiss()
        let subject = MediaPath(path).map { ViewerSubject($0, isDASH: path.hasPrefix("/dash/")) }
        state.withLock { state in
            let isFull = state.byteCount + representation.length > DeliveryLimits.hotBytesMax
            if isFull || state.hot.count >= DeliveryLimits.hotSegmentsMax || state.hot[path] != nil {
                state.hot = state.hot.filter { $0.value.expiresAt > now && $0.key != path }
                state.byteCount = state.hot.values.reduce(0) { $0 + $1.representation.length }
            }
            guard state.byteCount + representation.length <= DeliveryLimits.hotBytesMax,
                state.hot.count < DeliveryLimits.hotSegmentsMax
            else { return }
            let expiresAt = now.adding(milliseconds: DeliveryLimits.hotMilliseconds)
            state.hot[path] = Hot(representation, subject, expiresAt: expiresAt)
            state.byteCount += representation.length
        }
    }

    /// Forgets what is no longer hot.
    func timePassed(_ now: WallTime) {
        state.withLock { state in
            state.hot = state.hot.filter { $0.value.expiresAt > now }
            state.byteCount = state.hot.values.reduce(0) { $0 + $1.representation.length }
        }
    }
}
