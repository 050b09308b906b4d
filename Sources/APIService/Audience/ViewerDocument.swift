import StreamingCore

/// A page of sessions as JSON.
struct ViewerListDocument: Encodable {
    let viewers: [ViewerDocument]
    /// The `before` of the next page; `null` on the last one.
    let next: String?

    private enum Member: CodingKey { case viewers, next }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(viewers, forKey: .viewers)
        try members.encode(next, forKey: .next)
    }
}

/// A session as JSON.
struct ViewerDocument: Encodable {
    let session: ViewerSession

    private enum Member: String, CodingKey {
        case id, quality, stalls
        case streamingProtocol = "protocol"
        case startedAt = "started_at"
        case lastSeenAt = "last_seen_at"
        case endedAt = "ended_at"
        case duration = "duration_ms"
        case bytesSent = "bytes_sent"
        case qualitySwitches = "quality_switches"
        case stalled = "stalled_ms"
        case startup = "startup_ms"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(session.id.description, forKey: .id)
        try members.encode(session.streamingProtocol.rawValue, forKey: .streamingProtocol)
        try members.encode(session.startedAt.description, forKey: .startedAt)
        try members.encode(session.lastSeenAt.description, forKey: .lastSeenAt)
        try members.encode(session.endedAt?.description, forKey: .endedAt)
        try members.encode(session.durationMilliseconds, forKey: .duration)
        try members.encode(session.rendition, forKey: .quality)
        try members.encode(session.totals.bytesSent, forKey: .bytesSent)
        try members.encode(session.totals.qualitySwitches, forKey: .qualitySwitches)
        try members.encode(session.totals.stalls, forKey: .stalls)
        try members.encode(session.totals.stalledMilliseconds, forKey: .stalled)
        try members.encode(session.totals.startupMilliseconds, forKey: .startup)
    }
}
