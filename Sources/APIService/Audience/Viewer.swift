import StreamingCore

/// A session as the shares of all processes make it.
struct Viewer {
    /// Processes that may have a share in one session; what more of them tell is passed over.
    static let sharesMax = 64
    private static let farewell = SessionShare.farewellMilliseconds

    let id: ViewerSessionID
    private let streamingProtocol: StreamingProtocol
    private(set) var startedAt: WallTime
    private(set) var lastSeenAt: WallTime
    /// When it was over; `nil` while it is open.
    private(set) var endedAt: WallTime?
    /// Whether it is over because the player said so.
    private var hasLeft = false
    /// Media in the player's buffer, in milliseconds, if it tells.
    private(set) var bufferMilliseconds: Int64?
    private var sent: [(instance: Int, bytes: Int64)] = []
    private var switches = SwitchCount()
    private var stalls: Int64 = 0
    private(set) var stalledMilliseconds: Int64 = 0
    private(set) var startupMilliseconds: Int64?
    /// When it was written down last, and whether something is new since then.
    var recordedAt: WallTime?
    var isChanged = true

    init(_ share: SessionShare) {
        id = share.id
        streamingProtocol = share.streamingProtocol
        startedAt = share.firstSeenAt
        lastSeenAt = share.lastSeenAt
    }

    /// Whether the player says how playback does.
    var tells: Bool { stalls > 0 || startupMilliseconds != nil || bufferMilliseconds != nil }
    var rendition: String? { switches.rendition }
    var isOpen: Bool { endedAt == nil }

    /// - Parameter instance: The number of the process that tells.
    mutating func told(_ share: SessionShare, by instance: Int) {
        guard counted(share.bytesSent, by: instance) else { return }
        startedAt = min(startedAt, share.firstSeenAt)
        if let endedAt, share.lastSeenAt > endedAt.adding(milliseconds: hasLeft ? Self.farewell : 0) {
            self.endedAt = nil
            hasLeft = false
        }
        lastSeenAt = max(lastSeenAt, share.lastSeenAt)
        for pick in share.picks.suffix(SessionShare.picksMax) { switches.picked(pick) }
        stalls = max(stalls, share.stalls)
        stalledMilliseconds = max(stalledMilliseconds, share.stalledMilliseconds)
        startupMilliseconds = startupMilliseconds ?? share.startupMilliseconds
        if let buffer = share.bufferMilliseconds { bufferMilliseconds = buffer }
        // Another process may have been asked since the player said so.
        if share.isLeaving, share.lastSeenAt.adding(milliseconds: Self.farewell) >= lastSeenAt { hasLeft = true }
        if hasLeft { endedAt = lastSeenAt }
        isChanged = true
    }

    /// Ends the session when nobody was asked for anything since `time`.
    mutating func silent(since time: WallTime) {
        guard endedAt == nil, lastSeenAt < time else { return }
        endedAt = lastSeenAt
        isChanged = true
    }

    private mutating func counted(_ bytes: Int64, by instance: Int) -> Bool {
        if let index = sent.firstIndex(where: { $0.instance == instance }) {
            sent[index].bytes = max(sent[index].bytes, bytes)
            return true
        }
        guard sent.count < Self.sharesMax else { return false }
        sent.append((instance, bytes))
        return true
    }

    func session(of stream: StreamID) -> ViewerSession {
        ViewerSession(
            id: id, streamID: stream, streamingProtocol: streamingProtocol, startedAt: startedAt,
            lastSeenAt: lastSeenAt, endedAt: endedAt, rendition: rendition,
            totals: ViewerTotals(
                bytesSent: sent.reduce(0) { $0 + $1.bytes }, qualitySwitches: switches.total, stalls: stalls,
                stalledMilliseconds: stalledMilliseconds, startupMilliseconds: startupMilliseconds))
    }
}
