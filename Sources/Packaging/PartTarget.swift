import Media

/// Chooses the part target of a broadcast, which is declared once and never changes.
///
/// Every part but the last of a segment must last more than 85% of the target and at most all of it, and a part holds
/// whole frames. A millisecond above the wish lets ten frames at 30 per second fit into a third of a second, whatever
/// rounding their timestamps went through. Where too little of the wish can be filled, as with two frames of 125 ms
/// in 334 ms, the target grows to hold one frame more.
enum PartTarget {
    /// The longest target to choose, in milliseconds; frames slower than this break the rule.
    static let millisecondsMax: Int64 = 5000

    /// - Parameters:
    ///   - wished: What the configuration asks for, in milliseconds.
    ///   - frameMilliseconds: How long a frame lasts, rounded up.
    static func milliseconds(wished: Int64, frameMilliseconds: Int64) -> Int64 {
        let target = wished + 1
        let frame = max(1, frameMilliseconds)
        let fitting = target / frame
        if fitting * frame * 100 >= target * 87 { return target }
        // Each frame may be rounded down by a millisecond in the sample that was measured.
        return min(max((fitting + 1) * (frame + 1), target), millisecondsMax)
    }
}
