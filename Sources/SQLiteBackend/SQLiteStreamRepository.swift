public import Media
public import StreamingCore

/// Streams in the embedded database.
public struct SQLiteStreamRepository: StreamRepository {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    public func create(_ stream: Stream, key: StreamKey) async throws(StreamError) {
        try await database.transaction { connection throws(StreamError) in
            try connection.run(
                """
                INSERT INTO streams (id, title, state, created_at, changed_at, started_at, ended_at, failure)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                """,
                [
                    .id(stream.id), .text(stream.title), .text(stream.state.rawValue), .time(stream.createdAt),
                    .time(stream.changedAt), .time(stream.startedAt), .time(stream.endedAt),
                    stream.failure.map { .text($0) } ?? .null,
                ])
            try connection.insert(key)
        }
    }

    public func get(_ id: StreamID) async throws(StreamError) -> Stream {
        let found = try await database.perform { connection throws(StreamError) in
            try connection.rows("SELECT \(Stream.columns) FROM streams WHERE id = ?1", [.id(id)], Stream.init(row:))
        }
        guard let stream = found.first else { throw .noStream(id) }
        return stream
    }

    public func list(
        states: Set<StreamState>, before: StreamID?, limit: Int
    ) async throws(StreamError) -> [Stream] {
        precondition((1...1000).contains(limit), "a page has 1 to 1,000 streams")
        // Parameters: the limit, the id, then the states. There are as many texts as numbers of states, not as sets.
        let names = states.map(\.rawValue).sorted()
        let places = names.indices.map { "?\($0 + 3)" }.joined(separator: ", ")
        let sql = """
            SELECT \(Stream.columns) FROM streams
            WHERE (?2 IS NULL OR id < ?2) \(names.isEmpty ? "" : "AND state IN (\(places))")
            ORDER BY id DESC LIMIT ?1
            """
        let values = [.integer(Int64(limit)), before.map { .id($0) } ?? .null] + names.map { SQLiteValue.text($0) }
        return try await database.perform { connection throws(StreamError) in
            try connection.rows(sql, values, Stream.init(row:))
        }
    }

    /// The first segment's number is the larger of the stored one and the quarters of a second since 2024.
    ///
    /// That is why numbers never go back although no segment is written down: a stream makes no more than four segments
    /// a second on average, so the clock's number rises faster than the numbers that a broadcast uses up. The stored
    /// number makes them rise even when the clock is set back; a change of state raises it.
    public func beginBroadcast(_ id: StreamID, at time: WallTime) async throws(StreamError) -> BroadcastOrigin {
        try await database.transaction { connection throws(StreamError) in
            let stored = try connection.rows(
                "SELECT next_segment_number, next_discontinuity_sequence FROM streams WHERE id = ?1", [.id(id)]
            ) { row throws(StreamError) in (segment: row.integer(0), discontinuity: row.integer(1)) }
            guard let next = stored.first else { throw .noStream(id) }
            let first = max(next.segment, SegmentNumberClock.number(at: time))
            try connection.run(
                """
                UPDATE streams SET state = ?2, changed_at = ?3, started_at = ?3, ended_at = NULL, failure = NULL,
                    next_segment_number = ?4, next_discontinuity_sequence = ?5
                WHERE id = ?1
                """,
                [
                    .id(id), .text(StreamState.active.rawValue), .time(time), .integer(first + 1),
                    .integer(next.discontinuity + 1),
                ])
            return BroadcastOrigin(
                unixMilliseconds: time.unixMilliseconds, firstSegmentNumber: first,
                firstDiscontinuitySequence: Int(next.discontinuity))
        }
    }

    public func setState(
        _ id: StreamID, to state: StreamState, failure: String?, at time: WallTime
    ) async throws(StreamError) {
        let changes = try await database.transaction { connection throws(StreamError) in
            try connection.run(
                """
                UPDATE streams SET
                    changed_at = CASE WHEN state = ?2 THEN changed_at ELSE ?3 END,
                    ended_at = CASE WHEN ?2 IN ('ended', 'error') THEN ?3 ELSE ended_at END,
                    failure = CASE WHEN ?2 = 'error' THEN ?4 END,
                    next_segment_number = max(next_segment_number, ?5),
                    state = ?2
                WHERE id = ?1
                """,
                [
                    .id(id), .text(state.rawValue), .time(time), failure.map { .text($0) } ?? .null,
                    .integer(SegmentNumberClock.number(at: time) + 1),
                ])
        }
        guard changes > 0 else { throw .noStream(id) }
    }

    public func recordDiscontinuity(_ id: StreamID, sequence: Int) async throws(StreamError) {
        _ = try await database.transaction { connection throws(StreamError) in
            try connection.run(
                """
                UPDATE streams SET next_discontinuity_sequence = max(next_discontinuity_sequence, ?2) WHERE id = ?1
                """,
                [.id(id), .integer(Int64(sequence) + 1)])
        }
    }

    public func endAbandoned(at time: WallTime) async throws(StreamError) -> [StreamID] {
        try await database.transaction { connection throws(StreamError) in
            try connection.rows(
                """
                UPDATE streams SET state = 'ended', changed_at = ?1, ended_at = ?1,
                    next_segment_number = max(next_segment_number, ?2)
                WHERE state IN ('active', 'reconnecting') RETURNING id
                """,
                [.time(time), .integer(SegmentNumberClock.number(at: time) + 1)]
            ) { row throws(StreamError) in try row.id(0) }
        }
    }

    public func delete(_ id: StreamID) async throws(StreamError) {
        let changes = try await database.transaction { connection throws(StreamError) in
            try connection.run("DELETE FROM streams WHERE id = ?1", [.id(id)])
        }
        guard changes > 0 else { throw .noStream(id) }
    }
}

extension Stream {
    /// What ``init(row:)`` expects.
    static let columns = "id, title, state, created_at, changed_at, started_at, ended_at, failure"

    init(row: SQLiteRow) throws(StreamError) {
        let state = row.text(2)
        guard let state = StreamState(rawValue: state) else {
            throw .database(reason: "'\(state)' is stored where a stream's state belongs")
        }
        self.init(
            id: try row.id(0), title: row.text(1), state: state, createdAt: row.time(3), changedAt: row.time(4),
            startedAt: row.optionalTime(5), endedAt: row.optionalTime(6), failure: row.optionalText(7))
    }
}

extension StreamError {
    static func noStream(_ id: StreamID) -> StreamError { .notFound(what: "stream \(id)") }
}
