CREATE OR REPLACE FUNCTION eventlog_internal.log_counters(OUT logged bigint, OUT rejected jsonb, OUT since timestamptz) RETURNS record
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_log_counters';
COMMENT ON FUNCTION eventlog_internal.log_counters() IS
    'number of events logged and of calls refused, by SQLSTATE, in this database since the server started; NULL if the library is not preloaded';

CREATE OR REPLACE VIEW eventlog.stats AS
SELECT c.logged,
       CASE WHEN c.rejected IS NOT NULL THEN coalesce(r.calls, 0) END AS rejected,
       c.rejected AS rejected_by_sqlstate,
       f.forwarded,
       t.retried,
       t.dead,
       t.left_out,
       d.dead_letters,
       c.since AS counted_since
FROM eventlog_internal.log_counters() c,
     LATERAL (SELECT sum(value::bigint)::bigint AS calls FROM jsonb_each_text(c.rejected)) r,
     (SELECT coalesce(sum(delivered), 0)::bigint AS forwarded FROM eventlog.reader_position WHERE kind = 'target') f,
     (SELECT coalesce(sum(retried), 0)::bigint AS retried, coalesce(sum(dead), 0)::bigint AS dead,
             coalesce(sum(left_out), 0)::bigint AS left_out FROM eventlog.targets) t,
     (SELECT count(*) AS dead_letters FROM eventlog.dead_letters) d;
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
COMMENT ON COLUMN eventlog.stats.counted_since IS 'time at which the server started to count; NULL if the library is not preloaded';

CREATE OR REPLACE FUNCTION eventlog_internal.metric_label(name text, value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s="%s"', name, replace(replace(replace(value, E'\\', E'\\\\'), '"', E'\\"'), E'\n', E'\\n'))
$$;
COMMENT ON FUNCTION eventlog_internal.metric_label(text, text) IS 'label in the Prometheus text format, with its value escaped';
