-- The extension is created and dropped while a session is using it.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;

-- DROP EXTENSION removes everything, including partitions and targets, and can be rolled back.
CREATE FUNCTION left_over() RETURNS TABLE (what text, n bigint)
    LANGUAGE sql AS $$
    SELECT 'relations', count(*) FROM pg_class WHERE relnamespace IN (to_regnamespace('eventlog'), to_regnamespace('eventlog_internal'))
    UNION ALL SELECT 'functions', count(*) FROM pg_proc WHERE pronamespace IN (to_regnamespace('eventlog'), to_regnamespace('eventlog_internal'))
    UNION ALL SELECT 'schemas', count(*) FROM pg_namespace WHERE nspname IN ('eventlog', 'eventlog_internal')
    UNION ALL SELECT 'event triggers', count(*) FROM pg_event_trigger WHERE evtname LIKE 'eventlog%'
    UNION ALL SELECT 'servers', count(*) FROM pg_foreign_server WHERE srvname LIKE 'regress_eventlog%'
$$;
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
SELECT eventlog.pause_target('regress_eventlog_a');
SELECT what, n > 0 FROM left_over();

-- A log that holds events is not dropped, in whatever way, unless a superuser allows it.
SELECT eventlog.log_event('kept') IS NOT NULL;
SELECT refusal('DROP EXTENSION eventlog CASCADE');
SELECT verdict(format(command, current_user))
FROM unnest(ARRAY['DROP EXTENSION eventlog CASCADE', 'DROP SCHEMA eventlog CASCADE', 'DROP EXTENSION plpgsql CASCADE']) command;
CREATE ROLE regress_eventlog_app;
BEGIN;
CREATE TABLE own (n int) PARTITION BY RANGE (n);
CREATE TABLE own_1 PARTITION OF own FOR VALUES FROM (0) TO (9);
INSERT INTO own VALUES (1);
DROP TABLE own;
SET LOCAL ROLE regress_eventlog_app;
SELECT verdict('SET eventlog.allow_drop = on');
ROLLBACK;
DROP ROLE regress_eventlog_app;
SELECT event_name FROM eventlog.events WHERE event_name = 'kept';
SET eventlog.allow_drop = on;
BEGIN;
DROP SCHEMA eventlog CASCADE;
SELECT * FROM left_over();
ROLLBACK;
BEGIN;
DROP EXTENSION eventlog CASCADE;
SELECT * FROM left_over();
SELECT refusal('SELECT eventlog.log_event(''none'')');
ROLLBACK;
SELECT eventlog.log_event('back again') IS NOT NULL;
SELECT what, n > 0 FROM left_over();

-- The extension can be dropped and created again in one transaction: log calls write to the new table, and after a rollback to the old one.
BEGIN;
DROP EXTENSION eventlog CASCADE;
CREATE EXTENSION eventlog;
SELECT eventlog.log_event('in the new table', '{"n": 1}') IS NOT NULL;
SELECT event_name, xid = pg_current_xact_id() FROM eventlog.events;
SELECT count(*) FROM eventlog.log_events('[{"eventName": "a"}, {"eventName": "b"}]');
ROLLBACK;
SELECT eventlog.log_event('in the old table') IS NOT NULL;
SELECT event_name, count(*) FROM eventlog.events WHERE event_name IN ('back again', 'in the new table',
                                                                      'in the old table') GROUP BY event_name ORDER BY 1;

-- A session that was connected all the time continues with the new extension.
DROP EXTENSION eventlog CASCADE;
SELECT refusal('SELECT eventlog.log_event(''none'')');
CREATE EXTENSION eventlog;
SELECT eventlog.log_event('in the new table') IS NOT NULL;
SELECT event_name, metadata - '_eventLog' FROM eventlog.events;
SELECT count(*) FROM eventlog.targets;

-- The extension lives in a schema of its own, and in no other.
RESET eventlog.allow_drop;
SELECT verdict('DROP EXTENSION eventlog');
SELECT verdict('CREATE EXTENSION eventlog'), verdict('ALTER EXTENSION eventlog SET SCHEMA public');
SET eventlog.allow_drop = on;
DROP EXTENSION eventlog CASCADE;
RESET eventlog.allow_drop;

-- Nor is it dropped with what its owner owns.
CREATE ROLE regress_eventlog_owner SUPERUSER;
SET ROLE regress_eventlog_owner;
CREATE EXTENSION eventlog;
RESET ROLE;
SELECT eventlog.log_event('kept') IS NOT NULL;
SELECT verdict('DROP OWNED BY regress_eventlog_owner CASCADE');
SET eventlog.allow_drop = on;
DROP OWNED BY regress_eventlog_owner CASCADE;
RESET eventlog.allow_drop;
DROP ROLE regress_eventlog_owner;

-- An empty log is dropped without more.
CREATE EXTENSION eventlog;
SELECT eventlog.maintain();
DROP EXTENSION eventlog;
SELECT verdict('CREATE EXTENSION eventlog SCHEMA public');

-- The schema of its internal functions is its own, too.
CREATE SCHEMA eventlog_internal;
SELECT refusal('CREATE EXTENSION eventlog');
DROP SCHEMA eventlog_internal;

-- A role that may not create the extension is refused.
CREATE ROLE regress_eventlog_app;
SET ROLE regress_eventlog_app;
SELECT refusal('CREATE EXTENSION eventlog');
RESET ROLE;
DROP ROLE regress_eventlog_app;

-- The extension works when it is created again.
CREATE EXTENSION eventlog;
SELECT eventlog.log_event('last') IS NOT NULL;
SELECT what, n > 0 FROM left_over();
DROP FUNCTION left_over;
