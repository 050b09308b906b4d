import StreamingCore

extension WallTime {
    init(unixSeconds: Int64) { self.init(unixMilliseconds: unixSeconds * 1000) }
}

extension StreamMetrics {
    /// The columns of a measurement, in the order of ``PostgresValue/columns(of:)``.
    static let columnNames = """
        stream_id, measured_at, viewers, renditions, viewers_1, viewers_2, viewers_3, viewers_4, viewers_5, viewers_6, \
        viewers_7, viewers_8, ingress_bits_per_second, egress_bits_per_second, stall_ratio, startup_count, \
        startup_median_milliseconds, startup_percentile95_milliseconds, source_pictures_per_second, \
        source_keyframe_interval_milliseconds, source_usual_bits_per_second, source_audio_drift_milliseconds, \
        source_timestamp_repairs, source_arrival_delay_milliseconds
        """

    /// A second of a stream, of which there is one row.
    private struct Second: Hashable {
        let stream: StreamID
        let second: Int64
    }

    /// The last of each second.
    fileprivate static func lastOfEachSecond(_ metrics: [StreamMetrics]) -> [StreamMetrics] {
        Array(
            Dictionary(metrics.map { (Second(stream: $0.streamID, second: $0.unixSecond), $0) }) { $1 }.values)
    }
}

extension PostgresValue {
    /// A parameter for each column of measurements.
    static func columns(of metrics: [StreamMetrics]) -> [PostgresValue] {
        let metrics = StreamMetrics.lastOfEachSecond(metrics)
        let renditions = metrics.map { RenditionViewers($0.viewersByRendition) }
        func integers(_ value: (StreamMetrics) -> Int64?) -> PostgresValue {
            .array(of: .integer, metrics.map { .integer(value($0)) })
        }
        func numbers(_ value: (StreamMetrics) -> Double?) -> PostgresValue {
            .array(of: .number, metrics.map { .number(value($0)) })
        }
        let viewers = (0..<AudienceLimits.renditionsMax).map { column in
            PostgresValue.array(
                of: .integer, renditions.map { .integer($0.count(inColumn: column).map(Int64.init(count:))) })
        }
        return [
            .array(of: .uuid, metrics.map { .id($0.streamID) }),
            .array(of: .time, metrics.map { .time(WallTime(unixSeconds: $0.unixSecond)) }),
            integers { Int64(count: Int64($0.viewers)) }, .texts(renditions.map(\.names)),
        ] + viewers + [
            integers { max(0, $0.ingressBitsPerSecond) }, integers { max(0, $0.egressBitsPerSecond) },
            numbers(\.stallRatio), integers { $0.startup.map { Int64(count: Int64($0.count)) } },
            integers(\.startup?.median), integers(\.startup?.percentile95), numbers(\.source?.picturesPerSecond),
            integers(\.source?.keyframeIntervalMilliseconds), integers(\.source?.usualBitsPerSecond),
            integers(\.source?.audioDriftMilliseconds), integers(\.source?.timestampRepairs),
            integers(\.source?.arrivalDelayMilliseconds),
        ]
    }
}

extension Int64 {
    /// The highest count that is stored: it leaves room for 33 bits of a time.
    private static let countMax: Int64 = 1_000_000_000

    fileprivate init(count: Int64) { self = Swift.min(Swift.max(count, 0), Self.countMax) }
}

extension StreamMetricsGroup {
    /// A row of the sums of a step.
    init(row: PostgresRow) throws(PostgresFailure) {
        var viewers: [Double] = []
        for column in Int32(6)..<14 { viewers.append(try row.optionalNumber(column) ?? 0) }
        self.init(
            step: try row.time(0), seconds: Int(try row.integer(1)), last: try row.time(2),
            viewers: try row.number(3), viewersMax: Int(try row.integer(4)), renditionNames: row.text(5),
            renditionViewers: viewers, ingressBitsPerSecond: try row.number(14),
            egressBitsPerSecond: try row.number(15), stallRatio: try row.number(16),
            stallRatios: Int(try row.integer(17)), startup: try StreamMetrics.Percentiles(row: row, from: 18),
            startupAt: try row.optionalTime(21), source: try SourceHealth(row: row, from: 22))
    }
}

extension StreamMetrics.Percentiles {
    /// `nil` when the first column is NULL.
    fileprivate init?(row: PostgresRow, from column: Int32) throws(PostgresFailure) {
        guard let count = try row.optionalInteger(column) else { return nil }
        self.init(
            count: Int(count), median: try row.integer(column + 1), percentile95: try row.integer(column + 2))
    }
}

extension SourceHealth {
    /// `nil` when the first column is NULL.
    fileprivate init?(row: PostgresRow, from column: Int32) throws(PostgresFailure) {
        guard let pictures = try row.optionalNumber(column) else { return nil }
        self.init(
            picturesPerSecond: pictures, keyframeIntervalMilliseconds: try row.optionalInteger(column + 1),
            usualBitsPerSecond: try row.integer(column + 2), audioDriftMilliseconds: try row.integer(column + 3),
            timestampRepairs: try row.integer(column + 4), arrivalDelayMilliseconds: try row.integer(column + 5))
    }
}
