CREATE OR REPLACE VIEW eventlog_internal.target_states AS
SELECT t.name AS target,
       CASE WHEN t.paused OR t.incarnation IS DISTINCT FROM coalesce(c.incarnation, t.incarnation)
                 OR (c.incarnation IS NULL AND t.incarnation IS NOT NULL) THEN 'paused'
            ELSE t.state END AS state
FROM eventlog.targets t LEFT JOIN eventlog.cluster c ON true;
COMMENT ON VIEW eventlog_internal.target_states IS
    'the state of each target; also paused while the target belongs to another log than this one';
COMMENT ON COLUMN eventlog_internal.target_states.target IS 'name of the target';
COMMENT ON COLUMN eventlog_internal.target_states.state IS 'running, waiting, paused, unauthorized or refused';

CREATE OR REPLACE VIEW eventlog_internal.target_options AS
SELECT t.name AS target,
       coalesce(given.events, CASE WHEN given.format = 'statsig' THEN 'flagged' ELSE 'all' END) AS events
FROM eventlog.targets t
LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = t.server
LEFT JOIN LATERAL (
    SELECT max(o.option_value) FILTER (WHERE o.option_name = 'events') AS events,
           max(o.option_value) FILTER (WHERE o.option_name = 'format') AS format
    FROM pg_catalog.pg_options_to_table(s.srvoptions) o
) given ON true;
COMMENT ON VIEW eventlog_internal.target_options IS 'options of each target that SQL functions and views use, with their defaults';
COMMENT ON COLUMN eventlog_internal.target_options.target IS 'name of the target';
COMMENT ON COLUMN eventlog_internal.target_options.events IS 'option events: flagged, all, or a list of name patterns';

CREATE OR REPLACE FUNCTION eventlog_internal.has_worker() RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_has_worker';
COMMENT ON FUNCTION eventlog_internal.has_worker() IS 'whether a worker serves this database';

CREATE OR REPLACE VIEW eventlog.forward_status AS
SELECT t.name AS target,
       CASE WHEN known.state = 'paused' OR eventlog_internal.has_worker() THEN known.state ELSE 'no worker' END AS state,
       r.last_id AS position,
       lag.events AS lag_events,
       coalesce(greatest(extract(epoch FROM clock_timestamp() - lag.oldest), 0), 0)::double precision AS lag_seconds,
       coalesce(eventlog_internal.in_flight(t.server), 0) AS in_flight,
       r.delivered AS sent,
       t.retried,
       t.dead,
       t.last_error,
       t.last_error_at,
       t.next_attempt_at,
       t.dropped_unread
FROM eventlog.targets t
JOIN eventlog_internal.target_states known ON known.target = t.name
JOIN eventlog_internal.reader_cursors r ON r.kind = 'target' AND r.name = t.name
CROSS JOIN LATERAL eventlog_internal.reader_lag('target', t.name) lag;
COMMENT ON VIEW eventlog.forward_status IS 'the state, the position and the lag of each target';
COMMENT ON COLUMN eventlog.forward_status.target IS 'name of the target';
COMMENT ON COLUMN eventlog.forward_status.state IS
    'running, waiting, paused, unauthorized or refused; no worker if the target is not paused and no worker serves the database';
COMMENT ON COLUMN eventlog.forward_status.position IS 'last event that was sent';
COMMENT ON COLUMN eventlog.forward_status.lag_events IS 'number of events that wait to be sent';
COMMENT ON COLUMN eventlog.forward_status.lag_seconds IS 'age of the oldest of these events';
COMMENT ON COLUMN eventlog.forward_status.in_flight IS 'number of requests in flight';
COMMENT ON COLUMN eventlog.forward_status.sent IS 'number of events that the endpoint accepted';
COMMENT ON COLUMN eventlog.forward_status.retried IS 'number of requests that failed and were tried again';
COMMENT ON COLUMN eventlog.forward_status.dead IS 'number of times that an event became a dead letter';
COMMENT ON COLUMN eventlog.forward_status.last_error IS 'last error';
COMMENT ON COLUMN eventlog.forward_status.last_error_at IS 'time of the last error';
COMMENT ON COLUMN eventlog.forward_status.next_attempt_at IS 'time of the next attempt; NULL if none is scheduled';
COMMENT ON COLUMN eventlog.forward_status.dropped_unread IS
    'number of events that retention dropped before they were sent (eventlog.retention_ignores_readers)';
