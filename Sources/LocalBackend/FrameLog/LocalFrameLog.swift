import Media
public import StreamingCore
import Synchronization

/// The frame log inside one process: a bounded ring per stream, with one writer and any number of readers.
///
/// An append costs one lock, also on an event loop. A log of a stream lives from its first writer until `ended` is read
/// by all its readers; a broadcast that begins before that goes on in the same log.
public final class LocalFrameLog: FrameLog {
    fileprivate struct Table {
        var logs: [StreamID: StreamLog] = [:]
        var followers: [Int: LogFollower] = [:]
        /// Logs that followers were told of, for those who come later.
        var announced: Set<StreamID> = []
        var nextFollower = 0
    }

    private let limits: FrameLogLimits
    private let executors: [any TaskExecutor]
    private let table = Mutex(Table())

    /// - Parameter executors: Where the readers of streams run, one stream after the other in turn; the default pool
    ///   when there are none.
    public init(limits: FrameLogLimits = FrameLogLimits(), executors: [any TaskExecutor] = []) {
        self.limits = limits
        self.executors = executors
    }

    /// What waits to be read.
    public var backlog: FrameLogBacklog {
        let logs = table.withLock { Array($0.logs.values) }
        return logs.reduce(into: FrameLogBacklog()) { sum, log in
            let (entries, bytes) = log.size
            sum.streams += 1
            sum.entries += entries
            sum.bytes += bytes
        }
    }

    public func openWriter(for stream: StreamID) async throws(StreamError) -> any FrameLogWriter {
        try table.withLock { table throws(StreamError) in
            if let log = table.logs[stream], let owner = log.openWriter() {
                return LocalFrameLogWriter(frameLog: self, log: log, owner: owner)
            }
            table.forget(stream)
            if table.logs.count >= limits.streamsMax { table.forgetEnded() }
            guard table.logs.count < limits.streamsMax else {
                throw .overloaded(what: "\(limits.streamsMax) streams with a frame log")
            }
            let log = StreamLog(stream: stream, limits: limits)
            guard let owner = log.openWriter() else { preconditionFailure("a log is open when it is made") }
            table.logs[stream] = log
            return LocalFrameLogWriter(frameLog: self, log: log, owner: owner)
        }
    }

    /// Writers of this process say themselves when they end.
    public func end(_ stream: StreamID, fence: Int64) async throws(StreamError) {}

    public func follow(_ read: @escaping @Sendable (any FrameLogReader) async -> Void) async {
        let follower = LogFollower()
        let (id, open) = table.withLock { $0.add(follower) }
        for log in open { follower.offer(log) }
        await withDiscardingTaskGroup { group in
            var turn = 0
            for await first in follower.arrivals {
                let executor = executors.isEmpty ? nil : executors[turn % executors.count]
                turn += 1
                group.addTask(executorPreference: executor) {
                    var reader: LocalFrameLogReader? = first
                    while let current = reader {
                        await read(current)
                        reader = follower.finished(current)
                        self.forgetIfClosed(current.log)
                    }
                }
            }
        }
        table.withLock { $0.followers[id] = nil }
        follower.close()
    }

    /// Tells the followers of a log that got its first entry.
    fileprivate func announce(_ log: StreamLog) {
        let followers = table.withLock { table -> [LogFollower] in
            guard table.logs[log.stream] === log else { return [] }
            table.announced.insert(log.stream)
            return Array(table.followers.values)
        }
        for follower in followers { follower.offer(log) }
    }

    fileprivate func forgetIfClosed(_ log: StreamLog) {
        guard log.isClosed else { return }
        table.withLock { table in
            if table.logs[log.stream] === log { table.forget(log.stream) }
        }
    }
}

/// What waits in the logs of a process.
public struct FrameLogBacklog: Sendable, Equatable {
    /// Streams that have a log.
    public var streams = 0
    public var entries = 0
    /// Of payload.
    public var bytes = 0

    public init() {}
}

extension LocalFrameLog.Table {
    mutating func add(_ follower: LogFollower) -> (id: Int, open: [StreamLog]) {
        nextFollower += 1
        followers[nextFollower] = follower
        return (nextFollower, announced.compactMap { logs[$0] })
    }

    mutating func forget(_ stream: StreamID) {
        logs[stream] = nil
        announced.remove(stream)
    }

    mutating func forgetEnded() {
        for (stream, log) in logs where log.makeWay() { forget(stream) }
    }
}

/// Appends to the log of one stream while no newer writer has taken over.
private final class LocalFrameLogWriter: FrameLogWriter {
    private let frameLog: LocalFrameLog
    private let log: StreamLog
    private let owner: Int

    init(frameLog: LocalFrameLog, log: StreamLog, owner: Int) {
        self.frameLog = frameLog
        self.log = log
        self.owner = owner
    }

    deinit {
        log.closeWriter(owner)
        frameLog.forgetIfClosed(log)
    }

    func append(_ entry: BroadcastEntry) throws(StreamError) {
        if try log.append(entry, by: owner) { frameLog.announce(log) }
    }
}
