-- Not dumped: a restored copy has no row here, so it is adopted before anything is written.
CREATE TABLE eventlog.cluster (
    system_identifier bigint NOT NULL,
    database          oid NOT NULL,
    xid_offset        bigint NOT NULL,
    incarnation       uuid NOT NULL,
    adopted_at        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    server_major      integer
);
CREATE UNIQUE INDEX cluster_one_row ON eventlog.cluster ((true));
COMMENT ON TABLE eventlog.cluster IS 'the database that this log lives in; empty until it is adopted';
COMMENT ON COLUMN eventlog.cluster.xid_offset IS 'what is added to the server''s transaction numbers';
COMMENT ON COLUMN eventlog.cluster.incarnation IS 'tells this log from its copies: a target of another incarnation is paused';
COMMENT ON COLUMN eventlog.cluster.server_major IS
    'major version of the server that adopted the log: tells pg_upgrade from a copy; NULL where it is not known';
