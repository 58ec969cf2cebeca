CREATE OR REPLACE FUNCTION eventlog_internal.log_counters(OUT logged bigint, OUT rejected jsonb, OUT since timestamptz) RETURNS record
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_log_counters';
COMMENT ON FUNCTION eventlog_internal.log_counters() IS
    'number of events logged and of calls refused, by SQLSTATE, in this database since the server started; NULL if the library is not preloaded';

CREATE OR REPLACE FUNCTION eventlog_internal.reset_log_counters() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_reset_log_counters';
COMMENT ON FUNCTION eventlog_internal.reset_log_counters() IS
    'sets the counters of log_counters() to 0, also if the transaction rolls back; does nothing if the library is not preloaded';

CREATE OR REPLACE FUNCTION eventlog.reset_stats() RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog.maintain();
    -- The positions are locked before the targets, as rewind_target() does.
    PERFORM FROM eventlog.reader_position p WHERE p.kind = 'target' ORDER BY p.name FOR UPDATE;
    -- The progress of a target that was rewound is the difference of two counts.
    UPDATE eventlog.targets t
    SET retried = 0, dead = 0, left_out = 0, rewound_sent = t.rewound_sent - p.delivered
    FROM eventlog.reader_position p WHERE p.kind = 'target' AND p.name = t.name;
    UPDATE eventlog.reader_position p SET delivered = 0 WHERE p.kind = 'target';
    UPDATE eventlog.cluster c SET stats_reset = clock_timestamp();
    PERFORM eventlog_internal.reset_log_counters();
END
$$;
COMMENT ON FUNCTION eventlog.reset_stats() IS
    'sets the counters of eventlog.stats to 0, and those of the targets in eventlog.forward_status';

CREATE OR REPLACE VIEW eventlog.stats AS
SELECT c.logged,
       CASE WHEN c.rejected IS NOT NULL THEN coalesce(r.calls, 0) END AS rejected,
       c.rejected AS rejected_by_sqlstate,
       f.forwarded,
       t.retried,
       t.dead,
       t.left_out,
       d.dead_letters,
       c.since AS counted_since,
       k.stats_reset
FROM eventlog_internal.log_counters() c,
     LATERAL (SELECT sum(value::bigint)::bigint AS calls FROM jsonb_each_text(c.rejected)) r,
     (SELECT coalesce(sum(delivered), 0)::bigint AS forwarded FROM eventlog.reader_position WHERE kind = 'target') f,
     (SELECT coalesce(sum(retried), 0)::bigint AS retried, coalesce(sum(dead), 0)::bigint AS dead,
             coalesce(sum(left_out), 0)::bigint AS left_out FROM eventlog.targets) t,
     (SELECT count(*) AS dead_letters FROM eventlog.dead_letters) d,
     (SELECT max(stats_reset) AS stats_reset FROM eventlog.cluster) k;
COMMENT ON VIEW eventlog.stats IS 'how many events were logged, refused and forwarded in this database';
COMMENT ON COLUMN eventlog.stats.logged IS
    'number of events of committed transactions since counted_since; NULL if the library is not preloaded';
COMMENT ON COLUMN eventlog.stats.rejected IS
    'number of log calls refused since counted_since; NULL if the library is not preloaded';
COMMENT ON COLUMN eventlog.stats.rejected_by_sqlstate IS 'number of log calls refused, by SQLSTATE';
COMMENT ON COLUMN eventlog.stats.forwarded IS 'number of events accepted by endpoints, for all existing targets';
COMMENT ON COLUMN eventlog.stats.retried IS 'number of requests that failed and were tried again, for all existing targets';
COMMENT ON COLUMN eventlog.stats.dead IS 'number of times that an event became a dead letter, for all existing targets';
COMMENT ON COLUMN eventlog.stats.left_out IS
    'number of events that an endpoint left out of requests that it accepted, for all existing targets';
COMMENT ON COLUMN eventlog.stats.dead_letters IS 'number of rows in eventlog.dead_letters';
COMMENT ON COLUMN eventlog.stats.counted_since IS 'time at which the server started to count, or of the last reset_stats(); NULL if the library is not preloaded';
COMMENT ON COLUMN eventlog.stats.stats_reset IS
    'time of the last reset_stats(); NULL if it has not been called since the log was adopted';

CREATE OR REPLACE FUNCTION eventlog_internal.metric_label(name text, value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s="%s"', name, replace(replace(replace(value, E'\\', E'\\\\'), '"', E'\\"'), E'\n', E'\\n'))
$$;
COMMENT ON FUNCTION eventlog_internal.metric_label(text, text) IS 'label in the Prometheus text format, with its value escaped';
