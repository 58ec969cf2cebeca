CREATE VIEW eventlog.target_states AS
SELECT t.name AS target,
       CASE WHEN t.paused OR t.incarnation IS DISTINCT FROM coalesce(c.incarnation, t.incarnation)
                 OR (c.incarnation IS NULL AND t.incarnation IS NOT NULL) THEN 'paused'
            ELSE t.state END AS state
FROM eventlog.targets t LEFT JOIN eventlog.cluster c ON true;
COMMENT ON VIEW eventlog.target_states IS 'the state of each target; paused, too, while the log that it belongs to is another one';

CREATE OR REPLACE VIEW eventlog.forward_status AS
SELECT t.name AS target,
       known.state,
       p.last_id AS position,
       lag.events AS lag_events,
       coalesce(greatest(extract(epoch FROM clock_timestamp() - lag.oldest), 0), 0)::double precision AS lag_seconds,
       coalesce(eventlog.in_flight(t.server), 0) AS in_flight,
       p.delivered AS sent,
       t.retried,
       t.dead,
       t.last_error,
       t.last_error_at,
       t.next_attempt_at,
       t.dropped_unread
FROM eventlog.targets t
JOIN eventlog.target_states known ON known.target = t.name
JOIN eventlog.reader_window w ON w.kind = 'target' AND w.name = t.name
JOIN eventlog.reader_position p ON p.kind = 'target' AND p.name = t.name
LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = t.server
LEFT JOIN LATERAL (
    SELECT o.option_value AS events FROM pg_options_to_table(s.srvoptions) o WHERE o.option_name = 'events'
) declared ON true
CROSS JOIN LATERAL (
    SELECT w.to_snapshot IS NOT NULL AND p.win = w.win AND p.done AS done,
           w.to_snapshot IS NOT NULL AND p.win = w.win AND NOT p.done AND p.last_id IS NOT NULL AS reading
) at
CROSS JOIN LATERAL (SELECT CASE WHEN at.done THEN w.to_snapshot ELSE w.from_snapshot END AS snapshot) read_until
CROSS JOIN LATERAL (
    SELECT count(*) AS events, min(e.ingested_at) AS oldest
    FROM eventlog.events e
    WHERE (e.xid >= pg_snapshot_xmax(read_until.snapshot)
           OR e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(read_until.snapshot))))
      AND (w.start_after IS NULL OR e.event_id > w.start_after)
      AND NOT (at.reading AND e.event_id <= p.last_id AND pg_visible_in_snapshot(e.xid, w.to_snapshot))
      AND eventlog.selects(coalesce(declared.events, 'flagged'), e.event_name, e.metadata)
) lag;
COMMENT ON VIEW eventlog.forward_status IS 'each target: its state, how far it is, and how much waits for it';
COMMENT ON COLUMN eventlog.forward_status.dropped_unread IS
    'events that retention dropped before they had been sent to it (eventlog.retention_ignores_readers)';
