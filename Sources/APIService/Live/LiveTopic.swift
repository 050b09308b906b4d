public import StreamingCore

/// What a page that is open listens to.
public enum LiveTopic: Sendable, Hashable {
    /// One stream, for anybody who may watch it.
    case stream(StreamID)
    /// All streams on air, for those with a token.
    case overview
}
