CREATE FUNCTION eventlog.target_validator(options text[], catalog oid) RETURNS void
    LANGUAGE c STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_target_validator';
COMMENT ON FUNCTION eventlog.target_validator(text[], oid) IS 'checks the options of a target and of its user mappings';

CREATE FOREIGN DATA WRAPPER eventlog NO HANDLER VALIDATOR eventlog.target_validator;
COMMENT ON FOREIGN DATA WRAPPER eventlog IS 'targets of the event log: a server is an endpoint, its user mapping holds the key';

CREATE TABLE eventlog.targets (
    name            text NOT NULL PRIMARY KEY,
    server          oid,
    incarnation     uuid,
    paused          boolean NOT NULL DEFAULT false,
    state           text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'waiting', 'unauthorized', 'refused')),
    retried         bigint NOT NULL DEFAULT 0,
    dead            bigint NOT NULL DEFAULT 0,
    left_out        bigint NOT NULL DEFAULT 0,
    last_error      text,
    last_error_at   timestamptz,
    next_attempt_at timestamptz,
    dropped_unread  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE eventlog.targets IS 'the state of each target; its definition is the foreign server of that name';
COMMENT ON COLUMN eventlog.targets.left_out IS 'events of requests that the endpoint took and says it left out';
COMMENT ON COLUMN eventlog.targets.server IS 'the foreign server''s oid in this database';
COMMENT ON COLUMN eventlog.targets.incarnation IS 'eventlog.cluster.incarnation of the log that it sends; NULL until that is adopted';

CREATE TABLE eventlog.dead_letters (
    target           text NOT NULL,
    event_id         uuid NOT NULL,
    status           integer,
    reason           text NOT NULL,
    body             text,
    attempts         integer NOT NULL,
    first_attempt_at timestamptz NOT NULL,
    last_attempt_at  timestamptz NOT NULL,
    redriven_at      timestamptz,
    PRIMARY KEY (target, event_id)
);
CREATE INDEX dead_letters_redriven ON eventlog.dead_letters (target, event_id) WHERE redriven_at IS NOT NULL;
COMMENT ON TABLE eventlog.dead_letters IS 'events that an endpoint refused while it took others';
COMMENT ON COLUMN eventlog.dead_letters.status IS 'HTTP status; NULL where the event could not be put into the endpoint''s format';
COMMENT ON COLUMN eventlog.dead_letters.reason IS 'why it was refused';
COMMENT ON COLUMN eventlog.dead_letters.body IS 'what the endpoint answered, its first 4 KiB';
COMMENT ON COLUMN eventlog.dead_letters.attempts IS 'requests that carried the event';
COMMENT ON COLUMN eventlog.dead_letters.redriven_at IS 'since when it waits to be sent again; NULL: it does not';

SELECT pg_catalog.pg_extension_config_dump('eventlog.targets', '');
SELECT pg_catalog.pg_extension_config_dump('eventlog.dead_letters', '');

-- A restored row takes the place of the one that the restored CREATE SERVER has made.
CREATE FUNCTION eventlog.replace_reader_row() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'targets' THEN
        DELETE FROM eventlog.targets t WHERE t.name = NEW.name;
        -- Of a log that has not been adopted, and so has no incarnation that tells it from this one.
        IF FOUND THEN
            NEW.incarnation := coalesce(NEW.incarnation, '00000000-0000-0000-0000-000000000000');
        END IF;
        NEW.server := (SELECT s.oid FROM pg_foreign_server s WHERE s.srvname = NEW.name);
    ELSIF TG_TABLE_NAME = 'reader_window' THEN
        DELETE FROM eventlog.reader_window w WHERE w.kind = NEW.kind AND w.name = NEW.name;
    ELSE
        DELETE FROM eventlog.reader_position p WHERE p.kind = NEW.kind AND p.name = NEW.name;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION eventlog.replace_reader_row() IS 'trigger of the readers'' tables: the row of a restored dump replaces a fresh one';

CREATE TRIGGER replace_row BEFORE INSERT ON eventlog.targets
    FOR EACH ROW EXECUTE FUNCTION eventlog.replace_reader_row();
CREATE TRIGGER replace_row BEFORE INSERT ON eventlog.reader_window
    FOR EACH ROW EXECUTE FUNCTION eventlog.replace_reader_row();
CREATE TRIGGER replace_row BEFORE INSERT ON eventlog.reader_position
    FOR EACH ROW EXECUTE FUNCTION eventlog.replace_reader_row();
ALTER TABLE eventlog.targets ENABLE ALWAYS TRIGGER replace_row;
ALTER TABLE eventlog.reader_window ENABLE ALWAYS TRIGGER replace_row;
ALTER TABLE eventlog.reader_position ENABLE ALWAYS TRIGGER replace_row;

CREATE FUNCTION eventlog.notify_worker() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_notify_worker';
COMMENT ON FUNCTION eventlog.notify_worker() IS 'has this database''s worker look at its targets once the transaction commits';

-- The place of a start in the log: the horizon up to which, and the id after which, nothing is read.
CREATE FUNCTION eventlog.read_start(start_at text, OUT from_snapshot pg_snapshot, OUT start_after uuid)
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
        -- The last id before that millisecond.
        start_after := (lpad(to_hex(greatest(floor(extract(epoch FROM start_ts) * 1000)::bigint - 1, 0)), 12, '0')
                        || repeat('f', 20))::uuid;
    END IF;
EXCEPTION WHEN invalid_text_representation OR invalid_datetime_format OR datetime_field_overflow
               OR invalid_time_zone_displacement_value OR invalid_parameter_value THEN
    RAISE EXCEPTION 'start_at is no place in the log: %', coalesce(quote_literal(left(start_at, 64)), 'null')
        USING ERRCODE = 'invalid_parameter_value', COLUMN = 'start_at',
              HINT = 'Pass ''beginning'', ''now'', the uuid or ULID of the event to start after, or a time.';
END
$$;
COMMENT ON FUNCTION eventlog.read_start(text) IS
    'reads a start_at: now, beginning, the uuid or ULID of the event to start after, or the time to start from; else 22023';

CREATE FUNCTION eventlog.create_target(target text, start_at text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    start record;
BEGIN
    INSERT INTO eventlog.targets (name, incarnation) VALUES (target, (SELECT c.incarnation FROM eventlog.cluster c));
    start := eventlog.read_start(start_at);
    INSERT INTO eventlog.reader_window (kind, name, from_snapshot, start_snapshot, start_after)
    VALUES ('target', target, start.from_snapshot, start.from_snapshot, start.start_after);
    INSERT INTO eventlog.reader_position (kind, name) VALUES ('target', target);
END
$$;
COMMENT ON FUNCTION eventlog.create_target(text, text) IS 'makes the cursor of a target that begins at start_at';

CREATE FUNCTION eventlog.on_server_change() RETURNS event_trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed record;
BEGIN
    FOR changed IN
        SELECT s.oid, s.srvname::text AS name, t.name AS known_as,
               coalesce((SELECT o.option_value FROM pg_options_to_table(s.srvoptions) o WHERE o.option_name = 'start_at'), 'now')
                   AS start_at
        FROM pg_event_trigger_ddl_commands() c
        JOIN pg_foreign_server s ON c.classid = 'pg_foreign_server'::regclass AND s.oid = c.objid
        JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw AND w.fdwname = 'eventlog'
        LEFT JOIN eventlog.targets t ON t.server = s.oid
    LOOP
        IF changed.known_as IS NULL THEN
            PERFORM eventlog.create_target(changed.name, changed.start_at);
        ELSIF changed.known_as <> changed.name THEN
            UPDATE eventlog.targets SET name = changed.name WHERE name = changed.known_as;
            UPDATE eventlog.reader_window SET name = changed.name WHERE kind = 'target' AND name = changed.known_as;
            UPDATE eventlog.reader_position SET name = changed.name WHERE kind = 'target' AND name = changed.known_as;
            UPDATE eventlog.dead_letters SET target = changed.name WHERE target = changed.known_as;
        END IF;
    END LOOP;
    PERFORM eventlog.notify_worker();
END
$$;
COMMENT ON FUNCTION eventlog.on_server_change() IS 'event trigger: makes and renames a target''s cursor with its server';

CREATE FUNCTION eventlog.on_server_drop() RETURNS event_trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dropped text;
BEGIN
    FOR dropped IN
        SELECT t.name
        FROM pg_event_trigger_dropped_objects() o
        JOIN eventlog.targets t ON o.classid = 'pg_foreign_server'::regclass AND t.server = o.objid
    LOOP
        DELETE FROM eventlog.targets WHERE name = dropped;
        DELETE FROM eventlog.reader_window WHERE kind = 'target' AND name = dropped;
        DELETE FROM eventlog.reader_position WHERE kind = 'target' AND name = dropped;
        DELETE FROM eventlog.dead_letters WHERE target = dropped;
        PERFORM eventlog.notify_worker();
    END LOOP;
END
$$;
COMMENT ON FUNCTION eventlog.on_server_drop() IS 'event trigger: drops a target''s cursor with its server';

CREATE EVENT TRIGGER eventlog_server_change ON ddl_command_end
    WHEN TAG IN ('CREATE SERVER', 'ALTER SERVER', 'CREATE USER MAPPING', 'ALTER USER MAPPING', 'DROP USER MAPPING')
    EXECUTE FUNCTION eventlog.on_server_change();
CREATE EVENT TRIGGER eventlog_server_drop ON sql_drop
    EXECUTE FUNCTION eventlog.on_server_drop();
ALTER EVENT TRIGGER eventlog_server_change ENABLE ALWAYS;
ALTER EVENT TRIGGER eventlog_server_drop ENABLE ALWAYS;

CREATE FUNCTION eventlog.require_target(target text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM eventlog.targets t WHERE t.name = require_target.target) THEN
        RAISE EXCEPTION 'target "%" does not exist', target USING ERRCODE = 'undefined_object';
    END IF;
END
$$;
COMMENT ON FUNCTION eventlog.require_target(text) IS 'refuses the name of a target that does not exist (42704)';

CREATE FUNCTION eventlog.pause_target(target text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog.require_target(target);
    UPDATE eventlog.targets SET paused = true WHERE name = target;
    PERFORM eventlog.notify_worker();
END
$$;
COMMENT ON FUNCTION eventlog.pause_target(text) IS 'stops sending to a target until resume_target; its events wait';

CREATE FUNCTION eventlog.resume_target(target text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog.require_target(target);
    PERFORM eventlog.maintain();
    UPDATE eventlog.targets
    SET paused = false, incarnation = (SELECT incarnation FROM eventlog.cluster), state = 'running', next_attempt_at = NULL
    WHERE name = target;
    PERFORM eventlog.notify_worker();
END
$$;
COMMENT ON FUNCTION eventlog.resume_target(text) IS
    'goes on sending to a target at once: after pause_target, after a restore into another database, or before its next attempt is due';

CREATE FUNCTION eventlog.in_flight(server oid) RETURNS integer
    LANGUAGE c VOLATILE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_in_flight';
COMMENT ON FUNCTION eventlog.in_flight(oid) IS 'requests that the worker has under way to a target; NULL without preloading';

CREATE FUNCTION eventlog.selects(events text, event_name text, metadata jsonb) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_selects';
COMMENT ON FUNCTION eventlog.selects(text, text, jsonb) IS 'whether a target with this option events is sent such an event';
