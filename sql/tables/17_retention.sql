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
