-- The cursor of a reader is a pair of snapshots. Its window holds the rows that to_snapshot sees and from_snapshot does not see,
-- and is read in the order of identifiers. A transaction that commits late belongs to a later window, so no event is missed.
CREATE OR REPLACE FUNCTION eventlog.horizon() RETURNS pg_snapshot
    LANGUAGE c STABLE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_horizon';
COMMENT ON FUNCTION eventlog.horizon() IS 'current snapshot in the numbering of eventlog.events.xid';

CREATE OR REPLACE VIEW eventlog_internal.reader_cursors AS
SELECT w.kind, w.name, w.from_snapshot, w.to_snapshot, w.start_after, w.opened_at, p.last_id, p.delivered, at.done, at.reading,
       CASE WHEN at.done THEN w.to_snapshot ELSE w.from_snapshot END AS settled_until
FROM eventlog.reader_window w
JOIN eventlog.reader_position p ON p.kind = w.kind AND p.name = w.name
CROSS JOIN LATERAL (
    SELECT w.to_snapshot IS NOT NULL AND p.win = w.win AND p.done AS done,
           w.to_snapshot IS NOT NULL AND p.win = w.win AND NOT p.done AND p.last_id IS NOT NULL AS reading
) at;
COMMENT ON VIEW eventlog_internal.reader_cursors IS 'the cursor of each reader: its window and its position combined';
COMMENT ON COLUMN eventlog_internal.reader_cursors.kind IS 'kind of the reader: target or consumer';
COMMENT ON COLUMN eventlog_internal.reader_cursors.name IS 'name of the target or consumer';
COMMENT ON COLUMN eventlog_internal.reader_cursors.from_snapshot IS 'start of the window';
COMMENT ON COLUMN eventlog_internal.reader_cursors.to_snapshot IS 'end of the open window; NULL between windows';
COMMENT ON COLUMN eventlog_internal.reader_cursors.start_after IS 'events up to this identifier are never read';
COMMENT ON COLUMN eventlog_internal.reader_cursors.opened_at IS 'time at which the open window was stored';
COMMENT ON COLUMN eventlog_internal.reader_cursors.last_id IS 'last event that was read';
COMMENT ON COLUMN eventlog_internal.reader_cursors.delivered IS 'number of events delivered since the reader was created';
COMMENT ON COLUMN eventlog_internal.reader_cursors.done IS 'whether the window is used up';
COMMENT ON COLUMN eventlog_internal.reader_cursors.reading IS 'whether the reader is inside its window, behind last_id';
COMMENT ON COLUMN eventlog_internal.reader_cursors.settled_until IS 'events that this snapshot sees have been read';

-- This view is the rule of what a reader has still to read, before its selection. It has one arm for later transactions and one for
-- those that were in progress, because the planner uses the index on (xid, event_id) for each of them, with a condition of the
-- caller on event_id, but joins a single arm with OR without the index.
CREATE OR REPLACE VIEW eventlog_internal.unread_events AS
SELECT r.kind, r.name, e.event_id, e.event_name, e.metadata, e.ingested_at
FROM eventlog_internal.reader_cursors r
CROSS JOIN LATERAL (
    SELECT l.event_id, l.event_name, l.metadata, l.ingested_at, l.xid
    FROM eventlog.events l WHERE l.xid >= pg_snapshot_xmax(r.settled_until)
    UNION ALL
    SELECT l.event_id, l.event_name, l.metadata, l.ingested_at, l.xid
    FROM eventlog.events l WHERE l.xid = ANY (ARRAY(SELECT pg_snapshot_xip(r.settled_until)))
) e
WHERE (r.start_after IS NULL OR e.event_id > r.start_after)
  AND NOT (r.reading AND e.event_id <= r.last_id AND pg_visible_in_snapshot(e.xid, r.to_snapshot));
COMMENT ON VIEW eventlog_internal.unread_events IS
    'one row for each reader and each event that its cursor has not passed, whether the reader selects the event or not';
COMMENT ON COLUMN eventlog_internal.unread_events.kind IS 'kind of the reader: target or consumer';
COMMENT ON COLUMN eventlog_internal.unread_events.name IS 'name of the target or consumer';
COMMENT ON COLUMN eventlog_internal.unread_events.event_id IS 'identifier of the event';
COMMENT ON COLUMN eventlog_internal.unread_events.event_name IS 'name of the event';
COMMENT ON COLUMN eventlog_internal.unread_events.metadata IS 'metadata of the event';
COMMENT ON COLUMN eventlog_internal.unread_events.ingested_at IS 'time at which the event was written';

CREATE OR REPLACE FUNCTION eventlog_internal.first_id_unread(settled pg_snapshot) RETURNS uuid
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_first_id_unread';
COMMENT ON FUNCTION eventlog_internal.first_id_unread(pg_snapshot) IS
    'least identifier that an event may have that this snapshot does not see; the partitions before it are sealed';

-- A custom plan has the least identifier as a constant, and so locks only the partitions from there on.
CREATE OR REPLACE FUNCTION eventlog_internal.reader_lag(kind text, name text, OUT events bigint, OUT oldest timestamptz)
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    first_id uuid;
    selection text;
    patterns text[];
BEGIN
    SELECT eventlog_internal.first_id_unread(r.settled_until) INTO first_id
    FROM eventlog_internal.reader_cursors r WHERE r.kind = reader_lag.kind AND r.name = reader_lag.name;
    SELECT o.events INTO selection FROM eventlog_internal.target_options o WHERE o.target = reader_lag.name;
    SELECT c.events INTO patterns FROM eventlog.consumer_definitions c WHERE c.name = reader_lag.name;
    SELECT count(*), min(u.ingested_at) INTO events, oldest
    FROM eventlog_internal.unread_events u
    WHERE u.kind = reader_lag.kind AND u.name = reader_lag.name AND u.event_id >= first_id
      AND CASE reader_lag.kind WHEN 'target' THEN eventlog_internal.selects(selection, u.event_name, u.metadata)
                               ELSE patterns IS NULL OR eventlog_internal.matches(patterns, u.event_name) END;
END
$$;
COMMENT ON FUNCTION eventlog_internal.reader_lag(text, text) IS
    'number of selected events that a reader has still to read, and the time at which the oldest of them was logged';

-- A start in the log is a snapshot and an identifier: events that the snapshot sees, or up to the identifier, are not read.
CREATE OR REPLACE FUNCTION eventlog_internal.read_start(start_at text, OUT from_snapshot pg_snapshot, OUT start_after uuid)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    start_ts timestamptz;
BEGIN
    from_snapshot := '1:1:';
    IF lower(start_at) = 'now' THEN
        from_snapshot := eventlog.horizon();
    ELSIF lower(start_at) = 'beginning' THEN
        NULL;
    ELSIF start_at ~ '^[0-9A-Za-z]{26}$' THEN
        start_after := eventlog.from_ulid(start_at);
    ELSIF start_at ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        start_after := start_at::uuid;
    ELSE
        start_ts := start_at::timestamptz;
        IF start_ts IS NULL OR start_ts NOT BETWEEN '1970-01-01 00:00:00Z' AND '9999-12-31 23:59:59Z' THEN
            RAISE invalid_parameter_value;
        END IF;
        -- This is the last identifier before that millisecond.
        start_after := (lpad(to_hex(greatest(floor(extract(epoch FROM start_ts) * 1000)::bigint - 1, 0)), 12, '0')
                        || repeat('f', 20))::uuid;
    END IF;
EXCEPTION WHEN invalid_text_representation OR invalid_datetime_format OR datetime_field_overflow
               OR invalid_time_zone_displacement_value OR invalid_parameter_value THEN
    PERFORM eventlog_internal.refuse('start_at_format', 'start_at', 'found', start_at);
END
$$;
COMMENT ON FUNCTION eventlog_internal.read_start(text) IS
    'reads a start_at: now, beginning, the UUID or ULID of the event to start after, or the time to start from; fails with 22023 for anything else';
