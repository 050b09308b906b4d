public import StreamingCore

/// How streams did from second to second, in the database that all processes share.
public struct PostgresStreamMetricsRepository: StreamMetricsRepository {
    private let database: PostgresDatabase

    public init(_ database: PostgresDatabase) { self.database = database }

    public func record(_ metrics: [StreamMetrics]) async throws(StreamError) {
        precondition(metrics.count <= AudienceLimits.metricsPerWriteMax, "a write has a bounded number of measurements")
        guard !metrics.isEmpty else { return }
        let values = PostgresValue.columns(of: metrics)
        _ = try await database.perform { connection throws(PostgresFailure) in
            try connection.run(Self.recordSQL, values)
        }
    }

    public func range(
        of stream: StreamID, from: WallTime, to: WallTime, stepSeconds: Int
    ) async throws(StreamError) -> [StreamMetricsPoint] {
        let span = try StreamMetricsSpan(from: from, to: to, stepSeconds: stepSeconds)
        guard let measured = try await measured(of: stream, in: span.seconds) else { return [] }
        var groups: [StreamMetricsGroup] = []
        for piece in span.pieces(of: measured) {
            groups += try await database.perform { connection throws(PostgresFailure) in
                try connection.rows(
                    Self.rangeSQL,
                    [
                        .id(stream), .time(WallTime(unixSeconds: piece.lowerBound)),
                        .time(WallTime(unixSeconds: piece.upperBound)), .integer(span.step),
                    ], StreamMetricsGroup.init(row:))
            }
        }
        return StreamMetricsGroup.points(groups, of: stream)
    }

    public func measured(
        of stream: StreamID, in seconds: Range<Int64>
    ) async throws(StreamError) -> ClosedRange<Int64>? {
        try await database.perform { connection throws(PostgresFailure) in
            try connection.rows(
                """
                SELECT min(measured_at), max(measured_at) FROM stream_metrics
                WHERE stream_id = $1 AND measured_at >= $2 AND measured_at < $3
                """,
                [
                    .id(stream), .time(WallTime(unixSeconds: seconds.lowerBound)),
                    .time(WallTime(unixSeconds: seconds.upperBound)),
                ]
            ) { row throws(PostgresFailure) -> ClosedRange<Int64>? in
                guard let oldest = try row.optionalTime(0), let newest = try row.optionalTime(1) else { return nil }
                return oldest.unixMilliseconds / 1000...newest.unixMilliseconds / 1000
            }
        }.first ?? nil
    }

    /// One statement for all: those of days that have a partition. The rest would have the whole statement refused.
    private static let recordSQL = """
        WITH told AS (
            SELECT * FROM unnest(\((1...24).map { "$\($0)" }.joined(separator: ", ")))
                AS told (\(StreamMetrics.columnNames))
        ), days AS MATERIALIZED (
            SELECT day FROM (SELECT DISTINCT date_trunc('day', measured_at AT TIME ZONE 'UTC') AS day FROM told) AS days
            WHERE EXISTS (
                SELECT FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'stream_metrics'::regclass
                    AND relname = 'stream_metrics_' || to_char(day, 'YYYYMMDD'))
        )
        INSERT INTO stream_metrics AS kept (\(StreamMetrics.columnNames))
        SELECT told.* FROM told JOIN days ON days.day = date_trunc('day', told.measured_at AT TIME ZONE 'UTC')
        ORDER BY told.stream_id, told.measured_at
        ON CONFLICT (stream_id, measured_at) DO UPDATE SET (\(StreamMetrics.columnNames)) = ROW (excluded.*)
        WHERE kept IS DISTINCT FROM excluded
        """

    /// Sums of each step, by the names of renditions, because what stands in a column depends on them. Of the second
    /// with the most starts and of the newest one only the time is carried along, the first as one number (starts, then
    /// Unix seconds in 33 bits); what else is asked of them is looked up by it, which is cheaper for 60 seconds a step
    /// than to carry it. `LIMIT 1` keeps the planner from reading all rows again for that.
    private static let rangeSQL = """
        SELECT step, seconds, last, steps.viewers, viewers_max, steps.renditions, sum_1, sum_2, sum_3, sum_4, sum_5,
            sum_6, sum_7, sum_8, ingress, egress, stalled, stall_ratios,
            most.startup_count::bigint, most.startup_median_milliseconds, most.startup_percentile95_milliseconds,
            most.measured_at,
            newest.source_pictures_per_second, newest.source_keyframe_interval_milliseconds,
            newest.source_usual_bits_per_second, newest.source_audio_drift_milliseconds,
            newest.source_timestamp_repairs, newest.source_arrival_delay_milliseconds
        FROM (
            SELECT date_bin($4 * interval '1 second', measured_at, to_timestamp(0)) AS step, count(*) AS seconds,
                max(measured_at) AS last, sum(viewers)::float8 AS viewers, max(viewers)::bigint AS viewers_max,
                renditions, \((1...8).map { "sum(viewers_\($0))::float8 AS sum_\($0)" }.joined(separator: ", ")),
                sum(ingress_bits_per_second)::float8 AS ingress, sum(egress_bits_per_second)::float8 AS egress,
                coalesce(sum(stall_ratio), 0) AS stalled, count(stall_ratio) AS stall_ratios,
                max((startup_count::bigint << 33) + date_part('epoch', measured_at)::bigint) AS most_starts
            FROM stream_metrics WHERE stream_id = $1 AND measured_at >= $2 AND measured_at < $3
            GROUP BY step, renditions
        ) AS steps
        CROSS JOIN LATERAL (
            SELECT * FROM stream_metrics WHERE stream_id = $1 AND measured_at = last LIMIT 1
        ) AS newest
        LEFT JOIN LATERAL (
            SELECT * FROM stream_metrics
            WHERE stream_id = $1 AND measured_at = to_timestamp(most_starts & 8589934591) LIMIT 1
        ) AS most ON true
        ORDER BY step, last
        """
}
