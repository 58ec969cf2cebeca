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
COMMENT ON TRIGGER append_only ON eventlog.events IS 'events are never changed in place, but by the erasing functions';

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
CREATE FUNCTION eventlog.try_log_events(events jsonb)
    RETURNS TABLE (index integer, event_id uuid, sqlstate text, message text)
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'eventlog_try_log_events';
COMMENT ON FUNCTION eventlog.try_log_events(jsonb) IS
    'writes the good ones of an array of envelopes, and reports each: its zero-based index, and its id or what is wrong with it';
CREATE TABLE eventlog.idempotency_keys (
    event_id     uuid NOT NULL,
    key_hash     bytea NOT NULL,
    payload_hash bytea NOT NULL
) PARTITION BY RANGE (event_id);
COMMENT ON TABLE eventlog.idempotency_keys IS
    'the first event of each idempotency key; partitions older than eventlog.idempotency_window are dropped';
COMMENT ON COLUMN eventlog.idempotency_keys.key_hash IS 'half a SHA-256 of tenant, source and key';
COMMENT ON COLUMN eventlog.idempotency_keys.payload_hash IS 'half a SHA-256 of the fields that the caller gave';
CREATE FUNCTION eventlog.log_event_autonomous(
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
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000
    AS 'MODULE_PATHNAME', 'eventlog_log_event_autonomous';
COMMENT ON FUNCTION eventlog.log_event_autonomous IS
    'writes one event in a transaction of its own, committed and on disk when it returns, whatever becomes of the caller''s';
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
    kind           text NOT NULL CHECK (kind IN ('target', 'consumer')),
    name           text NOT NULL,
    win            bigint NOT NULL DEFAULT 0,
    from_snapshot  pg_snapshot NOT NULL,
    to_snapshot    pg_snapshot,
    start_after    uuid,
    start_snapshot pg_snapshot NOT NULL,
    opened_at      timestamptz,
    PRIMARY KEY (kind, name)
) WITH (fillfactor = 50);
COMMENT ON TABLE eventlog.reader_window IS 'what each reader of the log is reading';
COMMENT ON COLUMN eventlog.reader_window.win IS 'number of the window: a fence against a second reader';
COMMENT ON COLUMN eventlog.reader_window.to_snapshot IS 'end of the open window; NULL between windows';
COMMENT ON COLUMN eventlog.reader_window.start_after IS 'events up to this id are not read';
COMMENT ON COLUMN eventlog.reader_window.start_snapshot IS 'from_snapshot of the first window: what it sees is not read';
COMMENT ON COLUMN eventlog.reader_window.opened_at IS 'when the open window was stored';

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
CREATE VIEW eventlog.reader_cursors AS
SELECT w.kind, w.name, w.from_snapshot, w.to_snapshot, w.start_after, w.opened_at, p.last_id, p.delivered, at.done, at.reading,
       CASE WHEN at.done THEN w.to_snapshot ELSE w.from_snapshot END AS settled_until
FROM eventlog.reader_window w
JOIN eventlog.reader_position p ON p.kind = w.kind AND p.name = w.name
CROSS JOIN LATERAL (
    SELECT w.to_snapshot IS NOT NULL AND p.win = w.win AND p.done AS done,
           w.to_snapshot IS NOT NULL AND p.win = w.win AND NOT p.done AND p.last_id IS NOT NULL AS reading
) at;
COMMENT ON VIEW eventlog.reader_cursors IS 'where each reader is: what its window and its position say together';
COMMENT ON COLUMN eventlog.reader_cursors.done IS 'its window is used up';
COMMENT ON COLUMN eventlog.reader_cursors.reading IS 'it is inside its window, behind last_id';
COMMENT ON COLUMN eventlog.reader_cursors.settled_until IS 'events that this snapshot sees have been read';
-- Pages of the log. In the leader only: row security may ask for what a parallel worker does not know. Where a partition has no
-- key to walk along, a sequential scan is all there is; where it has one, none is ever better. Planning costs more than a page.
CREATE FUNCTION eventlog.list_events(
    source        text DEFAULT NULL,
    event_name    text DEFAULT NULL,
    event_type    text DEFAULT NULL,
    actor_type    text DEFAULT NULL,
    actor_id      text DEFAULT NULL,
    resource_type text DEFAULT NULL,
    resource_id   text DEFAULT NULL,
    trace_id      text DEFAULT NULL,
    tenant_id     uuid DEFAULT NULL,
    from_ts       timestamptz DEFAULT NULL,
    to_ts         timestamptz DEFAULT NULL,
    max_rows      integer DEFAULT 50,
    cursor        text DEFAULT NULL
) RETURNS jsonb
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'eventlog_list_events';
COMMENT ON FUNCTION eventlog.list_events IS
    'a page of the log as JSON, newest first: {"data": {"events": [...], "nextCursor": ...}}; all filters given must hold';

CREATE FUNCTION eventlog.find_events(
    source        text DEFAULT NULL,
    event_name    text DEFAULT NULL,
    event_type    text DEFAULT NULL,
    actor_type    text DEFAULT NULL,
    actor_id      text DEFAULT NULL,
    resource_type text DEFAULT NULL,
    resource_id   text DEFAULT NULL,
    trace_id      text DEFAULT NULL,
    tenant_id     uuid DEFAULT NULL,
    from_ts       timestamptz DEFAULT NULL,
    to_ts         timestamptz DEFAULT NULL,
    max_rows      integer DEFAULT 50,
    cursor        text DEFAULT NULL
) RETURNS SETOF eventlog.events
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000 ROWS 50
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'eventlog_find_events';
COMMENT ON FUNCTION eventlog.find_events IS
    'the rows of the page that list_events gives for the same arguments; the cursor of the next page is the ULID of the last row';
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
-- Only pg_upgrade keeps the row and changes the cluster's identifier, the server's version and the oids of foreign servers.
ALTER TABLE eventlog.cluster ADD COLUMN server_major integer;
COMMENT ON COLUMN eventlog.cluster.server_major IS
    'major version of the server that adopted the log: tells pg_upgrade from a copy; NULL where it is not known';

CREATE FUNCTION eventlog.link_targets() RETURNS void
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE eventlog.targets t
    SET server = (SELECT s.oid FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
                  WHERE w.fdwname = 'eventlog' AND s.srvname = t.name)
$$;
COMMENT ON FUNCTION eventlog.link_targets() IS 'finds the foreign server of each target by its name, where oids have changed';

CREATE FUNCTION eventlog.on_server_command() RETURNS event_trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog.link_targets()
    FROM eventlog.cluster c, pg_control_system() here
    WHERE c.system_identifier <> here.system_identifier;
END
$$;
COMMENT ON FUNCTION eventlog.on_server_command() IS
    'event trigger: after pg_upgrade, finds the servers of targets before a command changes or drops one';

CREATE EVENT TRIGGER eventlog_server_command ON ddl_command_start
    WHEN TAG IN ('CREATE SERVER', 'ALTER SERVER', 'DROP SERVER', 'DROP OWNED')
    EXECUTE FUNCTION eventlog.on_server_command();
ALTER EVENT TRIGGER eventlog_server_command ENABLE ALWAYS;
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
LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = t.server
LEFT JOIN LATERAL (
    SELECT o.option_value AS events FROM pg_options_to_table(s.srvoptions) o WHERE o.option_name = 'events'
) declared ON true
CROSS JOIN LATERAL (
    SELECT count(*) AS events, min(e.ingested_at) AS oldest
    FROM eventlog.events e
    WHERE (e.xid >= pg_snapshot_xmax(r.settled_until) OR e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(r.settled_until))))
      AND (r.start_after IS NULL OR e.event_id > r.start_after)
      AND NOT (r.reading AND e.event_id <= r.last_id AND pg_visible_in_snapshot(e.xid, r.to_snapshot))
      AND eventlog.selects(coalesce(declared.events, 'flagged'), e.event_name, e.metadata)
) lag;
COMMENT ON VIEW eventlog.forward_status IS 'each target: its state, how far it is, and how much waits for it';
COMMENT ON COLUMN eventlog.forward_status.dropped_unread IS
    'events that retention dropped before they had been sent to it (eventlog.retention_ignores_readers)';
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
-- The feed: consumers follow the log by the readers' windows. Up to a consumer's position everything has been handed out; what
-- has been and is not acknowledged stands in eventlog.leases, id by id, whatever becomes of snapshots, partitions and positions.
CREATE TABLE eventlog.consumer_definitions (
    name       text NOT NULL PRIMARY KEY,
    events     text[],
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE eventlog.consumer_definitions IS 'the consumers of the feed; their cursors are in reader_window and reader_position';
COMMENT ON COLUMN eventlog.consumer_definitions.events IS 'patterns over event names; NULL: every event';

CREATE TABLE eventlog.leases (
    consumer     text NOT NULL,
    win          bigint NOT NULL,
    first_id     uuid NOT NULL,
    last_id      uuid NOT NULL,
    ids          uuid[] NOT NULL,
    leased_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    leased_until timestamptz NOT NULL,
    pid          integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
    times        integer NOT NULL DEFAULT 1,
    PRIMARY KEY (consumer, win, last_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE eventlog.leases IS 'events that have been handed out and not been acknowledged, a row for what a poll returned';
COMMENT ON COLUMN eventlog.leases.win IS 'the window they are from: pieces are given out again in the order of window and id';
COMMENT ON COLUMN eventlog.leases.ids IS 'what is left of the piece, in order';
COMMENT ON COLUMN eventlog.leases.leased_until IS 'when it may be given out again; -infinity: it was given back';
COMMENT ON COLUMN eventlog.leases.pid IS 'the server process of the last poll';
COMMENT ON COLUMN eventlog.leases.times IS 'polls that have returned it';

SELECT pg_catalog.pg_extension_config_dump('eventlog.consumer_definitions', '');
SELECT pg_catalog.pg_extension_config_dump('eventlog.leases', '');

CREATE FUNCTION eventlog.matches(events text[], event_name text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_matches';
COMMENT ON FUNCTION eventlog.matches(text[], text) IS 'whether patterns over event names select this one; 22023 where they are none';

CREATE FUNCTION eventlog.lock_consumer(name text) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_lock_consumer';
COMMENT ON FUNCTION eventlog.lock_consumer(text) IS 'keeps a consumer''s pollers out until the transaction ends';

CREATE FUNCTION eventlog.wake_pollers() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_wake_pollers';
COMMENT ON FUNCTION eventlog.wake_pollers() IS 'has the polls that wait look again once the transaction commits';

CREATE FUNCTION eventlog.require_consumer(name text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF name IS NULL THEN
        RAISE EXCEPTION 'name must not be null' USING ERRCODE = 'null_value_not_allowed', COLUMN = 'name';
    ELSIF NOT EXISTS (SELECT FROM eventlog.consumer_definitions c WHERE c.name = require_consumer.name) THEN
        RAISE EXCEPTION 'consumer "%" does not exist', name
            USING ERRCODE = 'undefined_object', COLUMN = 'name', HINT = 'Make it with eventlog.create_consumer.';
    END IF;
END
$$;
COMMENT ON FUNCTION eventlog.require_consumer(text) IS 'refuses the name of a consumer that does not exist (42704)';

CREATE FUNCTION eventlog.create_consumer(name text, start_at text DEFAULT 'now', events text[] DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    start record;
BEGIN
    IF name IS NULL OR start_at IS NULL THEN
        RAISE EXCEPTION '% must not be null', CASE WHEN name IS NULL THEN 'name' ELSE 'start_at' END
            USING ERRCODE = 'null_value_not_allowed', COLUMN = CASE WHEN name IS NULL THEN 'name' ELSE 'start_at' END;
    ELSIF name !~ '[^[:space:]]' THEN
        RAISE EXCEPTION 'name must not be blank' USING ERRCODE = 'invalid_parameter_value', COLUMN = 'name';
    ELSIF char_length(name) > 256 THEN
        RAISE EXCEPTION 'name is too long'
            USING ERRCODE = 'string_data_right_truncation', COLUMN = 'name',
                  DETAIL = format('The limit is 256 characters; found %s.', char_length(name));
    END IF;
    PERFORM eventlog.matches(events, '');
    -- Numbers of transactions mean something in a log that has been adopted only.
    PERFORM eventlog.maintain();
    start := eventlog.read_start(start_at);
    INSERT INTO eventlog.consumer_definitions (name, events) VALUES (create_consumer.name, create_consumer.events)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'consumer "%" already exists', name USING ERRCODE = 'duplicate_object', COLUMN = 'name';
    END IF;
    INSERT INTO eventlog.reader_window (kind, name, from_snapshot, start_snapshot, start_after)
    VALUES ('consumer', create_consumer.name, start.from_snapshot, start.from_snapshot, start.start_after);
    INSERT INTO eventlog.reader_position (kind, name) VALUES ('consumer', create_consumer.name);
END
$$;
COMMENT ON FUNCTION eventlog.create_consumer(text, text, text[]) IS
    'makes a consumer that begins at start_at (now, beginning, after an event, from a time) and sees the events that the patterns select';

CREATE FUNCTION eventlog.drop_consumer(name text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog.lock_consumer(name);
    PERFORM eventlog.require_consumer(name);
    DELETE FROM eventlog.consumer_definitions c WHERE c.name = drop_consumer.name;
    DELETE FROM eventlog.reader_window w WHERE w.kind = 'consumer' AND w.name = drop_consumer.name;
    DELETE FROM eventlog.reader_position p WHERE p.kind = 'consumer' AND p.name = drop_consumer.name;
    DELETE FROM eventlog.leases l WHERE l.consumer = drop_consumer.name;
END
$$;
COMMENT ON FUNCTION eventlog.drop_consumer(text) IS 'drops a consumer, its position and its leases';

CREATE FUNCTION eventlog.lease_again(consumer text, max_rows integer, leased_until timestamptz) RETURNS uuid[]
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases;
    taken uuid[];
    rest uuid[];
BEGIN
    LOOP
        -- What an acknowledgement has locked is left to it.
        SELECT l.* INTO piece FROM eventlog.leases l
        WHERE l.consumer = lease_again.consumer AND l.leased_until <= clock_timestamp()
        ORDER BY l.win, l.last_id LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN taken;
        END IF;
        DELETE FROM eventlog.leases l WHERE l.consumer = piece.consumer AND l.win = piece.win AND l.last_id = piece.last_id;
        -- Events may have left the log meanwhile.
        taken := ARRAY(SELECT e.event_id FROM eventlog.events e
                       WHERE e.event_id BETWEEN piece.first_id AND piece.last_id AND e.event_id = ANY (piece.ids)
                       ORDER BY e.event_id LIMIT max_rows);
        CONTINUE WHEN cardinality(taken) = 0;
        rest := ARRAY(SELECT id FROM unnest(piece.ids) id WHERE id > taken[max_rows] ORDER BY id);
        INSERT INTO eventlog.leases (consumer, win, first_id, last_id, ids, leased_until, times)
        VALUES (piece.consumer, piece.win, taken[1], taken[cardinality(taken)], taken, lease_again.leased_until, piece.times + 1);
        IF cardinality(rest) > 0 THEN
            INSERT INTO eventlog.leases (consumer, win, first_id, last_id, ids, leased_at, leased_until, pid, times)
            VALUES (piece.consumer, piece.win, rest[1], rest[cardinality(rest)], rest, piece.leased_at, piece.leased_until,
                    piece.pid, piece.times);
        END IF;
        RETURN taken;
    END LOOP;
END
$$;
COMMENT ON FUNCTION eventlog.lease_again(text, integer, timestamptz) IS
    'leases the first of a consumer''s events whose lease has ended; NULL when there are none, empty when those have left the log. Under lock_consumer';

CREATE FUNCTION eventlog.lease_next(name text, max_rows integer, wait interval, lease interval) RETURNS uuid[]
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_lease_next';
COMMENT ON FUNCTION eventlog.lease_next(text, integer, interval, interval) IS 'the part of poll that finds and leases the events';

-- Plans that are kept must know no sequential scan: one made while a partition was empty would be kept as it grows.
CREATE FUNCTION eventlog.poll(name text, max_rows integer DEFAULT 100, wait interval DEFAULT '0',
                              lease interval DEFAULT '30 seconds') RETURNS SETOF eventlog.events
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    ids uuid[] := eventlog.lease_next(name, max_rows, wait, lease);
BEGIN
    IF ids IS NOT NULL THEN
        RETURN QUERY SELECT e.* FROM eventlog.events e
        WHERE e.event_id BETWEEN ids[1] AND ids[cardinality(ids)] AND e.event_id = ANY (ids)
        ORDER BY e.event_id;
    END IF;
END
$$;
COMMENT ON FUNCTION eventlog.poll(text, integer, interval, interval) IS
    'leases a consumer''s next events and returns them in order; waits for some up to a time';

CREATE FUNCTION eventlog.find_lease(name text, up_to uuid) RETURNS eventlog.leases
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases;
BEGIN
    PERFORM eventlog.require_consumer(name);
    IF up_to IS NULL THEN
        RAISE EXCEPTION 'up_to must not be null' USING ERRCODE = 'null_value_not_allowed', COLUMN = 'up_to';
    END IF;
    SELECT l.* INTO piece FROM eventlog.leases l
    WHERE l.consumer = find_lease.name AND up_to BETWEEN l.first_id AND l.last_id AND up_to = ANY (l.ids)
    FOR UPDATE;
    IF piece.leased_until > clock_timestamp() THEN
        RETURN piece;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION eventlog.find_lease(text, uuid) IS 'locks and returns the lease that holds an event, unless it has ended';

CREATE FUNCTION eventlog.ack(name text, up_to uuid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases := eventlog.find_lease(name, up_to);
    rest uuid[];
BEGIN
    IF piece.consumer IS NULL THEN
        RETURN false;
    END IF;
    IF up_to = piece.last_id THEN
        DELETE FROM eventlog.leases l WHERE l.consumer = piece.consumer AND l.win = piece.win AND l.last_id = piece.last_id;
    ELSE
        rest := ARRAY(SELECT id FROM unnest(piece.ids) id WHERE id > up_to ORDER BY id);
        UPDATE eventlog.leases l SET first_id = rest[1], ids = rest
        WHERE l.consumer = piece.consumer AND l.win = piece.win AND l.last_id = piece.last_id;
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION eventlog.ack(text, uuid) IS
    'says that the events of a lease up to and including this one are done; false when its lease has ended: they are given out again';

CREATE FUNCTION eventlog.nack(name text, up_to uuid) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases := eventlog.find_lease(name, up_to);
BEGIN
    UPDATE eventlog.leases l SET leased_until = '-infinity'
    WHERE l.consumer = piece.consumer AND l.win = piece.win AND l.last_id = piece.last_id;
    PERFORM eventlog.wake_pollers();
END
$$;
COMMENT ON FUNCTION eventlog.nack(text, uuid) IS
    'gives what is left of the lease that holds this event back at once, to be given out again; nothing when it has ended';

CREATE VIEW eventlog.consumers AS
SELECT c.name,
       c.events,
       r.last_id AS position,
       lag.events AS lag_events,
       coalesce(greatest(extract(epoch FROM clock_timestamp() - lag.oldest), 0), 0)::double precision AS lag_seconds,
       leased.events AS leased_events,
       leased.pieces AS leased_pieces,
       leased.oldest AS oldest_lease,
       CASE WHEN r.to_snapshot IS NOT NULL AND NOT r.done THEN r.opened_at END AS window_opened_at,
       holder.pid AS held_by_pid,
       holder.xid AS held_by_xid,
       holder.gid AS held_by_prepared,
       holder.since AS held_since
FROM eventlog.consumer_definitions c
JOIN eventlog.reader_cursors r ON r.kind = 'consumer' AND r.name = c.name
CROSS JOIN LATERAL (
    SELECT count(*) AS events, min(e.ingested_at) AS oldest
    FROM eventlog.events e
    WHERE (e.xid >= pg_snapshot_xmax(r.settled_until) OR e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(r.settled_until))))
      AND (r.start_after IS NULL OR e.event_id > r.start_after)
      AND NOT (r.reading AND e.event_id <= r.last_id AND pg_visible_in_snapshot(e.xid, r.to_snapshot))
      AND (c.events IS NULL OR eventlog.matches(c.events, e.event_name))
) lag
CROSS JOIN LATERAL (
    SELECT count(*) AS pieces, coalesce(sum(cardinality(l.ids)), 0)::bigint AS events, min(l.leased_at) AS oldest
    FROM eventlog.leases l WHERE l.consumer = c.name
) leased
LEFT JOIN (
    -- A transaction that has written to the log holds this lock until it ends, prepared or not.
    SELECT own.transactionid AS xid, own.pid, x.gid, coalesce(x.prepared, a.xact_start) AS since
    FROM pg_locks written
    JOIN pg_locks own ON own.locktype = 'transactionid' AND own.mode = 'ExclusiveLock' AND own.granted
                     AND own.virtualtransaction = written.virtualtransaction AND own.pid IS NOT DISTINCT FROM written.pid
    LEFT JOIN pg_prepared_xacts x ON x.transaction = own.transactionid
    LEFT JOIN pg_stat_activity a ON a.pid = own.pid
    WHERE written.locktype = 'relation' AND written.relation = 'eventlog.events'::regclass
      AND written.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND written.mode = 'RowExclusiveLock' AND written.granted
    ORDER BY age(own.transactionid) DESC LIMIT 1
) holder ON true;
COMMENT ON VIEW eventlog.consumers IS 'each consumer: how far it is, how much waits for it, and which open transaction keeps events back';
COMMENT ON COLUMN eventlog.consumers.position IS 'last event read; up to it all have been handed out';
COMMENT ON COLUMN eventlog.consumers.lag_events IS 'committed events that have never been handed out';
COMMENT ON COLUMN eventlog.consumers.lag_seconds IS 'age of the oldest of them';
COMMENT ON COLUMN eventlog.consumers.leased_events IS 'events handed out and not acknowledged, their lease running or ended';
COMMENT ON COLUMN eventlog.consumers.leased_pieces IS 'the polls that returned them';
COMMENT ON COLUMN eventlog.consumers.oldest_lease IS 'when the first of them was leased';
COMMENT ON COLUMN eventlog.consumers.window_opened_at IS 'when the window that is being read was opened; NULL between windows';
COMMENT ON COLUMN eventlog.consumers.held_by_pid IS
    'process of the oldest transaction in progress that has written to the log; it delays its own events, and settled_events';
COMMENT ON COLUMN eventlog.consumers.held_by_xid IS 'its number';
COMMENT ON COLUMN eventlog.consumers.held_by_prepared IS 'its name, where it is a prepared transaction';
COMMENT ON COLUMN eventlog.consumers.held_since IS 'when it began, or was prepared';

CREATE VIEW eventlog.settled_events WITH (security_invoker = true) AS
SELECT e.*, e.xid::text::bigint AS settled_number
FROM eventlog.events e
WHERE e.xid < pg_snapshot_xmin(eventlog.horizon());
COMMENT ON VIEW eventlog.settled_events IS
    'events that no later commit can precede in the order of xid and event_id, for readers that keep a number';
COMMENT ON COLUMN eventlog.settled_events.settled_number IS
    'xid as a bigint: events of a greater number than the greatest seen are new. A condition on xid itself uses an index';

GRANT SELECT ON eventlog.consumers TO pg_monitor;
GRANT EXECUTE ON FUNCTION eventlog.matches(text[], text) TO pg_monitor;
CREATE FUNCTION eventlog.maintain() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_maintain';
COMMENT ON FUNCTION eventlog.maintain() IS
    'adopts a restored database and makes partitions ahead, as the worker does: for any scheduler';

CREATE FUNCTION eventlog.version(OUT library text, OUT catalog text, OUT built_with text) RETURNS record
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_version';
COMMENT ON FUNCTION eventlog.version() IS 'version of the library and of its SQL objects, and what the library was built with';
-- Letting old partitions go: what may go is decided here, and done by a process of its own (src/store/retention.cpp).
CREATE TABLE eventlog.retention (
    log  text NOT NULL PRIMARY KEY,
    keep interval NOT NULL
);
COMMENT ON TABLE eventlog.retention IS 'how long each log is kept; one that is not here is kept for ever';
COMMENT ON COLUMN eventlog.retention.log IS 'a partitioned table in schema eventlog';
SELECT pg_catalog.pg_extension_config_dump('eventlog.retention', '');

-- Not dumped: it speaks of tables of this database.
CREATE TABLE eventlog.retired_partitions (
    partition  oid NOT NULL PRIMARY KEY,
    name       text NOT NULL,
    log        text NOT NULL,
    from_time  timestamptz NOT NULL,
    to_time    timestamptz NOT NULL,
    unread     jsonb NOT NULL,
    retired_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE eventlog.retired_partitions IS
    'partitions that retention is dropping: tells one that it has detached from one that somebody else has';
COMMENT ON COLUMN eventlog.retired_partitions.unread IS
    'readers that are ignored, and how many events each had not read: [{"kind", "name", "events"}]';

CREATE VIEW eventlog.keep_times AS
SELECT r.log, r.keep FROM eventlog.retention r
UNION ALL
-- The longest window of any role. In seconds: a day of the time zone may be an hour shorter.
SELECT 'idempotency_keys', make_interval(secs => max(extract(epoch FROM w.setting::interval))::double precision)
FROM (SELECT current_setting('eventlog.idempotency_window', true)
      UNION ALL
      SELECT split_part(c.setting, '=', 2)
      FROM pg_catalog.pg_db_role_setting r
      CROSS JOIN unnest(r.setconfig) c(setting)
      LEFT JOIN pg_catalog.pg_database d ON d.oid = r.setdatabase
      WHERE c.setting LIKE 'eventlog.idempotency_window=%' AND (r.setdatabase = 0 OR d.datname = current_database())) w(setting);
COMMENT ON VIEW eventlog.keep_times IS 'how long each log is kept that is not kept for ever';

-- The partitioned tables that belong to the extension are its logs.
CREATE VIEW eventlog.log_partitions AS
SELECT p.relname::text AS log,
       c.oid AS partition,
       c.relname::text AS name,
       c.relkind AS kind,
       coalesce(eventlog.event_time(bound.ids[1]::uuid), '-infinity') AS from_time,
       coalesce(eventlog.event_time(bound.ids[2]::uuid), 'infinity') AS to_time,
       i.inhdetachpending AS detaching
FROM pg_catalog.pg_extension x
JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid AND d.deptype = 'e'
                           AND d.classid = 'pg_class'::regclass AND d.objsubid = 0
JOIN pg_catalog.pg_class p ON p.oid = d.objid AND p.relkind = 'p'
JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
LEFT JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid),
    $$^FOR VALUES FROM \((?:'([0-9a-f-]{36})'|MINVALUE)\) TO \((?:'([0-9a-f-]{36})'|MAXVALUE)\)$$) bound(ids) ON true
WHERE x.extname = 'eventlog';
COMMENT ON VIEW eventlog.log_partitions IS 'the partitions of every log and the times that their ids stand for';

CREATE FUNCTION eventlog.retention_max_bytes() RETURNS bigint
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_retention_max_bytes';
COMMENT ON FUNCTION eventlog.retention_max_bytes() IS 'eventlog.retention_max_size in bytes; 0: no limit';

CREATE FUNCTION eventlog.partition_bytes(partition oid) RETURNS bigint
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(sum(pg_total_relation_size(t.relid)), 0)::bigint FROM pg_partition_tree(partition) t
$$;
COMMENT ON FUNCTION eventlog.partition_bytes(oid) IS 'size of a partition on disk, indexes and TOAST included';

CREATE FUNCTION eventlog.set_retention(log regclass, keep interval) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known_as text;
BEGIN
    IF log IS NULL THEN
        RAISE EXCEPTION 'log must not be null'
            USING ERRCODE = 'null_value_not_allowed', COLUMN = 'log', HINT = 'Pass ''eventlog.events'', say.';
    END IF;
    SELECT c.relname INTO known_as
    FROM pg_class c
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
    JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND x.oid = d.refobjid AND x.extname = 'eventlog'
    WHERE c.oid = log AND c.relkind = 'p';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'log is no partitioned log of the extension: "%"', log
            USING ERRCODE = 'wrong_object_type', COLUMN = 'log',
                  HINT = 'The logs are those that the view eventlog.partitions shows.';
    END IF;
    IF EXISTS (SELECT FROM eventlog.keep_times k WHERE k.log = known_as)
       AND NOT EXISTS (SELECT FROM eventlog.retention r WHERE r.log = known_as) THEN
        RAISE EXCEPTION 'log is kept for a time of its own: "%"', set_retention.log
            USING ERRCODE = 'invalid_parameter_value', COLUMN = 'log',
                  DETAIL = 'A setting says how long its rows are of use.';
    END IF;
    IF keep IS NULL THEN
        DELETE FROM eventlog.retention r WHERE r.log = known_as;
        RETURN;
    END IF;
    -- Parts of both signs could add up to a time to come.
    IF keep <= interval '0' OR keep > interval '1000 years'
       OR least(extract(year FROM keep), extract(month FROM keep), extract(day FROM keep), extract(hour FROM keep),
                extract(minute FROM keep), extract(second FROM keep)) < 0 THEN
        RAISE EXCEPTION 'keep is out of range: %', keep
            USING ERRCODE = 'invalid_parameter_value', COLUMN = 'keep',
                  DETAIL = 'It must be above zero, without a part below it, and 1000 years at the most.',
                  HINT = 'NULL keeps for ever.';
    END IF;
    INSERT INTO eventlog.retention AS r (log, keep) VALUES (known_as, set_retention.keep)
    ON CONFLICT ON CONSTRAINT retention_pkey DO UPDATE SET keep = excluded.keep;
END
$$;
COMMENT ON FUNCTION eventlog.set_retention(regclass, interval) IS
    'has partitions of a log dropped once all of their time is older than this; NULL keeps for ever';

-- The rule of what a reader has still to read, as in eventlog.forward_status.
CREATE FUNCTION eventlog.unread(partition regclass, kind text, name text, most bigint DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    r eventlog.reader_cursors;
    selection text := 'all';
    patterns text[];
    events bigint;
BEGIN
    -- Shown as a number where the relation is no longer there.
    IF partition::text ~ '^[0-9]' THEN
        RETURN 0;
    END IF;
    SELECT c.* INTO r FROM eventlog.reader_cursors c WHERE c.kind = unread.kind AND c.name = unread.name;
    IF kind = 'target' THEN
        SELECT coalesce((SELECT o.option_value FROM pg_options_to_table(s.srvoptions) o WHERE o.option_name = 'events'), 'flagged')
        INTO selection
        FROM eventlog.targets t LEFT JOIN pg_foreign_server s ON s.oid = t.server WHERE t.name = unread.name;
    ELSIF kind = 'consumer' THEN
        SELECT c.events INTO patterns FROM eventlog.consumer_definitions c WHERE c.name = unread.name;
    END IF;
    EXECUTE format($query$
        SELECT count(*) FROM (
            SELECT FROM %s e
            WHERE (e.xid >= pg_snapshot_xmax($1) OR e.xid = ANY (ARRAY(SELECT pg_snapshot_xip($1))))
              AND ($2 IS NULL OR e.event_id > $2)
              AND NOT ($3 AND e.event_id <= $4 AND pg_visible_in_snapshot(e.xid, $5))
              AND ($6 = 'all' OR eventlog.selects($6, e.event_name, e.metadata))
              AND ($8 IS NULL OR eventlog.matches($8, e.event_name))
            LIMIT $7) waiting $query$, partition)
    INTO events
    USING r.settled_until, r.start_after, r.reading, r.last_id, r.to_snapshot, coalesce(selection, 'flagged'), most, patterns;
    IF events < coalesce(most, events + 1) THEN
        EXECUTE format($query$
            SELECT $2 + count(*)
            FROM (SELECT d.event_id FROM eventlog.dead_letters d WHERE $3 = 'target' AND d.target = $1 AND d.redriven_at IS NOT NULL
                  UNION ALL
                  SELECT id FROM eventlog.leases l, unnest(l.ids) id WHERE $3 = 'consumer' AND l.consumer = $1) given
            JOIN %s e ON e.event_id = given.event_id $query$, partition)
        INTO events USING unread.name, events, kind;
    END IF;
    RETURN events;
EXCEPTION WHEN undefined_table THEN
    -- It has been dropped since the caller's snapshot was taken.
    RETURN 0;
END
$$;
COMMENT ON FUNCTION eventlog.unread(regclass, text, text, bigint) IS
    'events of a partition of eventlog.events that a reader has still to read, with dead letters to be sent again and leases; counts to most';

CREATE FUNCTION eventlog.partition_holders(partition regclass) RETURNS TABLE (kind text, name text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.kind, w.name
    FROM eventlog.reader_window w
    WHERE EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = partition AND i.inhparent = 'eventlog.events'::regclass)
      AND eventlog.unread(partition, w.kind, w.name, 1) > 0
$$;
COMMENT ON FUNCTION eventlog.partition_holders(regclass) IS
    'readers that keep a partition from being dropped: they have events of it still to read';

CREATE FUNCTION eventlog.due_partitions() RETURNS TABLE (log text, partition oid, from_time timestamptz)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS now),
    sizes AS (
        -- With what is newer, so that one that is held has nothing newer dropped in its place.
        SELECT l.partition, sum(eventlog.partition_bytes(l.partition)) OVER (ORDER BY l.from_time DESC) AS bytes
        FROM eventlog.log_partitions l
        WHERE l.log = 'events' AND NOT l.detaching AND eventlog.retention_max_bytes() > 0)
    SELECT l.log, l.partition, l.from_time
    FROM eventlog.log_partitions l
    CROSS JOIN moment m
    LEFT JOIN eventlog.keep_times k ON k.log = l.log
    LEFT JOIN sizes s ON s.partition = l.partition
    WHERE NOT l.detaching AND l.kind IN ('r', 'p') AND l.to_time <= m.now
      AND (l.to_time <= m.now - k.keep OR s.bytes > eventlog.retention_max_bytes())
    ORDER BY l.from_time
$$;
COMMENT ON FUNCTION eventlog.due_partitions() IS
    'partitions that retention is to drop, oldest first: older than their log is kept, or above eventlog.retention_max_size';

CREATE FUNCTION eventlog.retire_partition(partition oid, ignores_readers boolean) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    holders jsonb;
BEGIN
    -- Of each log one can be detaching at a time.
    IF NOT EXISTS (SELECT FROM eventlog.due_partitions() d WHERE d.partition = retire_partition.partition
                   AND NOT EXISTS (SELECT FROM eventlog.log_partitions l WHERE l.log = d.log AND l.detaching)) THEN
        RETURN false;
    END IF;
    IF ignores_readers THEN
        SELECT jsonb_agg(jsonb_build_object('kind', h.kind, 'name', h.name, 'events', eventlog.unread(partition, h.kind, h.name)))
        INTO holders FROM eventlog.partition_holders(partition) h;
    ELSIF EXISTS (SELECT FROM eventlog.partition_holders(partition)) THEN
        RETURN false;
    END IF;
    INSERT INTO eventlog.retired_partitions (partition, name, log, from_time, to_time, unread)
    SELECT l.partition, l.name, l.log, l.from_time, l.to_time, coalesce(holders, '[]')
    FROM eventlog.log_partitions l WHERE l.partition = retire_partition.partition;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION eventlog.retire_partition(oid, boolean) IS
    'notes that a partition is about to be detached and dropped; false where it is not due any more, or held by a reader';

CREATE FUNCTION eventlog.unfinished_detach(partition oid, OUT command text, OUT marked xid) RETURNS SETOF record
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('ALTER TABLE eventlog.%I DETACH PARTITION %s FINALIZE', r.log, c.oid::regclass), i.xmin
    FROM eventlog.retired_partitions r
    JOIN pg_class c ON c.oid = r.partition AND c.relname = r.name
    JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = to_regclass(format('eventlog.%I', r.log))
    WHERE r.partition = unfinished_detach.partition AND i.inhdetachpending
$$;
COMMENT ON FUNCTION eventlog.unfinished_detach(oid) IS
    'of a partition that retention has left detaching: the command that completes it, and the transaction since which new queries do not see it';

CREATE FUNCTION eventlog.drop_retired(partition oid) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    retired eventlog.retired_partitions;
    unread record;
BEGIN
    DELETE FROM eventlog.retired_partitions r WHERE r.partition = drop_retired.partition RETURNING r.* INTO retired;
    -- It was not detached after all, or is no longer what it was.
    IF EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = retired.partition)
       OR NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = retired.partition AND c.relname = retired.name) THEN
        RETURN;
    END IF;
    EXECUTE format('DROP TABLE %s', retired.partition::regclass);
    FOR unread IN SELECT * FROM jsonb_to_recordset(retired.unread) AS u(kind text, name text, events bigint) LOOP
        UPDATE eventlog.targets t
        SET dropped_unread = t.dropped_unread + unread.events,
            last_error = format('retention dropped %s unread events of partition %s', unread.events, retired.name),
            last_error_at = clock_timestamp()
        WHERE unread.kind = 'target' AND t.name = unread.name;
        RAISE WARNING 'eventlog: retention dropped % events of partition "%" that % "%" had not read',
            unread.events, retired.name, unread.kind, unread.name;
    END LOOP;
END
$$;
COMMENT ON FUNCTION eventlog.drop_retired(oid) IS
    'drops a partition that retention has detached; one that is still a partition of its log is left alone';

CREATE FUNCTION eventlog.partition_list() RETURNS TABLE (
    log text, partition regclass, from_time timestamptz, to_time timestamptz, rows bigint, bytes bigint, state text, held_by text[])
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.log, l.partition::regclass, l.from_time, l.to_time,
           (SELECT sum(greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0))
            FROM pg_partition_tree(l.partition) t JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf)::bigint,
           eventlog.partition_bytes(l.partition),
           CASE WHEN l.detaching THEN 'detaching'
                WHEN l.from_time > clock_timestamp() THEN 'ahead'
                WHEN l.to_time <= clock_timestamp() THEN 'past'
                ELSE 'current' END,
           CASE WHEN d.partition IS NOT NULL
                THEN ARRAY(SELECT format('%s %s', h.kind, h.name) FROM eventlog.partition_holders(l.partition) h ORDER BY 1) END
    FROM eventlog.log_partitions l
    LEFT JOIN eventlog.due_partitions() d ON d.partition = l.partition
    UNION ALL
    SELECT r.log, c.oid::regclass, r.from_time, r.to_time, greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0),
           pg_total_relation_size(c.oid), 'detaching', NULL
    FROM eventlog.retired_partitions r JOIN pg_class c ON c.oid = r.partition AND c.relname = r.name
    WHERE NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)
$$;
COMMENT ON FUNCTION eventlog.partition_list() IS 'the rows of the view eventlog.partitions';

CREATE VIEW eventlog.partitions AS
SELECT * FROM eventlog.partition_list() ORDER BY log, from_time;
COMMENT ON VIEW eventlog.partitions IS 'the partitions of every log';
COMMENT ON COLUMN eventlog.partitions.from_time IS 'when its first id may have been made';
COMMENT ON COLUMN eventlog.partitions.to_time IS 'before when its last id was made';
COMMENT ON COLUMN eventlog.partitions.rows IS 'about how many, by the statistics collector or the last VACUUM or ANALYZE, whichever says more';
COMMENT ON COLUMN eventlog.partitions.bytes IS 'on disk, indexes and TOAST included';
COMMENT ON COLUMN eventlog.partitions.state IS 'ahead, current, past, or detaching: retention is dropping it';
COMMENT ON COLUMN eventlog.partitions.held_by IS
    'of a partition that retention is to drop: the readers that have events of it still to read; NULL where it is not due';

GRANT SELECT ON eventlog.partitions TO pg_monitor;
GRANT EXECUTE ON FUNCTION eventlog.partition_list() TO pg_monitor;
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
CREATE FUNCTION eventlog.partitions_ahead() RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT count(*)
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'eventlog.events'::regclass
      AND eventlog.event_time(substring(pg_get_expr(c.relpartbound, c.oid) FROM $re$FROM \('([0-9a-f-]{36})'\)$re$)::uuid)
          > clock_timestamp()
$$;
COMMENT ON FUNCTION eventlog.partitions_ahead() IS 'how many partitions of the log have been made for a time to come';

CREATE OR REPLACE FUNCTION eventlog.metrics() RETURNS text
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
        SELECT 'eventlog_partitions_ahead', NULL, eventlog.partitions_ahead()::text
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
CREATE FUNCTION eventlog.erase_actor(actor_type text, actor_id text) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000
    AS 'MODULE_PATHNAME', 'eventlog_erase_actor';
COMMENT ON FUNCTION eventlog.erase_actor(text, text) IS
    'removes the data of an actor''s events, whose rows stay, and logs that it did; a NULL type: of the id with every type; returns how many';

CREATE FUNCTION eventlog.erase_resource(resource_type text, resource_id text) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000
    AS 'MODULE_PATHNAME', 'eventlog_erase_resource';
COMMENT ON FUNCTION eventlog.erase_resource(text, text) IS
    'removes the data of a resource''s events, whose rows stay, and logs that it did; a NULL type: of the id with every type; returns how many';

CREATE FUNCTION eventlog.erase_event(event_id uuid) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000
    AS 'MODULE_PATHNAME', 'eventlog_erase_event';
COMMENT ON FUNCTION eventlog.erase_event(uuid) IS
    'removes the data of one event, whose row stays, and logs that it did; returns 1, or 0 when there was nothing to remove';
CREATE FUNCTION eventlog.worker_status(OUT preloaded boolean, OUT state text, OUT pid integer, OUT failures integer) RETURNS record
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_worker_status';
COMMENT ON FUNCTION eventlog.worker_status() IS
    'this database''s worker: none, wanted, started, running, finished, failed or held; NULL without preloading';

-- A check is ok, or not, or not known, and its figures.
CREATE FUNCTION eventlog.health_check(ok boolean, figures jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('status', CASE WHEN ok THEN 'ok' WHEN NOT ok THEN 'degraded' ELSE 'unknown' END) || figures
$$;
COMMENT ON FUNCTION eventlog.health_check(boolean, jsonb) IS 'one check of health(): its status, and its figures beside it';

-- A setting in its own unit, whatever unit it shows.
CREATE FUNCTION eventlog.seconds_of_setting(name text) RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT extract(epoch FROM current_setting(name)::interval)::integer $$;
COMMENT ON FUNCTION eventlog.seconds_of_setting(text) IS 'a setting that is a time, in seconds';

CREATE FUNCTION eventlog.health_version() RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog.health_check(v.library = v.catalog, jsonb_build_object('library', v.library, 'catalog', v.catalog))
    FROM eventlog.version() v
$$;
COMMENT ON FUNCTION eventlog.health_version() IS 'check of health(): the library is of the version of the SQL objects';

CREATE FUNCTION eventlog.health_preloaded() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog.health_check(w.preloaded OR NOT EXISTS (SELECT FROM eventlog.targets),
                                 jsonb_build_object('preloaded', w.preloaded))
    FROM eventlog.worker_status() w
$$;
COMMENT ON FUNCTION eventlog.health_preloaded() IS 'check of health(): the library is preloaded, where there are targets to send to';

-- An empty log has nothing to be adopted.
CREATE FUNCTION eventlog.health_adopted() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog.health_check(a.adopted OR NOT EXISTS (SELECT FROM eventlog.events), jsonb_build_object('adopted', a.adopted))
    FROM (SELECT EXISTS (SELECT FROM eventlog.cluster c, pg_control_system() s, pg_database d
                         WHERE c.system_identifier = s.system_identifier AND c.database = d.oid
                           AND d.datname = current_database()) AS adopted) a
$$;
COMMENT ON FUNCTION eventlog.health_adopted() IS
    'check of health(): the log knows this database as its own; a restored one is adopted by its first log call or maintain()';

-- A standby has no worker. Without targets one that has not been started is no fault; one that has failed is.
CREATE FUNCTION eventlog.health_forwarder() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog.health_check(
        coalesce(w.state = 'running', false) OR pg_is_in_recovery()
        OR (w.state IS DISTINCT FROM 'failed' AND NOT EXISTS (SELECT FROM eventlog.targets)),
        jsonb_build_object('state', w.state, 'pid', w.pid, 'failures', w.failures,
                           'forwarding', current_setting('eventlog.forwarding')::boolean))
    FROM eventlog.worker_status() w
$$;
COMMENT ON FUNCTION eventlog.health_forwarder() IS 'check of health(): this database''s worker runs';

-- Bounded, however much waits: events in the order in which a target reads them, from where it is, up to the first that it is
-- sent. Where none of so many is, the last one looked at stands for those behind it.
CREATE FUNCTION eventlog.oldest_waiting(target text) RETURNS timestamptz
    LANGUAGE plpgsql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    looked_at CONSTANT integer := 20000;
    reader record;
    event record;
    place integer := 0;
    read_until pg_snapshot;
    read_before xid8;
    found timestamptz;
    late timestamptz;
BEGIN
    SELECT r.*,
           coalesce((SELECT o.option_value FROM pg_options_to_table(s.srvoptions) o WHERE o.option_name = 'events'), 'flagged')
               AS events
    INTO reader
    FROM eventlog.targets t
    JOIN eventlog.reader_cursors r ON r.kind = 'target' AND r.name = t.name
    LEFT JOIN pg_foreign_server s ON s.oid = t.server
    WHERE t.name = oldest_waiting.target;

    IF reader.reading THEN
        FOR event IN
            SELECT e.ingested_at,
                   pg_visible_in_snapshot(e.xid, reader.to_snapshot) AND NOT pg_visible_in_snapshot(e.xid, reader.from_snapshot)
                   AND eventlog.selects(reader.events, e.event_name, e.metadata) AS waits
            FROM eventlog.events e WHERE e.event_id > reader.last_id ORDER BY e.event_id LIMIT looked_at
        LOOP
            place := place + 1;
            IF event.waits OR place = looked_at THEN
                RETURN event.ingested_at;
            END IF;
        END LOOP;
    END IF;

    place := 0;
    read_until := CASE WHEN reader.done OR reader.reading THEN reader.to_snapshot ELSE reader.from_snapshot END;
    read_before := pg_snapshot_xmax(read_until);
    FOR event IN
        SELECT e.ingested_at,
               (reader.start_after IS NULL OR e.event_id > reader.start_after)
               AND eventlog.selects(reader.events, e.event_name, e.metadata) AS waits
        FROM eventlog.events e WHERE e.xid >= read_before ORDER BY e.xid, e.event_id LIMIT looked_at
    LOOP
        place := place + 1;
        IF event.waits OR place = looked_at THEN
            found := event.ingested_at;
            EXIT;
        END IF;
    END LOOP;
    -- Of transactions that were under way then and have ended since.
    SELECT min(e.ingested_at) INTO late
    FROM pg_snapshot_xip(read_until) x,
         LATERAL (SELECT e.ingested_at, e.event_id, e.event_name, e.metadata FROM eventlog.events e
                  WHERE e.xid = x ORDER BY e.xid, e.event_id LIMIT looked_at) e
    WHERE (reader.start_after IS NULL OR e.event_id > reader.start_after)
      AND eventlog.selects(reader.events, e.event_name, e.metadata);
    RETURN least(found, late);
END
$$;
COMMENT ON FUNCTION eventlog.oldest_waiting(text) IS
    'about when the oldest event that waits for a target was logged; NULL when none does; costs the same however many wait';

CREATE FUNCTION eventlog.health_forward_lag() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog.health_check(coalesce(worst.seconds, 0) <= threshold OR pg_is_in_recovery(),
                                 jsonb_build_object('seconds', coalesce(worst.seconds, 0), 'threshold', threshold, 'target', worst.name))
    FROM eventlog.seconds_of_setting('eventlog.health_max_lag') threshold
    LEFT JOIN LATERAL (
        SELECT t.target AS name, round(greatest(extract(epoch FROM clock_timestamp() - waiting.since), 0), 3) AS seconds
        FROM eventlog.target_states t, LATERAL eventlog.oldest_waiting(t.target) waiting(since)
        WHERE t.state <> 'paused' AND waiting.since IS NOT NULL
        ORDER BY waiting.since LIMIT 1) worst ON true
$$;
COMMENT ON FUNCTION eventlog.health_forward_lag() IS
    'check of health(): the oldest event that waits for a target is not too old; paused targets do not count';

-- The one being filled may have begun since the last maintenance; a log that has not been adopted is not maintained.
CREATE FUNCTION eventlog.health_partitions_ahead() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog.health_check(count >= threshold OR NOT EXISTS (SELECT FROM eventlog.cluster),
                                 jsonb_build_object('count', count, 'threshold', threshold))
    FROM eventlog.partitions_ahead() count,
         greatest(current_setting('eventlog.partitions_ahead')::integer - 1, 0) threshold
$$;
COMMENT ON FUNCTION eventlog.health_partitions_ahead() IS 'check of health(): partitions are made ahead';

CREATE FUNCTION eventlog.health_dead_letters() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog.health_check(letters.count <= threshold, jsonb_build_object('count', letters.count, 'threshold', threshold))
    FROM (SELECT current_setting('eventlog.health_max_dead_letters')::bigint AS threshold) s,
         LATERAL (SELECT count(*) FROM (SELECT FROM eventlog.dead_letters LIMIT greatest(threshold + 1, 10000)) d) letters
$$;
COMMENT ON FUNCTION eventlog.health_dead_letters() IS
    'check of health(): dead letters are few; counted up to the threshold, or 10,000';

CREATE FUNCTION eventlog.health_targets() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog.health_check(coalesce(bool_and(t.state NOT IN ('unauthorized', 'refused')), true),
                                 jsonb_build_object('states', coalesce(jsonb_object_agg(t.target, t.state), '{}')))
    FROM eventlog.target_states t
$$;
COMMENT ON FUNCTION eventlog.health_targets() IS 'check of health(): no target is unauthorized or refused';

-- Prepared transactions are under way as others are.
CREATE FUNCTION eventlog.health_transaction_age() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog.health_check(coalesce(oldest.seconds, 0) <= threshold,
                                 jsonb_build_object('seconds', coalesce(oldest.seconds, 0), 'threshold', threshold,
                                                    'pid', oldest.pid, 'prepared', oldest.gid))
    FROM eventlog.seconds_of_setting('eventlog.health_max_transaction_age') threshold
    LEFT JOIN LATERAL (
        SELECT round(greatest(extract(epoch FROM clock_timestamp() - open.since), 0), 3) AS seconds, open.pid, open.gid
        FROM (SELECT a.xact_start AS since, a.pid, NULL AS gid FROM pg_stat_activity a
              WHERE a.datname = current_database() AND a.backend_xid IS NOT NULL
              UNION ALL
              SELECT p.prepared, NULL, p.gid FROM pg_prepared_xacts p WHERE p.database = current_database()) open
        ORDER BY open.since LIMIT 1) oldest ON true
$$;
COMMENT ON FUNCTION eventlog.health_transaction_age() IS
    'check of health(): no transaction that writes is open for too long, which delays its own events and keeps VACUUM from its work';

CREATE FUNCTION eventlog.health_retention() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog.health_check(count(*) = 0 OR current_setting('eventlog.retention_ignores_readers')::boolean,
                                 jsonb_build_object('heldPartitions', count(*), 'threshold', 0,
                                                    'oldest', min(held.name), 'heldBy', coalesce(min(held.held_by), '[]')::jsonb))
    FROM (SELECT first_value(c.relname::text) OVER oldest_first AS name, first_value(h.held_by) OVER oldest_first AS held_by
          FROM eventlog.due_partitions() d
          JOIN pg_class c ON c.oid = d.partition,
               LATERAL (SELECT jsonb_agg(format('%s %s', h.kind, h.name) ORDER BY h.kind, h.name)::text AS held_by
                        FROM eventlog.partition_holders(d.partition::regclass) h) h
          WHERE h.held_by IS NOT NULL
          WINDOW oldest_first AS (ORDER BY d.from_time)) held
$$;
COMMENT ON FUNCTION eventlog.health_retention() IS
    'check of health(): no partition that is old enough to go is held by a target or consumer that has not read it';

-- Each check by itself: what one cannot find out is unknown, and the others go on.
CREATE FUNCTION eventlog.health() RETURNS jsonb
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
    checks jsonb := jsonb_build_object('database', eventlog.health_check(true, jsonb_build_object(
        'name', current_database(), 'inRecovery', pg_is_in_recovery())));
    check_name text;
    check_function text;
    answer jsonb;
BEGIN
    FOR check_name, check_function IN VALUES
        ('version', 'health_version'),
        ('preloaded', 'health_preloaded'),
        ('adopted', 'health_adopted'),
        ('forwarder', 'health_forwarder'),
        ('forwardLag', 'health_forward_lag'),
        ('partitionsAhead', 'health_partitions_ahead'),
        ('retention', 'health_retention'),
        ('deadLetters', 'health_dead_letters'),
        ('targets', 'health_targets'),
        ('transactionAge', 'health_transaction_age')
    LOOP
        BEGIN
            IF check_name <> 'version' AND checks #>> '{version,status}' <> 'ok' THEN
                answer := eventlog.health_check(NULL, '{"error": "the versions of library and catalog differ"}');
            ELSE
                EXECUTE format('SELECT eventlog.%I()', check_function) INTO answer;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            answer := eventlog.health_check(NULL, jsonb_build_object('error', SQLERRM));
        END;
        checks := checks || jsonb_build_object(check_name, answer);
    END LOOP;
    RETURN jsonb_build_object(
        'status', CASE WHEN EXISTS (SELECT FROM jsonb_each(checks) c WHERE c.value ->> 'status' <> 'ok') THEN 'degraded' ELSE 'ok' END,
        'checkedAt', clock_timestamp(),
        'checks', checks);
END
$$;
COMMENT ON FUNCTION eventlog.health() IS
    'whether all is well, ok or degraded, with each check, its figure and its threshold: for a monitoring system';

GRANT EXECUTE ON FUNCTION eventlog.health() TO pg_monitor;
-- PUBLIC may do nothing with what this command has made; what was granted since stays, also on what it has replaced. The command
-- has written the extension's row, too.
DO $$
DECLARE
    made text;
BEGIN
    FOR made IN
        SELECT CASE d.classid
                   WHEN 'pg_class'::regclass THEN format('TABLE %s', d.objid::regclass)
                   WHEN 'pg_proc'::regclass THEN format('ROUTINE %s', d.objid::regprocedure)
                   ELSE format('TYPE %s', d.objid::regtype)
               END
        FROM pg_extension x
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid AND d.deptype = 'e' AND d.xmin = x.xmin
        WHERE x.extname = 'eventlog' AND d.classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass)
          -- Newer servers count row and array types as members; an array type has no privileges of its own.
          AND (d.classid <> 'pg_type'::regclass
               OR NOT EXISTS (SELECT FROM pg_depend i
                              WHERE i.classid = d.classid AND i.objid = d.objid AND i.deptype = 'i'))
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', made);
    END LOOP;
END
$$;
REVOKE ALL ON SCHEMA eventlog FROM PUBLIC;

-- What monitoring shows is pg_monitor's, with the functions that the views call in the name of who reads them.
GRANT USAGE ON SCHEMA eventlog TO pg_monitor;
GRANT SELECT ON eventlog.forward_status, eventlog.stats TO pg_monitor;
GRANT EXECUTE ON FUNCTION eventlog.metrics(), eventlog.in_flight(oid), eventlog.selects(text, text, jsonb),
    eventlog.log_counters() TO pg_monitor;

SELECT eventlog.notify_worker();
