/// Something that happened to a stream.
public struct StreamEvent: Sendable, Equatable {
    public let id: UUIDv7
    public let streamID: StreamID
    public let at: WallTime
    public let kind: Kind

    public enum Kind: Sendable, Equatable {
        /// An encoder began a broadcast.
        case started
        /// The encoder is gone; its grace time runs.
        case interrupted
        /// The encoder came back within the grace time.
        case resumed
        /// The broadcast is over.
        case ended(EndReason)
        /// The stream was deleted through the API: whoever publishes on it must go.
        case deleted
        /// A key was revoked: whoever publishes with it must go.
        case keyRevoked(keyID: UUIDv7)
        /// The renditions of a broadcast are others, or transcoding is measured anew.
        case renditionsChanged(LadderReport)
        /// No rendition is encoded, because this worker has enough to do: the source is passed on alone.
        case transcodingRefused(reason: String)
        /// An encoder or a decoder failed: of one rendition, or, where that is `nil`, for all of the broadcast. What is
        /// left goes on.
        case transcodingFailed(rendition: String?, reason: String)
    }

    /// Why a broadcast ended. The raw values are the form in logs and events.
    public enum EndReason: String, Sendable {
        case unpublished, graceExpired = "grace_expired", shutdown, deleted, keyRevoked = "key_revoked", failed
    }

    /// - Parameter id: A new one; that of an event which was read is known.
    public init(id: UUIDv7? = nil, streamID: StreamID, at: WallTime, kind: Kind) {
        self.id = id ?? UUIDv7(at: at)
        self.streamID = streamID
        self.at = at
        self.kind = kind
    }
}
