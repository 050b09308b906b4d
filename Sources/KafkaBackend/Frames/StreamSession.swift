internal import Bytes
internal import Media
internal import StreamingCore
internal import Synchronization

/// One reading of one stream: what waits between the thread that reads Kafka and the task that works on it.
///
/// At most ``KafkaLimits/inboxBytesMax`` and ``KafkaLimits/inboxEntriesMax`` wait; then the thread pauses the stream's
/// partition. A session that is told to drop goes on at the first entry that reading can begin with once it is half
/// empty, and tells how many are missing.
final class StreamSession: FrameLogReader, DeliveryObserver {
    /// Why no entry comes any more.
    fileprivate enum Closing {
        /// The reader gets what there is, and then the end.
        case drained
        /// The reader gets nothing more.
        case cancelled
        case taken
    }

    fileprivate struct State {
        /// Those that the reader has are `nil`.
        var items: [StreamSequence.Item?] = []
        /// Where the waiting ones begin in `items`.
        var first = 0
        var bytes = 0
        var isDropping = false
        var lostEntries = 0
        var closing: Closing?
        var waiter: CheckedContinuation<Void, Never>?
        var isFinished = false
        var isDone = false
        var commit: FrameLogCheckpoint?
        var deliveredPosition: Int64?

        var count: Int { items.count - first }
        var isFull: Bool { bytes >= KafkaLimits.inboxBytesMax || count >= KafkaLimits.inboxEntriesMax }
        var isHalfEmpty: Bool {
            bytes <= KafkaLimits.inboxBytesMax / 2 && count <= KafkaLimits.inboxEntriesMax / 2
        }
    }

    let stream: StreamID
    let fence: Int64
    let checkpoint: FrameLogCheckpoint?
    private let state = Mutex(State())

    init(stream: StreamID, fence: Int64, checkpoint: FrameLogCheckpoint?) {
        self.stream = stream
        self.fence = fence
        self.checkpoint = checkpoint
    }

    // MARK: For the reader

    var wasTaken: Bool { state.withLock { $0.closing == .taken } }

    func next() async -> FrameLogBatch? {
        while true {
            let (batch, isOver) = state.withLock { state in (state.takeBatch(), state.isOver) }
            if let batch { return batch }
            if isOver { return nil }
            await waitForItems()
        }
    }

    func commit(_ checkpoint: FrameLogCheckpoint) {
        guard checkpoint.state.count <= FrameLogCheckpoint.stateBytesMax else { return }
        state.withLock { state in
            // After that, another process decides.
            if state.closing != .taken || !state.isFinished { state.commit = checkpoint }
        }
    }

    private func waitForItems() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let mustWait = state.withLock { state in
                    guard state.count == 0, state.closing == nil else { return false }
                    precondition(state.waiter == nil, "two tasks wait with one reader")
                    state.waiter = waiter
                    return true
                }
                if !mustWait { waiter.resume() }
            }
        } onCancel: {
            close(.cancelled)
        }
    }

    // MARK: For the thread

    /// Takes entries.
    ///
    /// - Returns: Whether it is full now.
    func offer(_ items: [StreamSequence.Item]) -> Bool {
        let (waiter, isFull) = state.withLock { state in
            guard !state.isFinished else { return (nil as CheckedContinuation<Void, Never>?, false) }
            for item in items { state.append(item) }
            defer { state.waiter = nil }
            return (state.count > 0 ? state.waiter : nil, state.isFull && !state.isDropping)
        }
        waiter?.resume()
        return isFull
    }

    /// Whether there is room again.
    var isHalfEmpty: Bool { state.withLock { $0.isHalfEmpty || $0.isDropping || $0.closing != nil } }

    /// Has it drop what comes, from now until it is half empty.
    func startDropping() { state.withLock { $0.isDropping = $0.closing == nil } }

    /// What is there is the last.
    func seal() { close(.drained) }

    /// Another process reads the stream from now on.
    func take() { close(.taken) }

    /// The reading is over.
    ///
    /// - Parameter wasCancelled: Whether the reader was told to return before it was done.
    func finish(wasCancelled: Bool) {
        state.withLock { state in
            state.isFinished = true
            state.isDone = !wasCancelled && state.closing != .taken
        }
    }

    /// Whether the reading is over.
    var isFinished: Bool { state.withLock { $0.isFinished } }
    /// Whether the reader returned because it wants nothing more of the stream.
    var isDone: Bool { state.withLock { $0.isDone } }
    /// What was committed since the last call.
    func takeCommit() -> FrameLogCheckpoint? {
        state.withLock { state in
            defer { state.commit = nil }
            return state.commit
        }
    }

    /// The position of the newest checkpoint that Kafka has, when that is another than at the last call.
    func takeDeliveredPosition() -> Int64? {
        state.withLock { state in
            defer { state.deliveredPosition = nil }
            return state.deliveredPosition
        }
    }

    func recordDone(_ tag: Int64, bytes: Int, failure: KafkaFailure?) {
        guard failure == nil else { return }
        state.withLock { $0.deliveredPosition = max(tag, $0.deliveredPosition ?? tag) }
    }

    private func close(_ closing: Closing) {
        let waiter = state.withLock { state in
            switch (state.closing, closing) {
            case (nil, _), (.drained, .cancelled), (.drained, .taken), (.cancelled, .taken): state.closing = closing
            case (.drained, .drained), (.cancelled, _), (.taken, _): break
            }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}

extension StreamSession.State {
    /// Whether the reader gets nothing more.
    fileprivate var isOver: Bool {
        switch closing {
        case nil: false
        case .drained: count == 0
        case .cancelled, .taken: true
        }
    }

    fileprivate mutating func append(_ item: StreamSequence.Item) {
        var item = item
        if isDropping {
            let isControl = if case .frame = item.entry { false } else { true }
            guard isControl || item.isStart && isHalfEmpty else {
                lostEntries += 1 + item.lostEntries
                return
            }
            if item.isStart { isDropping = false }
        }
        item.lostEntries += lostEntries
        lostEntries = 0
        items.append(item)
        bytes += item.entry.payloadBytes
    }

    /// The entries whose positions follow each other, up to the next gap.
    fileprivate mutating func takeBatch() -> FrameLogBatch? {
        guard closing == nil || closing == .drained, count > 0, let start = items[first] else { return nil }
        var entries: [BroadcastEntry] = []
        entries.reserveCapacity(min(count, KafkaLimits.batchEntriesMax))
        while first < items.count, entries.count < KafkaLimits.batchEntriesMax {
            guard let item = items[first] else { break }
            if !entries.isEmpty {
                guard item.lostEntries == 0, item.position == start.position + Int64(entries.count) else { break }
            }
            entries.append(item.entry)
            bytes -= item.entry.payloadBytes
            items[first] = nil
            first += 1
        }
        if first == items.count {
            items.removeAll(keepingCapacity: first <= 1024)
            first = 0
        } else if first >= 1024 {
            items.removeFirst(first)
            first = 0
        }
        return FrameLogBatch(entries: entries, lostEntries: start.lostEntries, firstPosition: start.position)
    }
}

extension BroadcastEntry {
    /// What the entry weighs while it waits.
    fileprivate var payloadBytes: Int {
        switch self {
        case .frame(let frame): frame.payload.count
        case .began, .interrupted, .ended: 0
        }
    }
}
