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
                // Runs follow each other, so that the newest segments tell at once.
                rendition(named: wanted.name)?.entries.last { $0.segment.run <= run.number }?.segment.run == run.number
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
            if duration >= shortest {
                let time = MediaTime(ticks: duration, timescale: segment.timescale)
                peak = max(peak, Self.bitRate(byteCount, microseconds: time.ticks(in: 1_000_000)))
            }
            guard let other = others.next()?.segment, !other.isGap, other.timescale == segment.timescale else { break }
            byteCount += other.byteCount
            duration += other.duration
        }
        return peak
    }

    /// Rates above are not believed, in bits per second.
    static let bitRateMax: Int128 = 1_000_000_000_000

    /// Rounded up.
    static func bitRate(_ byteCount: Int, microseconds: Int64) -> Int64 {
        guard microseconds > 0 else { return 0 }
        let microbits = Int128(byteCount) * 8_000_000
        return Int64(min((microbits + Int128(microseconds) - 1) / Int128(microseconds), bitRateMax))
    }
}

extension LiveWindow.RenditionWindow {
    /// The bit rate over all listed segments, in bits per second.
    public var averageBitRate: Int64 {
        var byteCount = 0
        var microseconds: Int64 = 0
        for entry in entries where !entry.segment.isGap {
            let segment = entry.segment
            let duration = MediaTime(ticks: segment.duration, timescale: segment.timescale).ticks(in: 1_000_000)
            byteCount += segment.byteCount
            // Only absurd durations add up to more than the type holds; the rate is then unknown, like that of no time.
            microseconds = microseconds.addingReportingOverflow(duration).partialValue
        }
        return LiveWindow.bitRate(byteCount, microseconds: microseconds)
    }

    /// The highest bit rate of any stretch of about a target duration (RFC 8216, 4.3.4.2), in bits per second.
    public var peakBitRate: Int64 { max(averageBitRate, entries.lazy.map(\.peakBitRate).max() ?? 0) }

    /// The bit rates of the key frames alone, each lasting until the next, in bits per second; `nil` without any.
    var keyframeBitRates: (peak: Int64, average: Int64)? {
        var (byteCount, duration, peak) = (0, Int64(0), Int64(0))
        for entry in entries where entry.segment.keyframeByteCount > 0 {
            let segment = entry.segment
            let time = MediaTime(ticks: segment.duration, timescale: segment.timescale).ticks(in: 1_000_000)
            peak = max(peak, LiveWindow.bitRate(segment.keyframeByteCount, microseconds: time))
            byteCount += segment.keyframeByteCount
            duration = duration.addingReportingOverflow(time).partialValue
        }
        guard byteCount > 0 else { return nil }
        return (peak, min(peak, LiveWindow.bitRate(byteCount, microseconds: duration)))
    }

    /// Frames per second of a video rendition in one of its runs.
    ///
    /// What the stream itself declares, unless the frames say otherwise: encoders with a variable rate declare the
    /// fastest that they could be. The count of frames is then taken for a usual rate when it is within 0.05% of it.
    public func frameRate(in run: Run) -> Ratio? {
        guard case .avc(let avc) = run.rendition(named: name)?.track.configuration else { return nil }
        var frames: Int64 = 0
        var duration: Int64 = 0
        for entry in entries where entry.segment.run == run.number && !entry.segment.isGap {
            frames += Int64(entry.segment.frameCount)
            duration += entry.segment.duration
        }
        guard frames > 0, duration > 0 else { return avc.sequence.frameRate }
        let measured = Self.thousandths(Int128(frames) * Int128(MediaTime.videoTimescale), Int128(duration))
        if let declared = avc.sequence.frameRate {
            let rate = Self.thousandths(Int128(declared.numerator), Int128(declared.denominator))
            if abs(rate - measured) <= rate / 10 { return declared }
        }
        for usual in Self.usualFrameRates {
            let rate = Self.thousandths(Int128(usual.numerator), Int128(usual.denominator))
            if abs(rate - measured) <= rate / 2000 { return usual }
        }
        return Ratio(UInt32(measured), 1000)
    }

    /// A quotient in thousandths, rounded, from 1 to the fastest rate that is believed.
    private static func thousandths(_ numerator: Int128, _ denominator: Int128) -> Int64 {
        let quotient = (numerator * 1000 + denominator / 2) / denominator
        return Int64(min(max(quotient, 1), Int128(VideoUsability.frameRateMax) * 1000))
    }

    private static let usualFrameRates: [Ratio] = [
        (24_000, 1001), (24, 1), (25, 1), (30_000, 1001), (30, 1), (50, 1), (60_000, 1001), (60, 1),
    ].compactMap { Ratio($0, $1) }
}
