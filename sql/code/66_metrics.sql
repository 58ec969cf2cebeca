CREATE OR REPLACE FUNCTION eventlog_internal.partitions_ahead() RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    -- A partition behind a gap, which a wrong clock may have made, is not ready for what comes next.
    WITH RECURSIVE ahead(until, count) AS (
        SELECT coalesce(max(l.to_time), clock_timestamp()), 0::bigint FROM eventlog_internal.log_partitions l
        WHERE l.log = 'events' AND l.from_time <= clock_timestamp() AND l.to_time > clock_timestamp()
        UNION ALL
        SELECT l.to_time, a.count + 1 FROM ahead a JOIN eventlog_internal.log_partitions l
        ON l.log = 'events' AND l.from_time = a.until AND l.to_time > a.until)
    SELECT max(count) FROM ahead
$$;
COMMENT ON FUNCTION eventlog_internal.partitions_ahead() IS
    'number of partitions of the event log that begin in the future, one where the other ends';

CREATE OR REPLACE FUNCTION eventlog.metrics() RETURNS text
    LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH families(place, name, type, help) AS (VALUES
        (1, 'eventlog_logged_events_total', 'counter', 'Events logged by committed transactions since the server started.'),
        (2, 'eventlog_rejected_calls_total', 'counter', 'Log calls refused since the server started, by SQLSTATE.'),
        (3, 'eventlog_partitions_ahead', 'gauge', 'Partitions of the log made for a time to come.'),
        (4, 'eventlog_target_state', 'gauge', 'State of a target: 1 for the one it is in, 0 for the others.'),
        (5, 'eventlog_target_lag_events', 'gauge', 'Events that wait for a target.'),
        (6, 'eventlog_target_lag_seconds', 'gauge', 'Age of the oldest event that waits for a target.'),
        (7, 'eventlog_target_in_flight_requests', 'gauge', 'Requests under way to a target.'),
        (8, 'eventlog_target_sent_events_total', 'counter', 'Events that a target''s endpoint has taken.'),
        (9, 'eventlog_target_retries_total', 'counter', 'Requests to a target that failed and were tried again.'),
        (10, 'eventlog_target_dead_events_total', 'counter', 'Times that an event became a dead letter of a target.'),
        (11, 'eventlog_target_dead_letters', 'gauge', 'Dead letters of a target.'),
        (12, 'eventlog_target_left_out_events_total', 'counter',
         'Events of requests that a target''s endpoint took and says it left out.')),
    status AS MATERIALIZED (
        SELECT s.*, eventlog_internal.metric_label('target'::text, s.target) AS label,
               (SELECT count(*) FROM eventlog.dead_letters d WHERE d.target = s.target) AS dead_letters,
               t.left_out
        FROM eventlog.forward_status s JOIN eventlog.targets t ON t.name = s.target),
    counters AS MATERIALIZED (SELECT * FROM eventlog_internal.log_counters()),
    samples(name, labels, value) AS (
        SELECT 'eventlog_logged_events_total', NULL, logged::text FROM counters WHERE logged IS NOT NULL
        UNION ALL
        SELECT 'eventlog_rejected_calls_total', eventlog_internal.metric_label('sqlstate'::text, key), value
        FROM counters, jsonb_each_text(rejected)
        UNION ALL
        SELECT 'eventlog_partitions_ahead', NULL, eventlog_internal.partitions_ahead()::text
        UNION ALL
        SELECT 'eventlog_target_state', s.label || ',' || eventlog_internal.metric_label('state'::text, state.name),
               (s.state = state.name)::int::text
        FROM status s,
             (VALUES ('running'), ('waiting'), ('paused'), ('unauthorized'), ('refused'), ('no worker')) state(name)
        UNION ALL
        SELECT m.name, s.label, m.value
        FROM status s, LATERAL (VALUES
            ('eventlog_target_lag_events', s.lag_events::text),
            ('eventlog_target_lag_seconds', s.lag_seconds::text),
            ('eventlog_target_in_flight_requests', s.in_flight::text),
            ('eventlog_target_sent_events_total', s.sent::text),
            ('eventlog_target_retries_total', s.retried::text),
            ('eventlog_target_dead_events_total', s.dead::text),
            ('eventlog_target_dead_letters', s.dead_letters::text),
            ('eventlog_target_left_out_events_total', s.left_out::text)) m(name, value)),
    blocks AS (
        SELECT f.place, format(E'# HELP %1$s %3$s\n# TYPE %1$s %2$s\n', f.name, f.type, f.help)
               || string_agg(s.name || coalesce('{' || s.labels || '}', '') || ' ' || s.value || E'\n', '' ORDER BY s.labels)
               AS text
        FROM families f JOIN samples s ON s.name = f.name
        GROUP BY f.place, f.name, f.type, f.help)
    SELECT string_agg(text, '' ORDER BY place) FROM blocks
$$;
COMMENT ON FUNCTION eventlog.metrics() IS 'counters and gauges of this database in the Prometheus text exposition format 0.0.4';
