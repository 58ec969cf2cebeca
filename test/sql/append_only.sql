-- UPDATE, DELETE and TRUNCATE of events are refused for everybody.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_eventlog_editor;
CREATE ROLE regress_eventlog_editor;

SELECT eventlog.log_event('kept', '{"n": 1}') IS NOT NULL;
-- Returns the parent and the leaf that holds the event.
SELECT tableoid::regclass AS leaf FROM eventlog.events WHERE event_name = 'kept' \gset

-- A superuser is refused, on the parent and on every partition, and the error names the way out.
SELECT refusal('DELETE FROM eventlog.events WHERE event_name = ''kept''');
SELECT refusal('UPDATE eventlog.events SET value = 1');
SELECT refusal('TRUNCATE eventlog.events');
CREATE FUNCTION verdicts(actions text[], relation text) RETURNS TABLE (action text, verdict text)
    LANGUAGE sql AS $$ SELECT action, verdict(format(action, relation)) FROM unnest(actions) action $$;
CREATE TABLE actions AS SELECT ARRAY[
    'UPDATE %s SET value = 1', 'UPDATE %s SET metadata = metadata || ''{"n": 2}'' WHERE event_name = ''kept''',
    'UPDATE ONLY %s SET value = 1',
    'UPDATE %s SET value = 1 WHERE false', 'UPDATE %s SET event_id = gen_random_uuid()',
    'DELETE FROM %s', 'DELETE FROM %s WHERE event_name = ''kept''', 'DELETE FROM ONLY %s', 'DELETE FROM %s WHERE false',
    'DELETE FROM %s USING pg_class WHERE event_name = relname',
    'WITH gone AS (DELETE FROM %s RETURNING *) SELECT count(*) FROM gone', 'TRUNCATE %s',
    'MERGE INTO %s e USING (SELECT 1) s ON event_name = ''kept'' WHEN MATCHED THEN DELETE',
    'MERGE INTO %s e USING (SELECT 1) s ON event_name = ''kept'' WHEN MATCHED THEN UPDATE SET value = 1',
    'MERGE INTO %s e USING (SELECT 1) s ON false WHEN MATCHED THEN DELETE'] AS actions;
SELECT a.action, a.verdict, b.verdict FROM actions, verdicts(actions, 'eventlog.events') a JOIN verdicts(actions,
    :'leaf') b USING (action);
SELECT count(*) > 0, bool_and(verdict = '55000 append_only')
FROM pg_inherits, actions, verdicts(actions, inhrelid::regclass::text) WHERE inhparent = 'eventlog.events'::regclass;

-- TRUNCATE of another table does not reach the log by CASCADE.
CREATE TABLE referenced (id uuid PRIMARY KEY);
SELECT verdict('TRUNCATE referenced, eventlog.events'), verdict('TRUNCATE referenced CASCADE');

-- ON CONFLICT DO UPDATE is refused: on a leaf by the trigger, on the parent because it has no key.
CREATE FUNCTION again(relation text, action text) RETURNS text
    LANGUAGE sql AS $$
    SELECT verdict(format('INSERT INTO %s SELECT * FROM eventlog.events WHERE event_name = ''kept''
                           ON CONFLICT (event_id) %s', relation, action))
$$;
SELECT again(:'leaf', 'DO UPDATE SET value = 1'), again('eventlog.events', 'DO UPDATE SET value = 1'),
       again(:'leaf', 'DO NOTHING');

-- A MERGE that only inserts or does nothing changes no event.
SELECT verdict('MERGE INTO eventlog.events e USING (SELECT 1) s ON event_name = ''kept'' WHEN MATCHED THEN DO NOTHING');

-- The refusal holds under session_replication_role = replica.
SET session_replication_role = replica;
SELECT count(*), bool_and(a.verdict = '55000 append_only'), bool_and(b.verdict = '55000 append_only')
FROM actions, verdicts(actions, 'eventlog.events') a JOIN verdicts(actions, :'leaf') b USING (action);
RESET session_replication_role;

-- The refusal holds through a view, and through a function of the owner.
CREATE VIEW of_events AS SELECT * FROM eventlog.events;
SELECT a.action, a.verdict FROM actions, verdicts(ARRAY['UPDATE %s SET value = 1', 'DELETE FROM %s'], 'of_events') a;
CREATE FUNCTION delete_events() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM eventlog.events';
SELECT verdict('SELECT delete_events()');

-- A role that has been granted everything is refused.
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_editor;
GRANT ALL ON ALL TABLES IN SCHEMA eventlog TO regress_eventlog_editor;
GRANT ALL ON actions TO regress_eventlog_editor;
SET ROLE regress_eventlog_editor;
SELECT count(*), bool_and(a.verdict = '55000 append_only'), bool_and(b.verdict = '55000 append_only')
FROM actions, verdicts(actions, 'eventlog.events') a JOIN verdicts(actions, :'leaf') b USING (action);
RESET ROLE;

-- An owner who is not a superuser is refused.
BEGIN;
GRANT CREATE ON SCHEMA eventlog TO regress_eventlog_editor;
ALTER TABLE eventlog.events OWNER TO regress_eventlog_editor;
ALTER TABLE :leaf OWNER TO regress_eventlog_editor;
SET LOCAL ROLE regress_eventlog_editor;
SELECT count(*), bool_and(a.verdict = '55000 append_only'), bool_and(b.verdict = '55000 append_only')
FROM actions, verdicts(actions, 'eventlog.events') a JOIN verdicts(actions, :'leaf') b USING (action);
ROLLBACK;

-- A detached partition stays append-only, and may be dropped.
BEGIN;
ALTER TABLE eventlog.events DETACH PARTITION :leaf;
SELECT count(*), bool_and(verdict = '55000 append_only') FROM actions, verdicts(actions, :'leaf');
DROP TABLE :leaf;
ROLLBACK;

-- A restore, which copies rows in, is not refused.
BEGIN;
SELECT event_id AS restored FROM eventlog.events WHERE event_name = 'kept' \gset
SELECT regexp_replace(:'restored', '.{12}$', lpad(to_hex(42), 12, '0')) AS restored \gset
CREATE TABLE copied AS SELECT * FROM eventlog.events WHERE event_name = 'kept';
UPDATE copied SET event_id = :'restored', event_name = 'restored';
INSERT INTO eventlog.events SELECT * FROM copied;
SELECT stored(:'restored') ->> 'event_name';
ROLLBACK;
COPY eventlog.events FROM stdin;
\.

-- The owner can remove the trigger from a partition, which is the last resort.
BEGIN;
ALTER TABLE :leaf DISABLE TRIGGER append_only;
SELECT verdict(format('UPDATE %s SET value = 1', :'leaf')), verdict('UPDATE eventlog.events SET value = 1'),
       verdict(format('DELETE FROM %s', :'leaf'));
ROLLBACK;

-- None of these statements has changed anything; reads and row locks are not refused.
SELECT stored(event_id), value IS NULL FROM eventlog.events WHERE event_name = 'kept' FOR UPDATE;

DROP FUNCTION verdicts, again, delete_events;
DROP VIEW of_events;
DROP TABLE actions, referenced;
DROP OWNED BY regress_eventlog_editor;
DROP ROLE regress_eventlog_editor;
