public import Media
public import StreamingCore

// A broadcast belongs to the instance that began it, until another begins one on the same stream or ends it as
// abandoned. Both raise the stream's fence, which is the first segment number of the newest broadcast: whoever still
// works with a lower one changes nothing any more, neither here nor in the frame log.

/// A broadcast whose owner fell silent, ended by somebody else.
public struct AbandonedBroadcast: Sendable, Equatable {
    public let stream: StreamID
    /// Who had it; `nil` when that was not said.
    public let owner: String?
    /// Above the first segment number of that broadcast: with it the log can be told that the broadcast is over, and
    /// the old owner can write there no more.
    public let fence: Int64
}

extension PostgresStreamRepository {
    /// Marks the stream `active` for a new broadcast of an instance and reserves the numbers that it starts with. An
    /// instance that had the stream has lost it.
    ///
    /// The first segment's number is the larger of the stored one and the quarters of a second since 2024, as in the
    /// embedded database: no stream makes more segments than that, so no number comes twice, although segments are not
    /// written down.
    ///
    /// - Parameters:
    ///   - owner: The instance, as it calls itself in ``PostgresInstanceRegistry``.
    ///   - isContinuing: Whether a broadcast that is on air goes on, although its instance has lost it: its encoder has
    ///     come here instead. Then its media time zero stays.
    /// - Returns: An origin whose media time zero is `time`, or that of the broadcast that goes on; its numbers are
    ///   above all that were returned before.
    /// - Throws: ``StreamError/notFound(what:)``.
    public func beginBroadcast(
        _ id: StreamID, at time: WallTime, owner: String?, continuing isContinuing: Bool = false
    ) async throws(StreamError) -> BroadcastOrigin {
        // Twice is harmless: numbers may be left out.
        let found = try await database.perform { connection throws(PostgresFailure) in
            try connection.rows(
                """
                UPDATE streams SET state = 'active', changed_at = $2, ended_at = NULL, failure = NULL,
                    started_at = CASE WHEN $5 AND state IN ('active', 'reconnecting') AND started_at <= $2
                        THEN started_at ELSE $2 END,
                    owner = $4, fence = greatest(next_segment_number, $3),
                    next_segment_number = greatest(next_segment_number, $3) + 1,
                    next_discontinuity_sequence = next_discontinuity_sequence + 1
                WHERE id = $1 RETURNING fence, next_discontinuity_sequence - 1, started_at
                """,
                [
                    .id(id), .time(time), .integer(SegmentNumberClock.number(at: time)), .text(owner),
                    .boolean(isContinuing),
                ]
            ) { row throws(PostgresFailure) in
                BroadcastOrigin(
                    unixMilliseconds: try row.time(2).unixMilliseconds, firstSegmentNumber: try row.integer(0),
                    firstDiscontinuitySequence: Int(try row.integer(1)))
            }
        }
        guard let origin = found.first else { throw .noStream(id) }
        return origin
    }

    /// Changes the state of a broadcast, unless it is no longer the stream's newest.
    ///
    /// - Parameter origin: What ``beginBroadcast(_:at:owner:)`` returned; `nil` changes the state in any case.
    /// - Throws: ``StreamError/notFound(what:)``; ``StreamError/conflict(reason:)`` when another broadcast has begun
    ///   since, or the broadcast was ended as abandoned.
    public func setState(
        _ id: StreamID, to state: StreamState, failure: String?, at time: WallTime, ifOrigin origin: BroadcastOrigin?
    ) async throws(StreamError) {
        let found = try await database.perform { connection throws(PostgresFailure) in
            try connection.rows(
                """
                WITH changed AS (
                    UPDATE streams SET
                        changed_at = CASE WHEN state = $2 THEN changed_at ELSE $3 END,
                        ended_at = CASE WHEN $2 IN ('ended', 'error') THEN $3 ELSE ended_at END,
                        failure = CASE WHEN $2 = 'error' THEN $4 END,
                        next_segment_number = greatest(next_segment_number, $5),
                        state = $2
                    WHERE id = $1 AND ($6 IS NULL OR fence = $6) RETURNING id
                )
                SELECT EXISTS (SELECT FROM changed), EXISTS (SELECT FROM streams WHERE id = $1)
                """,
                [
                    .id(id), .text(state.rawValue), .time(time), .text(failure),
                    .integer(SegmentNumberClock.number(at: time) + 1), .integer(origin?.firstSegmentNumber),
                ]
            ) { row throws(PostgresFailure) in (isChanged: try row.boolean(0), isThere: try row.boolean(1)) }
        }
        guard let answer = found.first, answer.isThere else { throw .noStream(id) }
        guard answer.isChanged else { throw .conflict(reason: "the broadcast of stream \(id) is another's by now") }
    }

    /// Ends every broadcast whose owner has not been heard of for a while, or is not known, and says which. The old
    /// owner's changes are refused from then on. Of several callers at once each broadcast is told to one.
    ///
    /// - Parameters:
    ///   - time: When they end, on the timeline of the caller.
    ///   - silence: How long ago an owner's newest heartbeat must be, by the database's clock.
    public func endAbandoned(
        at time: WallTime, silentForMilliseconds silence: Int
    ) async throws(StreamError) -> [AbandonedBroadcast] {
        try await database.perform(isRepeatable: false) { connection throws(PostgresFailure) in
            try connection.rows(
                """
                WITH abandoned AS (
                    SELECT id, owner FROM streams WHERE state IN ('active', 'reconnecting') AND NOT EXISTS (
                        SELECT FROM ingest_instances WHERE ingest_instances.id = streams.owner
                            AND seen_at >= clock_timestamp() - $3 * interval '1 millisecond')
                    ORDER BY id FOR UPDATE SKIP LOCKED
                )
                UPDATE streams SET state = 'ended', changed_at = $1, ended_at = $1, owner = NULL,
                    fence = greatest(next_segment_number, $2),
                    next_segment_number = greatest(next_segment_number, $2) + 1
                FROM abandoned WHERE streams.id = abandoned.id
                RETURNING streams.id, abandoned.owner, streams.fence
                """,
                [.time(time), .integer(SegmentNumberClock.number(at: time) + 1), .integer(Int64(silence))]
            ) { row throws(PostgresFailure) in
                AbandonedBroadcast(stream: try row.id(0), owner: row.optionalText(1), fence: try row.integer(2))
            }
        }
    }
}
