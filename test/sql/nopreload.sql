-- Without shared_preload_libraries: everything but the forwarder works, and a session loads the library with its first call.
\t on
\pset format unaligned
SHOW shared_preload_libraries;
SELECT current_user AS owner \gset

-- A setting that was set before the library was loaded is kept and trimmed; an invalid one causes a warning at load and is then ignored.
\c
\set VERBOSITY terse
SET eventlog.source = ' early ';
SET eventlog.actor_id = 'u-1';
SET eventlog.traceparent = '4bf92f3577b34da6a3ce929d0e0e4736';
SELECT eventlog.log_event('early') IS NOT NULL;
SELECT source, actor_id, trace_id FROM eventlog.events WHERE event_name = 'early';
SHOW eventlog.traceparent;
\c
SET eventlog.traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
SELECT stored(eventlog.log_event('early')) -> 'trace_id';
\c
SET eventlog.unknown = 'x';
SELECT eventlog.log_event('early') IS NOT NULL;
SHOW eventlog.unknown;

-- A setting that only a superuser can change is not kept if another role has set it.
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_eventlog_app;
CREATE ROLE regress_eventlog_app LOGIN;
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_app;
GRANT EXECUTE ON FUNCTION eventlog.log_event TO regress_eventlog_app;
\c - regress_eventlog_app
SET eventlog.max_metadata_keys = 0;
SET eventlog.naming_policy = 'strict';
SELECT eventlog.log_event('not.strict_', '{"a": 1}') IS NOT NULL;
SHOW eventlog.max_metadata_keys;
SHOW eventlog.naming_policy;
\c - :owner

-- Ids increase from one session to the next, as they do within one session.
CREATE TABLE made (place bigint GENERATED ALWAYS AS IDENTITY, id uuid);
INSERT INTO made (id) SELECT eventlog.log_event('in turn') FROM generate_series(1, 1000);
\c
INSERT INTO made (id) SELECT eventlog.log_event('in turn') FROM generate_series(1, 1000);
\c
INSERT INTO made (id) SELECT eventlog.log_event('in turn') FROM generate_series(1, 1000);
SELECT count(*), bool_and(id > before)
FROM (SELECT id, lag(id, 1, uuid_at('epoch')) OVER (ORDER BY place) AS before FROM made) s;
DROP TABLE made;

-- A target may be declared; nothing is sent, and no worker reports its state.
CREATE SERVER regress_eventlog_quiet FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson',
    events 'all');
SELECT eventlog.log_event('waits') IS NOT NULL;
SELECT target, state, lag_events, in_flight, sent FROM eventlog.forward_status;
SELECT eventlog_internal.in_flight(oid) IS NULL FROM pg_foreign_server WHERE srvname = 'regress_eventlog_quiet';
DROP SERVER regress_eventlog_quiet;

-- Autonomous events need the worker; the rules of an event come first.
SELECT refusal($$SELECT eventlog.log_event_autonomous('nobody writes it')$$);
SELECT refusal($$SELECT eventlog.log_event_autonomous(' ')$$);
SHOW eventlog.autonomous_timeout;

-- maintain() makes partitions.
SELECT eventlog.maintain();

DROP OWNED BY regress_eventlog_app;
DROP ROLE regress_eventlog_app;
