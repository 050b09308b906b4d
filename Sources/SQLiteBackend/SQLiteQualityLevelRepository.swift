public import StreamingCore

/// Quality levels in the embedded database.
public struct SQLiteQualityLevelRepository: QualityLevelRepository {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    public func list() async throws(StreamError) -> QualityLadder {
        let levels = try await database.perform { connection throws(StreamError) in
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
        try await database.transaction { connection throws(StreamError) in
            try connection.run("DELETE FROM quality_levels")
            for (position, level) in ladder.levels.enumerated() {
                try connection.run(
                    """
                    INSERT INTO quality_levels
                        (name, position, height, video_bits_per_second, frame_rate_max, is_enabled)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                    """,
                    [
                        .text(level.name), .integer(Int64(position)), .integer(Int64(level.height)),
                        .integer(Int64(level.videoBitsPerSecond)),
                        level.frameRateMax.map { .integer(Int64($0)) } ?? .null, .integer(level.isEnabled ? 1 : 0),
                    ])
            }
        }
    }
}

extension QualityLevel {
    fileprivate init(row: SQLiteRow) throws(StreamError) {
        self.init(
            name: row.text(0), height: Int(row.integer(1)), videoBitsPerSecond: Int(row.integer(2)),
            frameRateMax: row.optionalInteger(3).map(Int.init), isEnabled: row.integer(4) != 0)
    }
}
