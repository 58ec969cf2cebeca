-- A dead letter that is to be sent again has the time of that in redriven_at; the worker finds it there.
CREATE OR REPLACE FUNCTION eventlog.redrive(target text, event_id uuid DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marked bigint;
BEGIN
    PERFORM eventlog.require_target(target);
    UPDATE eventlog.dead_letters d SET redriven_at = clock_timestamp()
    WHERE d.target = redrive.target AND (redrive.event_id IS NULL OR d.event_id = redrive.event_id)
      AND d.redriven_at IS NULL;
    GET DIAGNOSTICS marked = ROW_COUNT;
    PERFORM eventlog.notify_worker();
    RETURN marked;
END
$$;
COMMENT ON FUNCTION eventlog.redrive(text, uuid) IS
    'has one dead letter of a target sent again, or all of them; returns how many were not on their way yet';

CREATE OR REPLACE FUNCTION eventlog.redrive(target text, from_ts timestamptz, to_ts timestamptz, reason text) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marked bigint;
BEGIN
    PERFORM eventlog.require_target(target);
    UPDATE eventlog.dead_letters d SET redriven_at = clock_timestamp()
    WHERE d.target = redrive.target
      AND (from_ts IS NULL OR d.last_attempt_at >= from_ts)
      AND (to_ts IS NULL OR d.last_attempt_at < to_ts)
      AND (redrive.reason IS NULL OR d.reason LIKE redrive.reason)
      AND d.redriven_at IS NULL;
    GET DIAGNOSTICS marked = ROW_COUNT;
    PERFORM eventlog.notify_worker();
    RETURN marked;
END
$$;
COMMENT ON FUNCTION eventlog.redrive(text, timestamptz, timestamptz, text) IS
    'has dead letters sent again that were last tried from (inclusive) to (exclusive) a time for a reason LIKE this; NULL is no condition';

CREATE OR REPLACE FUNCTION eventlog.purge_dead_letters(target text, before timestamptz) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    purged bigint;
BEGIN
    PERFORM eventlog.require_target(target);
    IF before IS NULL THEN
        RAISE EXCEPTION 'before must not be null'
            USING ERRCODE = 'null_value_not_allowed', COLUMN = 'before',
                  HINT = 'To delete all dead letters of the target, pass ''infinity''.';
    END IF;
    DELETE FROM eventlog.dead_letters d WHERE d.target = purge_dead_letters.target AND d.last_attempt_at < before;
    GET DIAGNOSTICS purged = ROW_COUNT;
    RETURN purged;
END
$$;
COMMENT ON FUNCTION eventlog.purge_dead_letters(text, timestamptz) IS
    'deletes the dead letters of a target that were last tried before a time; returns how many';

CREATE OR REPLACE FUNCTION eventlog.rewind_target(target text, start_at text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    start record;
BEGIN
    PERFORM eventlog.require_target(target);
    PERFORM eventlog.maintain();
    -- The position first: the worker, too, changes it before the window.
    PERFORM FROM eventlog.reader_position p WHERE p.kind = 'target' AND p.name = target FOR UPDATE;
    start := eventlog.read_start(start_at);
    UPDATE eventlog.reader_position p SET last_id = start.start_after WHERE p.kind = 'target' AND p.name = target;
    -- A new number is what drops the batches under way.
    UPDATE eventlog.reader_window w
    SET win = w.win + 1, from_snapshot = start.from_snapshot, to_snapshot = NULL, start_after = start.start_after,
        start_snapshot = start.from_snapshot
    WHERE w.kind = 'target' AND w.name = target;
    PERFORM eventlog.notify_worker();
END
$$;
COMMENT ON FUNCTION eventlog.rewind_target(text, text) IS
    'has a target go on from another place in the log: beginning, now, after an event (uuid, ULID), or from a time; what it passes again is sent again';

CREATE OR REPLACE FUNCTION eventlog.wait_for_forward(event_id uuid, target text, timeout interval) RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'eventlog_wait_for_forward';
COMMENT ON FUNCTION eventlog.wait_for_forward(uuid, text, interval) IS
    'waits until a target''s endpoint has taken an event; false on time-out, or when it is a dead letter';
