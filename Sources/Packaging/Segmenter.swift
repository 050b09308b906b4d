import Media

/// Decides where segments begin; nothing else in the project does.
///
/// A grid with the target duration T as its step is laid over the timeline from the beginning of each run. A segment
/// begins at the key frame that is nearest to a line of the grid:
///
/// ```
/// grid        0         T         2T        3T        4T
/// key frames  k     k     k     k     k     k     k     k
/// segments    |-----------|-----------|-----|-----------|
/// ```
///
/// Because a boundary depends on the distance to the grid and not on the length of the segment before, a few
/// milliseconds of jitter cannot add up, and a packager that resumes at any boundary finds the same ones again. The
/// grid starts with the run, because encoders do: for a key frame interval that divides T, every line is at a key
/// frame, and the decision between two lies as far from a tie as it can.
///
/// All times are in ticks of 1/90,000 s on the broadcast's timeline.
public struct Segmenter: Sendable, Hashable {
    /// The longest first segment when no key frame comes, in milliseconds. Encoders that are left to themselves send
    /// a key frame every 250 frames: every 10 s at 25 frames per second.
    public static let firstSegmentMillisecondsMax: Int64 = 12_000
    /// What is kept free below the limit that a declared target duration sets, in milliseconds: audio is cut at its own
    /// frames, up to 128 ms off the boundary.
    static let seamMilliseconds: Int64 = 130

    /// The wanted duration, in milliseconds.
    public let targetMilliseconds: Int64
    /// The number of the segment that is open, or that the next run opens.
    public internal(set) var number: Int64
    /// Where the open segment began.
    public internal(set) var start: Int64 = 0
    /// `EXT-X-TARGETDURATION`: fixed when the first segment ends, `nil` before.
    public internal(set) var targetDurationSeconds: Int?
    /// Where the grid begins.
    var anchor: Int64 = 0
    /// The line of the grid that the open segment stands for.
    var line: Int64 = 0
    /// The newest key frame of the run.
    var lastKeyframe: Int64?

    public init(targetMilliseconds: Int64, firstNumber: Int64) {
        precondition(targetMilliseconds > 0, "a segment has a duration")
        self.targetMilliseconds = targetMilliseconds
        number = firstNumber
    }

    private static let ticksPerMillisecond = Int64(MediaTime.videoTimescale) / 1000

    private var target: Int64 { targetMilliseconds * Self.ticksPerMillisecond }

    /// The longest that the open segment may become.
    var limit: Int64 {
        guard let seconds = targetDurationSeconds else {
            return max(Self.firstSegmentMillisecondsMax, targetMilliseconds) * Self.ticksPerMillisecond
        }
        return (Int64(seconds) * 1000 + 500 - Self.seamMilliseconds) * Self.ticksPerMillisecond
    }

    /// A run begins, and its first segment with it.
    public mutating func runBegan(at time: Int64) {
        start = time
        anchor = time
        line = 0
        lastKeyframe = nil
    }

    /// The run is over, and its last segment with it.
    public mutating func runEnded(at time: Int64) {
        fixTargetDuration(time - start)
        number += 1
    }

    /// A key frame stands at the beginning of a segment that is open already.
    public mutating func opened(withKeyframeAt time: Int64) { lastKeyframe = time }

    /// A video frame has come.
    ///
    /// - Parameters:
    ///   - time: The presentation time of a key frame; the decode time, on the presentation's scale, of another frame.
    ///   - frameDuration: How long it will probably last.
    /// - Returns: Whether a segment begins with it; ``number`` and ``start`` are then the new segment's.
    public mutating func videoReached(_ time: Int64, isKeyframe: Bool, frameDuration: Int64) -> Bool {
        guard isKeyframe else {
            guard time + frameDuration - start >= limit else { return false }
            // The last resort: no key frame came in time.
            cut(at: time, line: nearestLine(to: time))
            return true
        }
        let interval = lastKeyframe.map { time - $0 } ?? 0
        lastKeyframe = time
        if time - anchor + min(interval, target) / 2 >= (line + 1) * target {
            cut(at: time, line: max(line + 1, nearestLine(to: time)))
            return true
        }
        // The next key frame would be nearer to the line, but too late for the declared target duration.
        guard targetDurationSeconds != nil, time > start, time + interval - start >= limit else { return false }
        cut(at: time, line: nearestLine(to: time))
        return true
    }

    /// Whether a frame at a time comes so late that the open segment should have ended before.
    func isOverdue(at time: Int64) -> Bool { time - start >= limit }

    /// Whether a cut right before a hole from `beginning` to `end` leaves no segment too long, or one that is long
    /// enough not to be joined with the hole.
    func shouldCut(atHoleFrom beginning: Int64, to end: Int64) -> Bool {
        beginning > start && (end - beginning < limit || beginning - start >= target / 2)
    }

    /// Where to cut a hole so that everything up to `end`, where the last cut is, becomes segments of similar length.
    ///
    /// - Parameter earliest: No cut is before.
    func cuts(inHoleTo end: Int64, notBefore earliest: Int64) -> [Int64] {
        let first = start + (end - start) / ((end - start) / limit + 1)
        if first >= earliest { return Self.evenCuts(from: start, to: end, limit: limit) }
        return earliest < end ? [earliest] + Self.evenCuts(from: earliest, to: end, limit: limit) : []
    }

    private static func evenCuts(from start: Int64, to end: Int64, limit: Int64) -> [Int64] {
        let length = end - start
        let count = length / limit + 1
        return (1...count).map { start + length * $0 / count }
    }

    /// A segment begins without a rule: before a hole.
    mutating func cut(beforeHoleAt time: Int64) { cut(at: time, line: nearestLine(to: time)) }

    /// A segment begins without a rule: in a hole or behind it. How far apart key frames are is no longer known.
    mutating func cut(inHoleAt time: Int64) {
        cut(at: time, line: nearestLine(to: time))
        lastKeyframe = nil
    }

    /// An audio frame has come that no video frame can decide for.
    ///
    /// - Returns: Whether a segment begins with it.
    public mutating func audioReached(_ time: Int64, frameDuration: Int64) -> Bool {
        guard
            time - anchor + frameDuration / 2 >= (line + 1) * target || time + frameDuration - start >= limit
        else { return false }
        cut(at: time, line: max(line + 1, nearestLine(to: time)))
        return true
    }

    private func nearestLine(to time: Int64) -> Int64 { max(line, (time - anchor + target / 2) / target) }

    private mutating func cut(at time: Int64, line: Int64) {
        fixTargetDuration(time - start)
        number += 1
        start = time
        self.line = line
    }

    private mutating func fixTargetDuration(_ duration: Int64) {
        guard targetDurationSeconds == nil else { return }
        let milliseconds = duration / Self.ticksPerMillisecond + Self.seamMilliseconds
        targetDurationSeconds = Int(max((targetMilliseconds + 999) / 1000, (milliseconds + 500) / 1000))
    }
}
