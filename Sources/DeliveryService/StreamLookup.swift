import StreamingCore
import Synchronization

/// Asks the database whether a stream exists, and believes the answer for a moment, so that a crowd of viewers of a
/// stream that is not there costs one question a second.
final class StreamLookup: Sendable {
    private struct Answer {
        let state: StreamState?
        let expiresAt: WallTime
    }

    private let answers = Mutex<[StreamID: Answer]>([:])
    private let streams: any StreamRepository

    init(streams: any StreamRepository) { self.streams = streams }

    /// Believes the last answer about a stream no longer, because it is known to have changed.
    func forget(_ stream: StreamID) { answers.withLock { $0[stream] = nil } }

    /// The state of a stream; `nil` when there is no such stream.
    func state(of stream: StreamID, at now: WallTime) async throws(StreamError) -> StreamState? {
        if let known = answers.withLock({ $0[stream] }), known.expiresAt > now { return known.state }
        var state: StreamState?
        do throws(StreamError) { state = try await streams.get(stream).state } catch {
            guard case .notFound = error else { throw error }
        }
        let answer = Answer(state: state, expiresAt: now.adding(milliseconds: DeliveryLimits.lookupMilliseconds))
        answers.withLock { answers in
            if answers.count >= DeliveryLimits.lookupsMax { answers = answers.filter { $0.value.expiresAt > now } }
            if answers.count < DeliveryLimits.lookupsMax { answers[stream] = answer }
        }
        return state
    }
}
