/// What a database added up: the seconds of one step in which the same renditions were watched.
public struct StreamMetricsGroup: Sendable, Equatable {
    /// The beginning of the step.
    public var step: WallTime
    /// How many seconds were measured.
    public var seconds: Int
    /// The newest of them.
    public var last: WallTime
    public var viewers: Double
    public var viewersMax: Int
    /// As ``RenditionViewers/names``.
    public var renditionNames: String
    /// The sums of the columns, as many as there are names or more.
    public var renditionViewers: [Double]
    public var ingressBitsPerSecond: Double
    public var egressBitsPerSecond: Double
    public var stallRatio: Double
    /// In how many seconds players told of stalls.
    public var stallRatios: Int
    /// Of the second with the most starts, of several the newest.
    public var startup: StreamMetrics.Percentiles?
    public var startupAt: WallTime?
    /// Of the newest second.
    public var source: SourceHealth?

    public init(
        step: WallTime, seconds: Int, last: WallTime, viewers: Double, viewersMax: Int, renditionNames: String,
        renditionViewers: [Double], ingressBitsPerSecond: Double, egressBitsPerSecond: Double, stallRatio: Double,
        stallRatios: Int, startup: StreamMetrics.Percentiles?, startupAt: WallTime?, source: SourceHealth?
    ) {
        self.step = step
        self.seconds = seconds
        self.last = last
        self.viewers = viewers
        self.viewersMax = viewersMax
        self.renditionNames = renditionNames
        self.renditionViewers = renditionViewers
        self.ingressBitsPerSecond = ingressBitsPerSecond
        self.egressBitsPerSecond = egressBitsPerSecond
        self.stallRatio = stallRatio
        self.stallRatios = stallRatios
        self.startup = startup
        self.startupAt = startupAt
        self.source = source
    }

    /// The points of the steps.
    ///
    /// - Parameters:
    ///   - groups: In the order of their steps; those of a step one after the other.
    ///   - stream: Whose they are.
    public static func points(_ groups: [StreamMetricsGroup], of stream: StreamID) -> [StreamMetricsPoint] {
        var points: [StreamMetricsPoint] = []
        var start = 0
        while start < groups.count {
            let end = groups[start...].firstIndex { $0.step != groups[start].step } ?? groups.count
            points.append(point(groups[start..<end], of: stream))
            start = end
        }
        return points
    }

    private static func point(_ groups: ArraySlice<StreamMetricsGroup>, of stream: StreamID) -> StreamMetricsPoint {
        let seconds = groups.reduce(0) { $0 + $1.seconds }
        func average(_ sum: (StreamMetricsGroup) -> Double, over count: Int = seconds) -> Double {
            groups.reduce(0) { $0 + sum($1) } / Double(count)
        }
        var renditions: [String: Double] = [:]
        for group in groups {
            for (name, viewers) in zip(RenditionViewers.names(in: group.renditionNames), group.renditionViewers) {
                renditions[name, default: 0] += viewers
            }
        }
        let tellingSeconds = groups.reduce(0) { $0 + $1.stallRatios }
        let startup = groups.filter { $0.startup != nil }.max {
            ($0.startup?.count ?? 0, $0.startupAt ?? $0.last) < ($1.startup?.count ?? 0, $1.startupAt ?? $1.last)
        }
        return StreamMetricsPoint(
            average: StreamMetrics(
                streamID: stream, at: groups[groups.startIndex].step, viewers: rounded(average(\.viewers)),
                viewersByRendition: renditions.mapValues { rounded($0 / Double(seconds)) },
                ingressBitsPerSecond: Int64(rounded(average(\.ingressBitsPerSecond))),
                egressBitsPerSecond: Int64(rounded(average(\.egressBitsPerSecond))),
                stallRatio: tellingSeconds > 0 ? average(\.stallRatio, over: tellingSeconds) : nil,
                startup: startup?.startup, source: groups.max { $0.last < $1.last }?.source),
            viewersMax: groups.map(\.viewersMax).max() ?? 0, seconds: seconds)
    }

    /// 0 for what no whole number comes near to.
    private static func rounded(_ number: Double) -> Int { Int(exactly: number.rounded()) ?? 0 }
}
