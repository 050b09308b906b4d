import Bytes
import Media

/// Entries in the order of their positions, which never start over; the oldest leave at the front.
///
/// Slots are used again, so a log whose readers keep up allocates nothing once it has grown.
struct EntryRing {
    private var slots: [BroadcastEntry?] = Array(repeating: nil, count: 64)
    /// The position of the oldest entry that is still here.
    private(set) var start = 0
    /// The position behind the newest entry.
    private(set) var end = 0
    /// Payload bytes of all entries.
    private(set) var bytes = 0

    var count: Int { end - start }

    /// - Parameter position: `start..<end`.
    subscript(position: Int) -> BroadcastEntry {
        guard let entry = slots[position & (slots.count - 1)], position >= start, position < end else {
            preconditionFailure("a position outside the ring was read")
        }
        return entry
    }

    mutating func append(_ entry: BroadcastEntry) {
        if count == slots.count { grow() }
        slots[end & (slots.count - 1)] = entry
        end += 1
        bytes += entry.payloadBytes
    }

    /// Takes the oldest entry; there must be one.
    mutating func removeFirst() -> BroadcastEntry {
        let entry = self[start]
        slots[start & (slots.count - 1)] = nil
        start += 1
        bytes -= entry.payloadBytes
        return entry
    }

    /// Doubles the slots; their number stays a power of two, so that a position's slot is a mask away.
    private mutating func grow() {
        var larger: [BroadcastEntry?] = Array(repeating: nil, count: slots.count * 2)
        for position in start..<end { larger[position & (larger.count - 1)] = slots[position & (slots.count - 1)] }
        slots = larger
    }
}

extension BroadcastEntry {
    /// What the entry weighs in a log.
    var payloadBytes: Int {
        switch self {
        case .frame(let frame): frame.payload.count
        case .began, .interrupted, .ended: 0
        }
    }
}
