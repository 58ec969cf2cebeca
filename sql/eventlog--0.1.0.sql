\echo Use "CREATE EXTENSION eventlog" to load this file. \quit
-- Events travel as JSON, and ids are compared with what other systems hold: both need Unicode.
DO $$
BEGIN
    IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'eventlog needs a database in encoding UTF8'
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = pg_catalog.format('This database is in %s.', pg_catalog.getdatabaseencoding()),
                  HINT = 'Create a database with ENCODING ''UTF8'' TEMPLATE template0.';
    END IF;
END
$$;
COMMENT ON SCHEMA eventlog IS 'business event log: log_event() writes, the worker forwards';
CREATE TYPE eventlog.event_origin AS ENUM ('backend', 'frontend');
COMMENT ON TYPE eventlog.event_origin IS 'where an event arose';

-- The key and the indexes stand on each partition: a parent that belongs to an extension and has a key does not restore.
CREATE TABLE eventlog.events (
    event_id       uuid NOT NULL,
    event_name     text NOT NULL,
    event_type     text,
    source         text NOT NULL,
    origin         eventlog.event_origin NOT NULL,
    actor_type     text,
    actor_id       text,
    resource_type  text,
    resource_id    text,
    tenant_id      uuid,
    event_ts       timestamptz NOT NULL,
    ingested_at    timestamptz NOT NULL,
    value          double precision,
    metadata       jsonb NOT NULL,
    schema_version text,
    trace_id       text,
    app_version    text,
    sofa           text,
    xid            xid8 NOT NULL
) PARTITION BY RANGE (event_id);

COMMENT ON TABLE eventlog.events IS 'the event log: append-only, partitioned by event_id, which is ordered by time';
COMMENT ON COLUMN eventlog.events.event_id IS 'UUIDv7 made by the extension';
COMMENT ON COLUMN eventlog.events.event_name IS 'what happened, 1 to 256 characters';
COMMENT ON COLUMN eventlog.events.event_type IS 'a class of events, where the application has one';
COMMENT ON COLUMN eventlog.events.source IS 'the service or module that logged it';
COMMENT ON COLUMN eventlog.events.origin IS 'where it arose';
COMMENT ON COLUMN eventlog.events.actor_type IS 'kind of the one who did it';
COMMENT ON COLUMN eventlog.events.actor_id IS 'who did it';
COMMENT ON COLUMN eventlog.events.resource_type IS 'kind of what it was done to';
COMMENT ON COLUMN eventlog.events.resource_id IS 'what it was done to';
COMMENT ON COLUMN eventlog.events.tenant_id IS 'the tenant, from the trusted context only';
COMMENT ON COLUMN eventlog.events.event_ts IS 'when it happened; equal to ingested_at where the caller did not say';
COMMENT ON COLUMN eventlog.events.ingested_at IS 'when the row was written, by the clock';
COMMENT ON COLUMN eventlog.events.value IS 'a number that belongs to the event; finite';
COMMENT ON COLUMN eventlog.events.metadata IS 'the caller''s JSON object, and the reserved key _eventLog';
COMMENT ON COLUMN eventlog.events.schema_version IS 'semantic version of the payload''s schema';
COMMENT ON COLUMN eventlog.events.trace_id IS 'W3C trace id';
COMMENT ON COLUMN eventlog.events.app_version IS 'version of the application that logged it';
COMMENT ON COLUMN eventlog.events.sofa IS 'anonymous visitor cookie';
COMMENT ON COLUMN eventlog.events.xid IS 'number of the transaction that wrote it, for readers of the log; no use for applications';

CREATE FUNCTION eventlog.refuse_change() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'eventlog_refuse_change';
COMMENT ON FUNCTION eventlog.refuse_change() IS 'trigger of the append-only tables: refuses UPDATE, DELETE and TRUNCATE (55000)';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eventlog.events
    FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change();
ALTER TABLE eventlog.events ENABLE ALWAYS TRIGGER append_only;
COMMENT ON TRIGGER append_only ON eventlog.events IS 'events are never changed in place';

-- Not dumped: a restored copy has no row here, so it is adopted before anything is written.
CREATE TABLE eventlog.cluster (
    system_identifier bigint NOT NULL,
    database          oid NOT NULL,
    xid_offset        bigint NOT NULL,
    incarnation       uuid NOT NULL,
    adopted_at        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE UNIQUE INDEX cluster_one_row ON eventlog.cluster ((true));
COMMENT ON TABLE eventlog.cluster IS 'the database that this log lives in; empty until it is adopted';
COMMENT ON COLUMN eventlog.cluster.xid_offset IS 'what is added to the server''s transaction numbers';
COMMENT ON COLUMN eventlog.cluster.incarnation IS 'tells this log from its copies: a target of another incarnation is paused';
CREATE FUNCTION eventlog.log_event(
    event_name         text,
    metadata           jsonb DEFAULT NULL,
    event_type         text DEFAULT NULL,
    actor_id           text DEFAULT NULL,
    actor_type         text DEFAULT NULL,
    resource_type      text DEFAULT NULL,
    resource_id        text DEFAULT NULL,
    source             text DEFAULT NULL,
    origin             eventlog.event_origin DEFAULT NULL,
    event_ts           timestamptz DEFAULT NULL,
    value              double precision DEFAULT NULL,
    schema_version     text DEFAULT NULL,
    trace_id           text DEFAULT NULL,
    sofa               text DEFAULT NULL,
    forward_to_statsig boolean DEFAULT NULL,
    idempotency_key    text DEFAULT NULL,
    app_version        text DEFAULT NULL
) RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 100
    AS 'MODULE_PATHNAME', 'eventlog_log_event';
COMMENT ON FUNCTION eventlog.log_event IS
    'writes one event in the caller''s transaction and returns its id; nothing is written when anything is wrong';

CREATE FUNCTION eventlog.log_envelope(envelope jsonb) RETURNS uuid
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 100
    AS 'MODULE_PATHNAME', 'eventlog_log_envelope';
COMMENT ON FUNCTION eventlog.log_envelope(jsonb) IS
    'writes one event given as a JSON object in the native, central or platform form';

CREATE FUNCTION eventlog.log_events(events jsonb) RETURNS SETOF uuid
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'eventlog_log_events';
COMMENT ON FUNCTION eventlog.log_events(jsonb) IS
    'writes an array of envelopes, all or nothing, and returns their ids in array order';

CREATE FUNCTION eventlog.log_events_json(events json) RETURNS SETOF uuid
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'eventlog_log_events_json';
COMMENT ON FUNCTION eventlog.log_events_json(json) IS
    'the same as log_events from JSON text, event by event: the fast way in for batches';
CREATE FUNCTION eventlog.ulid(event_id uuid) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_ulid';
COMMENT ON FUNCTION eventlog.ulid(uuid) IS 'the ULID text of an id: 26 characters that sort as the id does';

CREATE FUNCTION eventlog.from_ulid(ulid text) RETURNS uuid
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_from_ulid';
COMMENT ON FUNCTION eventlog.from_ulid(text) IS 'the id of a ULID text; 22P02 when it is none';

CREATE FUNCTION eventlog.event_time(event_id uuid) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_event_time';
COMMENT ON FUNCTION eventlog.event_time(uuid) IS 'when an id was made, to the millisecond: its first 48 bits';
-- A reader's cursor is a pair of snapshots. Its window is every row visible in to_snapshot and not in from_snapshot, read in id
-- order; a transaction that commits late is in a later window, so none is missed.
CREATE FUNCTION eventlog.horizon() RETURNS pg_snapshot
    LANGUAGE c STABLE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_horizon';
COMMENT ON FUNCTION eventlog.horizon() IS 'the current snapshot in the numbering of eventlog.events.xid';

-- Snapshots have a row of their own, so that the frequent change of a position does not copy them.
CREATE TABLE eventlog.reader_window (
    kind           text NOT NULL CHECK (kind IN ('target')),
    name           text NOT NULL,
    win            bigint NOT NULL DEFAULT 0,
    from_snapshot  pg_snapshot NOT NULL,
    to_snapshot    pg_snapshot,
    start_after    uuid,
    start_snapshot pg_snapshot NOT NULL,
    PRIMARY KEY (kind, name)
) WITH (fillfactor = 50);
COMMENT ON TABLE eventlog.reader_window IS 'what each reader of the log is reading';
COMMENT ON COLUMN eventlog.reader_window.win IS 'number of the window: a fence against a second reader';
COMMENT ON COLUMN eventlog.reader_window.to_snapshot IS 'end of the open window; NULL between windows';
COMMENT ON COLUMN eventlog.reader_window.start_after IS 'events up to this id are not read';
COMMENT ON COLUMN eventlog.reader_window.start_snapshot IS 'from_snapshot of the first window: what it sees is not read';

CREATE TABLE eventlog.reader_position (
    kind      text NOT NULL,
    name      text NOT NULL,
    win       bigint NOT NULL DEFAULT 0,
    last_id   uuid,
    done      boolean NOT NULL DEFAULT false,
    delivered bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, name)
) WITH (fillfactor = 50);
COMMENT ON TABLE eventlog.reader_position IS 'how far each reader is in its window';
COMMENT ON COLUMN eventlog.reader_position.win IS 'the window that last_id and done speak of; they mean nothing for a later one';
COMMENT ON COLUMN eventlog.reader_position.last_id IS 'last event read';
COMMENT ON COLUMN eventlog.reader_position.done IS 'the window is used up: the next one begins at its to_snapshot';
COMMENT ON COLUMN eventlog.reader_position.delivered IS 'events delivered since the reader was made';

SELECT pg_catalog.pg_extension_config_dump('eventlog.reader_window', '');
SELECT pg_catalog.pg_extension_config_dump('eventlog.reader_position', '');
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
    next_attempt_at timestamptz
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

CREATE VIEW eventlog.forward_status AS
SELECT t.name AS target,
       CASE WHEN t.paused OR t.incarnation IS DISTINCT FROM coalesce(c.incarnation, t.incarnation)
                 OR (c.incarnation IS NULL AND t.incarnation IS NOT NULL) THEN 'paused'
            ELSE t.state END AS state,
       p.last_id AS position,
       lag.events AS lag_events,
       coalesce(greatest(extract(epoch FROM clock_timestamp() - lag.oldest), 0), 0)::double precision AS lag_seconds,
       coalesce(eventlog.in_flight(t.server), 0) AS in_flight,
       p.delivered AS sent,
       t.retried,
       t.dead,
       t.last_error,
       t.last_error_at,
       t.next_attempt_at
FROM eventlog.targets t
JOIN eventlog.reader_window w ON w.kind = 'target' AND w.name = t.name
JOIN eventlog.reader_position p ON p.kind = 'target' AND p.name = t.name
LEFT JOIN eventlog.cluster c ON true
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
-- A dead letter that is to be sent again has the time of that in redriven_at; the worker finds it there.
CREATE FUNCTION eventlog.redrive(target text, event_id uuid DEFAULT NULL) RETURNS bigint
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

CREATE FUNCTION eventlog.redrive(target text, from_ts timestamptz, to_ts timestamptz, reason text) RETURNS bigint
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

CREATE FUNCTION eventlog.purge_dead_letters(target text, before timestamptz) RETURNS bigint
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

CREATE FUNCTION eventlog.rewind_target(target text, start_at text) RETURNS void
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

CREATE FUNCTION eventlog.wait_for_forward(event_id uuid, target text, timeout interval) RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'eventlog_wait_for_forward';
COMMENT ON FUNCTION eventlog.wait_for_forward(uuid, text, interval) IS
    'waits until a target''s endpoint has taken an event; false on time-out, or when it is a dead letter';
CREATE FUNCTION eventlog.maintain() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_maintain';
COMMENT ON FUNCTION eventlog.maintain() IS
    'adopts a restored database and makes partitions ahead, as the worker does: for any scheduler';

CREATE FUNCTION eventlog.version(OUT library text, OUT catalog text, OUT built_with text) RETURNS record
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_version';
COMMENT ON FUNCTION eventlog.version() IS 'version of the library and of its SQL objects, and what the library was built with';
CREATE FUNCTION eventlog.log_counters(OUT logged bigint, OUT rejected jsonb, OUT since timestamptz) RETURNS record
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_log_counters';
COMMENT ON FUNCTION eventlog.log_counters() IS
    'events logged and calls refused (by SQLSTATE) in this database since the server started; NULL without preloading';

CREATE VIEW eventlog.stats AS
SELECT c.logged,
       CASE WHEN c.rejected IS NOT NULL THEN coalesce(r.calls, 0) END AS rejected,
       c.rejected AS rejected_by_sqlstate,
       f.forwarded,
       t.retried,
       t.dead,
       t.left_out,
       d.dead_letters,
       c.since AS counted_since
FROM eventlog.log_counters() c,
     LATERAL (SELECT sum(value::bigint)::bigint AS calls FROM jsonb_each_text(c.rejected)) r,
     (SELECT coalesce(sum(delivered), 0)::bigint AS forwarded FROM eventlog.reader_position WHERE kind = 'target') f,
     (SELECT coalesce(sum(retried), 0)::bigint AS retried, coalesce(sum(dead), 0)::bigint AS dead,
             coalesce(sum(left_out), 0)::bigint AS left_out FROM eventlog.targets) t,
     (SELECT count(*) AS dead_letters FROM eventlog.dead_letters) d;
COMMENT ON VIEW eventlog.stats IS 'what became of events in this database: logged and refused, forwarded and not';
COMMENT ON COLUMN eventlog.stats.logged IS 'events of committed transactions since counted_since; NULL without preloading';
COMMENT ON COLUMN eventlog.stats.rejected IS 'log calls refused since counted_since; NULL without preloading';
COMMENT ON COLUMN eventlog.stats.rejected_by_sqlstate IS 'the same by SQLSTATE';
COMMENT ON COLUMN eventlog.stats.forwarded IS 'events taken by endpoints, over the targets there are';
COMMENT ON COLUMN eventlog.stats.retried IS 'requests that failed and were tried again, over the targets there are';
COMMENT ON COLUMN eventlog.stats.dead IS 'times that an event became a dead letter, over the targets there are';
COMMENT ON COLUMN eventlog.stats.left_out IS 'events of requests that an endpoint took and says it left out, over the targets there are';
COMMENT ON COLUMN eventlog.stats.dead_letters IS 'rows of eventlog.dead_letters';

CREATE FUNCTION eventlog.metric_label(name text, value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s="%s"', name, replace(replace(replace(value, E'\\', E'\\\\'), '"', E'\\"'), E'\n', E'\\n'))
$$;
COMMENT ON FUNCTION eventlog.metric_label(text, text) IS 'a label in Prometheus text, its value escaped';

CREATE FUNCTION eventlog.metrics() RETURNS text
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
        SELECT s.*, eventlog.metric_label('target', s.target) AS label,
               (SELECT count(*) FROM eventlog.dead_letters d WHERE d.target = s.target) AS dead_letters,
               t.left_out
        FROM eventlog.forward_status s JOIN eventlog.targets t ON t.name = s.target),
    counters AS MATERIALIZED (SELECT * FROM eventlog.log_counters()),
    samples(name, labels, value) AS (
        SELECT 'eventlog_logged_events_total', NULL, logged::text FROM counters WHERE logged IS NOT NULL
        UNION ALL
        SELECT 'eventlog_rejected_calls_total', eventlog.metric_label('sqlstate', key), value
        FROM counters, jsonb_each_text(rejected)
        UNION ALL
        SELECT 'eventlog_partitions_ahead', NULL, count(*)::text
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'eventlog.events'::regclass
          AND eventlog.event_time(substring(pg_get_expr(c.relpartbound, c.oid) FROM $re$FROM \('([0-9a-f-]{36})'\)$re$)::uuid)
              > clock_timestamp()
        UNION ALL
        SELECT 'eventlog_target_state', s.label || ',' || eventlog.metric_label('state', state.name),
               (s.state = state.name)::int::text
        FROM status s,
             (VALUES ('running'), ('waiting'), ('paused'), ('unauthorized'), ('refused')) state(name)
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
-- PUBLIC may do nothing.
REVOKE ALL ON SCHEMA eventlog FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA eventlog FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA eventlog FROM PUBLIC;
REVOKE ALL ON TYPE eventlog.event_origin FROM PUBLIC;

-- What monitoring shows is pg_monitor's, with the functions that the views call in the name of who reads them.
GRANT USAGE ON SCHEMA eventlog TO pg_monitor;
GRANT SELECT ON eventlog.forward_status, eventlog.stats TO pg_monitor;
GRANT EXECUTE ON FUNCTION eventlog.metrics(), eventlog.in_flight(oid), eventlog.selects(text, text, jsonb),
    eventlog.log_counters() TO pg_monitor;

SELECT eventlog.notify_worker();
