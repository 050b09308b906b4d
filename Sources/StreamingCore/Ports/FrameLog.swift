public import Bytes
public import Media

/// The append-only log of a broadcast's frames, one ordered sequence per stream.
public protocol FrameLog: Sendable {
    /// Becomes the writer of a stream. A writer that was opened before can append no more: the newest one owns the log.
    func openWriter(for stream: StreamID) async throws(StreamError) -> any FrameLogWriter

    /// Ends the broadcast of a writer that is gone, whose process can not say so itself.
    ///
    /// - Parameter fence: Above the first segment's number of that broadcast: the writer can append no more.
    func end(_ stream: StreamID, fence: Int64) async throws(StreamError)

    /// Runs until cancelled and calls `read` once for each stream that this process is to read, as its first entry
    /// arrives. The call for one stream never overlaps another call for the same stream.
    func follow(_ read: @escaping @Sendable (any FrameLogReader) async -> Void) async
}

/// Appends entries to one stream's log.
public protocol FrameLogWriter: Sendable {
    /// Takes the entry at once and never waits.
    ///
    /// - Throws: ``StreamError/conflict(reason:)`` when a newer writer owns the log, ``StreamError/overloaded(what:)``
    /// when
    ///   the log is full because nobody reads it.
    func append(_ entry: BroadcastEntry) throws(StreamError)
}

/// Reads one stream's log in order, at its own pace.
///
/// A reader that falls so far behind that the log had to drop entries goes on at the next keyframe and is told by a
/// larger ``FrameLogBatch/lostEntries``.
public protocol FrameLogReader: Sendable {
    var stream: StreamID { get }
    /// Above that of every reader that the stream had before, in whatever process. Who announces something for the
    /// stream says it, so that a reader which lost the stream without knowing is not heard any more.
    var fence: Int64 { get }
    /// What the reader before this one committed last; the entries begin at its position then.
    var checkpoint: FrameLogCheckpoint? { get }
    /// Waits for entries and returns all there are, at most a bounded number; `nil` when the stream's log is closed,
    /// the task was cancelled, or another process reads the stream now.
    func next() async -> FrameLogBatch?
    /// Whether another process reads the stream now: nothing that was not announced yet may be announced.
    var wasTaken: Bool { get }
    /// Remembers where a reader that comes later must begin, and what it must know. Never waits; the newest one counts.
    func commit(_ checkpoint: FrameLogCheckpoint)
}

/// From where a stream's log must be read again when its reader dies.
public struct FrameLogCheckpoint: Sendable, Equatable {
    /// The position of the first entry that is needed.
    public var position: Int64
    /// What the reader must know there, in a form of its own.
    public var state: Bytes

    /// The most that a state may have, in bytes.
    public static let stateBytesMax = 16 << 10

    public init(position: Int64, state: Bytes) {
        self.position = position
        self.state = state
    }
}

/// What a reader got in one go.
public struct FrameLogBatch: Sendable {
    public var entries: [BroadcastEntry]
    /// How many entries were dropped before the first of these because the reader was too slow.
    public var lostEntries: Int
    /// Which entry of the stream's log the first one is; the others follow one by one.
    public var firstPosition: Int64

    public init(entries: [BroadcastEntry], lostEntries: Int = 0, firstPosition: Int64 = 0) {
        self.entries = entries
        self.lostEntries = lostEntries
        self.firstPosition = firstPosition
    }
}
