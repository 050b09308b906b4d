public import StreamingCore

/// Looks after the daily partitions of `stream_metrics`: there must be one for a measurement to be stored in, and the
/// oldest go.
public struct PostgresMetricsPartitions: Sendable {
    /// What was done, by the names of the partitions, for example `stream_metrics_20261123`.
    public struct Changes: Sendable, Equatable {
        public var made: [String] = []
        public var dropped: [String] = []

        public init(made: [String] = [], dropped: [String] = []) {
            self.made = made
            self.dropped = dropped
        }
    }

    /// How many days there is room for ahead: that long nobody may come by.
    public static let daysAhead = 7
    /// How many days in UTC are kept before the present one, unless said otherwise.
    public static let daysKept = 30

    private let database: PostgresDatabase

    public init(_ database: PostgresDatabase) { self.database = database }

    /// Makes the partitions that are missing from the day before `time` to `daysAhead` days after it, and drops those
    /// of days that are more than `daysKept` before it. To be called at the start and then at least once a day, by
    /// any number of processes.
    ///
    /// - Parameters:
    ///   - daysAhead: 0 or more.
    ///   - daysKept: 1 or more.
    public func maintain(
        at time: WallTime, daysAhead: Int = daysAhead, daysKept: Int = daysKept
    ) async throws(StreamError) -> Changes {
        precondition(daysAhead >= 0 && daysKept >= 1, "the present day is always kept")
        return try await database.perform { connection throws(PostgresFailure) in
            let rows = try connection.rows(
                """
                SELECT partition_name, change
                FROM maintain_stream_metrics(($1 AT TIME ZONE 'UTC')::date, $2::integer, $3::integer)
                """, [.time(time), .integer(Int64(daysAhead)), .integer(Int64(daysKept))]
            ) { row throws(PostgresFailure) in (name: row.text(0), change: row.text(1)) }
            return Changes(
                made: rows.filter { $0.change == "made" }.map(\.name),
                dropped: rows.filter { $0.change == "dropped" }.map(\.name))
        }
    }
}
