internal import Synchronization

/// What the thread that reads and the task that keeps the leases tell each other. Neither waits for the other.
final class LeaseMailbox: Sendable {
    private struct State {
        var partitionCount: Int?
        /// At most a few for each partition: a partition has another order only when the one before was told.
        var orders: [LeaseMachine.Order] = []
        var handedOver: [LeasedPartition] = []
        var streams: [Int32: Int] = [:]
        var confirmedAt: Int64 = .min
        var isLeaving = false
        var isOver = false
        var hasNews = false
        var sleep: Task<Void, Never>?
    }

    private let state = Mutex(State())

    // MARK: For the thread

    /// Says how many partitions there are; nothing is leased before.
    func partitionsCounted(_ count: Int) { tell { $0.partitionCount = count } }

    /// What is to be done.
    func takeOrders() -> [LeaseMachine.Order] {
        state.withLock { state in
            defer { state.orders = [] }
            return state.orders
        }
    }

    /// Says that all readers of a partition have come to their end, and what they did is written down.
    func handedOver(_ lease: LeasedPartition) { tell { $0.handedOver.append(lease) } }

    /// Says how many streams each partition has.
    func streamsCounted(_ streams: [Int32: Int]) { state.withLock { $0.streams = streams } }

    /// Asks for a beat without delay.
    func wantBeat() { tell { _ in } }

    /// Whether a beat that began at `time` or later has been answered, or has failed.
    func isConfirmed(since time: Int64) -> Bool { state.withLock { $0.confirmedAt >= time || $0.isOver } }

    /// Whether the thread is to end: all was given back.
    var isOver: Bool { state.withLock { $0.isOver } }

    // MARK: For the task

    /// Facts since the last call.
    struct News {
        var partitionCount: Int?
        var handedOver: [LeasedPartition]
        var streams: [Int32: Int]
        var isLeaving: Bool
    }

    func takeNews() -> News {
        state.withLock { state in
            defer {
                state.handedOver = []
                state.hasNews = false
            }
            return News(
                partitionCount: state.partitionCount, handedOver: state.handedOver, streams: state.streams,
                isLeaving: state.isLeaving)
        }
    }

    func post(_ orders: [LeaseMachine.Order]) { state.withLock { $0.orders += orders } }

    /// A beat was answered or has failed.
    ///
    /// - Parameter began: When it began.
    func beatEnded(began: Int64) { state.withLock { $0.confirmedAt = max($0.confirmedAt, began) } }

    /// Waits, until there is news at the latest.
    func pause(milliseconds: Int64) async {
        // A task of its own, so that waiting goes on when who waits was cancelled: leases are kept until all is handed
        // over.
        let sleep = Task<Void, Never> { try? await Task.sleep(for: .milliseconds(milliseconds)) }
        let hasNews = state.withLock { state in
            state.sleep = sleep
            return state.hasNews
        }
        if hasNews { sleep.cancel() }
        await sleep.value
    }

    // MARK: For whoever follows

    /// Has everything handed over and given back.
    func leave() { tell { $0.isLeaving = true } }

    /// Says that nothing is leased any more, and nothing will be.
    func end() { tell { $0.isOver = true } }

    private func tell(_ change: (inout sending State) -> Void) {
        let sleep = state.withLock { state in
            change(&state)
            state.hasNews = true
            return state.sleep
        }
        sleep?.cancel()
    }
}
