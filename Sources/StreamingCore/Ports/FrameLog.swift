public import Media

/// The append-only log of a broadcast's frames, one ordered sequence per stream.
public protocol FrameLog: Sendable {
    /// Becomes the writer of a stream. A writer that was opened before can append no more: the newest one owns the log.
    func openWriter(for stream: StreamID) async throws(StreamError) -> any FrameLogWriter

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
    /// Waits for entries and returns all there are, at most a bounded number; `nil` when the stream's log is closed or
    /// the task was cancelled.
    func next() async -> FrameLogBatch?
}

/// What a reader got in one go.
public struct FrameLogBatch: Sendable {
    public var entries: [BroadcastEntry]
    /// How many entries were dropped before the first of these because the reader was too slow.
    public var lostEntries: Int

    public init(entries: [BroadcastEntry], lostEntries: Int = 0) {
        self.entries = entries
        self.lostEntries = lostEntries
    }
}
