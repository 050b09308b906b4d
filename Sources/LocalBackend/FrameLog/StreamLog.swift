import Media
import StreamingCore
import Synchronization

/// The log of one stream, from its first writer until what it has is read to the end.
final class StreamLog: Sendable {
    let stream: StreamID
    private let machine: Mutex<Machine>

    init(stream: StreamID, limits: FrameLogLimits) {
        self.stream = stream
        machine = Mutex(Machine(limits: limits))
    }

    /// What it holds: entries, and bytes of payload.
    var size: (entries: Int, bytes: Int) { machine.withLock { $0.size } }

    var isClosed: Bool { machine.withLock { $0.isClosed } }

    // MARK: Writing

    /// The new owner's number; `nil` when the log is closed.
    func openWriter() -> Int? { machine.withLock { $0.writerOpened() } }

    func closeWriter(_ writer: Int) { machine.withLock { $0.writerGone(writer) } }

    /// Adds an entry and wakes the readers.
    ///
    /// - Returns: Whether it was the log's first entry.
    func append(_ entry: BroadcastEntry, by writer: Int) throws(StreamError) -> Bool {
        let appended = try machine.withLock { machine throws(StreamError) in try machine.append(entry, by: writer) }
        appended.waiter?.resume()
        for waiter in appended.moreWaiters { waiter.resume() }
        return appended.isFirst
    }

    /// Closes the log if it is over and nobody reads it; returns whether it is closed.
    func makeWay() -> Bool { machine.withLock { $0.makeWay() } }

    // MARK: Reading

    /// The new reader's number; `nil` when the log is closed.
    func attachReader() -> Int? { machine.withLock { $0.readerAttached() } }

    func detachReader(_ id: Int) {
        for waiter in machine.withLock({ $0.readerDetached(id) }) { waiter.resume() }
    }

    /// Waits for entries; `nil` when the log is closed, or when the task was cancelled and nothing is left to read.
    func next(for reader: Int) async -> FrameLogBatch? {
        while true {
            switch machine.withLock({ $0.take(reader) }) {
            case .batch(let batch): return batch
            case .nothing: await waitForEntries(reader)
            case .closed(let waiters):
                for waiter in waiters { waiter.resume() }
                return nil
            }
        }
    }

    private func waitForEntries(_ reader: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isWaiting = machine.withLock { $0.waiterCame(waiter, reader: reader) }
                if !isWaiting { waiter.resume() }
            }
        } onCancel: {
            machine.withLock { $0.readerCancelled(reader) }?.resume()
        }
    }
}
