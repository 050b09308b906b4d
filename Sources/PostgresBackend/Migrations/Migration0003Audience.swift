import StreamingCore

extension Migration {
    /// Viewer sessions and measurements of streams.
    static let audience = Migration(version: 3, name: "0003_audience", sql: audienceSQL)

    private static let audienceSQL = #"""
        -- Who watched, and how streams did from second to second.

        -- One row for each viewer of a stream. The numbers are final when ended_at is set.
        CREATE TABLE viewer_sessions (
            id uuid PRIMARY KEY,
            stream_id uuid NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
            -- hls or dash.
            protocol text NOT NULL,
            started_at timestamptz NOT NULL,
            ended_at timestamptz,
            -- From the first request to the first picture, as the player told.
            startup_milliseconds bigint,
            bytes_sent bigint NOT NULL DEFAULT 0,
            quality_switches bigint NOT NULL DEFAULT 0,
            stalls bigint NOT NULL DEFAULT 0,
            stalled_milliseconds bigint NOT NULL DEFAULT 0
        );

        -- For pages of a stream's sessions from the newest on, and for deleting them with it.
        CREATE INDEX viewer_sessions_by_stream ON viewer_sessions (stream_id, id);

        -- For the sessions that nobody ended.
        CREATE INDEX viewer_sessions_open ON viewer_sessions (started_at) WHERE ended_at IS NULL;

        -- Measurements of a stream, each of one process. A partition holds a day in UTC, so that the oldest are
        -- forgotten by dropping a table. There is no reference to streams: deleting one would search all partitions.
        CREATE TABLE stream_metrics (
            stream_id uuid NOT NULL,
            measured_at timestamptz NOT NULL,
            -- The process that measured; those of several processes are added up.
            instance text NOT NULL,
            viewers bigint NOT NULL DEFAULT 0,
            ingress_bits_per_second bigint NOT NULL DEFAULT 0,
            egress_bits_per_second bigint NOT NULL DEFAULT 0,
            -- How many viewers watch each rendition: {"720p": 12}.
            viewers_by_quality jsonb NOT NULL DEFAULT '{}',
            -- The part of the viewers' time since the measurement before in which they waited, from 0 to 1.
            stall_ratio double precision NOT NULL DEFAULT 0,
            -- Of the viewers that began since the measurement before; NULL when there were none.
            startup_milliseconds_p50 bigint,
            startup_milliseconds_p95 bigint,
            PRIMARY KEY (stream_id, measured_at, instance)
        ) PARTITION BY RANGE (measured_at);

        -- Makes the partitions from yesterday to days_ahead days after today, and drops those that are older than
        -- days_kept days. Says what it did: made or dropped. Several callers at once do it one after the other.
        CREATE FUNCTION maintain_stream_metrics(today date, days_ahead integer, days_kept integer)
            RETURNS TABLE (partition_name text, change text)
            LANGUAGE plpgsql
        AS $$
        DECLARE
            parent CONSTANT regclass := 'stream_metrics'::regclass;
            place CONSTANT text := (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = parent);
            day date;
        BEGIN
            IF days_ahead < 0 OR days_kept < 1 THEN
                RAISE EXCEPTION 'days_ahead must be 0 or more and days_kept 1 or more';
            END IF;
            PERFORM pg_advisory_xact_lock(hashtextextended('sluice stream_metrics', 0));
            FOR distance IN -1 .. days_ahead LOOP
                day := today + distance;
                partition_name := 'stream_metrics_' || to_char(day, 'YYYYMMDD');
                CONTINUE WHEN to_regclass(place || '.' || quote_ident(partition_name)) IS NOT NULL;
                EXECUTE format(
                    'CREATE TABLE %s.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
                    place, partition_name, parent,
                    day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
                change := 'made';
                RETURN NEXT;
            END LOOP;
            FOR partition_name IN
                SELECT relname::text FROM pg_inherits JOIN pg_class ON oid = inhrelid
                WHERE inhparent = parent AND relname ~ '^stream_metrics_[0-9]{8}$'
                    AND relname::text COLLATE "C" < 'stream_metrics_' || to_char(today - days_kept, 'YYYYMMDD')
                ORDER BY relname
            LOOP
                EXECUTE format('DROP TABLE %s.%I', place, partition_name);
                change := 'dropped';
                RETURN NEXT;
            END LOOP;
        END
        $$;

        """#
}
