import StreamingCore

extension Migration {
    /// The qualities that broadcasts are made in.
    static let qualityLevels = Migration(version: 2, name: "0002_quality_levels", sql: qualityLevelsSQL)

    private static let qualityLevelsSQL = #"""
        -- The qualities that broadcasts are made in, as an administrator set them. No row at all stands for the
        -- configured ladder.
        CREATE TABLE quality_levels (
            -- The folder in URLs.
            name TEXT PRIMARY KEY NOT NULL,
            -- 0 is the highest quality; without a gap.
            position INTEGER NOT NULL UNIQUE,
            -- The shorter side of the picture in pixels.
            height INTEGER NOT NULL,
            video_bits_per_second INTEGER NOT NULL,
            -- NULL leaves the source's frame rate.
            frame_rate_max INTEGER,
            is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1))
        ) STRICT, WITHOUT ROWID;

        """#
}
