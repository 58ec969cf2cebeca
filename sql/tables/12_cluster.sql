-- This table is not dumped: a restored copy of the log has no row here and is adopted before anything is written.
CREATE TABLE eventlog.cluster (
    system_identifier bigint NOT NULL,
    database          oid NOT NULL,
    xid_offset        bigint NOT NULL,
    incarnation       uuid NOT NULL,
    adopted_at        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    server_major      integer,
    stats_reset       timestamptz
);
CREATE UNIQUE INDEX cluster_one_row ON eventlog.cluster ((true));
-- An adoption deletes the row, for which a publication of all tables wants an identity.
ALTER TABLE eventlog.cluster REPLICA IDENTITY FULL;
COMMENT ON TABLE eventlog.cluster IS 'the database in which this log lives; empty until the log is adopted';
COMMENT ON COLUMN eventlog.cluster.system_identifier IS 'identifier of the database cluster, as pg_control_system() shows it';
COMMENT ON COLUMN eventlog.cluster.database IS 'OID of the database';
COMMENT ON COLUMN eventlog.cluster.xid_offset IS 'number added to the transaction numbers of the server';
COMMENT ON COLUMN eventlog.cluster.incarnation IS
    'distinguishes this log from its copies: a target of another incarnation is paused';
COMMENT ON COLUMN eventlog.cluster.adopted_at IS 'time at which the log was adopted';
COMMENT ON COLUMN eventlog.cluster.server_major IS
    'major version of the server that adopted the log, which distinguishes pg_upgrade from a copy; NULL if it is not known';
COMMENT ON COLUMN eventlog.cluster.stats_reset IS 'time of the last reset_stats()';
