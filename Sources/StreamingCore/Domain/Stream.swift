/// The name of a stream, for life.
public typealias StreamID = UUIDv7

/// A durable channel: it has a playback URL and keys, and is broadcast on any number of times.
public struct Stream: Sendable, Equatable {
    public let id: StreamID
    /// 1 to ``titleCharactersMax`` characters.
    public var title: String
    public var state: StreamState
    public let createdAt: WallTime
    /// When `state` last changed.
    public var changedAt: WallTime
    /// When the newest broadcast began.
    public var startedAt: WallTime?
    /// When the newest broadcast ended.
    public var endedAt: WallTime?
    /// Why the state is `error`, for people.
    public var failure: String?

    public static let titleCharactersMax = 200

    public init(
        id: StreamID, title: String, state: StreamState = .created, createdAt: WallTime, changedAt: WallTime? = nil,
        startedAt: WallTime? = nil, endedAt: WallTime? = nil, failure: String? = nil
    ) {
        self.id = id
        self.title = title
        self.state = state
        self.createdAt = createdAt
        self.changedAt = changedAt ?? createdAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.failure = failure
    }
}

/// Where a stream is in its life. The raw values are the JSON and database form.
public enum StreamState: String, Sendable, CaseIterable {
    /// Never broadcast. Becomes `active`.
    case created
    /// An encoder publishes. Becomes `reconnecting`, `ended` or `error`.
    case active
    /// The encoder is gone, its grace time runs. Becomes `active` or `ended`.
    case reconnecting
    /// The last broadcast is over. Becomes `active` with the next one.
    case ended
    /// The last broadcast failed on our side; `failure` says why. Becomes `active` with the next one.
    case error

    /// Whether a broadcast has begun and is not over.
    public var isOnAir: Bool {
        switch self {
        case .active, .reconnecting: true
        case .created, .ended, .error: false
        }
    }
}
