import Media
import StreamingCore

extension StreamLog {
    typealias Waiter = CheckedContinuation<Void, Never>

    /// What a log decides; the class around it resumes whoever it says must go on.
    ///
    /// Entries leave when every reader has them, or when the log is full: then a reader that has not had them is
    /// behind, gets the beginning of the broadcast again if it missed that, and skips to where decoding can start.
    struct Machine {
        struct Reader {
            let id: Int
            /// The position of the entry to read next.
            var position: Int
            /// Frames are passed over until one that decoding can start at.
            var isSkipping = false
            /// Entries that were dropped or passed over since the last batch.
            var lostEntries = 0
            var isCancelled = false
            /// The one task that waits for an entry.
            var waiter: Waiter?
        }

        enum Taken {
            case batch(FrameLogBatch)
            /// Nothing is there yet.
            case nothing
            /// There will never be anything. The waiters are other readers who must be told.
            case closed([Waiter])
        }

        struct Appended {
            /// This is the log's first entry: readers are to be found.
            var isFirst = false
            /// Most logs have one reader: no array is made for it.
            var waiter: Waiter?
            var moreWaiters: [Waiter] = []
        }

        private let limits: FrameLogLimits
        private var ring = EntryRing()
        private var readers: [Reader] = []
        private var nextReader = 0
        private var hadReader = false
        private var owner = 0
        /// The newest entry is `ended`, and no new writer has come.
        private var isEnded = false
        /// The log takes and gives nothing any more.
        private(set) var isClosed = false
        /// The broadcast that goes on has video: then decoding starts at its keyframes alone.
        private var hasVideo = false
        /// The newest beginning among the entries that left, and its position.
        private var droppedBeginning: (position: Int, origin: BroadcastOrigin)?

        init(limits: FrameLogLimits) { self.limits = limits }

        /// Entries that some reader has not had, and their payload in bytes.
        var size: (entries: Int, bytes: Int) { (ring.count, ring.bytes) }

        // MARK: Writing

        /// Makes a new writer the owner; `nil` when the log is closed.
        mutating func writerOpened() -> Int? {
            guard !isClosed else { return nil }
            isEnded = false
            owner += 1
            return owner
        }

        /// A log that never got an entry ends with its writer.
        mutating func writerGone(_ writer: Int) {
            if writer == owner, ring.end == 0 { isClosed = true }
        }

        mutating func append(_ entry: BroadcastEntry, by writer: Int) throws(StreamError) -> Appended {
            guard writer == owner, !isClosed else {
                throw .conflict(reason: "a newer writer has taken over the stream's frame log")
            }
            try makeRoom(for: entry)
            switch entry {
            case .began: hasVideo = false
            case .frame(let frame): if frame.track.kind == .video { hasVideo = true }
            case .interrupted: break
            case .ended:
                isEnded = true
                // Readers that gave up will not come back for the end.
                isClosed = hadReader && readers.isEmpty
            }
            var appended = Appended(isFirst: ring.end == 0)
            ring.append(entry)
            for index in readers.indices {
                guard let waiter = readers[index].waiter else { continue }
                readers[index].waiter = nil
                if appended.waiter == nil { appended.waiter = waiter } else { appended.moreWaiters.append(waiter) }
            }
            return appended
        }

        /// Drops the oldest entries until the entry fits. Without any reader, frames are refused instead.
        private mutating func makeRoom(for entry: BroadcastEntry) throws(StreamError) {
            while ring.count > 0,
                ring.count >= limits.entriesPerStreamMax || ring.bytes + entry.payloadBytes > limits.bytesPerStreamMax
            {
                if readers.isEmpty, case .frame = entry { throw .overloaded(what: "frame log without a reader") }
                dropFirst()
            }
        }

        private mutating func dropFirst() {
            let position = ring.start
            if case .began(let origin) = ring.removeFirst() { droppedBeginning = (position, origin) }
        }

        /// Closes a log that is over and that nobody reads.
        mutating func makeWay() -> Bool {
            if isEnded, readers.isEmpty { isClosed = true }
            return isClosed
        }

        // MARK: Reading

        /// Adds a reader that starts with the running broadcast; `nil` when the log is closed.
        mutating func readerAttached() -> Int? {
            guard !isClosed else { return nil }
            hadReader = true
            nextReader += 1
            // From a beginning that has left, the reader is behind at once, and goes on as one does.
            readers.append(Reader(id: nextReader, position: droppedBeginning?.position ?? ring.start))
            return nextReader
        }

        /// Forgets a reader; returns others who must be told that the log is closed.
        mutating func readerDetached(_ id: Int) -> [Waiter] {
            guard let index = readers.firstIndex(where: { $0.id == id }) else { return [] }
            var waiters: [Waiter] = []
            if let waiter = readers.remove(at: index).waiter { waiters.append(waiter) }
            waiters += closeIfRead()
            dropRead()
            return waiters
        }

        mutating func take(_ id: Int) -> Taken {
            guard !isClosed, let index = readers.firstIndex(where: { $0.id == id }), !readers[index].isCancelled else {
                return .closed([])
            }
            var reader = readers[index]
            let entries = collect(for: &reader)
            let batch = FrameLogBatch(
                entries: entries, lostEntries: reader.lostEntries,
                firstPosition: Int64(reader.position - entries.count))
            if !entries.isEmpty { reader.lostEntries = 0 }
            readers[index] = reader
            dropRead()
            guard entries.isEmpty else { return .batch(batch) }
            let waiters = closeIfRead()
            return isClosed ? .closed(waiters) : .nothing
        }

        /// Remembers who waits; `false` when there is something to take already.
        mutating func waiterCame(_ waiter: Waiter, reader id: Int) -> Bool {
            guard !isClosed, let index = readers.firstIndex(where: { $0.id == id }), !readers[index].isCancelled,
                readers[index].position >= ring.end
            else { return false }
            precondition(readers[index].waiter == nil, "two tasks wait with one reader")
            readers[index].waiter = waiter
            return true
        }

        /// Ends the reading of a reader whose task was cancelled; returns it if it waits.
        mutating func readerCancelled(_ id: Int) -> Waiter? {
            guard let index = readers.firstIndex(where: { $0.id == id }) else { return nil }
            readers[index].isCancelled = true
            defer { readers[index].waiter = nil }
            return readers[index].waiter
        }

        /// The entries that a reader gets now; all that it passes over is counted as lost.
        private func collect(for reader: inout Reader) -> [BroadcastEntry] {
            var entries: [BroadcastEntry] = []
            if reader.position < ring.start {
                reader.lostEntries += ring.start - reader.position
                if let beginning = droppedBeginning, beginning.position >= reader.position {
                    reader.lostEntries -= 1
                    entries.append(.began(beginning.origin))
                }
                reader.position = ring.start
                reader.isSkipping = true
            }
            entries.reserveCapacity(min(ring.end - reader.position, limits.batchEntriesMax))
            while reader.position < ring.end, entries.count < limits.batchEntriesMax {
                let entry = ring[reader.position]
                switch entry {
                case .frame(let frame) where reader.isSkipping && !canStart(at: frame):
                    // Losses are told before the first entry of a batch, so these belong to the next one.
                    guard entries.isEmpty else { return entries }
                    reader.lostEntries += 1
                case .frame, .began:
                    reader.isSkipping = false
                    entries.append(entry)
                case .interrupted, .ended: entries.append(entry)
                }
                reader.position += 1
            }
            return entries
        }

        private func canStart(at frame: Frame) -> Bool {
            frame.isKeyframe && (frame.track.kind == .video || !hasVideo)
        }

        /// Lets go of what every reader has.
        private mutating func dropRead() {
            guard let lowest = readers.lazy.map(\.position).min() else { return }
            while ring.start < min(lowest, ring.end) { dropFirst() }
        }

        /// Closes a log that is over once all its readers are through; returns those who wait.
        private mutating func closeIfRead() -> [Waiter] {
            guard isEnded, hadReader, readers.allSatisfy({ $0.position == ring.end }) else { return [] }
            isClosed = true
            let waiters = readers.compactMap(\.waiter)
            for index in readers.indices { readers[index].waiter = nil }
            return waiters
        }
    }
}
