-- The privileges of each role.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_eventlog_nobody, regress_eventlog_writer, regress_eventlog_member;
CREATE ROLE regress_eventlog_nobody;
CREATE ROLE regress_eventlog_writer;
CREATE ROLE regress_eventlog_member IN ROLE regress_eventlog_writer;

-- PUBLIC has no privilege in the schemas, on tables, on functions, or on types.
CREATE VIEW granted AS
SELECT 'schema' AS kind, nspname::text AS name, coalesce(nspacl, acldefault('n', nspowner)) AS acl
FROM pg_namespace WHERE nspname IN ('eventlog', 'eventlog_internal')
UNION ALL
SELECT 'relation', relname, coalesce(relacl, acldefault('r', relowner))
FROM pg_class WHERE relnamespace IN ('eventlog'::regnamespace, 'eventlog_internal'::regnamespace) AND relkind IN ('r', 'p', 'v', 'S')
UNION ALL
SELECT 'function', proname, coalesce(proacl, acldefault('f', proowner))
FROM pg_proc WHERE pronamespace IN ('eventlog'::regnamespace, 'eventlog_internal'::regnamespace)
UNION ALL
SELECT 'type', typname, coalesce(typacl, acldefault('T', typowner))
FROM pg_type WHERE typnamespace IN ('eventlog'::regnamespace, 'eventlog_internal'::regnamespace) AND typtype = 'e'
UNION ALL
SELECT 'foreign data wrapper', fdwname, coalesce(fdwacl, acldefault('F', fdwowner))
FROM pg_foreign_data_wrapper WHERE fdwname = 'eventlog';
SELECT kind, count(*) > 0, string_agg(name, ', ') FILTER (WHERE EXISTS (SELECT FROM aclexplode(acl) WHERE grantee = 0))
FROM granted GROUP BY kind ORDER BY kind;
DROP VIEW granted;

SET ROLE regress_eventlog_nobody;
SELECT refusal(statement) FROM unnest(ARRAY[
    'SELECT eventlog.log_event(''e'')', 'SELECT * FROM eventlog.events', 'SELECT eventlog.maintain()',
    'SELECT ''backend''::eventlog.event_origin',
    'CREATE SERVER regress_eventlog FOREIGN DATA WRAPPER eventlog OPTIONS (url ''http://127.0.0.1:1/'')']) statement;
RESET ROLE;

-- USAGE on the schema alone gives access to no function and no table.
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_nobody;
SET ROLE regress_eventlog_nobody;
SELECT statement, verdict(statement) FROM unnest(ARRAY[
    'SELECT eventlog.log_event(''e'')', 'SELECT eventlog.log_envelope(''{"eventName": "e"}'')',
    'SELECT eventlog.log_events(''[]'')', 'SELECT eventlog.log_events_json(''[]'')', 'SELECT eventlog.maintain()',
    'SELECT eventlog.version()', 'SELECT eventlog.ulid(gen_random_uuid())', 'SELECT eventlog.from_ulid(''0'')',
    'SELECT eventlog.event_time(gen_random_uuid())', 'SELECT eventlog.horizon()', 'SELECT eventlog.pause_target(''t'')',
    'SELECT eventlog.resume_target(''t'')', 'SELECT FROM eventlog.events', 'SELECT FROM eventlog.cluster',
    'SELECT FROM eventlog.targets', 'SELECT FROM eventlog.dead_letters', 'SELECT FROM eventlog.reader_window',
    'SELECT FROM eventlog.reader_position', 'SELECT FROM eventlog.forward_status']) statement;
RESET ROLE;

-- A role that may execute log_event may log, with no privilege on a table, and can do nothing else.
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_writer;
GRANT EXECUTE ON FUNCTION eventlog.log_event, eventlog.log_envelope, eventlog.log_events,
    eventlog.log_events_json TO regress_eventlog_writer;
SET ROLE regress_eventlog_member;
SELECT eventlog.log_event('by a writer') IS NOT NULL;
SELECT eventlog.log_envelope('{"eventName": "by a writer"}') IS NOT NULL;
SELECT count(*) FROM eventlog.log_events('[{"eventName": "by a writer"}]');
SELECT count(*) FROM eventlog.log_events_json('[{"eventName": "by a writer"}]');
SELECT statement, verdict(statement) FROM unnest(ARRAY[
    'SELECT FROM eventlog.events', 'SELECT event_name FROM eventlog.events',
    'INSERT INTO eventlog.events (event_name) VALUES (''e'')',
    'UPDATE eventlog.events SET event_name = ''f''', 'DELETE FROM eventlog.events', 'TRUNCATE eventlog.events',
    'LOCK TABLE eventlog.events IN SHARE MODE', 'ALTER TABLE eventlog.events DISABLE TRIGGER append_only',
    'DROP TABLE eventlog.events',
    'CREATE TABLE eventlog.mine (n int)',
    'CREATE TRIGGER t BEFORE INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    'CREATE INDEX ON eventlog.events (source)']) statement;
DO $$
DECLARE
    leaf regclass;
    action text;
    tried int := 0;
BEGIN
    FOR leaf IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'eventlog.events'::regclass LOOP
        FOREACH action IN ARRAY ARRAY['SELECT FROM %s', 'INSERT INTO %s (event_name) VALUES (1)',
                                      'UPDATE %s SET event_name = 1', 'DELETE FROM %s', 'TRUNCATE %s'] LOOP
            tried := tried + 1;
            IF verdict(format(action, leaf)) <> '42501' THEN RAISE NOTICE '% is open to %', leaf, action; END IF;
        END LOOP;
    END LOOP;
    IF tried = 0 THEN RAISE NOTICE 'no partition was tried'; END IF;
END
$$;
RESET ROLE;
SELECT count(*), count(DISTINCT metadata -> '_eventLog' -> 'caller' -> 'actorId')
FROM eventlog.events WHERE event_name = 'by a writer';

-- A writer's own search_path, operators and functions do not affect the insertion.
CREATE SCHEMA regress_eventlog_trap AUTHORIZATION regress_eventlog_member;
SET ROLE regress_eventlog_member;
CREATE FUNCTION regress_eventlog_trap.caught(text, text) RETURNS boolean
    LANGUAGE plpgsql AS 'BEGIN RAISE ''caught as %'', current_user; END';
CREATE OPERATOR regress_eventlog_trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = regress_eventlog_trap.caught);
CREATE TEMPORARY TABLE events (event_name text);
SET search_path = regress_eventlog_trap, pg_temp, pg_catalog, public;
SELECT eventlog.log_event('by a writer') IS NOT NULL;
RESET search_path;
DROP TABLE events;
RESET ROLE;
DROP SCHEMA regress_eventlog_trap CASCADE;

-- After a log call, even one that failed, the session has the same user as before.
SET ROLE regress_eventlog_member;
SELECT eventlog.log_event('by a writer') IS NOT NULL, current_user;
SELECT verdict('SELECT eventlog.log_event('' '')'), current_user;
SELECT current_setting('search_path') = (SELECT reset_val FROM pg_settings WHERE name = 'search_path');
RESET ROLE;

-- The privilege to read the table is granted like any other.
GRANT SELECT ON eventlog.events TO regress_eventlog_member;
SET ROLE regress_eventlog_member;
SELECT count(*) FROM eventlog.events WHERE event_name = 'by a writer';
SELECT verdict('DELETE FROM eventlog.events');
RESET ROLE;

DROP OWNED BY regress_eventlog_nobody, regress_eventlog_writer, regress_eventlog_member;
DROP ROLE regress_eventlog_nobody, regress_eventlog_writer, regress_eventlog_member;
