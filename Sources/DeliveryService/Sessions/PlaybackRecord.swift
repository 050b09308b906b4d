import StreamingCore

/// What one process knows of one session, without clock, lock or I/O.
///
/// Bytes count when a response is made; what did not leave because the connection broke is taken off again. What is
/// told of them never falls.
struct PlaybackRecord {
    /// Where in its life it is.
    enum Standing: Equatable {
        /// A first request was offered a cookie, by its fingerprint. Whether it is kept, the next request shows; until
        /// then nobody is told. Becomes `open`. Where nothing follows it is forgotten: who it was goes on by the cookie
        /// elsewhere, or has watched nothing.
        case tentative(offered: UInt64)
        /// Becomes `silent` or `left`.
        case open
        /// Nothing was fetched for a while. Becomes `open`.
        case silent
        /// The player said that it leaves. Becomes `open` with a request that came well after that: one that was held
        /// is answered only then.
        case left
    }

    /// What the player told of its start, by its requests.
    private enum Start {
        /// Nothing yet. Becomes `waiting`, or `over`.
        case unknown
        /// It needs media at once, to start. Becomes `over`.
        case waiting
        case over
    }

    let id: ViewerSessionID
    let streamingProtocol: StreamingProtocol
    private(set) var standing: Standing
    private(set) var firstSeenAt: WallTime
    private(set) var lastSeenAt: WallTime
    private(set) var bytesSent: Int64 = 0
    private var bytesTold: Int64 = 0
    private var start = Start.unknown
    /// By requests, one for each that says that the buffer ran dry.
    private var stalls: Int64 = 0
    private var startupMilliseconds: Int64?
    private var bufferMilliseconds: Int64?
    /// What the page told, which is better.
    private var beacon = ViewerBeacon()
    /// The last fetched come last.
    private var picks: [SessionShare.Pick] = []
    /// Whether there is something to tell.
    private var hasNews = true

    init(
        id: ViewerSessionID, _ streamingProtocol: StreamingProtocol, at now: WallTime, standing: Standing = .open
    ) {
        self.id = id
        self.streamingProtocol = streamingProtocol
        self.standing = standing
        firstSeenAt = now
        lastSeenAt = now
        picks.reserveCapacity(SessionShare.picksMax + 1)
    }

    /// The same visit under another name: what its first request brought counts for it.
    mutating func takeOver(_ first: PlaybackRecord) {
        firstSeenAt = min(firstSeenAt, first.firstSeenAt)
        bytesSent += first.bytesSent
    }

    /// A request was answered.
    ///
    /// - Parameters:
    ///   - rendition: The video rendition of the segment that it was for.
    ///   - bytes: Of the body.
    ///   - now: When the request came.
    /// - Returns: Whether the session was over and is open again.
    mutating func answered(
        _ rendition: String?, _ number: Int64, bytes: Int, _ word: PlayerWord?, at now: WallTime
    ) -> Bool {
        hasNews = true
        bytesSent += Int64(bytes)
        if standing == .left, now <= lastSeenAt.adding(milliseconds: SessionShare.farewellMilliseconds) { return false }
        let wasOver = !isOpen
        standing = .open
        if now > lastSeenAt { lastSeenAt = now }
        if let rendition { picked(rendition, number) }
        if let word { told(word, at: now) }
        return wasOver
    }

    /// More of a body was sent.
    mutating func sent(_ bytes: Int) {
        hasNews = true
        bytesSent += Int64(bytes)
    }

    mutating func notSent(_ bytes: Int) { bytesSent = max(0, bytesSent - Int64(bytes)) }

    /// We offered a cookie to somebody without a name, who may keep it or not.
    mutating func offered(_ fingerprint: UInt64) { standing = .tentative(offered: fingerprint) }

    private mutating func picked(_ rendition: String, _ number: Int64) {
        if let last = picks.last, last.segmentNumber == number, last.rendition == rendition { return }
        picks.removeAll { $0.segmentNumber == number }
        if picks.count >= SessionShare.picksMax { picks.removeFirst() }
        picks.append(SessionShare.Pick(segmentNumber: number, rendition: rendition))
    }

    /// A player with pictures speaks of its sound too, which says the same again.
    private mutating func told(_ word: PlayerWord, at now: WallTime) {
        switch start {
        case .over: break
        case .unknown: start = word.isStartup ? .waiting : .over
        case .waiting:
            guard !word.isStartup else { break }
            start = .over
            startupMilliseconds = max(0, now.unixMilliseconds - firstSeenAt.unixMilliseconds)
        }
        if word.isAboutSound, !picks.isEmpty { return }
        if word.wasStarved { stalls += 1 }
        if let buffer = word.bufferMilliseconds { bufferMilliseconds = min(buffer, ViewerBeacon.bufferMax) }
    }

    /// The page told how it plays.
    ///
    /// - Returns: Whether the session was open and is over, or the other way round.
    mutating func received(_ news: ViewerBeacon, at now: WallTime) -> (hasOpened: Bool, hasEnded: Bool) {
        let wasOpen = isOpen
        beacon.merge(news)
        hasNews = true
        if now > lastSeenAt { lastSeenAt = now }
        standing = news.isLeaving ? .left : .open
        return (!wasOpen && !news.isLeaving, wasOpen && news.isLeaving)
    }

    /// - Parameter silence: How long an open session may fetch nothing, in milliseconds.
    /// - Returns: Whether it was open and is over.
    mutating func timePassed(_ now: WallTime, silence: Int64) -> Bool {
        guard standing == .open, lastSeenAt.adding(milliseconds: silence) <= now else { return false }
        standing = .silent
        return true
    }

    /// Whether it takes one of the places that there are for viewers.
    var isOpen: Bool {
        switch standing {
        case .tentative, .open: true
        case .silent, .left: false
        }
    }

    /// Whether nobody will miss it.
    ///
    /// - Parameters:
    ///   - memory: How long one that is over is remembered, in milliseconds.
    ///   - silence: How long one of which nothing is certain may fetch nothing.
    func isForgettable(at now: WallTime, memory: Int64, silence: Int64) -> Bool {
        switch standing {
        case .open: false
        case .tentative: lastSeenAt.adding(milliseconds: silence) <= now
        case .silent, .left: lastSeenAt.adding(milliseconds: memory) <= now
        }
    }

    /// What is to be told of it; `nil` when nothing is new, or nothing certain.
    mutating func share() -> SessionShare? {
        if case .tentative = standing { return nil }
        guard hasNews else { return nil }
        hasNews = false
        bytesTold = max(bytesTold, bytesSent)
        return SessionShare(
            id: id, streamingProtocol: streamingProtocol, firstSeenAt: firstSeenAt, lastSeenAt: lastSeenAt,
            bytesSent: bytesTold, stalls: beacon.stalls ?? stalls,
            stalledMilliseconds: beacon.stalledMilliseconds ?? 0,
            startupMilliseconds: beacon.startupMilliseconds ?? startupMilliseconds,
            bufferMilliseconds: beacon.bufferMilliseconds ?? bufferMilliseconds,
            picks: picksInOrder, isLeaving: standing == .left)
    }

    /// Players fetch forwards, but for when they seek.
    private var picksInOrder: [SessionShare.Pick] {
        let isInOrder = zip(picks, picks.dropFirst()).allSatisfy { $0.segmentNumber < $1.segmentNumber }
        return isInOrder ? picks : picks.sorted { $0.segmentNumber < $1.segmentNumber }
    }
}
