CREATE OR REPLACE VIEW eventlog.recent_events WITH (security_invoker = true) AS
SELECT e.event_ts::timestamptz(0) AS time,
       e.event_name,
       e.source,
       nullif(concat_ws(':', e.actor_type, e.actor_id), '') AS actor,
       nullif(concat_ws(':', e.resource_type, e.resource_id), '') AS resource,
       CASE WHEN length(shown.metadata) > 80 THEN left(shown.metadata, 79) || '…' ELSE shown.metadata END AS metadata,
       e.event_id
FROM eventlog.events e
CROSS JOIN LATERAL (SELECT nullif((e.metadata - '_eventLog')::text, '{}') AS metadata) shown
ORDER BY e.event_id DESC
LIMIT 100;
COMMENT ON VIEW eventlog.recent_events IS
    'the last 100 events that the reader may see, newest first, in few columns; for people at a prompt, not for programs';
COMMENT ON COLUMN eventlog.recent_events.time IS 'time at which the event happened, to the second';
COMMENT ON COLUMN eventlog.recent_events.event_name IS 'what happened';
COMMENT ON COLUMN eventlog.recent_events.source IS 'service or module that logged the event';
COMMENT ON COLUMN eventlog.recent_events.actor IS 'who caused the event, as type:identifier, or the identifier alone; NULL if not given';
COMMENT ON COLUMN eventlog.recent_events.resource IS 'to what the event happened, as type:identifier; NULL if not given';
COMMENT ON COLUMN eventlog.recent_events.metadata IS
    'metadata without _eventLog, cut to 80 characters; NULL if there are none';
COMMENT ON COLUMN eventlog.recent_events.event_id IS 'UUIDv7 that the extension makes';
