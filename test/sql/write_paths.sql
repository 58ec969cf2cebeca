-- The two ways to write an event: directly into the partition, and by the executor if the table needs it.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_eventlog_owner, regress_eventlog_caller;

-- Both ways make equal rows, byte by byte.
CREATE FUNCTION log_pair(n int) RETURNS uuid
    LANGUAGE sql AS $$
    SELECT eventlog.log_event('pair', sample_object(n, n % 50), nullif('type ' || n % 3, 'type 0'), 'pair actor',
                              'user', 'order', 'pair ' || n,
                              'shop', CASE WHEN n % 2 = 0 THEN 'frontend'::eventlog.event_origin END, '2026-11-20',
                              n / 7.0, '1.0.0',
                              md5('pair ' || n), 'é', n % 2 = 0, 'key ' || n, '1')
$$;
CREATE TABLE pairs (place int, direct uuid, executed uuid);
SET eventlog.insert_method = 'auto';
INSERT INTO pairs (place, direct) SELECT n, log_pair(n) FROM generate_series(1, 100) n;
-- The keys are forgotten here, because the second way would write nothing otherwise.
DELETE FROM eventlog.idempotency_keys;
SET eventlog.insert_method = 'executor';
UPDATE pairs SET executed = log_pair(place);
RESET eventlog.insert_method;
ANALYZE pairs;
-- JIT is off because compiled code of PostgreSQL 17 sometimes loses the row type's reference, which is an error of the server.
SET jit = off;
SELECT count(*), bool_and(stored(direct) = stored(executed)), bool_and(same_bytes(d.metadata, e.metadata)),
       bool_and(pg_column_size(d) = pg_column_size(e)), bool_and(d.tableoid = e.tableoid)
FROM pairs JOIN eventlog.events d ON d.event_id = direct JOIN eventlog.events e ON e.event_id = executed;
SET eventlog.insert_method = 'quick';

-- Every index has every row of both ways.
CREATE FUNCTION found_by(condition text) RETURNS bigint
    LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM eventlog.events WHERE ' || condition INTO n;
    RETURN n;
END
$$;
SELECT condition, found_by(condition)
FROM unnest(ARRAY['event_id = ANY (ARRAY(SELECT direct FROM pairs UNION SELECT executed FROM pairs))',
                  'event_name = ''pair''',
                  'actor_id = ''pair actor''', 'resource_id = ANY (ARRAY(SELECT ''pair '' || place FROM pairs))',
                  'trace_id = ANY (ARRAY(SELECT md5(''pair '' || place) FROM pairs))',
                  'xid = ANY (ARRAY(SELECT DISTINCT xid FROM pairs JOIN eventlog.events ON event_id IN (direct, executed)))'
                 ]) condition;

-- A change to the table takes effect on the next events, by each log function and in a batch.
CREATE TABLE noted (what text, n bigint);
CREATE FUNCTION log_some() RETURNS TABLE (id uuid)
    LANGUAGE sql AS $$
    SELECT eventlog.log_event('some', '{"n": 1}')
    UNION ALL SELECT eventlog.log_envelope('{"eventName": "some", "metadata": {"n": 2}}')
    UNION ALL SELECT eventlog.log_events('[{"eventName": "some", "metadata": {"n": 3}},
                                           {"eventName": "some", "metadata": {"n": 4}}]')
    UNION ALL SELECT eventlog.log_events_json('[{"eventName": "some", "metadata": {"n": 5}},
                                                {"eventName": "some", "metadata": {"n": 6}}]')
$$;
CREATE VIEW some_events AS SELECT metadata - '_eventLog' AS metadata,
    event_id FROM eventlog.events WHERE event_name = 'some';

-- The user adds a column with a default, a generated column, and a column that is dropped again.
BEGIN;
ALTER TABLE eventlog.events ADD COLUMN extra text DEFAULT 'default',
    ADD COLUMN name_length int GENERATED ALWAYS AS (length(event_name)) STORED;
SELECT count(*) FROM log_some();
SELECT count(*), extra, name_length FROM eventlog.events WHERE event_name = 'some' GROUP BY extra, name_length;
ALTER TABLE eventlog.events DROP COLUMN extra, DROP COLUMN name_length;
SELECT count(*) FROM log_some();
SELECT count(*) FROM some_events;
ROLLBACK;

-- The parent has a row trigger: BEFORE, which may change the row, and AFTER.
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    INSERT INTO noted VALUES (format('%s %s %s', TG_WHEN, TG_LEVEL, TG_OP),
                              CASE TG_LEVEL WHEN 'ROW' THEN (NEW.metadata -> 'n')::int END);
    IF TG_LEVEL = 'ROW' AND TG_WHEN = 'BEFORE' THEN NEW.sofa := 'by trigger'; END IF;
    RETURN NEW;
END
$$;
BEGIN;
CREATE TRIGGER before_row BEFORE INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER after_row AFTER INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION note();
SELECT count(*) FROM log_some();
SELECT what, array_agg(n ORDER BY n) FROM noted GROUP BY what ORDER BY what;
SELECT count(*), sofa FROM eventlog.events WHERE event_name = 'some' GROUP BY sofa;
ROLLBACK;

-- A statement trigger fires once per event; another one has a transition table.
BEGIN;
CREATE TRIGGER before_statement BEFORE INSERT ON eventlog.events FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TRIGGER after_statement AFTER INSERT ON eventlog.events FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE FUNCTION note_rows() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    INSERT INTO noted SELECT 'transition', (metadata -> 'n')::int FROM added;
    RETURN NULL;
END
$$;
CREATE TRIGGER transition AFTER INSERT ON eventlog.events REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_rows();
SELECT count(*) FROM log_some();
SELECT what, count(*), array_agg(n ORDER BY n) FILTER (WHERE n IS NOT NULL) FROM noted GROUP BY what ORDER BY what;
SELECT count(*) FROM some_events;
ROLLBACK;

-- Only the leaf has a trigger.
SELECT tableoid::regclass AS leaf FROM eventlog.events WHERE event_name = 'pair' LIMIT 1 \gset
BEGIN;
CREATE TRIGGER on_leaf AFTER INSERT ON :leaf FOR EACH ROW EXECUTE FUNCTION note();
SELECT count(*) FROM log_some();
SELECT what, array_agg(n ORDER BY n) FROM noted GROUP BY what ORDER BY what;
ROLLBACK;

-- A trigger logs an event itself.
CREATE FUNCTION log_echo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.event_name = 'some' THEN PERFORM eventlog.log_event('echo', NEW.metadata - '_eventLog'); END IF;
    RETURN NEW;
END
$$;
BEGIN;
CREATE TRIGGER echo AFTER INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION log_echo();
SELECT count(*) FROM log_some();
SELECT string_agg(concat_ws(' ', event_name, metadata -> 'n'), ', ' ORDER BY event_id)
FROM eventlog.events WHERE event_name IN ('some', 'echo');
ROLLBACK;
DROP FUNCTION log_echo;

-- The table has a deferred constraint trigger.
BEGIN;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON eventlog.events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION note();
SELECT count(*) FROM log_some();
SELECT count(*) FROM noted;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT what, array_agg(n ORDER BY n) FROM noted GROUP BY what ORDER BY what;
ROLLBACK;

-- The table has a rule.
BEGIN;
CREATE RULE noted AS ON INSERT TO eventlog.events DO ALSO INSERT INTO noted VALUES ('rule', (NEW.metadata -> 'n')::int);
SELECT count(*) FROM log_some();
SELECT what, array_agg(n ORDER BY n) FROM noted GROUP BY what ORDER BY what;
SELECT count(*) FROM some_events;
ROLLBACK;

-- The parent and the leaf have a check constraint.
BEGIN;
ALTER TABLE eventlog.events ADD CONSTRAINT small CHECK (event_name <> 'some' OR metadata -> 'n' <> '4');
SELECT eventlog.log_event('some', '{"n": 1}') IS NOT NULL;
SELECT verdict('SELECT log_some()');
SELECT count(*) FROM some_events;
ROLLBACK;
BEGIN;
ALTER TABLE :leaf ADD CONSTRAINT small CHECK (event_name <> 'some' OR metadata -> 'n' <> '4');
SELECT verdict('SELECT log_some()');
ROLLBACK;

-- The user adds a plain, an expression, a partial and a GIN index; a unique index refuses events.
BEGIN;
CREATE INDEX own_plain ON eventlog.events (source, event_id);
CREATE INDEX own_expression ON eventlog.events (lower(event_name)) WHERE event_name = 'some';
CREATE INDEX own_gin ON eventlog.events USING gin (metadata);
SELECT count(*) FROM log_some();
SET LOCAL enable_seqscan = off;
SELECT count(*) FROM eventlog.events WHERE metadata @> '{"n": 3}' AND event_name = 'some';
SELECT count(*) FROM eventlog.events WHERE lower(event_name) = 'some' AND event_name = 'some';
CREATE UNIQUE INDEX own_unique ON :leaf ((metadata -> 'n')) WHERE event_name = 'some';
SELECT verdict('SELECT log_some()');
ROLLBACK;

-- Events are written as the table's owner, who is not subject to row security unless it is forced.
CREATE ROLE regress_eventlog_owner;
CREATE ROLE regress_eventlog_caller;
BEGIN;
GRANT USAGE, CREATE ON SCHEMA eventlog TO regress_eventlog_owner;
GRANT USAGE ON TYPE eventlog.event_origin TO regress_eventlog_owner;
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_caller;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA eventlog TO regress_eventlog_caller;
ALTER TABLE eventlog.events OWNER TO regress_eventlog_owner;
ALTER TABLE eventlog.events ENABLE ROW LEVEL SECURITY;
SET ROLE regress_eventlog_caller;
SELECT count(*) FROM log_some();
RESET ROLE;
ALTER TABLE eventlog.events FORCE ROW LEVEL SECURITY;
SET ROLE regress_eventlog_caller;
SELECT verdict('SELECT log_some()');
RESET ROLE;
CREATE POLICY small ON eventlog.events FOR INSERT TO regress_eventlog_owner WITH CHECK ((metadata -> 'n')::int < 10);
SET ROLE regress_eventlog_caller;
SELECT count(*) FROM log_some();
SELECT refusal('SELECT eventlog.log_event(''some'', ''{"n": 10}'')');
RESET ROLE;
SELECT count(*) FROM some_events;
ROLLBACK;
DROP ROLE regress_eventlog_owner, regress_eventlog_caller;

-- Without any of these the direct way is used again and writes the same rows.
SELECT count(*), count(DISTINCT stored(id)) FROM log_some() id;
SELECT count(*) FROM noted;

DROP VIEW some_events;
DROP FUNCTION log_some, log_pair, note, found_by;
DROP TABLE noted, pairs;
