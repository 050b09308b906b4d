public import StreamingCore

/// Leases of partitions in PostgreSQL: a row for each worker and for each partition, and the server's clock.
///
/// It has one connection of its own, so that a lease never waits behind other work, and calls of it give up soon: there
/// is another beat a moment later.
public struct PostgresPartitionLeases: PartitionLeases {
    /// How long a beat may wait for a connection, and how long the server may work on it, in milliseconds. It is given
    /// up ``PostgresSettings/answerGraceMilliseconds`` later.
    public static let beatMillisecondsMax = 1000

    private let database: PostgresDatabase

    /// Connects to nothing yet. The schema must be there when the first beat comes.
    ///
    /// - Throws: ``StreamError/invalidValue(field:reason:)`` when the URL is none.
    public init(url: Secret, logger: Logger) throws(StreamError) {
        var settings = PostgresSettings()
        settings.connectionsMax = 1
        settings.waitMilliseconds = Self.beatMillisecondsMax
        settings.connectMilliseconds = Self.beatMillisecondsMax
        settings.statementMilliseconds = Self.beatMillisecondsMax
        settings.lockMilliseconds = Self.beatMillisecondsMax
        try self.init(PostgresDatabase(url: url, settings: settings, logger: logger))
    }

    init(_ database: PostgresDatabase) { self.database = database }

    public func beat(_ beat: LeaseBeat) async throws(StreamError) -> LeaseView {
        let settling = max(beat.leaseMilliseconds, LeaseLimits.settlingMilliseconds)
        return try await database.perform { connection throws(PostgresFailure) in
            var view = LeaseView(workers: [], leases: [], isSettled: false)
            _ = try connection.rows(
                """
                SELECT worker, remaining, is_leaving, partition, fence, settled
                FROM beat_partition_leases($1, $2, $3, $4, $5, $6, $7::bigint[], $8::bigint[])
                """,
                [
                    .text(beat.group), .text(beat.worker), .boolean(beat.isLeaving),
                    .integer(beat.leaseMilliseconds), .integer(settling), .integer(Int64(beat.partitionCount)),
                    .texts(beat.claims.map(String.init)), .texts(beat.releases.map(String.init)),
                ]
            ) { row throws(PostgresFailure) in
                view.isSettled = try row.boolean(5)
                guard let partition = try row.optionalInteger(3) else {
                    view.workers.append(
                        LeaseView.Worker(
                            name: row.text(0), remainingMilliseconds: try row.integer(1),
                            isLeaving: try row.boolean(2)))
                    return
                }
                view.leases.append(
                    LeaseView.Lease(
                        partition: Int32(clamping: partition), worker: row.text(0), fence: try row.integer(4)))
            }
            return view
        }
    }
}
