/// One viewer's visit to one stream, from the first playlist to the last byte.
///
/// Its numbers only rise while it is open, and are final when ``endedAt`` is set.
public struct ViewerSession: Sendable, Equatable {
    /// The same at every replica that the viewer's requests reach.
    public let id: ViewerSessionID
    public let streamID: StreamID
    public let streamingProtocol: StreamingProtocol
    /// When the first request came.
    public let startedAt: WallTime
    /// When the newest request came.
    public var lastSeenAt: WallTime
    /// When it was over; `nil` while it is open.
    public var endedAt: WallTime?
    /// The video rendition that was fetched last; `nil` before the first.
    public var rendition: String?
    public var totals: ViewerTotals

    public init(
        id: ViewerSessionID, streamID: StreamID, streamingProtocol: StreamingProtocol, startedAt: WallTime,
        lastSeenAt: WallTime? = nil, endedAt: WallTime? = nil, rendition: String? = nil,
        totals: ViewerTotals = ViewerTotals()
    ) {
        self.id = id
        self.streamID = streamID
        self.streamingProtocol = streamingProtocol
        self.startedAt = startedAt
        self.lastSeenAt = lastSeenAt ?? startedAt
        self.endedAt = endedAt
        self.rendition = rendition
        self.totals = totals
    }

    /// How long it lasted, or has lasted so far, in milliseconds.
    public var durationMilliseconds: Int64 {
        max(0, (endedAt ?? lastSeenAt).unixMilliseconds - startedAt.unixMilliseconds)
    }
}

/// How media reaches a viewer. The raw values are the JSON and database form.
public enum StreamingProtocol: String, Sendable, CaseIterable {
    case hls, dash
}

/// What adds up over a session.
public struct ViewerTotals: Sendable, Equatable {
    /// Bodies of media, playlists and manifests that were sent.
    public var bytesSent: Int64 = 0
    /// How often the video rendition of a segment was another than that of the one before.
    public var qualitySwitches: Int64 = 0
    /// How often playback stood still for want of media, as the player told.
    public var stalls: Int64 = 0
    /// For how long it stood still, in milliseconds, as the player told.
    public var stalledMilliseconds: Int64 = 0
    /// From the first request to the first picture, in milliseconds, as the player told; `nil` when it did not.
    public var startupMilliseconds: Int64?

    public init(
        bytesSent: Int64 = 0, qualitySwitches: Int64 = 0, stalls: Int64 = 0, stalledMilliseconds: Int64 = 0,
        startupMilliseconds: Int64? = nil
    ) {
        self.bytesSent = bytesSent
        self.qualitySwitches = qualitySwitches
        self.stalls = stalls
        self.stalledMilliseconds = stalledMilliseconds
        self.startupMilliseconds = startupMilliseconds
    }
}
