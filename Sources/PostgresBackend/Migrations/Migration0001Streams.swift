import StreamingCore

extension Migration {
    /// Ingest processes, streams and their keys.
    static let streams = Migration(version: 1, name: "0001_streams", sql: streamsSQL)

    private static let streamsSQL = #"""
        -- Ingest processes, streams, and the keys to publish on them. Ids are UUIDv7; times are those of the
        -- processes, in milliseconds, except seen_at, which is this server's own.

        -- A row says that a process takes broadcasts and when it last said so. One that says nothing for a while
        -- has lost its broadcasts.
        CREATE TABLE ingest_instances (
            id text PRIMARY KEY,
            started_at timestamptz NOT NULL,
            seen_at timestamptz NOT NULL
        );

        CREATE TABLE streams (
            id uuid PRIMARY KEY,
            title text NOT NULL,
            state text NOT NULL,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            started_at timestamptz,
            ended_at timestamptz,
            failure text,
            -- The lowest segment number and discontinuity sequence that the next broadcast may begin with.
            next_segment_number bigint NOT NULL DEFAULT 0,
            next_discontinuity_sequence bigint NOT NULL DEFAULT 0,
            -- Who has the newest broadcast; NULL when that was not said. Not a reference: the row of an instance
            -- that ended is removed, and its broadcasts are found by that.
            owner text,
            -- The first segment number of the newest broadcast. Who changes a state says which broadcast he means
            -- by it, so that an instance that lost the stream changes nothing.
            fence bigint NOT NULL DEFAULT 0
        );

        -- For lists of the streams in a state, by id.
        CREATE INDEX streams_by_state ON streams (state, id);

        CREATE TABLE stream_keys (
            id uuid PRIMARY KEY,
            stream_id uuid NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
            -- SHA-256 of the key; the index behind UNIQUE finds a key when an encoder shows it.
            digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
            created_at timestamptz NOT NULL,
            revoked_at timestamptz
        );

        -- For lists of a stream's keys, and for deleting them with it.
        CREATE INDEX stream_keys_by_stream ON stream_keys (stream_id, id);

        """#
}
