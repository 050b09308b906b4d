internal import Bytes
internal import Media
internal import StreamingCore
internal import Synchronization

/// What a thread knows of one partition of `stream-frames` while it is ours: the streams in it, and how far each is.
struct PartitionReading {
    /// One session and what it is made of. A class, because it changes with every record; one thread has it.
    final class Reading {
        let token: Int
        let session: StreamSession
        var sequence: StreamSequence
        /// Where its records begin.
        let firstOffset: Int64
        /// Whether its fence was written down.
        var isClaimed: Bool
        /// Behind the record that ended the broadcast.
        var endOffset: Int64 = 0
        /// Whether its reader returned before the end: what comes is passed over.
        var isAbandoned = false

        init(token: Int, session: StreamSession, sequence: StreamSequence, firstOffset: Int64, isClaimed: Bool) {
            self.token = token
            self.session = session
            self.sequence = sequence
            self.firstOffset = firstOffset
            self.isClaimed = isClaimed
        }
    }

    /// What becomes of a record.
    enum Outcome {
        case nothing
        /// A stream is to be read from now on.
        case began(StreamSession, isFull: Bool)
        /// Its session has as much as it can hold.
        case full
    }

    /// A record for `stream-checkpoints`; without a checkpoint it takes back what the stream had.
    struct CheckpointWrite {
        var stream: StreamID
        var checkpoint: StreamCheckpoint?
        /// Who is to be told.
        var session: StreamSession?
    }

    /// Hears what became of the partition's own checkpoints.
    final class OffsetReport: DeliveryObserver {
        private let outcome = Mutex<Result<Int64, KafkaFailure>?>(nil)

        func recordDone(_ tag: Int64, bytes: Int, failure: KafkaFailure?) {
            outcome.withLock { $0 = failure.map { .failure($0) } ?? .success(tag) }
        }

        fileprivate func take() -> Result<Int64, KafkaFailure>? {
            outcome.withLock { outcome in
                defer { outcome = nil }
                return outcome
            }
        }
    }

    let partition: Int32
    let report = OffsetReport()
    /// That of the partition's own checkpoints.
    private let fence: Int64
    /// Fences of this partition's sessions so far: the next is higher.
    private var lastFence: Int64
    /// Of streams that have not come up yet, and of those that ended.
    private var checkpoints: [StreamID: StreamCheckpoint]
    /// Of streams that have not come up yet.
    private var tokens: [StreamID: Int] = [:]
    private var nextToken = 0
    /// The reading of each stream that goes on, and those of streams that came to their end, the oldest first.
    private(set) var live: [StreamID: Reading] = [:]
    private(set) var ending: [Reading] = []
    private(set) var progress = PartitionProgress()
    /// When it was paused, because a session is full.
    var pausedAt: Int64?
    /// Records that cannot be read.
    private(set) var unreadable = 0

    /// - Parameters:
    ///   - leaseFence: The least fence. As leases have it from one clock, it is above those of whoever had the
    ///     partition before, also of sessions that he did not come to write down.
    ///   - now: Milliseconds since the Unix epoch.
    init(partition: Int32, _ table: CheckpointTable, leaseFence: Int64, now: Int64) {
        self.partition = partition
        checkpoints = table.checkpoints
        let known = table.checkpoints.values.map(\.readerFence).max() ?? 0
        fence = max(leaseFence, known + 1, (table.partition?.readerFence ?? 0) + 1)
        lastFence = fence
        for (stream, checkpoint) in table.checkpoints {
            if checkpoint.isEnded {
                progress.streamEnded(stream, behind: checkpoint.offset, at: now)
            } else {
                tokens[stream] = makeToken()
                progress.need(checkpoint.offset, for: nextToken)
            }
        }
    }

    /// The sessions that are not over.
    var sessions: [StreamSession] { ending.map(\.session) + live.values.map(\.session) }

    /// The checkpoints with this reader's fences, to be written at once: they keep out whoever had the partition
    /// before.
    mutating func takeOver() -> [CheckpointWrite] {
        checkpoints.filter { !$0.value.isEnded }.map { stream, checkpoint in
            var claimed = checkpoint
            lastFence += 1
            claimed.readerFence = lastFence
            checkpoints[stream] = claimed
            return CheckpointWrite(stream: stream, checkpoint: claimed)
        }
    }

    /// The log has nothing before an offset: streams that were left there hold nothing up.
    mutating func logBegins(at offset: Int64) {
        for (stream, token) in tokens {
            if let checkpoint = checkpoints[stream], checkpoint.offset < offset { progress.needNothing(for: token) }
        }
    }

    // MARK: Records

    mutating func recordRead(_ record: KafkaRecord) -> Outcome {
        progress.recordRead(at: record.offset)
        guard let stream = StreamID(record.key.string), let value = record.value,
            let read = try? FrameRecord(value)
        else {
            unreadable += 1
            return .nothing
        }
        if let reading = live[stream] {
            let items = reading.sequence.recordRead(read, at: record.offset)
            guard reading.isAbandoned, case .began = items.first?.entry else {
                return offer(items, to: reading, at: record.offset) ? .full : .nothing
            }
            // Whoever gave up reading is asked again for the next broadcast.
            live[stream] = nil
        }
        return begin(stream, read, at: record.offset)
    }

    private mutating func begin(_ stream: StreamID, _ record: FrameRecord, at offset: Int64) -> Outcome {
        let known = checkpoints[stream]
        var sequence = StreamSequence(after: known)
        let items = sequence.recordRead(record, at: offset)
        let resumed = known?.isEnded == false ? known : nil
        // A broadcast that is over, or that cannot be begun with this record, is no stream to read; one that was read
        // before is, even when this record was read as well.
        guard !items.isEmpty || resumed != nil else { return .nothing }
        lastFence += 1
        let session = StreamSession(
            stream: stream, fence: resumed?.readerFence ?? lastFence,
            checkpoint: resumed.flatMap { resumed in
                resumed.state.map { FrameLogCheckpoint(position: resumed.position, state: $0) }
            })
        let token = tokens.removeValue(forKey: stream) ?? makeToken()
        if resumed == nil { progress.need(offset, for: token) }
        progress.streamBegan(stream)
        checkpoints[stream] = nil
        let reading = Reading(
            token: token, session: session, sequence: sequence, firstOffset: resumed?.offset ?? offset,
            isClaimed: resumed != nil)
        live[stream] = reading
        return .began(session, isFull: offer(items, to: reading, at: offset))
    }

    /// Hands entries to a session; says whether it is full.
    private mutating func offer(_ items: [StreamSequence.Item], to reading: Reading, at offset: Int64) -> Bool {
        guard let last = items.last else { return false }
        let isFull = reading.session.offer(items)
        guard case .ended = last.entry else { return isFull }
        let stream = reading.session.stream
        reading.session.seal()
        reading.endOffset = offset + 1
        live[stream] = nil
        ending.append(reading)
        // What an older writer still appends is not heard.
        checkpoints[stream] = StreamCheckpoint(
            readerFence: reading.session.fence, writerFence: reading.sequence.fence, position: last.position + 1,
            offset: reading.endOffset, isEnded: true)
        return isFull
    }

    // MARK: Checkpoints

    /// Looks after the sessions, once per turn of the thread.
    ///
    /// - Returns: What is to be written, in this order.
    mutating func sessionsServed(now: Int64) -> [CheckpointWrite] {
        var writes: [CheckpointWrite] = []
        for reading in ending + Array(live.values) { serve(reading, &writes) }
        let over = ending.filter(\.session.isDone)
        for reading in over { end(reading, &writes, now: now) }
        ending.removeAll { reading in over.contains { $0 === reading } }
        for reading in live.values where !reading.isAbandoned && reading.session.isDone {
            reading.isAbandoned = true
            progress.needNothing(for: reading.token)
        }
        return writes
    }

    private mutating func serve(_ reading: Reading, _ writes: inout [CheckpointWrite]) {
        let session = reading.session
        if let position = session.takeDeliveredPosition() {
            reading.sequence.forgetAnchors(before: position)
            if let anchor = reading.sequence.anchor(for: position), !reading.isAbandoned {
                progress.need(anchor.offset, for: reading.token)
            }
        }
        // The stream's broadcast before this one comes first: its checkpoint must not be replaced while it is read.
        let isFirst = !ending.prefix { $0 !== reading }.contains { $0.session.stream == session.stream }
        if !reading.isClaimed, isFirst {
            reading.isClaimed = true
            let anchor = reading.sequence.anchor(for: 0)
            let claim = StreamCheckpoint(
                readerFence: session.fence, writerFence: anchor?.fence ?? reading.sequence.fence,
                position: anchor?.position ?? 0, offset: reading.firstOffset)
            writes.append(CheckpointWrite(stream: session.stream, checkpoint: claim, session: session))
        }
        guard let commit = session.takeCommit() else { return }
        let anchor = reading.sequence.anchor(for: commit.position)
        let checkpoint = StreamCheckpoint(
            readerFence: session.fence, writerFence: anchor?.fence ?? reading.sequence.fence,
            position: commit.position, offset: anchor?.offset ?? reading.firstOffset, state: commit.state)
        writes.append(CheckpointWrite(stream: session.stream, checkpoint: checkpoint, session: session))
    }

    private mutating func end(_ reading: Reading, _ writes: inout [CheckpointWrite], now: Int64) {
        let stream = reading.session.stream
        progress.needNothing(for: reading.token)
        // Another broadcast of the stream has begun already: its own checkpoint follows.
        guard let ended = checkpoints[stream], ended.isEnded, ended.offset == reading.endOffset else { return }
        writes.append(CheckpointWrite(stream: stream, checkpoint: ended))
        progress.streamEnded(stream, behind: reading.endOffset, at: now)
    }

    /// The partition's own checkpoint, when it is another than before; its report goes to ``report``.
    mutating func takePartitionCheckpoint() -> PartitionCheckpoint? {
        progress.takeOffset().map { PartitionCheckpoint(readerFence: fence, offset: $0) }
    }

    /// The partition's own checkpoint as it is now; `nil` when nothing was read.
    var lastCheckpoint: PartitionCheckpoint? {
        progress.offset.map { PartitionCheckpoint(readerFence: fence, offset: $0) }
    }

    /// How many streams are being read.
    var streamCount: Int { live.count + ending.count }

    /// Looks at what became of the partition's own checkpoint.
    ///
    /// - Returns: What can be taken back of streams because of it.
    mutating func reportRead(now: Int64) -> [CheckpointWrite] {
        switch report.take() {
        case nil: return []
        case .failure:
            progress.offsetRefused()
            return []
        case .success(let offset):
            return progress.offsetWritten(offset, now: now).map { stream in
                checkpoints[stream] = nil
                return CheckpointWrite(stream: stream)
            }
        }
    }

    private mutating func makeToken() -> Int {
        nextToken += 1
        return nextToken
    }
}
