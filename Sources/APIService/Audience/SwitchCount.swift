import StreamingCore

/// Counts how often a viewer's rendition changed from one segment to the next, when several processes each know some of
/// the segments.
///
/// Picks are put in the order of their segments. The newest ``pendingMax`` stay open, because another process may yet
/// tell of one in between; what comes later than that is passed over.
struct SwitchCount: Equatable {
    /// How many picks wait for others to come between them.
    static let pendingMax = 16

    /// The rendition of the newest pick that is settled, and its segment.
    private var settled: SessionShare.Pick?
    private var settledSwitches: Int64 = 0
    private var pending: [SessionShare.Pick] = []

    /// The rendition that was fetched last.
    var rendition: String? { pending.last?.rendition ?? settled?.rendition }

    /// All switches so far.
    var total: Int64 {
        var count = settledSwitches
        var rendition = settled?.rendition
        for pick in pending {
            if let rendition, rendition != pick.rendition { count += 1 }
            rendition = pick.rendition
        }
        return count
    }

    mutating func picked(_ pick: SessionShare.Pick) {
        if let settled, pick.segmentNumber <= settled.segmentNumber { return }
        // A share tells its newest picks every time.
        guard !pending.contains(pick) else { return }
        let place = pending.lastIndex { $0.segmentNumber <= pick.segmentNumber }.map { $0 + 1 } ?? 0
        pending.insert(pick, at: place)
        guard pending.count > Self.pendingMax else { return }
        let oldest = pending.removeFirst()
        if let settled, settled.rendition != oldest.rendition { settledSwitches += 1 }
        settled = oldest
    }
}
