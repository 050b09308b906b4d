import StreamingCore
import Synchronization

/// What is known of the renditions of broadcasts that are on air, from the events since this process began.
///
/// It is kept in memory alone: after a start a broadcast has no status until its next report, which is due every few
/// seconds. At most ``streamsMax`` streams are kept; then the one that was silent for the longest time is forgotten.
final class StreamStatusBoard: Sendable {
    static let streamsMax = 10_000

    private let broadcasts = Mutex<[StreamID: BroadcastStatus]>([:])

    /// What was told since the stream's newest broadcast began; `nil` when nothing was.
    func status(of stream: StreamID) -> BroadcastStatus? { broadcasts.withLock { $0[stream] } }

    func received(_ event: StreamEvent) {
        switch event.kind {
        case .started, .ended, .deleted: broadcasts.withLock { $0[event.streamID] = nil }
        case .interrupted, .resumed, .keyRevoked: break
        case .renditionsChanged(let report): change(event) { $0.reported(report, at: event.at) }
        case .transcodingRefused(let reason): change(event) { $0.refused(reason, at: event.at) }
        case .transcodingFailed(let rendition, let reason):
            change(event) { $0.failed(.init(rendition: rendition, reason: reason, at: event.at)) }
        }
    }

    private func change(_ event: StreamEvent, _ change: (inout BroadcastStatus) -> Void) {
        broadcasts.withLock { broadcasts in
            if broadcasts[event.streamID] == nil, broadcasts.count >= Self.streamsMax,
                let oldest = broadcasts.min(by: { $0.value.changedAt < $1.value.changedAt })
            {
                broadcasts[oldest.key] = nil
            }
            change(&broadcasts[event.streamID, default: BroadcastStatus(at: event.at)])
        }
    }
}
