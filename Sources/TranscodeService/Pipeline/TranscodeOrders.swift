import Codecs
import Synchronization

/// What the stages of a stream's pipeline are to do from the next key frame on.
struct TranscodeOrders: Sendable, Equatable {
    var preset: X264Preset
    /// Rungs that make no pictures, by name.
    var shed: Set<String> = []
    /// The rung that needs no encoder because the source is copied.
    var copied: String?
    /// Why the source is not copied, for people.
    var copyRefusal: String?
    /// No smaller picture gets more bits per second than the source has; `nil` until that is known.
    var sourceBitRate: Int?
    /// The source has stopped being copied: every rung needs a key frame as soon as possible.
    var needsKeyframe = false

    func encodes(_ rung: String) -> Bool { !shed.contains(rung) && copied != rung }
}

/// The orders, written by the stream's task and read by its codec threads; and what the threads have to say.
final class TranscodeControls: Sendable {
    private struct State {
        var orders: TranscodeOrders
        var failed: [(rung: String, failure: CodecFailure)] = []
        var busyNanoseconds: Int64 = 0
    }

    /// Failures that wait to be read; a rung that fails does so once for each key frame.
    static let failuresMax = 100

    private let state: Mutex<State>

    init(_ orders: TranscodeOrders) { state = Mutex(State(orders: orders)) }

    var orders: TranscodeOrders { state.withLock { $0.orders } }

    func order(_ change: (inout TranscodeOrders) -> Void) { state.withLock { change(&$0.orders) } }

    /// Whether a key frame was ordered; it is so once.
    func takeKeyframeOrder() -> Bool {
        state.withLock { state in
            defer { state.orders.needsKeyframe = false }
            return state.orders.needsKeyframe
        }
    }

    func failed(_ rung: String, _ failure: CodecFailure) {
        state.withLock { if $0.failed.count < Self.failuresMax { $0.failed.append((rung, failure)) } }
    }

    /// What failed since this was asked last.
    func takeFailures() -> [(rung: String, failure: CodecFailure)] {
        state.withLock { state in
            defer { state.failed = [] }
            return state.failed
        }
    }

    /// A codec thread has worked for a while.
    func worked(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        state.withLock { $0.busyNanoseconds += seconds * 1_000_000_000 + attoseconds / 1_000_000_000 }
    }

    /// How long all codec threads together have worked since this was asked last, in nanoseconds.
    func takeBusyNanoseconds() -> Int64 {
        state.withLock { state in
            defer { state.busyNanoseconds = 0 }
            return state.busyNanoseconds
        }
    }
}
