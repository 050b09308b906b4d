internal import StreamingCore
internal import Synchronization

/// Sees to it that one session of a stream is read at a time, in the order in which they began.
final class ReaderTurns: Sendable {
    /// The first session of every stream that nobody reads yet. As many wait as there are streams.
    let arrivals: AsyncStream<StreamSession>
    private let arrival: AsyncStream<StreamSession>.Continuation
    private let waiting = Mutex<[StreamID: [StreamSession]]>([:])

    init() { (arrivals, arrival) = AsyncStream.makeStream() }

    func offer(_ session: StreamSession) {
        let isFirst = waiting.withLock { waiting in
            waiting[session.stream, default: []].append(session)
            return waiting[session.stream]?.count == 1
        }
        if isFirst { arrival.yield(session) }
    }

    /// Ends a session's turn; returns the next one of its stream.
    func finished(_ session: StreamSession, wasCancelled: Bool) -> StreamSession? {
        session.finish(wasCancelled: wasCancelled)
        return waiting.withLock { waiting in
            let rest = (waiting[session.stream] ?? []).filter { $0 !== session }
            waiting[session.stream] = rest.isEmpty ? nil : rest
            return rest.first
        }
    }

    /// Takes no more sessions, and lets go of those that had no turn.
    func close() {
        arrival.finish()
        for session in waiting.withLock({ $0.values.flatMap { $0 } }) {
            session.finish(wasCancelled: true)
        }
    }
}
