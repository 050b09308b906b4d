public import StreamingCore

/// How streams did from second to second, in the embedded database.
public struct SQLiteStreamMetricsRepository: StreamMetricsRepository {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    public func record(_ metrics: [StreamMetrics]) async throws(StreamError) {
        precondition(metrics.count <= AudienceLimits.metricsPerWriteMax, "a write has a bounded number of measurements")
        guard !metrics.isEmpty else { return }
        try await database.transaction { connection throws(StreamError) in
            for second in metrics { try connection.run(Self.recordSQL, second.values) }
        }
    }

    /// Between the pieces others get their turn.
    public func range(
        of stream: StreamID, from: WallTime, to: WallTime, stepSeconds: Int
    ) async throws(StreamError) -> [StreamMetricsPoint] {
        let span = try StreamMetricsSpan(from: from, to: to, stepSeconds: stepSeconds)
        guard let measured = try await measured(of: stream, in: span.seconds) else { return [] }
        var groups: [StreamMetricsGroup] = []
        for piece in span.pieces(of: measured) {
            groups += try await database.perform { connection throws(StreamError) in
                try connection.rows(
                    Self.rangeSQL,
                    [
                        .id(stream), .integer(piece.lowerBound * 1000), .integer(piece.upperBound * 1000),
                        .integer(span.step * 1000),
                    ], StreamMetricsGroup.init(row:))
            }
        }
        return StreamMetricsGroup.points(groups, of: stream)
    }

    public func measured(
        of stream: StreamID, in seconds: Range<Int64>
    ) async throws(StreamError) -> ClosedRange<Int64>? {
        try await database.perform { connection throws(StreamError) in
            try connection.rows(
                """
                SELECT (SELECT min(measured_at) FROM stream_metrics
                        WHERE stream_id = ?1 AND measured_at >= ?2 AND measured_at < ?3),
                    (SELECT max(measured_at) FROM stream_metrics
                        WHERE stream_id = ?1 AND measured_at >= ?2 AND measured_at < ?3)
                """, [.id(stream), .integer(seconds.lowerBound * 1000), .integer(seconds.upperBound * 1000)]
            ) { row throws(StreamError) -> ClosedRange<Int64>? in
                guard let oldest = row.optionalInteger(0), let newest = row.optionalInteger(1) else { return nil }
                return oldest / 1000...newest / 1000
            }
        }.first ?? nil
    }

    private static let recordSQL = """
        INSERT OR REPLACE INTO stream_metrics (\(StreamMetrics.columnNames))
        VALUES (\((1...24).map { "?\($0)" }.joined(separator: ", ")))
        """

    /// Sums of each step, by the names of renditions, because what stands in a column depends on them. Of the second
    /// with the most starts and of the newest one only the time is carried along, the first as one number (starts, then
    /// Unix seconds in 33 bits); what else is asked of them is looked up by it.
    private static let rangeSQL = """
        SELECT step, seconds, last, steps.viewers, viewers_max, steps.renditions, sum_1, sum_2, sum_3, sum_4, sum_5,
            sum_6, sum_7, sum_8, ingress, egress, stalled, stall_ratios,
            most.startup_count, most.startup_median_milliseconds, most.startup_percentile95_milliseconds,
            most.measured_at,
            newest.source_pictures_per_second, newest.source_keyframe_interval_milliseconds,
            newest.source_usual_bits_per_second, newest.source_audio_drift_milliseconds,
            newest.source_timestamp_repairs, newest.source_arrival_delay_milliseconds
        FROM (
            SELECT measured_at - measured_at % ?4 AS step, count(*) AS seconds, max(measured_at) AS last,
                total(viewers) AS viewers, max(viewers) AS viewers_max, renditions,
                \((1...8).map { "total(viewers_\($0)) AS sum_\($0)" }.joined(separator: ", ")),
                total(ingress_bits_per_second) AS ingress, total(egress_bits_per_second) AS egress,
                total(stall_ratio) AS stalled, count(stall_ratio) AS stall_ratios,
                max((startup_count << 33) + measured_at / 1000) AS most_starts
            FROM stream_metrics WHERE stream_id = ?1 AND measured_at >= ?2 AND measured_at < ?3
            GROUP BY step, renditions
        ) AS steps
        CROSS JOIN stream_metrics AS newest ON newest.stream_id = ?1 AND newest.measured_at = last
        LEFT JOIN stream_metrics AS most
            ON most.stream_id = ?1 AND most.measured_at = (most_starts & 8589934591) * 1000
        ORDER BY step, last
        """
}
