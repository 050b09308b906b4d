public import Media

/// What a stream's timeline log says, in order. A reader that applies all of them knows what viewers can be served.
///
/// Everything that an event names was stored before the event was written. A packager that resumed may repeat events;
/// what they say about a number is the same each time.
public enum TimelineEvent: Sendable, Hashable {
    /// A broadcast begins; nothing before it belongs to it.
    case began(BroadcastOrigin)
    /// A run begins: its discontinuity sequence and its renditions with their initialisation segments.
    case run(Run)
    /// The durations to declare; before the first segment, and once in a broadcast.
    case targets(Targets)
    /// A part of a segment that is not finished.
    case part(Part)
    /// A segment is finished, or is known to be a gap.
    case segment(Segment)
    /// A still picture of the segment with this number is stored; see ``thumbnailName(_:)``.
    case thumbnail(Int64)
    /// A stretch began whose first segment is not among those that follow; only in ``LiveWindow/events``.
    case span(LiveWindow.Span)
    /// The encoder is gone and may come back; the next event is a run behind a discontinuity, or the end.
    case interrupted
    /// The broadcast is over.
    case ended
}

extension TimelineEvent {
    /// Where the still picture of a segment is stored, and the tail of its URL.
    public static func thumbnailName(_ number: Int64) -> String { "thumbnail-\(number).jpg" }
}
