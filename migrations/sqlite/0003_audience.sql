-- Who watched, and how streams did from second to second.

-- One row for each viewer of a stream. Ids of sessions are the text form of UUIDs of version 8.
CREATE TABLE viewer_sessions (
    id TEXT PRIMARY KEY NOT NULL,
    stream_id TEXT NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
    -- hls or dash.
    protocol TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    -- NULL while it is open; not before last_seen_at.
    ended_at INTEGER,
    -- The video rendition that was fetched last.
    rendition TEXT,
    bytes_sent INTEGER NOT NULL,
    quality_switches INTEGER NOT NULL,
    stalls INTEGER NOT NULL,
    stalled_milliseconds INTEGER NOT NULL,
    -- From the first request to the first picture, as the player told.
    startup_milliseconds INTEGER
) STRICT, WITHOUT ROWID;

-- For pages of a stream's sessions from the newest on, for what they come to, and for deleting them with it.
CREATE INDEX viewer_sessions_by_stream ON viewer_sessions (stream_id, started_at, id);

-- For pages of the open ones, and to find those that fell silent.
CREATE INDEX viewer_sessions_open ON viewer_sessions (stream_id, started_at, id) WHERE ended_at IS NULL;

-- To forget the oldest.
CREATE INDEX viewer_sessions_by_start ON viewer_sessions (started_at);

-- A second of a stream. No reference to streams: those of a deleted one are forgotten with their age.
CREATE TABLE stream_metrics (
    stream_id TEXT NOT NULL,
    -- The end of the second, a whole one.
    measured_at INTEGER NOT NULL,
    viewers INTEGER NOT NULL,
    -- Names of renditions with a space between them, in their order; viewers_1 is how many watch the first.
    -- In columns, so that seconds are added up without taking anything apart.
    renditions TEXT NOT NULL,
    viewers_1 INTEGER,
    viewers_2 INTEGER,
    viewers_3 INTEGER,
    viewers_4 INTEGER,
    viewers_5 INTEGER,
    viewers_6 INTEGER,
    viewers_7 INTEGER,
    viewers_8 INTEGER,
    ingress_bits_per_second INTEGER NOT NULL,
    egress_bits_per_second INTEGER NOT NULL,
    -- The share of the viewers' time in which playback stood still, 0 to 1; NULL when no player told.
    stall_ratio REAL,
    -- Of the sessions that told in this second how long their first picture took; NULL when none did.
    startup_count INTEGER,
    startup_median_milliseconds INTEGER,
    startup_percentile95_milliseconds INTEGER,
    -- What the encoder sends; all NULL while none is connected.
    source_pictures_per_second REAL,
    source_keyframe_interval_milliseconds INTEGER,
    source_usual_bits_per_second INTEGER,
    source_audio_drift_milliseconds INTEGER,
    source_timestamp_repairs INTEGER,
    source_arrival_delay_milliseconds INTEGER,
    PRIMARY KEY (stream_id, measured_at)
) STRICT, WITHOUT ROWID;
