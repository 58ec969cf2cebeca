-- A dead letter is scheduled to be sent again by setting redriven_at, by which the worker finds it.
CREATE OR REPLACE FUNCTION eventlog_internal.note_redrive(target text) RETURNS void
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE eventlog.targets t
    SET redriven_at = clock_timestamp(),
        redriven = (SELECT count(*) FROM eventlog.dead_letters d
                    WHERE d.target = note_redrive.target AND d.redriven_at IS NOT NULL)
    WHERE t.name = note_redrive.target
$$;
COMMENT ON FUNCTION eventlog_internal.note_redrive(text) IS
    'notes how many dead letters of a target are scheduled to be sent again, from which eventlog.progress counts';

CREATE OR REPLACE FUNCTION eventlog.redrive(target text, event_id uuid DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marked bigint;
BEGIN
    PERFORM eventlog_internal.require_target(target);
    UPDATE eventlog.dead_letters d SET redriven_at = clock_timestamp()
    WHERE d.target = redrive.target AND (redrive.event_id IS NULL OR d.event_id = redrive.event_id)
      AND d.redriven_at IS NULL;
    GET DIAGNOSTICS marked = ROW_COUNT;
    IF marked > 0 THEN
        PERFORM eventlog_internal.note_redrive(target);
    END IF;
    PERFORM eventlog_internal.notify_worker();
    RETURN marked;
END
$$;
COMMENT ON FUNCTION eventlog.redrive(text, uuid) IS
    'schedules one dead letter of a target, or all of them, to be sent again; returns the number of those that were not scheduled yet';

CREATE OR REPLACE FUNCTION eventlog.redrive(target text, from_ts timestamptz, to_ts timestamptz, reason text) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marked bigint;
BEGIN
    PERFORM eventlog_internal.require_target(target);
    UPDATE eventlog.dead_letters d SET redriven_at = clock_timestamp()
    WHERE d.target = redrive.target
      AND (from_ts IS NULL OR d.last_attempt_at >= from_ts)
      AND (to_ts IS NULL OR d.last_attempt_at < to_ts)
      AND (redrive.reason IS NULL OR d.reason LIKE redrive.reason)
      AND d.redriven_at IS NULL;
    GET DIAGNOSTICS marked = ROW_COUNT;
    IF marked > 0 THEN
        PERFORM eventlog_internal.note_redrive(target);
    END IF;
    PERFORM eventlog_internal.notify_worker();
    RETURN marked;
END
$$;
COMMENT ON FUNCTION eventlog.redrive(text, timestamptz, timestamptz, text) IS
    'schedules dead letters to be sent again if they were last tried from (inclusive) to (exclusive) these times, for a reason LIKE this one; a NULL is no condition';

CREATE OR REPLACE FUNCTION eventlog.purge_dead_letters(target text, before timestamptz) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    purged bigint;
BEGIN
    PERFORM eventlog_internal.require_target(target);
    IF before IS NULL THEN
        PERFORM eventlog_internal.refuse('purge_before_null', 'before');
    END IF;
    DELETE FROM eventlog.dead_letters d WHERE d.target = purge_dead_letters.target AND d.last_attempt_at < before;
    GET DIAGNOSTICS purged = ROW_COUNT;
    RETURN purged;
END
$$;
COMMENT ON FUNCTION eventlog.purge_dead_letters(text, timestamptz) IS
    'deletes the dead letters of a target that were last tried before this time; returns their number';

CREATE OR REPLACE FUNCTION eventlog.rewind_target(target text, start_at text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    start record;
BEGIN
    PERFORM eventlog_internal.require_target(target);
    PERFORM eventlog.maintain();
    -- The position is locked before the window, because the worker changes them in this order.
    PERFORM FROM eventlog.reader_position p WHERE p.kind = 'target' AND p.name = target FOR UPDATE;
    start := eventlog_internal.read_start(start_at);
    UPDATE eventlog.reader_position p SET last_id = start.start_after WHERE p.kind = 'target' AND p.name = target;
    -- The worker drops its batches in flight because the window has a new number.
    UPDATE eventlog.reader_window w
    SET win = w.win + 1, from_snapshot = start.from_snapshot, to_snapshot = NULL, start_after = start.start_after,
        start_snapshot = start.from_snapshot
    WHERE w.kind = 'target' AND w.name = target;
    UPDATE eventlog.targets t
    SET rewound_at = clock_timestamp(), rewound_until = eventlog.horizon(), rewound_sent = p.delivered
    FROM eventlog.reader_position p
    WHERE t.name = target AND p.kind = 'target' AND p.name = target;
    PERFORM eventlog_internal.notify_worker();
END
$$;
COMMENT ON FUNCTION eventlog.rewind_target(text, text) IS
    'moves a target to another position in the log: the beginning, now, after an event (UUID or ULID), or a time; events that it passes again are sent again';

CREATE OR REPLACE FUNCTION eventlog.wait_for_forward(event_id uuid, target text, timeout interval) RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'eventlog_wait_for_forward';
COMMENT ON FUNCTION eventlog.wait_for_forward(uuid, text, interval) IS
    'waits until the endpoint of a target has accepted an event; returns false on time-out, or if the event is a dead letter';
