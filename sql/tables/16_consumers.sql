-- The feed: consumers follow the log by the readers' windows. Up to a consumer's position everything has been handed out; what
-- has been and is not acknowledged stands in eventlog.leases, id by id, whatever becomes of snapshots, partitions and positions.
CREATE TABLE eventlog.consumer_definitions (
    name       text NOT NULL PRIMARY KEY,
    events     text[],
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE eventlog.consumer_definitions IS 'the consumers of the feed; their cursors are in reader_window and reader_position';
COMMENT ON COLUMN eventlog.consumer_definitions.events IS 'patterns over event names; NULL: every event';

CREATE TABLE eventlog.leases (
    consumer     text NOT NULL,
    win          bigint NOT NULL,
    first_id     uuid NOT NULL,
    last_id      uuid NOT NULL,
    ids          uuid[] NOT NULL,
    leased_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    leased_until timestamptz NOT NULL,
    pid          integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
    times        integer NOT NULL DEFAULT 1,
    PRIMARY KEY (consumer, win, last_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE eventlog.leases IS 'events that have been handed out and not been acknowledged, a row for what a poll returned';
COMMENT ON COLUMN eventlog.leases.win IS 'the window they are from: pieces are given out again in the order of window and id';
COMMENT ON COLUMN eventlog.leases.ids IS 'what is left of the piece, in order';
COMMENT ON COLUMN eventlog.leases.leased_until IS 'when it may be given out again; -infinity: it was given back';
COMMENT ON COLUMN eventlog.leases.pid IS 'the server process of the last poll';
COMMENT ON COLUMN eventlog.leases.times IS 'polls that have returned it';

SELECT pg_catalog.pg_extension_config_dump('eventlog.consumer_definitions', '');
SELECT pg_catalog.pg_extension_config_dump('eventlog.leases', '');
