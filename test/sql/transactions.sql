-- An event is part of the caller's transaction.
\t on
\pset format unaligned
LOAD 'eventlog';

-- An event is rolled back with its transaction.
BEGIN;
SELECT eventlog.log_event('gone') IS NOT NULL;
SELECT count(*) FROM eventlog.events WHERE event_name = 'gone';
ROLLBACK;
SELECT count(*) FROM eventlog.events WHERE event_name = 'gone';

-- A failing statement undoes its event.
SELECT refusal($$SELECT eventlog.log_event('gone'), 1 / 0 FROM generate_series(1, 2)$$);

-- A rollback to a savepoint undoes the events after it.
BEGIN;
SELECT eventlog.log_event('kept 1') IS NOT NULL;
SAVEPOINT a;
SELECT eventlog.log_event('undone 1') IS NOT NULL;
SAVEPOINT b;
SELECT eventlog.log_event('undone 2') IS NOT NULL;
ROLLBACK TO a;
SELECT eventlog.log_event('kept 2') IS NOT NULL;
RELEASE a;
SELECT eventlog.log_event('kept 3') IS NOT NULL;
COMMIT;
SELECT event_name FROM eventlog.events WHERE event_name ~ '^(kept|undone) ' ORDER BY event_id;

-- A refused call in a savepoint leaves the transaction able to log.
BEGIN;
SAVEPOINT a;
SELECT eventlog.log_event('refused', '[]');
ROLLBACK TO a;
SELECT eventlog.log_event('after a refusal') IS NOT NULL;
COMMIT;
SELECT event_name FROM eventlog.events WHERE event_name IN ('refused', 'after a refusal');

-- xid is the top-level transaction, even inside savepoints.
BEGIN;
SELECT eventlog.log_event('numbered') IS NOT NULL;
SAVEPOINT a;
SELECT eventlog.log_event('numbered') IS NOT NULL;
SAVEPOINT b;
SELECT eventlog.log_event('numbered') IS NOT NULL;
ROLLBACK TO a;
SELECT eventlog.log_event('numbered') IS NOT NULL;
DO $$
BEGIN
    PERFORM eventlog.log_event('numbered');
    RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN
    PERFORM eventlog.log_event('numbered');
END
$$;
SELECT count(*), bool_and(xid = pg_current_xact_id()) FROM eventlog.events WHERE event_name = 'numbered';
COMMIT;

-- xid is also the top-level transaction when the event is the transaction's first write, inside a savepoint.
BEGIN;
SAVEPOINT a;
SELECT eventlog.log_event('first write') IS NOT NULL;
RELEASE a;
SELECT xid = pg_current_xact_id() FROM eventlog.events WHERE event_name = 'first write';
COMMIT;
SELECT pg_visible_in_snapshot(xid, pg_current_snapshot()) FROM eventlog.events WHERE event_name = 'first write';

-- The same transaction sees the event, but not the statement that wrote it.
SELECT count(*) FILTER (WHERE logged IS NOT NULL),
       (SELECT count(*) FROM eventlog.events WHERE event_name = 'same statement')
FROM (SELECT eventlog.log_event('same statement') AS logged OFFSET 0) s;

-- A read-only transaction cannot log.
BEGIN READ ONLY;
SELECT refusal($$SELECT eventlog.log_event('read only')$$);
SELECT refusal($$SELECT eventlog.log_envelope('{"eventName": "read only"}')$$);
SELECT refusal($$SELECT * FROM eventlog.log_events('[{"eventName": "read only"}]')$$);
SELECT refusal($$SELECT * FROM eventlog.log_events_json('[{"eventName": "read only"}]')$$);
ROLLBACK;

-- log_event may be called wherever a function may be called.
CREATE TABLE place (id uuid DEFAULT eventlog.log_event('column default'), n int);
INSERT INTO place (n) VALUES (1), (2);
SELECT count(*) FROM place JOIN eventlog.events ON event_id = id;
WITH logged AS (INSERT INTO place (n) SELECT 3 RETURNING id) SELECT count(*) FROM logged;
CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM eventlog.log_event('place.' || lower(TG_OP), to_jsonb(NEW) - 'id');
    RETURN NULL;
END
$$;
CREATE TRIGGER log_change AFTER UPDATE ON place FOR EACH ROW EXECUTE FUNCTION log_change();
UPDATE place SET n = -n;
SELECT stored(event_id) FROM eventlog.events WHERE event_name = 'place.update' ORDER BY event_id;
DROP TABLE place;
DROP FUNCTION log_change();

-- A deferred trigger logs at the end of the transaction.
CREATE TABLE deferred (n int);
CREATE FUNCTION log_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM eventlog.log_event('deferred', to_jsonb(NEW));
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER log_late AFTER INSERT ON deferred DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION log_late();
BEGIN;
INSERT INTO deferred VALUES (1);
SELECT count(*) FROM eventlog.events WHERE event_name = 'deferred';
COMMIT;
SELECT count(*) FROM eventlog.events WHERE event_name = 'deferred';
DROP TABLE deferred;
DROP FUNCTION log_late();

-- A cursor logs as many events as rows are fetched from it.
BEGIN;
DECLARE calls CURSOR FOR SELECT eventlog.log_event('fetched') IS NOT NULL FROM generate_series(1, 5);
FETCH 2 FROM calls;
COMMIT;
SELECT count(*) FROM eventlog.events WHERE event_name = 'fetched';

-- Logging works under every isolation level.
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM eventlog.events WHERE event_name = 'isolated';
SELECT eventlog.log_event('isolated') IS NOT NULL;
SELECT count(*) FROM eventlog.events WHERE event_name = 'isolated';
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT eventlog.log_event('isolated') IS NOT NULL;
SELECT count(*) FROM eventlog.events WHERE event_name = 'isolated';
COMMIT;

-- One statement, and one transaction, can make many calls.
SELECT count(DISTINCT eventlog.log_event('many', jsonb_build_object('n', n))) FROM generate_series(1, 1000) n;
SELECT count(*), count(DISTINCT xid), count(DISTINCT metadata -> 'n') FROM eventlog.events WHERE event_name = 'many';
