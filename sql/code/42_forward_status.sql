CREATE OR REPLACE VIEW eventlog.target_states AS
SELECT t.name AS target,
       CASE WHEN t.paused OR t.incarnation IS DISTINCT FROM coalesce(c.incarnation, t.incarnation)
                 OR (c.incarnation IS NULL AND t.incarnation IS NOT NULL) THEN 'paused'
            ELSE t.state END AS state
FROM eventlog.targets t LEFT JOIN eventlog.cluster c ON true;
COMMENT ON VIEW eventlog.target_states IS 'the state of each target; paused, too, while the log that it belongs to is another one';

CREATE OR REPLACE VIEW eventlog.target_options AS
SELECT t.name AS target,
       coalesce((SELECT o.option_value FROM pg_options_to_table(s.srvoptions) o WHERE o.option_name = 'events'), 'flagged') AS events
FROM eventlog.targets t LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = t.server;
COMMENT ON VIEW eventlog.target_options IS 'the options of each target that SQL needs, with their defaults';

CREATE OR REPLACE VIEW eventlog.forward_status AS
SELECT t.name AS target,
       known.state,
       r.last_id AS position,
       lag.events AS lag_events,
       coalesce(greatest(extract(epoch FROM clock_timestamp() - lag.oldest), 0), 0)::double precision AS lag_seconds,
       coalesce(eventlog.in_flight(t.server), 0) AS in_flight,
       r.delivered AS sent,
       t.retried,
       t.dead,
       t.last_error,
       t.last_error_at,
       t.next_attempt_at,
       t.dropped_unread
FROM eventlog.targets t
JOIN eventlog.target_states known ON known.target = t.name
JOIN eventlog.reader_cursors r ON r.kind = 'target' AND r.name = t.name
JOIN eventlog.target_options o ON o.target = t.name
CROSS JOIN LATERAL (
    SELECT count(*) AS events, min(u.ingested_at) AS oldest
    FROM eventlog.unread_events u
    WHERE u.kind = 'target' AND u.name = t.name AND eventlog.selects(o.events, u.event_name, u.metadata)
) lag;
COMMENT ON VIEW eventlog.forward_status IS 'each target: its state, how far it is, and how much waits for it';
COMMENT ON COLUMN eventlog.forward_status.dropped_unread IS
    'events that retention dropped before they had been sent to it (eventlog.retention_ignores_readers)';
