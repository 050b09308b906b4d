import StreamingCore

extension StreamMetrics {
    /// The columns of a measurement, in the order of ``values``.
    static let columnNames = """
        stream_id, measured_at, viewers, renditions, viewers_1, viewers_2, viewers_3, viewers_4, viewers_5, viewers_6, \
        viewers_7, viewers_8, ingress_bits_per_second, egress_bits_per_second, stall_ratio, startup_count, \
        startup_median_milliseconds, startup_percentile95_milliseconds, source_pictures_per_second, \
        source_keyframe_interval_milliseconds, source_usual_bits_per_second, source_audio_drift_milliseconds, \
        source_timestamp_repairs, source_arrival_delay_milliseconds
        """

    /// What stands in them.
    var values: [SQLiteValue] {
        let renditions = RenditionViewers(viewersByRendition)
        let viewersByColumn = (0..<AudienceLimits.renditionsMax).map { column in
            SQLiteValue.orNull(renditions.count(inColumn: column).map(Int64.init(count:)))
        }
        return [
            .id(streamID), .integer(unixSecond * 1000), .integer(Int64(count: Int64(viewers))),
            .text(renditions.names),
        ] + viewersByColumn + [
            .integer(max(0, ingressBitsPerSecond)), .integer(max(0, egressBitsPerSecond)), .orNull(stallRatio),
            .orNull(startup.map { Int64(count: Int64($0.count)) }), .orNull(startup?.median),
            .orNull(startup?.percentile95), .orNull(source?.picturesPerSecond),
            .orNull(source?.keyframeIntervalMilliseconds), .orNull(source?.usualBitsPerSecond),
            .orNull(source?.audioDriftMilliseconds), .orNull(source?.timestampRepairs),
            .orNull(source?.arrivalDelayMilliseconds),
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
    init(row: SQLiteRow) {
        var viewers: [Double] = []
        for column in Int32(6)..<14 { viewers.append(row.optionalNumber(column) ?? 0) }
        self.init(
            step: row.time(0), seconds: Int(row.integer(1)), last: row.time(2),
            viewers: row.number(3), viewersMax: Int(row.integer(4)), renditionNames: row.text(5),
            renditionViewers: viewers, ingressBitsPerSecond: row.number(14),
            egressBitsPerSecond: row.number(15), stallRatio: row.number(16),
            stallRatios: Int(row.integer(17)), startup: StreamMetrics.Percentiles(row: row, from: 18),
            startupAt: row.optionalTime(21), source: SourceHealth(row: row, from: 22))
    }
}

extension StreamMetrics.Percentiles {
    /// `nil` when the first column is NULL.
    fileprivate init?(row: SQLiteRow, from column: Int32) {
        guard let count = row.optionalInteger(column) else { return nil }
        self.init(
            count: Int(count), median: row.integer(column + 1), percentile95: row.integer(column + 2))
    }
}

extension SourceHealth {
    /// `nil` when the first column is NULL.
    fileprivate init?(row: SQLiteRow, from column: Int32) {
        guard let pictures = row.optionalNumber(column) else { return nil }
        self.init(
            picturesPerSecond: pictures, keyframeIntervalMilliseconds: row.optionalInteger(column + 1),
            usualBitsPerSecond: row.integer(column + 2), audioDriftMilliseconds: row.integer(column + 3),
            timestampRepairs: row.integer(column + 4), arrivalDelayMilliseconds: row.integer(column + 5))
    }
}
