CREATE OR REPLACE FUNCTION eventlog_internal.notify_worker() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_notify_worker';
COMMENT ON FUNCTION eventlog_internal.notify_worker() IS
    'makes the worker of this database look at its targets once the transaction has committed';

CREATE OR REPLACE FUNCTION eventlog_internal.create_target(target text, start_at text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    start record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
                   WHERE w.fdwname = 'eventlog' AND s.srvname = target) THEN
        PERFORM eventlog_internal.refuse('target_unknown', 'target', 'found', target);
    END IF;
    INSERT INTO eventlog.targets (name, incarnation) VALUES (target, (SELECT c.incarnation FROM eventlog.cluster c));
    start := eventlog_internal.read_start(start_at);
    INSERT INTO eventlog.reader_window (kind, name, from_snapshot, start_snapshot, start_after)
    VALUES ('target', target, start.from_snapshot, start.from_snapshot, start.start_after);
    INSERT INTO eventlog.reader_position (kind, name) VALUES ('target', target);
END
$$;
COMMENT ON FUNCTION eventlog_internal.create_target(text, text) IS 'creates the cursor of a target that begins at start_at';

CREATE OR REPLACE FUNCTION eventlog_internal.require_target(target text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog_internal.load_library();
    IF target IS NULL THEN
        PERFORM eventlog_internal.refuse('argument_null', 'target');
    ELSIF NOT EXISTS (SELECT FROM eventlog.targets t WHERE t.name = require_target.target) THEN
        PERFORM eventlog_internal.refuse('target_unknown', 'target', 'found', target);
    END IF;
END
$$;
COMMENT ON FUNCTION eventlog_internal.require_target(text) IS 'fails with 42704 if there is no target of this name';

CREATE OR REPLACE FUNCTION eventlog.pause_target(target text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog_internal.require_target(target);
    UPDATE eventlog.targets SET paused = true WHERE name = target;
    PERFORM eventlog_internal.notify_worker();
END
$$;
COMMENT ON FUNCTION eventlog.pause_target(text) IS 'stops sending to a target until resume_target() is called; its events wait';

CREATE OR REPLACE FUNCTION eventlog.resume_target(target text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog_internal.require_target(target);
    PERFORM eventlog.maintain();
    UPDATE eventlog.targets
    SET paused = false, incarnation = (SELECT incarnation FROM eventlog.cluster), state = 'running', next_attempt_at = NULL
    WHERE name = target;
    PERFORM eventlog_internal.notify_worker();
END
$$;
COMMENT ON FUNCTION eventlog.resume_target(text) IS
    'resumes sending to a target at once: after pause_target(), after a restore into another database, or before its next attempt is due';

CREATE OR REPLACE FUNCTION eventlog.test_target(target text) RETURNS TABLE (step text, ok boolean, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 100000 ROWS 5
    AS 'MODULE_PATHNAME', 'eventlog_test_target';
COMMENT ON FUNCTION eventlog.test_target(text) IS
    'resolves, connects, and checks TLS and the key of a target by a request without events; ok is NULL if that cannot be told';

CREATE OR REPLACE FUNCTION eventlog_internal.in_flight(server oid) RETURNS integer
    LANGUAGE c VOLATILE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_in_flight';
COMMENT ON FUNCTION eventlog_internal.in_flight(oid) IS
    'number of requests to a target that the worker has in flight; NULL if the library is not preloaded';

CREATE OR REPLACE FUNCTION eventlog_internal.selects(events text, event_name text, metadata jsonb) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_selects';
COMMENT ON FUNCTION eventlog_internal.selects(text, text, jsonb) IS
    'whether a target with this option events is sent an event of this name and metadata';

CREATE OR REPLACE FUNCTION eventlog_internal.link_targets() RETURNS void
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog_internal.load_library();
    UPDATE eventlog.targets t
    SET server = (SELECT s.oid FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
                  WHERE w.fdwname = 'eventlog' AND s.srvname = t.name)
$$;
COMMENT ON FUNCTION eventlog_internal.link_targets() IS
    'finds the foreign server of each target by its name, for the case that OIDs have changed';
