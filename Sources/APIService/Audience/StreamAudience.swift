import StreamingCore

/// All that is told of one stream: its viewers, and what its encoder sends.
struct StreamAudience {
    /// How long an ended session is remembered, in milliseconds: whoever comes back within it goes on with the same.
    static let lingerMilliseconds: Int64 = 600_000
    /// How old the newest report of an encoder may be, in milliseconds, to count for the present second.
    static let freshMilliseconds: Int64 = 3000
    /// How often an open session is written down, in milliseconds.
    static let recordingMilliseconds: Int64 = 10_000
    /// Processes that are remembered; those silent for the longest are forgotten first.
    static let instancesMax = 256

    /// What one process told last.
    private struct Instance {
        let name: String
        let number: Int
        var at: WallTime
        var bytesSent: Int64
        /// Told since the last second was drawn together. Processes tell in the middle of each second, so that one
        /// report falls into each.
        var bytesPending: Int64
    }

    let stream: StreamID
    private var instances: [Instance] = []
    private var instancesSeen = 0
    private(set) var viewers: [ViewerSessionID: Viewer] = [:]
    private var source: SourceReport?
    private var silenceMilliseconds: Int64 = 6000
    /// Stalling since the second before, and start-ups that were told in it.
    private var stalledBefore: Int64 = 0
    private var startups: [Int64] = []
    /// Measurements of the last minutes, the newest last.
    private(set) var history = MetricsHistory()

    init(_ stream: StreamID) { self.stream = stream }

    /// Whether nothing would be lost by forgetting it.
    func isIdle(at now: WallTime) -> Bool {
        guard viewers.isEmpty, freshSource(at: now) == nil else { return false }
        return history.last.map { now.unixMilliseconds - $0.at.unixMilliseconds > MetricsHistory.milliseconds } ?? true
    }

    private func freshSource(at now: WallTime) -> SourceReport? {
        source.flatMap { now.unixMilliseconds - $0.at.unixMilliseconds <= Self.freshMilliseconds ? $0 : nil }
    }

    // MARK: Reports

    mutating func told(_ report: SourceReport) {
        // Of two processes that both think they have it, the newer word counts.
        if let source, source.at > report.at { return }
        source = report
    }

    /// - Parameter roomForSessions: How many more sessions may be remembered.
    /// - Returns: How many sessions were new, and how many found no room.
    mutating func told(_ report: AudienceReport, roomForSessions: Int) -> (new: Int, refused: Int) {
        silenceMilliseconds = max(1000, report.silenceMilliseconds)
        let instance = counted(report)
        var (new, refused) = (0, 0)
        for share in report.sessions.prefix(AudienceReport.sessionsMax) {
            if viewers[share.id] == nil {
                guard new < roomForSessions else {
                    refused += 1
                    continue
                }
                viewers[share.id] = Viewer(share)
                new += 1
            }
            told(share, by: instance)
        }
        return (new, refused)
    }

    private mutating func told(_ share: SessionShare, by instance: Int) {
        let isFirst = viewers[share.id]?.startupMilliseconds == nil
        viewers[share.id]?.told(share, by: instance)
        if isFirst, let startup = viewers[share.id]?.startupMilliseconds { startups.append(startup) }
    }

    /// - Returns: The number of the process.
    private mutating func counted(_ report: AudienceReport) -> Int {
        if let index = instances.firstIndex(where: { $0.name == report.instance }) {
            let known = instances[index]
            // Several reports can tell of one second.
            if report.at > known.at {
                instances[index].bytesPending += Self.bytesOfLastSecond(report, since: known.at, known.bytesSent)
                instances[index].at = report.at
                instances[index].bytesSent = report.bytesSent
            }
            return known.number
        }
        if instances.count >= Self.instancesMax,
            let oldest = instances.indices.min(by: { instances[$0].at < instances[$1].at })
        {
            instances.remove(at: oldest)
        }
        instancesSeen += 1
        // What it sent before anybody listened is of no second; what went to those who have just come is of this one.
        let fresh = report.sessions.filter { report.at.unixMilliseconds - $0.firstSeenAt.unixMilliseconds < 2000 }
        instances.append(
            Instance(
                name: report.instance, number: instancesSeen, at: report.at, bytesSent: report.bytesSent,
                bytesPending: fresh.reduce(0) { $0 + $1.bytesSent }))
        return instancesSeen
    }

    /// What a process sent in the second that it tells of. It tells every second in which it sends, so that all is of
    /// this one, unless its reports were lost for a while: then viewers were there before, and had it bit by bit.
    private static func bytesOfLastSecond(_ report: AudienceReport, since before: WallTime, _ told: Int64) -> Int64 {
        let sent = max(0, report.bytesSent - told)
        let passed = report.at.unixMilliseconds - before.unixMilliseconds
        guard passed >= 2000, report.sessions.contains(where: { $0.firstSeenAt < before }) else { return sent }
        return sent * 1000 / passed
    }

    // MARK: Time

    /// Draws the second that ends at `now` together.
    ///
    /// - Returns: `nil` when there is nothing to say: no encoder, and nobody who watches or has just left.
    mutating func secondPassed(_ now: WallTime) -> StreamMetrics? {
        let since = now.adding(milliseconds: -silenceMilliseconds)
        let forgotten = now.adding(milliseconds: -Self.lingerMilliseconds)
        var metrics = StreamMetrics(streamID: stream, at: now)
        var (stalled, telling) = (Int64(0), 0)
        for id in viewers.keys {
            viewers[id]?.silent(since: since)
            guard let viewer = viewers[id] else { continue }
            stalled += viewer.stalledMilliseconds
            guard viewer.isOpen else {
                // One that could not be written down for so long is given up.
                if let ended = viewer.endedAt, ended < forgotten,
                    !viewer.isChanged || ended.adding(milliseconds: Self.lingerMilliseconds) < forgotten
                {
                    stalled -= viewer.stalledMilliseconds
                    stalledBefore -= viewer.stalledMilliseconds
                    viewers[id] = nil
                }
                continue
            }
            metrics.viewers += 1
            if viewer.tells { telling += 1 }
            if let rendition = viewer.rendition { metrics.viewersByRendition[rendition, default: 0] += 1 }
        }
        if telling > 0 {
            metrics.stallRatio = min(1, Double(max(0, stalled - stalledBefore)) / Double(telling * 1000))
        }
        stalledBefore = stalled
        metrics.startup = StreamMetrics.Percentiles(startups)
        startups.removeAll(keepingCapacity: true)
        let source = freshSource(at: now)
        metrics.ingressBitsPerSecond = source?.bitsPerSecond ?? 0
        metrics.source = source?.health
        metrics.egressBitsPerSecond = instances.reduce(0) { $0 + $1.bytesPending * 8 }
        for index in instances.indices { instances[index].bytesPending = 0 }
        let isQuiet = metrics.viewers == 0 && source == nil && metrics.egressBitsPerSecond == 0
        if isQuiet, history.last?.isQuiet ?? true { return nil }
        history.append(metrics)
        return metrics
    }

    // MARK: Recording

    /// Sessions that must be written down now: new ones, ended ones, and open ones from time to time.
    func sessionsToRecord(at now: WallTime, max count: Int) -> [ViewerSession] {
        var due: [ViewerSession] = []
        for viewer in viewers.values where viewer.isChanged {
            guard due.count < count else { break }
            if viewer.isOpen, let at = viewer.recordedAt,
                now.unixMilliseconds - at.unixMilliseconds < Self.recordingMilliseconds
            {
                continue
            }
            due.append(viewer.session(of: stream))
        }
        return due
    }

    /// - Parameter isWritten: Otherwise they are due again in the next second.
    mutating func recorded(_ session: ViewerSession, at now: WallTime, isWritten: Bool) {
        guard isWritten else { return }
        viewers[session.id]?.recordedAt = now
        // What came while it was written is written the next time.
        if viewers[session.id]?.session(of: stream) == session { viewers[session.id]?.isChanged = false }
    }
}

extension StreamMetrics {
    fileprivate var isQuiet: Bool { viewers == 0 && source == nil && egressBitsPerSecond == 0 }
}

extension StreamMetrics.Percentiles {
    /// By the nearest rank; `nil` of nothing.
    init?(_ values: [Int64]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let rank = { (percent: Int) in sorted[Swift.max(0, (percent * sorted.count + 99) / 100 - 1)] }
        self.init(count: sorted.count, median: rank(50), percentile95: rank(95))
    }
}
