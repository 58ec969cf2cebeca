-- Schema eventlog shows what an application, a DBA and a monitoring system may call; the rest is in eventlog_internal.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;

-- The first one is a trigger function: dumps of older releases name it for each partition.
SELECT proname FROM pg_proc WHERE pronamespace = 'eventlog'::regnamespace ORDER BY proname <> 'refuse_change', proname COLLATE "C";
SELECT relname FROM pg_class WHERE relnamespace = 'eventlog'::regnamespace AND relkind IN ('v', 'm') ORDER BY relname COLLATE "C";
SELECT typname FROM pg_type t WHERE typnamespace = 'eventlog'::regnamespace AND typelem = 0
    AND NOT EXISTS (SELECT FROM pg_class c WHERE c.reltype = t.oid);

-- Tables stay there, because dumps of older releases name them.
SELECT relname FROM pg_class
WHERE relnamespace = 'eventlog'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname COLLATE "C";

-- Every other object of the extension that has a schema is in eventlog_internal, and that schema holds nothing else.
CREATE VIEW members AS
SELECT d.classid, d.objid, o.schema
FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) o
WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'eventlog');
SELECT schema, classid::regclass, count(*) > 0 FROM members
WHERE schema <> 'eventlog' AND classid <> 'pg_type'::regclass GROUP BY 1, 2 ORDER BY 1, 2;
SELECT classid::regclass, count(*) FROM members
WHERE classid = 'pg_namespace'::regclass AND objid = 'eventlog_internal'::regnamespace GROUP BY classid;
SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'eventlog_internal'::regnamespace
    AND oid NOT IN (SELECT objid FROM members WHERE classid = 'pg_proc'::regclass)
UNION ALL
SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'eventlog_internal'::regnamespace
    AND (relkind <> 'v' OR oid NOT IN (SELECT objid FROM members WHERE classid = 'pg_class'::regclass));
DROP VIEW members;

-- Nobody but its owner has a privilege on the schema.
SELECT nspowner = (SELECT extowner FROM pg_extension WHERE extname = 'eventlog'),
       (SELECT count(*) FROM aclexplode(coalesce(nspacl, acldefault('n', nspowner))) WHERE grantee <> nspowner)
FROM pg_namespace WHERE nspname = 'eventlog_internal';

-- A role needs no privilege in eventlog_internal to call what is public.
DROP ROLE IF EXISTS regress_eventlog_user;
CREATE ROLE regress_eventlog_user IN ROLE pg_monitor;
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_user;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA eventlog TO regress_eventlog_user;
GRANT SELECT ON ALL TABLES IN SCHEMA eventlog TO regress_eventlog_user;
GRANT USAGE ON FOREIGN DATA WRAPPER eventlog TO regress_eventlog_user;
SET ROLE regress_eventlog_user;
SELECT verdict('SELECT eventlog_internal.require_target(''t'')'), verdict('SELECT FROM eventlog_internal.target_states');

-- The event triggers, the triggers and the validator run with the privileges of the role whose command fires them.
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog
    OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson', events 'nothing.at.all');
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_eventlog_a OPTIONS (api_key 'k');
ALTER SERVER regress_eventlog_a OPTIONS (SET events 'nothing.here');
ALTER SERVER regress_eventlog_a RENAME TO regress_eventlog_b;
SELECT verdict($$ALTER SERVER regress_eventlog_b OPTIONS (unheard_of '1')$$);

SELECT eventlog.log_event('public') AS id \gset
SELECT statement, verdict(statement) FROM unnest(ARRAY[
    $$SELECT eventlog.log_envelope('{"eventName": "public"}')$$, $$SELECT eventlog.log_events('[]')$$,
    $$SELECT eventlog.log_events_json('[]')$$, $$SELECT * FROM eventlog.try_log_events('[]')$$,
    $$SELECT eventlog.event_time(eventlog.from_ulid(eventlog.ulid(gen_random_uuid())))$$, $$SELECT eventlog.horizon()$$,
    $$SELECT eventlog.list_events()$$, $$SELECT * FROM eventlog.find_events()$$, $$SELECT FROM eventlog.settled_events LIMIT 1$$,
    $$SELECT eventlog.maintain()$$, $$SELECT eventlog.version()$$,
    $$SELECT eventlog.pause_target('regress_eventlog_b')$$, $$SELECT eventlog.redrive('regress_eventlog_b')$$,
    $$SELECT eventlog.redrive('regress_eventlog_b', NULL, NULL, NULL)$$,
    $$SELECT eventlog.purge_dead_letters('regress_eventlog_b', now())$$,
    $$SELECT eventlog.rewind_target('regress_eventlog_b', 'now')$$, $$SELECT FROM eventlog.forward_status$$,
    $$SELECT FROM eventlog.stats$$, $$SELECT FROM eventlog.consumers$$, $$SELECT FROM eventlog.partitions$$,
    $$SELECT eventlog.resume_target('regress_eventlog_b')$$,
    $$SELECT eventlog.set_retention('eventlog.events', NULL)$$, $$SELECT eventlog.metrics()$$,
    $$SELECT eventlog.create_consumer('regress public', 'beginning')$$,
    $$SELECT FROM eventlog.poll('regress public', 1)$$, $$SELECT eventlog.ack('regress public', gen_random_uuid())$$,
    $$SELECT eventlog.nack('regress public', gen_random_uuid())$$, $$SELECT eventlog.drop_consumer('regress public')$$,
    $$SELECT eventlog.erase_actor(NULL, 'regress nobody')$$, $$SELECT eventlog.erase_resource(NULL, 'regress nothing')$$
    ]) statement;
SELECT verdict(format('SELECT eventlog.erase_event(%L)', :'id')),
       verdict(format('SELECT eventlog.wait_for_forward(%L, ''regress_eventlog_b'', ''0'')', :'id'));
SELECT value -> 'error' FROM jsonb_each(eventlog.health() -> 'checks') WHERE value ? 'error';
DROP SERVER regress_eventlog_b CASCADE;
RESET ROLE;

-- A row that a dump restores replaces the row that CREATE SERVER made, whoever restores it.
GRANT INSERT, DELETE ON eventlog.reader_position TO regress_eventlog_user;
SET ROLE regress_eventlog_user;
BEGIN;
INSERT INTO eventlog.reader_position (kind, name) VALUES ('target', 'regress_eventlog_c'), ('target', 'regress_eventlog_c');
SELECT count(*) FROM eventlog.reader_position WHERE name = 'regress_eventlog_c';
ROLLBACK;
RESET ROLE;
DROP OWNED BY regress_eventlog_user;
DROP ROLE regress_eventlog_user;
