/// What a reader of a stream's frame log meets, in order.
public enum BroadcastEntry: Sendable {
    /// A broadcast begins; nothing before it belongs to it, unless its origin ``BroadcastOrigin/continues(_:)`` the one
    /// before: then an encoder has come to another process.
    case began(BroadcastOrigin)
    case frame(Frame)
    /// The encoder is gone and may come back within the grace time; the next frame is behind a discontinuity.
    case interrupted
    /// The broadcast is over; the next entry of this stream can only be `began`.
    case ended
}

/// Where a broadcast's timeline and its numbers begin.
public struct BroadcastOrigin: Sendable, Hashable {
    /// The wall clock at media time zero, in milliseconds since the Unix epoch.
    public var unixMilliseconds: Int64
    /// The number of the first segment, above every number that the stream has used before.
    public var firstSegmentNumber: Int64
    /// The discontinuity sequence of the first frame, above every one that the stream has used before.
    public var firstDiscontinuitySequence: Int

    /// Whether it is the same broadcast's, which another process goes on with: the timeline's zero is the same, and
    /// what comes is behind a discontinuity.
    public func continues(_ other: BroadcastOrigin) -> Bool {
        unixMilliseconds == other.unixMilliseconds && firstSegmentNumber >= other.firstSegmentNumber
    }

    public init(unixMilliseconds: Int64, firstSegmentNumber: Int64, firstDiscontinuitySequence: Int) {
        self.unixMilliseconds = unixMilliseconds
        self.firstSegmentNumber = firstSegmentNumber
        self.firstDiscontinuitySequence = firstDiscontinuitySequence
    }
}
