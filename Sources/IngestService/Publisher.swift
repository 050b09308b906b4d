import StreamingCore
import Synchronization

/// The connection of an encoder, as the broadcast sees it: something that can be told to go.
public final class Publisher: Sendable {
    /// Unique in this process.
    let connection: UInt64
    /// The key that it was let in with.
    let keyID: UUIDv7
    private let order: StopOrder

    init(connection: UInt64, keyID: UUIDv7, order: StopOrder) {
        self.connection = connection
        self.keyID = keyID
        self.order = order
    }

    func stop(_ reason: StopReason) { order.give(reason) }
}

/// Why we end a publisher's connection.
enum StopReason: String, Sendable {
    /// The same stream is published on a newer connection.
    case takenOver = "taken_over"
    case streamDeleted = "stream_deleted"
    case keyRevoked = "key_revoked"
    case shutdown
    /// The process ends, and another one is to go on with the broadcast.
    case handedOver = "handed_over"
    /// The frame log cannot take more.
    case logFailed = "log_failed"
}

/// Carries one order to stop from any thread to the task that runs a connection.
final class StopOrder: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<StopReason?, Never>)
        case given(StopReason)
        case cancelled
    }

    private let state = Mutex(State.open)

    /// Gives the order; only the first counts.
    func give(_ reason: StopReason) {
        let waiter: CheckedContinuation<StopReason?, Never>? = state.withLock { state in
            switch state {
            case .open:
                state = .given(reason)
                return nil
            case .awaited(let continuation):
                state = .given(reason)
                return continuation
            case .given, .cancelled:
                return nil
            }
        }
        waiter?.resume(returning: reason)
    }

    /// Waits for the order; `nil` when the task is cancelled first. Called once.
    func wait() async -> StopReason? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: StopReason?? = state.withLock { state in
                    switch state {
                    case .open:
                        state = .awaited(continuation)
                        return nil
                    case .given(let reason): return .some(reason)
                    case .awaited, .cancelled: return .some(nil)
                    }
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter: CheckedContinuation<StopReason?, Never>? = state.withLock { state in
                switch state {
                case .awaited(let continuation):
                    state = .cancelled
                    return continuation
                case .open:
                    state = .cancelled
                    return nil
                case .given, .cancelled: return nil
                }
            }
            waiter?.resume(returning: nil)
        }
    }
}
