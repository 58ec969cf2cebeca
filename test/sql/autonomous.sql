-- Autonomous events are committed whether or not their caller commits.
\t on
\pset format unaligned
LOAD 'eventlog';

-- The worker uses the insert method that this run of the test selects.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET eventlog.insert_method = %L', current_database(), current_setting('eventlog.insert_method'));
END
$$;

-- The worker started before that setting was made; the next worker uses it.
SELECT count(pg_terminate_backend(pid, 180000)) < 2 FROM pg_stat_activity
WHERE backend_type = 'eventlog worker' AND datname = current_database();
SET eventlog.autonomous_timeout = '3min';

-- The same arguments store the same row as log_event.
SELECT stored(eventlog.log_event_autonomous('autonomous.plain'));
SELECT stored(eventlog.log_event_autonomous(' autonomous.full ', '{"b": [1, {"c": null}], "a": "\u00e9"}', 'type', 'u-1', 'user', 'order', '12', 'shop',
    'frontend', '2026-01-02 03:04:05.678901+00', 1.5, '1.2.3', '4bf92f3577b34da6a3ce929d0e0e4736', 'sofa-1', true, 'autonomous-0', '9.9'));
SELECT bool_and(a #- '{metadata,_eventLog,callerXid}' = b)
FROM (SELECT stored(eventlog.log_event_autonomous('autonomous.same', document, actor_id => 'u', value => n, sofa => repeat('s', 256))) AS a,
             stored(eventlog.log_event('autonomous.same', document, actor_id => 'u', value => n, sofa => repeat('s', 256))) AS b
      FROM (VALUES (1, '{}'::jsonb), (2, NULL), (3, jsonb_build_object('deep', '[[[{"x": 1e30}]]]'::jsonb, 'long', repeat('x', 60000)))) v(n, document)) s;
BEGIN;
SET LOCAL eventlog.source = 'till';
SET LOCAL eventlog.actor_type = 'clerk';
SET LOCAL eventlog.actor_id = 'c-1';
SET LOCAL eventlog.app_version = '7.0';
SET LOCAL eventlog.traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
SET LOCAL eventlog.forward_default = on;
SELECT stored(eventlog.log_event_autonomous('autonomous.defaults')) #- '{metadata,_eventLog,callerXid}';
COMMIT;

-- The same errors are raised, and nothing is written.
CREATE FUNCTION both_refuse(arguments text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    plain text := array_to_string(ARRAY(SELECT refusal(format('SELECT eventlog.log_event(%s)', arguments))), E'\n');
    autonomous text := array_to_string(ARRAY(SELECT refusal(format('SELECT eventlog.log_event_autonomous(%s)', arguments))), E'\n');
BEGIN
    RETURN NEXT autonomous;
    IF plain <> autonomous THEN RETURN NEXT 'BUT log_event: ' || plain; END IF;
END
$$;
SELECT both_refuse($$NULL$$);
SELECT both_refuse($$' '$$);
SELECT both_refuse($$'n', '[]'$$);
SELECT both_refuse($$'n', '{"_eventLog": 1}'$$);
SELECT both_refuse($$'n', jsonb_build_object('x', repeat('x', 65536))$$);
SELECT both_refuse($$'n', actor_type => 'user'$$);
SELECT both_refuse($$'n', sofa => repeat('s', 257)$$);
SELECT both_refuse($$'n', value => 'NaN'$$);
SELECT both_refuse($$'n', event_ts => 'infinity'$$);

-- The event stays when the transaction, the savepoint or the statement is rolled back.
BEGIN;
SELECT eventlog.log_event_autonomous('autonomous.kept 1') IS NOT NULL;
SELECT eventlog.log_event('autonomous.gone') IS NOT NULL;
ROLLBACK;
BEGIN;
SAVEPOINT a;
SELECT eventlog.log_event_autonomous('autonomous.kept 2') IS NOT NULL;
ROLLBACK TO a;
COMMIT;
DO $$
BEGIN
    PERFORM eventlog.log_event_autonomous('autonomous.kept 3');
    RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN
    NULL;
END
$$;
SELECT 1 / (length(eventlog.log_event_autonomous('autonomous.kept 4')::text) - 36);
SELECT event_name, count(*) FROM eventlog.events WHERE event_name ~ '^autonomous\.(kept|gone)' GROUP BY 1 ORDER BY 1;

-- callerXid is the caller's top-level transaction if it has one; xid is the transaction of the writer.
BEGIN;
SELECT eventlog.log_event_autonomous('autonomous.no xid') AS id \gset
SELECT metadata -> '_eventLog' ? 'callerXid' FROM eventlog.events WHERE event_id = :'id';
SELECT pg_current_xact_id() AS caller \gset
SAVEPOINT a;
CREATE TEMPORARY TABLE scratch ();
SELECT eventlog.log_event_autonomous('autonomous.xid') AS id \gset
SELECT metadata -> '_eventLog' -> 'callerXid' = to_jsonb(:'caller'::text), xid > :'caller'::xid8, pg_xact_status(:'caller')
FROM eventlog.events WHERE event_id = :'id';
ROLLBACK;
SELECT pg_xact_status((metadata -> '_eventLog' ->> 'callerXid')::xid8), pg_xact_status(xid) FROM eventlog.events WHERE event_id = :'id';
BEGIN;
SELECT pg_current_xact_id() IS NOT NULL;
SELECT eventlog.log_event_autonomous('autonomous.xid') AS id \gset
COMMIT;
SELECT pg_xact_status((metadata -> '_eventLog' ->> 'callerXid')::xid8) FROM eventlog.events WHERE event_id = :'id';
SELECT same_bytes(metadata, metadata::text::jsonb) FROM eventlog.events WHERE event_id = :'id';

-- A read-only transaction may log, because another process writes; its next statement sees the row.
BEGIN READ ONLY;
SELECT eventlog.log_event_autonomous('autonomous.read only') IS NOT NULL;
SELECT count(*) FROM eventlog.events WHERE event_name = 'autonomous.read only';
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM eventlog.events WHERE event_name = 'autonomous.snapshot';
SELECT eventlog.log_event_autonomous('autonomous.snapshot') IS NOT NULL;
SELECT count(*) FROM eventlog.events WHERE event_name = 'autonomous.snapshot';
COMMIT;
SELECT count(*) FROM eventlog.events WHERE event_name = 'autonomous.snapshot';

-- The idempotency key holds over both ways of logging, and outlives the caller's transaction.
BEGIN;
SELECT eventlog.log_event_autonomous('autonomous.key', '{"a": 1}', idempotency_key => 'autonomous-1') AS id \gset
ROLLBACK;
SELECT eventlog.log_event_autonomous('autonomous.key', '{"a": 1}', idempotency_key => 'autonomous-1') = :'id';
SELECT eventlog.log_event('autonomous.key', '{"a": 1}', idempotency_key => 'autonomous-1') = :'id';
SELECT verdict($$SELECT eventlog.log_event_autonomous('autonomous.key', '{"a": 2}', idempotency_key => 'autonomous-1')$$);
SELECT count(*) FROM eventlog.events WHERE event_name = 'autonomous.key';
BEGIN;
SELECT eventlog.log_event('autonomous.own', idempotency_key => 'autonomous-2') IS NOT NULL;
SELECT refusal($$SELECT eventlog.log_event_autonomous('autonomous.own', idempotency_key => 'autonomous-2')$$);
ROLLBACK;
SELECT eventlog.log_event_autonomous('autonomous.own', idempotency_key => 'autonomous-2') IS NOT NULL;

-- The key belongs to the login role of the caller, not to the worker that writes the event.
SELECT eventlog.log_event_autonomous('autonomous.held', '{"a": 1}', source => 's', idempotency_key => 'autonomous-4') AS held \gset
CREATE ROLE regress_eventlog_other;
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_other;
GRANT EXECUTE ON FUNCTION eventlog.log_event, eventlog.log_event_autonomous TO regress_eventlog_other;
SET SESSION AUTHORIZATION regress_eventlog_other;
SELECT eventlog.log_event_autonomous('autonomous.held', '{"a": 2}', source => 's', idempotency_key => 'autonomous-4') AS other \gset
SELECT :'other' <> :'held', eventlog.log_event('autonomous.held', '{"a": 2}', source => 's', idempotency_key => 'autonomous-4') = :'other';
RESET SESSION AUTHORIZATION;
SELECT eventlog.log_event('autonomous.held', '{"a": 1}', source => 's', idempotency_key => 'autonomous-4') = :'held';
DROP OWNED BY regress_eventlog_other;
DROP ROLE regress_eventlog_other;

-- The key holds for the window that the caller has set.
SELECT eventlog.log_event('autonomous.window', idempotency_key => 'autonomous-3') AS id \gset
BEGIN;
SET LOCAL eventlog.idempotency_window = '1s';
SELECT pg_sleep(1.1);
SELECT eventlog.log_event_autonomous('autonomous.window', idempotency_key => 'autonomous-3') = :'id';
COMMIT;

-- An event that the table refuses fails alone, with the table's error; an event that waits for a lock of its own caller fails.
CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.event_name = 'autonomous.refused' THEN
        RAISE 'not this one' USING ERRCODE = 'EV001', DETAIL = 'A detail.', HINT = 'A hint.', COLUMN = 'event_name', CONSTRAINT = 'ours';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refuse_some BEFORE INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION refuse_some();
SELECT refusal($$SELECT eventlog.log_event_autonomous('autonomous.refused')$$);
SELECT eventlog.log_event_autonomous('autonomous.not refused') IS NOT NULL;
DROP TRIGGER refuse_some ON eventlog.events;
DROP FUNCTION refuse_some;

-- The worker runs the triggers of the events that it writes, and does not wait for itself.
CREATE FUNCTION log_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.event_name = 'autonomous.outer' THEN PERFORM eventlog.log_event_autonomous('autonomous.inner'); END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER log_another BEFORE INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION log_another();
SELECT refusal($$SELECT eventlog.log_event_autonomous('autonomous.outer')$$);
SELECT eventlog.log_event('autonomous.outer') IS NOT NULL;
DROP TRIGGER log_another ON eventlog.events;
DROP FUNCTION log_another;
SELECT event_name, count(*) FROM eventlog.events WHERE event_name IN ('autonomous.outer', 'autonomous.inner') GROUP BY 1 ORDER BY 1;

BEGIN;
LOCK TABLE eventlog.events;
SELECT refusal($$SELECT eventlog.log_event_autonomous('autonomous.locked')$$);
ROLLBACK;

-- A parallel worker cannot log.
SELECT proparallel FROM pg_proc WHERE oid = 'eventlog.log_event_autonomous'::regproc;

-- A written event counts as logged, a refused one as rejected.
SELECT logged AS logged_before, rejected AS rejected_before FROM eventlog.stats \gset
SELECT eventlog.log_event_autonomous('autonomous.counted') IS NOT NULL;
SELECT verdict($$SELECT eventlog.log_event_autonomous('')$$);
SELECT logged - :logged_before, rejected - :rejected_before FROM eventlog.stats;

DROP FUNCTION both_refuse;
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I RESET eventlog.insert_method', current_database());
END
$$;
