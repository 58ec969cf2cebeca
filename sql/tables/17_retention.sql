CREATE TABLE eventlog.retention (
    log  text NOT NULL PRIMARY KEY,
    keep interval NOT NULL
);
COMMENT ON TABLE eventlog.retention IS 'how long each log is kept; a log without a row is kept for ever';
COMMENT ON COLUMN eventlog.retention.log IS 'name of a partitioned table in schema eventlog';
COMMENT ON COLUMN eventlog.retention.keep IS 'age above which partitions are dropped';

SELECT pg_catalog.pg_extension_config_dump('eventlog.retention', '');

-- This table is not dumped, because it refers to tables of this database by OID.
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
    'partitions that retention is dropping, which distinguishes a partition that it has detached from one detached by somebody else';
COMMENT ON COLUMN eventlog.retired_partitions.partition IS 'OID of the partition';
COMMENT ON COLUMN eventlog.retired_partitions.name IS 'name of the partition';
COMMENT ON COLUMN eventlog.retired_partitions.log IS 'name of the log';
COMMENT ON COLUMN eventlog.retired_partitions.from_time IS 'lower bound of the partition';
COMMENT ON COLUMN eventlog.retired_partitions.to_time IS 'upper bound of the partition';
COMMENT ON COLUMN eventlog.retired_partitions.unread IS
    'readers that are ignored, with the number of events that each had not read: [{"kind", "name", "events"}]';
COMMENT ON COLUMN eventlog.retired_partitions.retired_at IS 'time at which the partition was noted here';

-- Facts are keyed by the range, because a partition has another OID after a restore. This table is not dumped: a restored log is
-- counted anew.
CREATE TABLE eventlog.sealed_partitions (
    log                  text NOT NULL,
    from_id              uuid NOT NULL,
    to_id                uuid NOT NULL,
    closed_at            timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    sealed_at            timestamptz,
    rows                 bigint,
    least_xid            xid8,
    greatest_xid         xid8,
    least_ingested_at    timestamptz,
    greatest_ingested_at timestamptz,
    least_event_ts       timestamptz,
    greatest_event_ts    timestamptz,
    PRIMARY KEY (log, from_id)
);
COMMENT ON TABLE eventlog.sealed_partitions IS
    'partitions into which nothing can be written any more, and what is in them';
COMMENT ON COLUMN eventlog.sealed_partitions.log IS 'name of the log';
COMMENT ON COLUMN eventlog.sealed_partitions.from_id IS 'least identifier that the partition may hold';
COMMENT ON COLUMN eventlog.sealed_partitions.to_id IS 'identifier that ends the range of the partition';
COMMENT ON COLUMN eventlog.sealed_partitions.closed_at IS 'time from which on nothing could be written into the partition';
COMMENT ON COLUMN eventlog.sealed_partitions.sealed_at IS
    'time at which the rows were counted; until then the columns that follow are NULL';
COMMENT ON COLUMN eventlog.sealed_partitions.rows IS
    'number of rows; NULL for the idempotency keys, which are not append-only';
COMMENT ON COLUMN eventlog.sealed_partitions.least_xid IS 'least number of a transaction that wrote a row; NULL if there are no rows';
COMMENT ON COLUMN eventlog.sealed_partitions.greatest_xid IS 'greatest number of a transaction that wrote a row';
COMMENT ON COLUMN eventlog.sealed_partitions.least_ingested_at IS 'least ingested_at of the rows';
COMMENT ON COLUMN eventlog.sealed_partitions.greatest_ingested_at IS 'greatest ingested_at of the rows';
COMMENT ON COLUMN eventlog.sealed_partitions.least_event_ts IS 'least event_ts of the rows';
COMMENT ON COLUMN eventlog.sealed_partitions.greatest_event_ts IS 'greatest event_ts of the rows';
