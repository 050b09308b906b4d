public import StreamingCore

/// Viewers' sessions in the embedded database.
public struct SQLiteViewerSessionRepository: ViewerSessionRepository {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    public func record(_ sessions: [ViewerSession]) async throws(StreamError) {
        precondition(sessions.count <= AudienceLimits.sessionsPerWriteMax, "a write has a bounded number of sessions")
        guard !sessions.isEmpty else { return }
        try await database.transaction { connection throws(StreamError) in
            for session in sessions { try connection.run(Self.recordSQL, session.values) }
        }
    }

    public func list(
        of stream: StreamID, isOpen: Bool?, before: ViewerSessionCursor?, limit: Int
    ) async throws(StreamError) -> [ViewerSession] {
        precondition((1...1000).contains(limit), "a page has 1 to 1,000 sessions")
        let condition =
            switch isOpen {
            case nil: ""
            case true?: "AND ended_at IS NULL"
            case false?: "AND ended_at IS NOT NULL"
            }
        let sql = """
            SELECT \(ViewerSession.columns) FROM viewer_sessions
            WHERE stream_id = ?1 AND (started_at, id) < (?2, ?3) \(condition)
            ORDER BY started_at DESC, id DESC LIMIT ?4
            """
        let cursor = before ?? .first
        return try await database.perform { connection throws(StreamError) in
            try connection.rows(
                sql, [.id(stream), .time(cursor.startedAt), .id(cursor.id), .integer(Int64(limit))],
                ViewerSession.init(row:))
        }
    }

    public func summary(
        of stream: StreamID, from: WallTime, to: WallTime
    ) async throws(StreamError) -> AudienceSummary {
        let found = try await database.perform { connection throws(StreamError) in
            // `total`, because `sum` fails where the sum of whole numbers is too great.
            try connection.rows(
                """
                SELECT count(*), CAST(total(coalesce(ended_at, last_seen_at) - started_at) AS INTEGER),
                    CAST(total(bytes_sent) AS INTEGER), CAST(total(quality_switches) AS INTEGER),
                    CAST(total(stalls) AS INTEGER), CAST(total(stalled_milliseconds) AS INTEGER),
                    CAST(round(avg(startup_milliseconds)) AS INTEGER)
                FROM viewer_sessions WHERE stream_id = ?1 AND started_at >= ?2 AND started_at < ?3
                """, [.id(stream), .time(from), .time(to)]
            ) { row throws(StreamError) in
                AudienceSummary(
                    sessions: row.integer(0), watchedMilliseconds: row.integer(1),
                    totals: ViewerTotals(
                        bytesSent: row.integer(2), qualitySwitches: row.integer(3), stalls: row.integer(4),
                        stalledMilliseconds: row.integer(5), startupMilliseconds: row.optionalInteger(6)))
            }
        }
        return found.first ?? AudienceSummary()
    }

    public func endSilent(since time: WallTime) async throws(StreamError) -> Int {
        var ended = 0
        while true {
            let changes = try await database.transaction { connection throws(StreamError) in
                try connection.run(
                    """
                    UPDATE viewer_sessions SET ended_at = last_seen_at WHERE id IN (
                        SELECT id FROM viewer_sessions WHERE ended_at IS NULL AND last_seen_at < ?1 LIMIT ?2)
                    """, [.time(time), .integer(Int64(AudienceLimits.rowsAtOnceMax))])
            }
            ended += changes
            guard changes == AudienceLimits.rowsAtOnceMax, !Task.isCancelled else { return ended }
        }
    }

    /// `max` of several values is NULL when one of them is, unlike PostgreSQL's `greatest`.
    private static let recordSQL = """
        INSERT INTO viewer_sessions AS kept (\(ViewerSession.columns))
        SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM streams WHERE id = ?2
        ON CONFLICT (id) DO UPDATE SET
            started_at = min(started_at, excluded.started_at),
            last_seen_at = max(last_seen_at, excluded.last_seen_at),
            ended_at = CASE
                WHEN max(coalesce(ended_at, excluded.ended_at), coalesce(excluded.ended_at, ended_at))
                    >= max(last_seen_at, excluded.last_seen_at)
                THEN max(coalesce(ended_at, excluded.ended_at), coalesce(excluded.ended_at, ended_at)) END,
            rendition = CASE WHEN excluded.last_seen_at >= last_seen_at
                THEN coalesce(excluded.rendition, rendition) ELSE coalesce(rendition, excluded.rendition) END,
            bytes_sent = max(bytes_sent, excluded.bytes_sent),
            quality_switches = max(quality_switches, excluded.quality_switches),
            stalls = max(stalls, excluded.stalls),
            stalled_milliseconds = max(stalled_milliseconds, excluded.stalled_milliseconds),
            startup_milliseconds = max(coalesce(startup_milliseconds, excluded.startup_milliseconds),
                coalesce(excluded.startup_milliseconds, startup_milliseconds))
        """
}

extension ViewerSession {
    /// What ``init(row:)`` expects, in the order of ``values``.
    fileprivate static let columns = """
        id, stream_id, protocol, started_at, last_seen_at, ended_at, rendition, bytes_sent, quality_switches, stalls, \
        stalled_milliseconds, startup_milliseconds
        """

    fileprivate var values: [SQLiteValue] {
        [
            .id(id), .id(streamID), .text(streamingProtocol.rawValue), .time(startedAt), .time(lastSeenAt),
            .time(endedAt.map { max($0, lastSeenAt) }),
            .orNull(rendition.flatMap { RenditionViewers.isLegal($0) ? $0 : nil }), .integer(totals.bytesSent),
            .integer(totals.qualitySwitches), .integer(totals.stalls), .integer(totals.stalledMilliseconds),
            .orNull(totals.startupMilliseconds),
        ]
    }

    fileprivate init(row: SQLiteRow) throws(StreamError) {
        let name = row.text(2)
        guard let streamingProtocol = StreamingProtocol(rawValue: name) else {
            throw .database(reason: "'\(name)' is stored where a session's protocol belongs")
        }
        self.init(
            id: try row.sessionID(0), streamID: try row.id(1), streamingProtocol: streamingProtocol,
            startedAt: row.time(3), lastSeenAt: row.time(4), endedAt: row.optionalTime(5),
            rendition: row.optionalText(6),
            totals: ViewerTotals(
                bytesSent: row.integer(7), qualitySwitches: row.integer(8), stalls: row.integer(9),
                stalledMilliseconds: row.integer(10), startupMilliseconds: row.optionalInteger(11)))
    }
}
