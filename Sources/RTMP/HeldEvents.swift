import Bytes
import Media

/// Events of a publication that the shell has not accepted yet.
///
/// Encoders are to wait for the answer to `publish`, and most do; some send their sequence headers and first frames
/// right behind it. Holding them costs little and loses no keyframe. When there is too much, all frames are dropped and
/// the stream begins at the next keyframe after the answer.
struct HeldEvents {
    /// Payload bytes held at most.
    static let bytesMax = 2 << 20
    /// Events held at most.
    static let eventsMax = 1024

    private var events: [ServerEvent] = []
    private var bytes = 0
    private(set) var isOverflown = false

    mutating func hold(_ event: ServerEvent) {
        guard !isOverflown else { return }
        if case .frame(let frame) = event { bytes += frame.payload.count }
        guard bytes <= Self.bytesMax, events.count < Self.eventsMax else {
            events.removeAll { if case .frame = $0 { true } else { false } }
            isOverflown = true
            return
        }
        events.append(event)
    }

    /// Everything held, in order; nothing is held afterwards.
    mutating func release() -> [ServerEvent] {
        defer { self = HeldEvents() }
        return events
    }
}
