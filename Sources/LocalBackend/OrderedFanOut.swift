import StreamingCore
import Synchronization

/// Hands every value to all receivers: in order per stream, and for one stream never on two threads at once.
///
/// Whoever appends delivers, unless another thread is just delivering for the same stream: then that one goes on with
/// the new value, and the appending thread does not wait for it.
final class OrderedFanOut<Value: Sendable>: Sendable {
    typealias Receiver = @Sendable (StreamID, Value) -> Void

    private struct State {
        var receivers: [Int: Receiver] = [:]
        var nextReceiver = 0
        /// What waits for the thread that delivers for a stream; no entry when there is no such thread.
        var waiting: [StreamID: [Value]] = [:]
        /// The highest fence of a stream.
        var fences: [StreamID: Int64] = [:]

        mutating func pass(_ fence: Int64, of stream: StreamID) throws(StreamError) {
            if let highest = fences[stream], fence < highest {
                throw .conflict(reason: "another reader of the stream's frames announces them now")
            }
            if fences.count >= OrderedFanOut.fencesMax { fences = [:] }
            fences[stream] = fence
        }
    }

    /// Streams whose fences are remembered; then all are forgotten, for nobody takes a stream from this process.
    static var fencesMax: Int { 100_000 }
    /// Values of one stream that may wait for a receiver that is slow; more are refused.
    let waitingMax: Int
    private let state = Mutex(State())

    init(waitingMax: Int = 1024) { self.waitingMax = waitingMax }

    /// - Parameter fence: Values of a lower one than the stream had before are refused; `nil` where all are welcome.
    func append(_ value: Value, for stream: StreamID, fence: Int64? = nil) throws(StreamError) {
        let mustDeliver = try state.withLock { state throws(StreamError) in
            if let fence { try state.pass(fence, of: stream) }
            guard let count = state.waiting[stream]?.count else {
                state.waiting[stream] = [value]
                return true
            }
            guard count < waitingMax else { throw .overloaded(what: "\(waitingMax) undelivered values of a stream") }
            state.waiting[stream]?.append(value)
            return false
        }
        if mustDeliver { deliver(stream) }
    }

    /// Delivers until nothing waits.
    private func deliver(_ stream: StreamID) {
        while true {
            let (values, receivers) = state.withLock { state in
                let values = state.waiting[stream] ?? []
                state.waiting[stream] = values.isEmpty ? nil : []
                return (values, Array(state.receivers.values))
            }
            guard !values.isEmpty else { return }
            for value in values {
                for receive in receivers { receive(stream, value) }
            }
        }
    }

    /// Receives until the task is cancelled.
    func follow(_ receive: @escaping Receiver) async {
        let id = state.withLock { state in
            state.nextReceiver += 1
            state.receivers[state.nextReceiver] = receive
            return state.nextReceiver
        }
        await untilCancelled()
        state.withLock { $0.receivers[id] = nil }
    }
}
