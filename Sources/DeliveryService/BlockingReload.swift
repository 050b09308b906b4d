import Packaging

/// Decides about requests for a playlist that is to contain a certain place (RFC 8216bis, 6.2.5.2).
enum BlockingReload {
    enum Decision: Equatable {
        /// The playlist contains it.
        case contained
        /// The broadcast ended before.
        case over
        /// It comes soon. `patienceMilliseconds` is how long to wait for it.
        case hold(patienceMilliseconds: Int64)
        /// It is further ahead than a player can need.
        case tooFarAhead
        /// There is no such rendition, or it has no playlist yet.
        case unknown
    }

    /// How many segments beyond the last finished one a request may name: the one in progress and the next.
    static let segmentsAheadMax: Int64 = 2

    /// - Parameter missed: How many more segments another process may have told the player of
    ///   (``TimelinePulse/segmentsMissed(at:_:)``): what one offers the other does not refuse.
    static func decide(
        on place: PlaylistPlace, of rendition: String, in window: LiveWindow, missed: Int64 = 0
    ) -> Decision {
        guard let edge = window.liveEdge(of: rendition), let targets = window.targets,
            let finished = window.rendition(named: rendition)?.entries.last?.segment.number
        else { return .unknown }
        if window.state == .ended {
            // What is "contained" then is so for lack of anything to come.
            return place.sequence <= edge.sequence ? .contained : .over
        }
        if window.contains(rendition: rendition, sequence: place.sequence, part: place.part) { return .contained }
        guard place.sequence - finished <= segmentsAheadMax + missed else { return .tooFarAhead }
        if let part = place.part {
            let newest = place.sequence == edge.sequence ? edge.part : -1
            let partMax = newest + advancePartLimit(targets)
            guard part <= (missed > 0 ? max(partMax, window.partsExpectedMax) : partMax) else { return .tooFarAhead }
        }
        return .hold(patienceMilliseconds: patienceMilliseconds(forPart: place.part != nil, targets))
    }

    /// The Advance Part Limit: as many parts as three seconds have, at least three.
    static func advancePartLimit(_ targets: Targets) -> Int {
        let part = max(targets.partMilliseconds, 1)
        return part >= 1000 ? 3 : (3000 + part - 1) / part
    }

    /// The longest that any player waits for a playlist, in milliseconds.
    private static let playerMillisecondsMax: Int64 = 10_000

    /// How long a player waits for a playlist before it gives up, in milliseconds: hls.js, which is the least patient,
    /// for a part three part targets or 0.8 target durations, whichever is longer. Who names a segment alone counts in
    /// segments, and waits at least as long as the specification lets us take, which is three target durations.
    static func playerMilliseconds(forPart isForPart: Bool, _ targets: Targets) -> Int64 {
        let duration = Int64(targets.durationSeconds) * 1000
        let longest = isForPart ? max(Int64(targets.partMilliseconds) * 3, duration * 8 / 10) : duration * 3
        return min(longest, playerMillisecondsMax)
    }

    /// How long a request is held, in milliseconds: three quarters of what the player waits.
    ///
    /// When the encoder stalls, the playlist as it was is then an answer in time, and the player asks again. The
    /// specification has 503 behind three target durations, but a player that has given up before counts an error, and
    /// a few of them end playback.
    static func patienceMilliseconds(forPart isForPart: Bool, _ targets: Targets) -> Int64 {
        playerMilliseconds(forPart: isForPart, targets) * 3 / 4
    }
}
