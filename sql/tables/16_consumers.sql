-- Consumers read the log window by window, as targets do. All selected events up to the position of a consumer have been handed
-- out; those that are not acknowledged are listed in eventlog.leases, whatever happens to snapshots, partitions and positions.
CREATE TABLE eventlog.consumer_definitions (
    name       text NOT NULL PRIMARY KEY,
    events     text[],
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE eventlog.consumer_definitions IS
    'the consumers of the feed; their cursors are in reader_window and reader_position';
COMMENT ON COLUMN eventlog.consumer_definitions.name IS 'name of the consumer';
COMMENT ON COLUMN eventlog.consumer_definitions.events IS 'patterns that select events by name; NULL selects every event';
COMMENT ON COLUMN eventlog.consumer_definitions.created_at IS 'time at which the consumer was created';

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
COMMENT ON TABLE eventlog.leases IS
    'events that were handed out and not yet acknowledged; one row for each poll that returned some';
COMMENT ON COLUMN eventlog.leases.consumer IS 'name of the consumer';
COMMENT ON COLUMN eventlog.leases.win IS
    'number of the window that the events are from: leases are handed out again in the order of window and identifier';
COMMENT ON COLUMN eventlog.leases.first_id IS 'first event of the lease';
COMMENT ON COLUMN eventlog.leases.last_id IS 'last event of the lease';
COMMENT ON COLUMN eventlog.leases.ids IS 'events that are not yet acknowledged, in order';
COMMENT ON COLUMN eventlog.leases.leased_at IS 'time of the last poll that returned the events';
COMMENT ON COLUMN eventlog.leases.leased_until IS
    'time from which the events may be handed out again; -infinity if they were given back';
COMMENT ON COLUMN eventlog.leases.pid IS 'server process of the last poll';
COMMENT ON COLUMN eventlog.leases.times IS 'number of polls that returned the events';

SELECT pg_catalog.pg_extension_config_dump('eventlog.consumer_definitions', '');
SELECT pg_catalog.pg_extension_config_dump('eventlog.leases', '');
