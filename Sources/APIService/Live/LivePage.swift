import StreamingCore

/// What is said of one stream to those who have a page of it open.
struct LivePage {
    let stream: StreamID
    private(set) var state: String?
    private(set) var title: String?
    private(set) var startedAt: WallTime?
    private(set) var endedAt: WallTime?
    /// When the newest of this happened.
    private(set) var stateAt: WallTime?
    var watch = AlertWatch()
    /// The newest second, and what it is worth.
    private(set) var newest: (metrics: StreamMetrics, health: StreamHealth)?

    init(_ stream: StreamID) { self.stream = stream }

    var status: StatusData {
        StatusData(
            state: state ?? StreamState.created.rawValue, title: title, startedAt: startedAt, endedAt: endedAt)
    }
    var isOnAir: Bool { state.flatMap(StreamState.init(rawValue:))?.isOnAir ?? false }
    /// Whether it is time to ask the database what the stream is called.
    var isKnown: Bool { title != nil || state == Self.deleted }

    static let deleted = "deleted"

    /// - Returns: Whether the status is another now.
    mutating func happened(_ event: StreamEvent) -> Bool {
        let next: String
        switch event.kind {
        case .started:
            next = StreamState.active.rawValue
            startedAt = event.at
            endedAt = nil
        case .interrupted: next = StreamState.reconnecting.rawValue
        case .resumed: next = StreamState.active.rawValue
        case .ended(let reason):
            next = (reason == .failed ? StreamState.error : .ended).rawValue
            endedAt = event.at
        case .deleted: next = Self.deleted
        case .keyRevoked, .renditionsChanged, .transcodingRefused, .transcodingFailed: return false
        }
        state = next
        stateAt = event.at
        return true
    }

    /// Takes what the database says, unless something has happened since.
    mutating func found(_ stream: Stream) -> Bool {
        let before = (state, title)
        title = stream.title
        if stateAt.map({ $0 <= stream.changedAt }) ?? true {
            state = stream.state.rawValue
            startedAt = stream.startedAt
            endedAt = stream.state.isOnAir ? nil : stream.endedAt
            stateAt = stream.changedAt
        }
        return before != (state, title)
    }

    /// - Returns: What has begun or ended to be wrong.
    mutating func measured(_ metrics: StreamMetrics, _ health: StreamHealth) -> [AlertWatch.Change] {
        newest = (metrics, health)
        return isOnAir ? watch.secondPassed(health) : []
    }

    /// Forgets what is of the broadcast that is over.
    mutating func broadcastEnded() {
        newest = nil
        watch = AlertWatch()
    }
}
