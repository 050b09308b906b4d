import StreamingCore

extension Migration {
    /// Streams and their keys.
    static let streams = Migration(version: 1, name: "0001_streams", sql: streamsSQL)

    private static let streamsSQL = #"""
        -- Streams and the keys to publish on them. Ids are the text form of UUIDv7, times are Unix milliseconds in UTC.
        CREATE TABLE streams (
            id TEXT PRIMARY KEY NOT NULL,
            title TEXT NOT NULL,
            state TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            started_at INTEGER,
            ended_at INTEGER,
            failure TEXT,
            -- The lowest segment number and discontinuity sequence that the next broadcast may begin with.
            next_segment_number INTEGER NOT NULL DEFAULT 0,
            next_discontinuity_sequence INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID;

        -- For lists of the streams in a state, by id.
        CREATE INDEX streams_by_state ON streams (state, id);

        CREATE TABLE stream_keys (
            id TEXT PRIMARY KEY NOT NULL,
            stream_id TEXT NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
            -- SHA-256 of the key; the index behind UNIQUE finds a key when an encoder shows it.
            digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
            created_at INTEGER NOT NULL,
            revoked_at INTEGER
        ) STRICT, WITHOUT ROWID;

        -- For lists of a stream's keys, and for deleting them with it.
        CREATE INDEX stream_keys_by_stream ON stream_keys (stream_id, id);

        """#
}
