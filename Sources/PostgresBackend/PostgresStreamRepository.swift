public import Media
public import StreamingCore

/// Streams in the database that all processes share.
public struct PostgresStreamRepository: StreamRepository {
    let database: PostgresDatabase

    public init(_ database: PostgresDatabase) { self.database = database }

    public func create(_ stream: Stream, key: StreamKey) async throws(StreamError) {
        let statements = [
            PostgresStatement(
                """
                INSERT INTO streams (id, title, state, created_at, changed_at, started_at, ended_at, failure)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                [
                    .id(stream.id), .text(stream.title), .text(stream.state.rawValue), .time(stream.createdAt),
                    .time(stream.changedAt), .time(stream.startedAt), .time(stream.endedAt), .text(stream.failure),
                ]), .insert(key),
        ]
        _ = try await database.perform(isRepeatable: false) { connection throws(PostgresFailure) in
            try connection.batch(statements)
        }
    }

    public func get(_ id: StreamID) async throws(StreamError) -> Stream {
        let found = try await database.perform { connection throws(PostgresFailure) in
            try connection.rows("SELECT \(Stream.columns) FROM streams WHERE id = $1", [.id(id)], Stream.init(row:))
        }
        guard let stream = found.first else { throw .noStream(id) }
        return stream
    }

    public func list(
        states: Set<StreamState>, before: StreamID?, limit: Int
    ) async throws(StreamError) -> [Stream] {
        precondition((1...1000).contains(limit), "a page has 1 to 1,000 streams")
        let names = (states.isEmpty ? Set(StreamState.allCases) : states).map(\.rawValue).sorted()
        return try await database.perform { connection throws(PostgresFailure) in
            // No id is as great as the one that stands in for none.
            try connection.rows(
                """
                SELECT \(Stream.columns) FROM streams
                WHERE id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AND state = ANY ($3)
                ORDER BY id DESC LIMIT $1
                """, [.integer(Int64(limit)), .id(before), .texts(names)], Stream.init(row:))
        }
    }

    /// For a broadcast that no instance answers for: it counts as abandoned from the beginning.
    public func beginBroadcast(_ id: StreamID, at time: WallTime) async throws(StreamError) -> BroadcastOrigin {
        try await beginBroadcast(id, at: time, owner: nil)
    }

    public func setState(
        _ id: StreamID, to state: StreamState, failure: String?, at time: WallTime
    ) async throws(StreamError) {
        try await setState(id, to: state, failure: failure, at: time, ifOrigin: nil)
    }

    public func recordDiscontinuity(_ id: StreamID, sequence: Int) async throws(StreamError) {
        _ = try await database.perform { connection throws(PostgresFailure) in
            try connection.run(
                """
                UPDATE streams SET next_discontinuity_sequence = greatest(next_discontinuity_sequence, $2)
                WHERE id = $1
                """, [.id(id), .integer(Int64(sequence) + 1)])
        }
    }

    /// Ends what nobody answers for: an instance that said nothing for
    /// ``PostgresInstanceRegistry/patienceMilliseconds``, or that never said anything.
    public func endAbandoned(at time: WallTime) async throws(StreamError) -> [StreamID] {
        try await endAbandoned(at: time, silentForMilliseconds: PostgresInstanceRegistry.patienceMilliseconds)
            .map(\.stream)
    }

    public func delete(_ id: StreamID) async throws(StreamError) {
        let changes = try await database.perform(isRepeatable: false) { connection throws(PostgresFailure) in
            try connection.run("DELETE FROM streams WHERE id = $1", [.id(id)])
        }
        guard changes > 0 else { throw .noStream(id) }
    }
}

extension Stream {
    /// What ``init(row:)`` expects.
    static let columns = "id, title, state, created_at, changed_at, started_at, ended_at, failure"

    init(row: PostgresRow) throws(PostgresFailure) {
        let state = row.text(2)
        guard let state = StreamState(rawValue: state) else {
            throw .unexpected("'\(state)' is stored where a stream's state belongs")
        }
        self.init(
            id: try row.id(0), title: row.text(1), state: state, createdAt: try row.time(3),
            changedAt: try row.time(4), startedAt: try row.optionalTime(5), endedAt: try row.optionalTime(6),
            failure: row.optionalText(7))
    }
}

extension StreamError {
    static func noStream(_ id: StreamID) -> StreamError { .notFound(what: "stream \(id)") }
}
