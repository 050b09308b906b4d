public import StreamingCore

/// Viewers' sessions in the database that all processes share.
public struct PostgresViewerSessionRepository: ViewerSessionRepository {
    private let database: PostgresDatabase

    public init(_ database: PostgresDatabase) { self.database = database }

    public func record(_ sessions: [ViewerSession]) async throws(StreamError) {
        precondition(sessions.count <= AudienceLimits.sessionsPerWriteMax, "a write has a bounded number of sessions")
        guard !sessions.isEmpty else { return }
        let values = Self.columns(of: sessions)
        // Twice is harmless: nothing that is told is a difference.
        _ = try await database.perform { connection throws(PostgresFailure) in
            try connection.run(Self.recordSQL, values)
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
            WHERE stream_id = $1 AND (started_at, id) < ($2, $3) \(condition)
            ORDER BY started_at DESC, id DESC LIMIT $4
            """
        let cursor = before ?? .first
        return try await database.perform { connection throws(PostgresFailure) in
            try connection.rows(
                sql, [.id(stream), .time(cursor.startedAt), .session(cursor.id), .integer(Int64(limit))],
                ViewerSession.init(row:))
        }
    }

    public func summary(
        of stream: StreamID, from: WallTime, to: WallTime
    ) async throws(StreamError) -> AudienceSummary {
        let found = try await database.perform { connection throws(PostgresFailure) in
            try connection.rows(
                """
                SELECT count(*),
                    \(Self.bounded("extract(epoch FROM sum(coalesce(ended_at, last_seen_at) - started_at)) * 1000")),
                    \(Self.bounded("sum(bytes_sent)")), \(Self.bounded("sum(quality_switches)")),
                    \(Self.bounded("sum(stalls)")), \(Self.bounded("sum(stalled_milliseconds)")),
                    round(avg(startup_milliseconds))::bigint
                FROM viewer_sessions WHERE stream_id = $1 AND started_at >= $2 AND started_at < $3
                """, [.id(stream), .time(from), .time(to)], AudienceSummary.init(row:))
        }
        return found.first ?? AudienceSummary()
    }

    /// A sum, which is of a wider type and NULL when there is nothing, as a `bigint`.
    private static func bounded(_ sum: String) -> String { "least(coalesce(\(sum), 0), \(Int64.max))::bigint" }

    public func endSilent(since time: WallTime) async throws(StreamError) -> Int {
        var ended = 0
        while true {
            // Those that somebody writes just now are not silent.
            let changes = try await database.perform { connection throws(PostgresFailure) in
                try connection.run(
                    """
                    UPDATE viewer_sessions SET ended_at = last_seen_at WHERE id = ANY (ARRAY(
                        SELECT id FROM viewer_sessions WHERE ended_at IS NULL AND last_seen_at < $1
                        ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED))
                    """, [.time(time), .integer(Int64(AudienceLimits.rowsAtOnceMax))])
            }
            ended += changes
            guard changes == AudienceLimits.rowsAtOnceMax, !Task.isCancelled else { return ended }
        }
    }

    /// One statement for all: those whose streams are there, locked so that they stay until this is written, in an
    /// order that all writers keep, so that none waits for another that waits for it. What is told a second time as it
    /// is stored writes nothing.
    private static let recordSQL = """
        WITH told AS (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS told (\(ViewerSession.columns))
        ), there AS MATERIALIZED (
            SELECT id FROM streams WHERE id IN (SELECT stream_id FROM told) ORDER BY id FOR KEY SHARE
        )
        INSERT INTO viewer_sessions AS kept (\(ViewerSession.columns))
        SELECT told.* FROM told JOIN there ON there.id = told.stream_id ORDER BY told.id
        ON CONFLICT (id) DO UPDATE SET
            started_at = least(kept.started_at, excluded.started_at),
            last_seen_at = greatest(kept.last_seen_at, excluded.last_seen_at),
            ended_at = CASE
                WHEN greatest(kept.ended_at, excluded.ended_at) >= greatest(kept.last_seen_at, excluded.last_seen_at)
                THEN greatest(kept.ended_at, excluded.ended_at) END,
            rendition = CASE WHEN excluded.last_seen_at >= kept.last_seen_at
                THEN coalesce(excluded.rendition, kept.rendition)
                ELSE coalesce(kept.rendition, excluded.rendition) END,
            bytes_sent = greatest(kept.bytes_sent, excluded.bytes_sent),
            quality_switches = greatest(kept.quality_switches, excluded.quality_switches),
            stalls = greatest(kept.stalls, excluded.stalls),
            stalled_milliseconds = greatest(kept.stalled_milliseconds, excluded.stalled_milliseconds),
            startup_milliseconds = greatest(kept.startup_milliseconds, excluded.startup_milliseconds)
        WHERE kept IS DISTINCT FROM excluded
        """

    /// A parameter for each column.
    private static func columns(of sessions: [ViewerSession]) -> [PostgresValue] {
        func column(_ type: PostgresType, _ value: (ViewerSession) -> PostgresValue) -> PostgresValue {
            .array(of: type, sessions.map(value))
        }
        return [
            column(.uuid) { .session($0.id) }, column(.uuid) { .id($0.streamID) },
            column(.text) { .text($0.streamingProtocol.rawValue) }, column(.time) { .time($0.startedAt) },
            column(.time) { .time($0.lastSeenAt) },
            column(.time) { session in .time(session.endedAt.map { max($0, session.lastSeenAt) }) },
            column(.text) { .text($0.rendition.flatMap { RenditionViewers.isLegal($0) ? $0 : nil }) },
            column(.integer) { .integer($0.totals.bytesSent) },
            column(.integer) { .integer($0.totals.qualitySwitches) }, column(.integer) { .integer($0.totals.stalls) },
            column(.integer) { .integer($0.totals.stalledMilliseconds) },
            column(.integer) { .integer($0.totals.startupMilliseconds) },
        ]
    }
}

extension ViewerSession {
    /// What ``init(row:)`` expects.
    fileprivate static let columns = """
        id, stream_id, protocol, started_at, last_seen_at, ended_at, rendition, bytes_sent, quality_switches, stalls, \
        stalled_milliseconds, startup_milliseconds
        """

    fileprivate init(row: PostgresRow) throws(PostgresFailure) {
        let name = row.text(2)
        guard let streamingProtocol = StreamingProtocol(rawValue: name) else {
            throw .unexpected("'\(name)' is stored where a session's protocol belongs")
        }
        self.init(
            id: try row.sessionID(0), streamID: try row.id(1), streamingProtocol: streamingProtocol,
            startedAt: try row.time(3), lastSeenAt: try row.time(4), endedAt: try row.optionalTime(5),
            rendition: row.optionalText(6),
            totals: ViewerTotals(
                bytesSent: try row.integer(7), qualitySwitches: try row.integer(8), stalls: try row.integer(9),
                stalledMilliseconds: try row.integer(10), startupMilliseconds: try row.optionalInteger(11)))
    }
}

extension AudienceSummary {
    fileprivate init(row: PostgresRow) throws(PostgresFailure) {
        self.init(
            sessions: try row.integer(0), watchedMilliseconds: try row.integer(1),
            totals: ViewerTotals(
                bytesSent: try row.integer(2), qualitySwitches: try row.integer(3), stalls: try row.integer(4),
                stalledMilliseconds: try row.integer(5), startupMilliseconds: try row.optionalInteger(6)))
    }
}
