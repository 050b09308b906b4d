/// Finds out which access unit each decoded picture belongs to.
///
/// Access units go into a decoder in decode order and pictures come out in presentation order, some of them never. The
/// renditions of an access unit travel together, so each picture needs a place in decode order again: the first picture
/// gets the first place, and for every picture that is missing a place is given up. Since all that is decoded before a
/// key frame is also shown before it, a key frame always gets its own place back.
struct PicturePairing {
    /// What went into the decoder.
    struct Unit: Equatable {
        /// Its place in the pipeline.
        let slot: Int
        /// In 1/90,000 s.
        let presentationTime: Int64
        let isKeyframe: Bool
    }

    /// What a picture says about units.
    struct Match: Equatable {
        /// The place for the picture; `nil` when it belongs to no unit.
        var slot: Int?
        /// Whether the encoder's own frame with this presentation time is a key frame.
        var isKeyframe = false
        /// Places that no picture will come for.
        var lost: [Int] = []
    }

    /// More units than any decoder holds back: what is older is lost.
    static let unitsMax = 64

    /// In decode order.
    private var slots: [Int] = []
    /// In presentation order.
    private var units: [Unit] = []

    mutating func submitted(_ unit: Unit) -> [Int] {
        slots.append(unit.slot)
        let index = units.lastIndex { $0.presentationTime <= unit.presentationTime }.map { $0 + 1 } ?? 0
        units.insert(unit, at: index)
        guard units.count > Self.unitsMax else { return [] }
        units.removeFirst()
        return [slots.removeFirst()]
    }

    mutating func pictureCame(at presentationTime: Int64) -> Match {
        guard let index = units.firstIndex(where: { $0.presentationTime == presentationTime }) else { return Match() }
        let isKeyframe = units[index].isKeyframe
        let lost = Array(slots.prefix(index))
        let slot = slots[index]
        units.removeFirst(index + 1)
        slots.removeFirst(index + 1)
        return Match(slot: slot, isKeyframe: isKeyframe, lost: lost)
    }

    /// Nothing more comes of what was submitted.
    ///
    /// - Returns: The places that no picture will come for.
    mutating func flushed() -> [Int] {
        defer { self = PicturePairing() }
        return slots
    }
}
