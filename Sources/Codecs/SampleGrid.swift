/// Decides where decoded samples lie, and cuts them into frames whose times are multiples of a frame's length.
///
/// The grid stands still on the timeline of the broadcast, so a transcoder that starts later makes frames of the same
/// times. Positions count samples since the origin of the timeline.
struct SampleGrid {
    /// What to do with the samples of an access unit.
    enum Placement: Equatable {
        /// Its samples follow those before.
        case follows
        /// The same, and its first sample counts twice: the encoder's clock runs faster than its samples.
        case followsSlowly
        /// The same without its first sample.
        case followsQuickly
        /// So many samples are missing before it.
        case followsGap(Int)
        /// Its first samples repeat what is there already: leave out so many.
        case overlaps(by: Int)
        /// It begins anew: what is there is filled up to a whole frame with so many samples of silence, and of its own
        /// samples so many are left out, up to the next place of the grid.
        case begins(silence: Int, leftOut: Int)
    }

    /// Samples of a frame of the result.
    let frameLength: Int
    /// A longer gap is not filled.
    let silenceMax: Int
    /// Times that are off by less are not believed.
    let tolerance: Int
    /// Where the next frame of the result begins; `nil` before the first.
    private(set) var frameStart: Int64?
    /// Samples that wait for the frame to be full.
    private(set) var pending = 0
    /// Where the next access unit is expected.
    private var expected: Int64 = 0

    init(frameLength: Int, silenceMax: Int, tolerance: Int) {
        self.frameLength = frameLength
        self.silenceMax = silenceMax
        self.tolerance = tolerance
    }

    /// Whether an access unit at `position` joins what was before.
    func continues(at position: Int64) -> Bool {
        frameStart == nil || abs(position - expected) < Int64(tolerance)
    }

    /// How many samples the last frame lacks; 0 when none wait.
    var missing: Int { pending % frameLength == 0 ? 0 : frameLength - pending % frameLength }

    /// An access unit came that holds `length` samples from `position` on.
    mutating func unitCame(at position: Int64, length: Int64) -> Placement {
        guard let frameStart else { return begin(at: position, length) }
        if continues(at: position) {
            let distance = position - expected
            expected += length
            // One sample of a thousand is not heard; what would be missing when the distance is no longer tolerable is.
            guard abs(distance) * 4 >= Int64(tolerance) * 3 else { return .follows }
            expected += distance.signum()
            return distance > 0 ? .followsSlowly : .followsQuickly
        }
        if position - expected > Int64(silenceMax) { return begin(at: position, length) }
        let end = frameStart + Int64(pending)
        expected = position + length
        if position >= end { return .followsGap(Int(position - end)) }
        // What lies wholly in the past is left out wholly, and time goes on where it was.
        expected = max(expected, end)
        return .overlaps(by: Int(min(end - position, length)))
    }

    private mutating func begin(at position: Int64, _ length: Int64) -> Placement {
        expected = position + length
        return .begins(silence: missing, leftOut: Int(-position & Int64(frameLength - 1)))
    }

    /// A new beginning was prepared: frames are counted from the first place of the grid at or behind `position`.
    mutating func anchor(at position: Int64) {
        frameStart = position + (-position & Int64(frameLength - 1))
        pending = 0
    }

    /// Samples were put behind those that wait.
    mutating func appended(_ count: Int) { pending += count }

    /// Takes a full frame out.
    ///
    /// - Returns: Where it begins; `nil` when there is none.
    mutating func takeFrame() -> Int64? {
        guard let start = frameStart, pending >= frameLength else { return nil }
        pending -= frameLength
        frameStart = start + Int64(frameLength)
        return start
    }
}
