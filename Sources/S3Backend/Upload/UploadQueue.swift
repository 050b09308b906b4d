import Bytes
import StreamingCore

/// What waits to be uploaded, in the order in which it came, and the decisions about it.
///
/// ```
///  append ──▶ waiting ──next──▶ under way ──stored──▶ (in the bucket)
///               │  ▲                │ ├──────refused──▶ (lost, counted)
///               │  └────failed──────┘
///               └──no room: the oldest──▶ (lost, counted)
/// ```
/// After a failure nothing is begun until a delay is over, and then one upload alone, until it succeeds: a store that
/// comes back is not run over. The first upload of all is alone too.
struct UploadQueue {
    /// What is to be uploaded.
    struct Upload: Sendable {
        let number: UInt64
        let name: SegmentName
        let buffers: [Bytes]
        let byteCount: Int
    }

    /// What the queue does next.
    enum Step {
        case begin(Upload)
        /// Nothing before that time.
        case wait(until: ContinuousClock.Instant)
        /// Nothing until something comes or ends.
        case idle
    }

    let countMax: Int
    let bytesMax: Int
    let uploadsAtOnce: Int
    private(set) var counters = S3UploadCounters()
    /// In order of their numbers; those before `head` are gone.
    private var waiting: [Upload?] = []
    private var head = 0
    private var underWay: [UInt64: Upload] = [:]
    private var pendingOfStream: [StreamID: Int] = [:]
    private var nextNumber: UInt64 = 0
    private var delay = RetryDelay(firstMilliseconds: 200, millisecondsMax: 5000)
    /// At first, and since the last failure, until a success.
    private var isProbing = true
    private var pausedUntil: ContinuousClock.Instant?

    init(countMax: Int, bytesMax: Int, uploadsAtOnce: Int) {
        precondition(countMax > 0 && bytesMax > 0 && uploadsAtOnce > 0, "a queue has room")
        self.countMax = countMax
        self.bytesMax = bytesMax
        self.uploadsAtOnce = uploadsAtOnce
    }

    var isEmpty: Bool { counters.pendingCount == 0 }

    func isEmpty(of stream: StreamID) -> Bool { pendingOfStream[stream] == nil }

    /// Everything that is not stored, the oldest first.
    var pendingNames: [SegmentName] {
        underWay.values.sorted { $0.number < $1.number }.map(\.name) + waiting[head...].compactMap { $0?.name }
    }

    /// Adds an upload. Where there is no room, the oldest that wait are given up.
    ///
    /// - Returns: What was given up: maybe the new one itself.
    mutating func append(_ buffers: [Bytes], under name: SegmentName) -> [SegmentName] {
        let byteCount = buffers.reduce(0) { $0 + $1.count }
        waiting.append(Upload(number: nextNumber, name: name, buffers: buffers, byteCount: byteCount))
        nextNumber += 1
        count(name.stream, 1, byteCount)
        var lost: [SegmentName] = []
        while counters.pendingCount > countMax || counters.pendingBytes > bytesMax, let oldest = takeFirst() {
            count(oldest.name.stream, -1, -oldest.byteCount)
            counters.droppedCount += 1
            lost.append(oldest.name)
        }
        return lost
    }

    mutating func next(at now: ContinuousClock.Instant) -> Step {
        guard let first = firstWaiting else { return .idle }
        if isProbing && !underWay.isEmpty { return .idle }
        guard underWay.count < uploadsAtOnce else { return .idle }
        if let pausedUntil, pausedUntil > now { return .wait(until: pausedUntil) }
        pausedUntil = nil
        _ = takeFirst()
        underWay[first.number] = first
        return .begin(first)
    }

    mutating func stored(_ upload: Upload) {
        finish(upload)
        counters.storedCount += 1
        counters.storedBytes += upload.byteCount
        delay.reset()
        isProbing = false
        pausedUntil = nil
    }

    /// The store does not take this one, and never will.
    mutating func refused(_ upload: Upload) {
        finish(upload)
        counters.refusedCount += 1
    }

    /// The store did not take it now. It is the next one again.
    mutating func failed(_ upload: Upload, at now: ContinuousClock.Instant, random: UInt64) {
        guard underWay.removeValue(forKey: upload.number) != nil else { return }
        counters.failedAttemptCount += 1
        putBack(upload)
        // Those that failed with it at the same time are one failure.
        if pausedUntil == nil { pausedUntil = now + delay.next(random: random) }
        isProbing = true
    }

    private mutating func finish(_ upload: Upload) {
        guard underWay.removeValue(forKey: upload.number) != nil else { return }
        count(upload.name.stream, -1, -upload.byteCount)
    }

    private var firstWaiting: Upload? { head < waiting.count ? waiting[head] : nil }

    private mutating func takeFirst() -> Upload? {
        guard let first = firstWaiting else { return nil }
        waiting[head] = nil
        head += 1
        // The gone ones are cut off now and then, not one by one.
        if head > 64 && head * 2 > waiting.count {
            waiting.removeFirst(head)
            head = 0
        }
        return first
    }

    /// Into its place among those that wait: they are few that are older.
    private mutating func putBack(_ upload: Upload) {
        var place = head
        while place < waiting.count, let other = waiting[place], other.number < upload.number { place += 1 }
        waiting.insert(upload, at: place)
    }

    private mutating func count(_ stream: StreamID, _ uploads: Int, _ bytes: Int) {
        counters.pendingCount += uploads
        counters.pendingBytes += bytes
        let ofStream = pendingOfStream[stream, default: 0] + uploads
        pendingOfStream[stream] = ofStream == 0 ? nil : ofStream
    }
}

/// What an uploader did and holds.
public struct S3UploadCounters: Sendable, Equatable {
    /// Uploads that wait or are under way now.
    public var pendingCount = 0
    /// Their bytes.
    public var pendingBytes = 0
    /// Uploads done so far.
    public var storedCount = 0
    /// Their bytes.
    public var storedBytes = 0
    /// Uploads given up so far because there was no room for them while the store was away.
    public var droppedCount = 0
    /// Uploads given up so far because the store takes such an object never.
    public var refusedCount = 0
    /// Attempts so far that failed and were made again.
    public var failedAttemptCount = 0

    /// Nothing was done yet.
    public init() {}
}
