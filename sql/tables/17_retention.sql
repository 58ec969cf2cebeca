-- Letting old partitions go: what may go is decided here, and done by a process of its own (src/store/retention.cpp).
CREATE TABLE eventlog.retention (
    log  text NOT NULL PRIMARY KEY,
    keep interval NOT NULL
);
COMMENT ON TABLE eventlog.retention IS 'how long each log is kept; one that is not here is kept for ever';
COMMENT ON COLUMN eventlog.retention.log IS 'a partitioned table in schema eventlog';

SELECT pg_catalog.pg_extension_config_dump('eventlog.retention', '');

-- Not dumped: it speaks of tables of this database.
CREATE TABLE eventlog.retired_partitions (
    partition  oid NOT NULL PRIMARY KEY,
    name       text NOT NULL,
    log        text NOT NULL,
    from_time  timestamptz NOT NULL,
    to_time    timestamptz NOT NULL,
    unread     jsonb NOT NULL,
    retired_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE eventlog.retired_partitions IS
    'partitions that retention is dropping: tells one that it has detached from one that somebody else has';
COMMENT ON COLUMN eventlog.retired_partitions.unread IS
    'readers that are ignored, and how many events each had not read: [{"kind", "name", "events"}]';
