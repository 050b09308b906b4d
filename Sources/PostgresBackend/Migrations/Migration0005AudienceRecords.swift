import StreamingCore

extension Migration {
    /// Viewer sessions and measurements of streams as they are written.
    static let audienceRecords = Migration(version: 5, name: "0005_audience_records", sql: audienceRecordsSQL)

    private static let audienceRecordsSQL = #"""
        -- Who watched, and how streams did from second to second. The tables of the same names were made ahead and
        -- never written: they are made anew.

        DROP TABLE viewer_sessions;

        -- One row for each viewer of a stream. Room is left in pages, so that a row of an open session, which changes
        -- every few seconds, is written beside itself and no index changes.
        CREATE TABLE viewer_sessions (
            id uuid PRIMARY KEY,
            stream_id uuid NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
            -- hls or dash.
            protocol text NOT NULL,
            started_at timestamptz NOT NULL,
            last_seen_at timestamptz NOT NULL,
            -- NULL while it is open; not before last_seen_at.
            ended_at timestamptz,
            -- The video rendition that was fetched last.
            rendition text,
            bytes_sent bigint NOT NULL,
            quality_switches bigint NOT NULL,
            stalls bigint NOT NULL,
            stalled_milliseconds bigint NOT NULL,
            -- From the first request to the first picture, as the player told.
            startup_milliseconds bigint
        ) WITH (fillfactor = 80);

        -- For pages of a stream's sessions from the newest on, for what they come to, and for deleting them with it.
        CREATE INDEX viewer_sessions_by_stream ON viewer_sessions (stream_id, started_at, id);

        -- For pages of the open ones, and to find those that fell silent.
        CREATE INDEX viewer_sessions_open ON viewer_sessions (stream_id, started_at, id) WHERE ended_at IS NULL;

        -- To forget the oldest.
        CREATE INDEX viewer_sessions_by_start ON viewer_sessions (started_at);

        DROP TABLE stream_metrics;

        -- A second of a stream over all processes. A partition holds a day in UTC, so that the oldest are forgotten
        -- by dropping a table: maintain_stream_metrics makes and drops them. There is no reference to streams:
        -- deleting one would search all partitions.
        CREATE TABLE stream_metrics (
            stream_id uuid NOT NULL,
            -- The end of the second, a whole one.
            measured_at timestamptz NOT NULL,
            viewers integer NOT NULL,
            -- Names of renditions with a space between them, in their order; viewers_1 is how many watch the first.
            -- In columns, so that seconds are added up without taking anything apart.
            renditions text NOT NULL,
            viewers_1 integer,
            viewers_2 integer,
            viewers_3 integer,
            viewers_4 integer,
            viewers_5 integer,
            viewers_6 integer,
            viewers_7 integer,
            viewers_8 integer,
            ingress_bits_per_second bigint NOT NULL,
            egress_bits_per_second bigint NOT NULL,
            -- The share of the viewers' time in which playback stood still, 0 to 1; NULL when no player told.
            stall_ratio double precision,
            -- Of the sessions that told in this second how long their first picture took; NULL when none did.
            startup_count integer,
            startup_median_milliseconds bigint,
            startup_percentile95_milliseconds bigint,
            -- What the encoder sends; all NULL while none is connected.
            source_pictures_per_second double precision,
            source_keyframe_interval_milliseconds bigint,
            source_usual_bits_per_second bigint,
            source_audio_drift_milliseconds bigint,
            source_timestamp_repairs bigint,
            source_arrival_delay_milliseconds bigint,
            PRIMARY KEY (stream_id, measured_at)
        ) PARTITION BY RANGE (measured_at);

        """#
}
