import StreamingCore

/// Who watches which stream and how it does, over all processes: reports in, a measurement per stream and second out.
///
/// Each process that keeps one comes to the same numbers, because all are told the same and none counts what another
/// does not.
struct AudienceBoard {
    /// Sessions that are remembered over all streams, ended ones too.
    static let sessionsMax = 100_000
    /// Streams that are remembered.
    static let streamsMax = 10_000
    /// How long it must have listened before it is complete, in milliseconds.
    static let listeningMilliseconds: Int64 = 3000

    private(set) var streams: [StreamID: StreamAudience] = [:]
    private(set) var sessionCount = 0
    /// Sessions that found no room.
    private(set) var sessionsRefused = 0
    private let beganAt: WallTime

    init(at time: WallTime) { beganAt = time }

    /// Whether it has listened for long enough to know all that are open.
    func isComplete(at now: WallTime) -> Bool {
        now.unixMilliseconds - beganAt.unixMilliseconds >= Self.listeningMilliseconds
    }

    mutating func told(_ report: StreamReport, of stream: StreamID) {
        guard streams[stream] != nil || streams.count < Self.streamsMax else { return }
        switch report {
        case .source(let report): streams[stream, default: StreamAudience(stream)].told(report)
        case .audience(let report):
            let (new, refused) = streams[stream, default: StreamAudience(stream)].told(
                report, roomForSessions: Self.sessionsMax - sessionCount)
            sessionCount += new
            sessionsRefused += refused
        }
    }

    /// - Returns: What there is to say of the second that ends at `now`, a whole one.
    mutating func secondPassed(_ now: WallTime) -> [StreamMetrics] {
        var measured: [StreamMetrics] = []
        sessionCount = 0
        for stream in streams.keys {
            if let metrics = streams[stream]?.secondPassed(now) { measured.append(metrics) }
            if streams[stream]?.isIdle(at: now) ?? false { streams[stream] = nil }
            sessionCount += streams[stream]?.viewers.count ?? 0
        }
        return measured
    }

    mutating func forget(_ stream: StreamID) { streams[stream] = nil }

    /// - Parameter count: The most to give at once; what is left comes the next time.
    func sessionsToRecord(at now: WallTime, max count: Int) -> [ViewerSession] {
        var due: [ViewerSession] = []
        for audience in streams.values where due.count < count {
            due += audience.sessionsToRecord(at: now, max: count - due.count)
        }
        return due
    }

    mutating func recorded(_ sessions: [ViewerSession], at now: WallTime, isWritten: Bool) {
        for session in sessions { streams[session.streamID]?.recorded(session, at: now, isWritten: isWritten) }
    }
}
