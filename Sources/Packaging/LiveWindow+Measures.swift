public import Media

// What playlists say about renditions as a whole.

extension LiveWindow {
    /// The segments in a folder.
    public func rendition(named name: String) -> RenditionWindow? { renditions.first { $0.name == name } }

    /// The run with a number, while the window knows it.
    public func run(_ number: Int64) -> Run? { runs.last { $0.number == number } }

    /// The newest run in which every rendition has a finished segment: what a new viewer is offered.
    ///
    /// `nil` until there is one: no playlist can be rendered before.
    public var playableRun: Run? {
        guard targets != nil else { return nil }
        return runs.last { run in
            run.renditions.allSatisfy { wanted in
                rendition(named: wanted.name)?.entries.contains { $0.segment.run == run.number } ?? false
            }
        }
    }

    /// When media at a time of the broadcast's timeline was live, in milliseconds since the Unix epoch.
    public func unixMilliseconds(at time: MediaTime) -> Int64 { (origin?.unixMilliseconds ?? 0) + time.milliseconds }

    /// The newest end of a finished segment of any rendition, on the broadcast's timeline.
    public var newestTime: MediaTime? { renditions.compactMap(\.entries.last?.segment.endTime).max() }

    /// Whether decoding can start at every listed segment.
    public var isIndependent: Bool {
        renditions.allSatisfy { $0.entries.allSatisfy(\.segment.isIndependent) }
    }

    func peakBitRate(of entries: [Entry], with segment: Segment) -> Int64 {
        guard let targets, !segment.isGap else { return 0 }
        let shortest = Int64(targets.durationSeconds) * Int64(segment.timescale) / 2
        let longest = shortest * 3
        var byteCount = segment.byteCount
        var duration = segment.duration
        var peak: Int64 = 0
        var others = entries.reversed().makeIterator()
        while duration <= longest {
            if duration >= shortest { peak = max(peak, Self.bitRate(byteCount, duration, segment.timescale)) }
            guard let other = others.next()?.segment, !other.isGap, other.timescale == segment.timescale else { break }
            byteCount += other.byteCount
            duration += other.duration
        }
        return peak
    }

    static func bitRate(_ byteCount: Int, _ duration: Int64, _ timescale: Int32) -> Int64 {
        guard duration > 0 else { return 0 }
        // Sizes and durations are below 2⁵³, so that a Double is exact enough for a rate, and cannot overflow.
        return Int64((Double(byteCount) * 8 * Double(timescale) / Double(duration)).rounded(.up))
    }
}

extension LiveWindow.RenditionWindow {
    /// The bit rate over all listed segments, in bits per second.
    public var averageBitRate: Int64 {
        var byteCount = 0
        var seconds = 0.0
        for entry in entries where !entry.segment.isGap {
            byteCount += entry.segment.byteCount
            seconds += Double(entry.segment.duration) / Double(entry.segment.timescale)
        }
        return seconds > 0 ? Int64((Double(byteCount) * 8 / seconds).rounded(.up)) : 0
    }

    /// The highest bit rate of any stretch of about a target duration (RFC 8216, 4.3.4.2), in bits per second.
    public var peakBitRate: Int64 { max(averageBitRate, entries.lazy.map(\.peakBitRate).max() ?? 0) }

    /// Frames per second of a video rendition in one of its runs.
    ///
    /// What the stream itself declares, unless the frames say otherwise: encoders with a variable rate declare the fastest
    /// that they could be. The count of frames is then taken for a usual rate when it is within 0.1% of it.
    public func frameRate(in run: Run) -> Ratio? {
        guard case .avc(let avc) = run.rendition(named: name)?.track.configuration else { return nil }
        var frames: Int64 = 0
        var duration: Int64 = 0
        for entry in entries where entry.segment.run == run.number && !entry.segment.isGap {
            frames += Int64(entry.segment.frameCount)
            duration += entry.segment.duration
        }
        guard frames > 0, duration > 0 else { return avc.sequence.frameRate }
        let measured = Double(frames) * Double(MediaTime.videoTimescale) / Double(duration)
        if let declared = avc.sequence.frameRate {
            let rate = Double(declared.numerator) / Double(declared.denominator)
            if abs(rate - measured) <= rate * 0.1 { return declared }
        }
        let usual = Self.usualFrameRates.min { abs($0.value - measured) < abs($1.value - measured) }
        if let usual, abs(usual.value - measured) <= usual.value * 0.001 { return usual.ratio }
        let thousandths = (min(max(measured, 0.001), Double(VideoUsability.frameRateMax)) * 1000).rounded()
        return Ratio(UInt32(thousandths), 1000)
    }

    private static let usualFrameRates: [(ratio: Ratio, value: Double)] = [
        (24_000, 1001), (24, 1), (25, 1), (30_000, 1001), (30, 1), (50, 1), (60_000, 1001), (60, 1),
    ].compactMap { (numerator: UInt32, denominator: UInt32) in
        Ratio(numerator, denominator).map { ($0, Double(numerator) / Double(denominator)) }
    }
}
