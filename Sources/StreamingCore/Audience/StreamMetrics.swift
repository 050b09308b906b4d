/// How a stream did in one second, over all processes.
public struct StreamMetrics: Sendable, Equatable {
    public let streamID: StreamID
    /// The end of the second, a whole one.
    public let at: WallTime
    /// Open sessions.
    public var viewers: Int
    /// Open sessions by the video rendition that they fetched last; those that fetched none yet are left out.
    public var viewersByRendition: [String: Int]
    /// Media that the encoder sent, in bits per second.
    public var ingressBitsPerSecond: Int64
    /// Bodies that were sent to viewers, in bits per second.
    public var egressBitsPerSecond: Int64
    /// The share of the viewers' time in which playback stood still, 0 to 1, of those whose players tell; `nil` when
    /// none tells.
    public var stallRatio: Double?
    /// From the first request to the first picture, in milliseconds, of the sessions that told it in this second.
    public var startup: Percentiles?
    /// What the encoder sends; `nil` while none is connected.
    public var source: SourceHealth?

    public init(
        streamID: StreamID, at: WallTime, viewers: Int = 0, viewersByRendition: [String: Int] = [:],
        ingressBitsPerSecond: Int64 = 0, egressBitsPerSecond: Int64 = 0, stallRatio: Double? = nil,
        startup: Percentiles? = nil, source: SourceHealth? = nil
    ) {
        self.streamID = streamID
        self.at = at
        self.viewers = viewers
        self.viewersByRendition = viewersByRendition
        self.ingressBitsPerSecond = ingressBitsPerSecond
        self.egressBitsPerSecond = egressBitsPerSecond
        self.stallRatio = stallRatio
        self.startup = startup
        self.source = source
    }

    /// Of a number of measurements, by the nearest rank.
    public struct Percentiles: Sendable, Equatable {
        public var count: Int
        public var median: Int64
        public var percentile95: Int64

        public init(count: Int, median: Int64, percentile95: Int64) {
            self.count = count
            self.median = median
            self.percentile95 = percentile95
        }
    }
}

/// What an encoder sends and how regularly, in the last second unless said otherwise.
public struct SourceHealth: Sendable, Equatable {
    /// Pictures that came, per second.
    public var picturesPerSecond: Double
    /// From one keyframe to the next, in milliseconds: the longest of the last three; `nil` before the second keyframe.
    public var keyframeIntervalMilliseconds: Int64?
    /// Bits per second over the last ten seconds, which a dip is measured against.
    public var usualBitsPerSecond: Int64
    /// How much further the sound's clock has come than the picture's since the connection began, in milliseconds.
    public var audioDriftMilliseconds: Int64
    /// Timestamps that had to be put right since the broadcast began.
    public var timestampRepairs: Int64
    /// How far media arrives behind its own clock, in milliseconds: what the way from the encoder adds by waiting.
    public var arrivalDelayMilliseconds: Int64

    public init(
        picturesPerSecond: Double = 0, keyframeIntervalMilliseconds: Int64? = nil, usualBitsPerSecond: Int64 = 0,
        audioDriftMilliseconds: Int64 = 0, timestampRepairs: Int64 = 0, arrivalDelayMilliseconds: Int64 = 0
    ) {
        self.picturesPerSecond = picturesPerSecond
        self.keyframeIntervalMilliseconds = keyframeIntervalMilliseconds
        self.usualBitsPerSecond = usualBitsPerSecond
        self.audioDriftMilliseconds = audioDriftMilliseconds
        self.timestampRepairs = timestampRepairs
        self.arrivalDelayMilliseconds = arrivalDelayMilliseconds
    }
}
