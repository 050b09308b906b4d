public import StreamingCore

/// Quality levels in the database that all processes share.
public struct PostgresQualityLevelRepository: QualityLevelRepository {
    private let database: PostgresDatabase

    public init(_ database: PostgresDatabase) { self.database = database }

    public func list() async throws(StreamError) -> QualityLadder {
        let levels = try await database.perform { connection throws(PostgresFailure) in
            try connection.rows(
                """
                SELECT name, height, video_bits_per_second, frame_rate_max, is_enabled FROM quality_levels
                ORDER BY position
                """, [], QualityLevel.init(row:))
        }
        do throws(StreamError) { return try QualityLadder(levels) } catch {
            guard case .invalidValue(let field, let reason) = error else { throw error }
            throw .database(reason: "the stored quality levels are no ladder: \(field) \(reason)")
        }
    }

    public func replaceAll(with ladder: QualityLadder) async throws(StreamError) {
        // Two that replace at once would each not see what the other stores; who reads is not held up.
        var statements = [
            PostgresStatement("SELECT pg_advisory_xact_lock(hashtextextended('sluice quality_levels', 0))"),
            PostgresStatement("DELETE FROM quality_levels"),
        ]
        for (position, level) in ladder.levels.enumerated() {
            statements.append(
                PostgresStatement(
                    """
                    INSERT INTO quality_levels
                        (name, position, height, video_bits_per_second, frame_rate_max, is_enabled)
                    VALUES ($1, $2, $3, $4, $5, $6)
                    """,
                    [
                        .text(level.name), .integer(Int64(position)), .integer(Int64(level.height)),
                        .integer(Int64(level.videoBitsPerSecond)), .integer(level.frameRateMax.map(Int64.init)),
                        .boolean(level.isEnabled),
                    ]))
        }
        _ = try await database.perform { [statements] connection throws(PostgresFailure) in
            try connection.batch(statements)
        }
    }
}

extension QualityLevel {
    fileprivate init(row: PostgresRow) throws(PostgresFailure) {
        self.init(
            name: row.text(0), height: Int(try row.integer(1)), videoBitsPerSecond: Int(try row.integer(2)),
            frameRateMax: try row.optionalInteger(3).map(Int.init), isEnabled: try row.boolean(4))
    }
}
