import StreamingCore
import Synchronization

/// One call of `follow`: finds the streams to read, and reads one log of a stream after the other.
final class LogFollower: Sendable {
    private struct State {
        /// The readers of a stream that were not read to the end yet: at most the one that is read now and the one of
        /// the log that came after it, because a log does not close before its readers are through.
        var readers: [StreamID: [LocalFrameLogReader]] = [:]
        var isClosed = false
    }

    /// The first reader of every stream that nobody reads yet. As many wait as there are streams.
    let arrivals: AsyncStream<LocalFrameLogReader>
    private let arrival: AsyncStream<LocalFrameLogReader>.Continuation
    private let state = Mutex(State())

    init() { (arrivals, arrival) = AsyncStream.makeStream() }

    /// Takes a log that has entries.
    func offer(_ log: StreamLog) {
        let arrived: LocalFrameLogReader? = state.withLock { state in
            guard !state.isClosed, let id = log.attachReader() else { return nil }
            let reader = LocalFrameLogReader(log: log, id: id)
            state.readers[log.stream, default: []].append(reader)
            return state.readers[log.stream]?.count == 1 ? reader : nil
        }
        if let arrived { arrival.yield(arrived) }
    }

    /// Forgets a reader that was read; returns the next one of the same stream.
    func finished(_ reader: LocalFrameLogReader) -> LocalFrameLogReader? {
        reader.detach()
        return state.withLock { state in
            let rest = (state.readers[reader.stream] ?? []).filter { $0 !== reader }
            state.readers[reader.stream] = rest.isEmpty ? nil : rest
            return rest.first
        }
    }

    /// Takes no more logs and lets go of those that were not read.
    func close() {
        arrival.finish()
        let readers = state.withLock { state in
            state.isClosed = true
            defer { state.readers = [:] }
            return state.readers.values.flatMap { $0 }
        }
        for reader in readers { reader.detach() }
    }
}

/// Reads the log of one stream.
final class LocalFrameLogReader: FrameLogReader {
    let log: StreamLog
    private let id: Int
    private static let fences = Atomic<Int64>(0)

    init(log: StreamLog, id: Int) {
        self.log = log
        self.id = id
        fence = Self.fences.add(1, ordering: .relaxed).newValue
    }

    var stream: StreamID { log.stream }

    let fence: Int64
    // The log does not outlive its process: nobody can take a stream over.
    var checkpoint: FrameLogCheckpoint? { nil }
    var wasTaken: Bool { false }
    func commit(_ checkpoint: FrameLogCheckpoint) {}

    func next() async -> FrameLogBatch? { await log.next(for: id) }

    func detach() { log.detachReader(id) }
}
