import Media

/// Decides which pictures of encoded renditions are key frames where no copied source decides it.
///
/// The segmenter lays a grid over the timeline with the target duration T as its step. The plan uses the same grid and
/// makes a key frame of the first picture at or after each line, or up to half a picture before it:
///
/// ```
/// grid       0           T           2T          3T              4T
/// pictures   |  |  |  |  | |  |  |  |  |  |  |  |  |      hole     |  |
/// key frames K           K             K           K               K
/// ```
///
/// What follows depends on the grid and on the beginning of the open segment alone: a plan that resumes at any boundary
/// finds the same key frames again. A key frame off the grid (behind a hole, or by order) may end a segment before its
/// line; the next ones are then up to ``pullMilliseconds`` further apart than the target duration until they are at the
/// grid again, so that the segmenter never has to cut without one.
///
/// All times are presentation times in 1/90,000 s, and rise.
struct KeyframePlan: Sendable, Hashable {
    /// How much longer than the target duration a segment may become before its end is due wherever the grid is. The
    /// segmenter cuts without a key frame 370 ms behind the target duration.
    static let pullMilliseconds: Int64 = 200
    /// How long before a line a picture may be the one for it, in milliseconds, however long pictures last.
    static let toleranceMillisecondsMax: Int64 = 50

    /// The line 0 of the grid.
    let anchor: Int64
    private let target: Int64
    /// The line that the open segment stands for.
    private var line: Int64 = 0
    /// Where the open segment began; `nil` before the first picture.
    private var start: Int64?
    private var lastKeyframe: Int64 = 0
    private var newestTime: Int64 = 0
    /// The next picture has to be a key frame.
    private var isOrdered = false

    private static let ticksPerMillisecond = Int64(MediaTime.videoTimescale) / 1000

    /// The first picture will be a key frame.
    ///
    /// - Parameters:
    ///   - anchor: Where the run began, with the segmenter's grid.
    ///   - targetMilliseconds: The target duration of segments, above zero.
    init(anchor: Int64, targetMilliseconds: Int64) {
        precondition(targetMilliseconds > 0, "a segment has a duration")
        self.anchor = anchor
        target = targetMilliseconds * Self.ticksPerMillisecond
    }

    /// The next picture has to be a key frame, wherever it is. The grid stays.
    mutating func needsKeyframe() { isOrdered = true }

    /// Takes the next picture.
    ///
    /// - Returns: Whether it is a key frame.
    mutating func reached(_ time: Int64) -> Bool {
        let duration = max(0, time - newestTime)
        newestTime = time
        guard let start else {
            opened(at: time)
            return true
        }
        let tolerance = min(duration / 2, Self.toleranceMillisecondsMax * Self.ticksPerMillisecond)
        let isAtLine = time + tolerance - anchor >= (line + 1) * target
        // The segmenter's rule: a key frame belongs to a line when the next one would be further from it.
        let isNearest = time - anchor + min(time - lastKeyframe, target) / 2 >= (line + 1) * target
        // The first segment of a broadcast may be long, and the segmenter then ends it at lines only.
        let isLong =
            time + duration - start > target + Self.pullMilliseconds * Self.ticksPerMillisecond
            && (isNearest || line > 0)
        guard isAtLine || isLong || isOrdered else { return false }
        if isNearest || isLong { opened(at: time) }
        lastKeyframe = time
        isOrdered = false
        return true
    }

    /// A segment begins with a key frame.
    private mutating func opened(at time: Int64) {
        start = time
        lastKeyframe = time
        isOrdered = false
        line = (time - anchor + target / 2) / target
    }
}
