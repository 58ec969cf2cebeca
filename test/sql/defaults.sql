-- The defaults of fields that a call does not give, and the trusted caller.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_eventlog_app, regress_eventlog_other, "regress_eventlog_ünï ""q""";
CREATE ROLE regress_eventlog_app LOGIN;
CREATE ROLE regress_eventlog_other;
CREATE ROLE "regress_eventlog_ünï ""q""";
GRANT regress_eventlog_other TO regress_eventlog_app;
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_app, regress_eventlog_other, "regress_eventlog_ünï ""q""";
GRANT EXECUTE ON FUNCTION eventlog.log_event TO regress_eventlog_app, regress_eventlog_other,
    "regress_eventlog_ünï ""q""";

-- Returns the fields of the last event with this name that depend on the session that logged it.
CREATE FUNCTION origin_of(name text) RETURNS text
    LANGUAGE sql SECURITY DEFINER AS $$
    SELECT source || ' ' || (metadata -> '_eventLog' -> 'caller')::text
    FROM eventlog.events WHERE event_name = name ORDER BY event_id DESC LIMIT 1
$$;
CREATE FUNCTION last_event(name text) RETURNS jsonb
    LANGUAGE sql SECURITY DEFINER AS $$
    SELECT stored(event_id) FROM eventlog.events WHERE event_name = name ORDER BY event_id DESC LIMIT 1
$$;

-- caller.principalId is the login, caller.actorId the role; source defaults to the login role.
SELECT eventlog.log_event('own') IS NOT NULL;
SELECT source = session_user, metadata -> '_eventLog' -> 'caller' = jsonb_build_object('principalId', principal(),
    'actorId', current_user)
FROM eventlog.events WHERE event_name = 'own' ORDER BY event_id DESC LIMIT 1;

-- SET ROLE changes actorId alone.
SET SESSION AUTHORIZATION regress_eventlog_app;
SELECT eventlog.log_event('login') IS NOT NULL, origin_of('login');
SET ROLE regress_eventlog_other;
SELECT eventlog.log_event('set role') IS NOT NULL, origin_of('set role');
RESET ROLE;
SELECT eventlog.log_event('reset role') IS NOT NULL, origin_of('reset role');
RESET SESSION AUTHORIZATION;

-- A SECURITY DEFINER owner is not the caller, in SQL, PL/pgSQL, nested, or with SET in the function.
CREATE FUNCTION log_as_owner(name text) RETURNS uuid LANGUAGE sql SECURITY DEFINER AS 'SELECT eventlog.log_event(name)';
CREATE FUNCTION log_nested(name text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS 'BEGIN RETURN log_as_owner(name); END';
SET SESSION AUTHORIZATION regress_eventlog_app;
SELECT log_as_owner('definer') IS NOT NULL, origin_of('definer');
SELECT log_nested('nested') IS NOT NULL, origin_of('nested');
SET ROLE regress_eventlog_other;
SELECT log_nested('nested, set role') IS NOT NULL, origin_of('nested, set role');
RESET SESSION AUTHORIZATION;
DROP FUNCTION log_as_owner, log_nested;

-- A role's name is stored exactly and as it is now.
SET ROLE "regress_eventlog_ünï ""q""";
SELECT eventlog.log_event('odd name') IS NOT NULL;
RESET ROLE;
SELECT metadata -> '_eventLog' -> 'caller' -> 'actorId' FROM eventlog.events WHERE event_name = 'odd name';
SET SESSION AUTHORIZATION regress_eventlog_app;
SELECT eventlog.log_event('before') IS NOT NULL, origin_of('before');
RESET SESSION AUTHORIZATION;
ALTER ROLE regress_eventlog_app RENAME TO regress_eventlog_app2;
SET SESSION AUTHORIZATION regress_eventlog_app2;
SELECT eventlog.log_event('renamed') IS NOT NULL, origin_of('renamed');
RESET SESSION AUTHORIZATION;
ALTER ROLE regress_eventlog_app2 RENAME TO regress_eventlog_app;

-- source is the argument, else eventlog.source, else the login role.
SET eventlog.source = E' billing\t';
SHOW eventlog.source;
SELECT stored(eventlog.log_event('source')) -> 'source', stored(eventlog.log_event('source',
    source => 'shop')) -> 'source',
       stored(eventlog.log_event('source', source => ' ')) -> 'source';
SET eventlog.source = ' ';
SELECT stored(eventlog.log_event('source')) ? 'source';
RESET eventlog.source;

-- app_version is the argument, else eventlog.app_version.
SET eventlog.app_version = '3.2.1';
SELECT stored(eventlog.log_event('app')) -> 'app_version', stored(eventlog.log_event('app',
    app_version => '4')) -> 'app_version';
RESET eventlog.app_version;

-- eventlog.actor_type and eventlog.actor_id serve as a pair: a call that names an actor takes neither.
SET eventlog.actor_type = 'user';
SELECT stored(eventlog.log_event('actor'));
SET eventlog.actor_id = 'u-1';
SELECT stored(eventlog.log_event('actor'));
SELECT stored(eventlog.log_event('actor', actor_id => 'other'));
SELECT stored(eventlog.log_event('actor', actor_id => ' '));
SELECT refusal($$SELECT eventlog.log_event('actor', actor_type => 'device')$$);
RESET eventlog.actor_type;
SELECT stored(eventlog.log_event('actor'));
RESET eventlog.actor_id;

-- The application can use SET LOCAL, so that events from triggers have the actor too.
CREATE TABLE watched (n int);
CREATE FUNCTION log_watched() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM eventlog.log_event(''watched'', to_jsonb(NEW)); RETURN NULL; END';
CREATE TRIGGER log_watched AFTER INSERT ON watched FOR EACH ROW EXECUTE FUNCTION log_watched();
BEGIN;
SET LOCAL eventlog.actor_id = 'u-2';
INSERT INTO watched VALUES (1);
COMMIT;
SELECT last_event('watched');
INSERT INTO watched VALUES (2);
SELECT last_event('watched');
DROP TABLE watched;
DROP FUNCTION log_watched;

-- A setting for a text field is trimmed and checked against the field's limit when it is set.
SELECT name, verdict(format('SET LOCAL %s = %L', name, repeat('é', 257))),
       verdict(format('SET LOCAL %s = %L', name, repeat('é', 256) || '  '))
FROM unnest(ARRAY['eventlog.source', 'eventlog.actor_type', 'eventlog.actor_id', 'eventlog.app_version']) name;
SELECT refusal(format('SET LOCAL eventlog.source = %L', repeat('é', 257)));

-- forwardToStatsig is the argument, else eventlog.forward_default, which is off by default.
SELECT stored(eventlog.log_event('forward')) -> 'metadata';
SET eventlog.forward_default = on;
SELECT stored(eventlog.log_event('forward')) -> 'metadata', stored(eventlog.log_event('forward',
    forward_to_statsig => false)) -> 'metadata';
SELECT stored(eventlog.log_envelope('{"eventName": "forward"}')) -> 'metadata',
       stored(eventlog.log_envelope('{"eventName": "forward", "forwardToStatsig": false}')) -> 'metadata';
RESET eventlog.forward_default;

-- eventlog.traceparent supplies trace_id, unless the argument is given.
SET eventlog.traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
SELECT stored(eventlog.log_event('trace')) -> 'trace_id',
       stored(eventlog.log_event('trace', trace_id => repeat('ab', 16))) -> 'trace_id',
       stored(eventlog.log_event('trace', trace_id => ' ')) -> 'trace_id';
SET eventlog.traceparent = '';
SELECT stored(eventlog.log_event('trace')) ? 'trace_id';

-- eventlog.traceparent is checked when it is set.
SET eventlog.traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7';
SELECT value, verdict(format('SET LOCAL eventlog.traceparent = %L', value))
FROM (VALUES ('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'),
      ('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff'),
             ('cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later-version'),
             ('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x'),
             ('cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x'),
             ('ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'),
             ('00-00000000000000000000000000000000-00f067aa0ba902b7-01'),
             ('00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01'),
             ('00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01'),
             ('00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01'),
             ('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x'), ('4bf92f3577b34da6a3ce929d0e0e4736'),
             (' ')) t(value);

-- SET LOCAL ends with the transaction.
BEGIN;
SET LOCAL eventlog.traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
SELECT stored(eventlog.log_event('trace')) -> 'trace_id';
COMMIT;
SELECT stored(eventlog.log_event('trace')) ? 'trace_id';

-- Each setting can be changed by everyone or only by a superuser.
SELECT array_agg(name ORDER BY name) FROM pg_settings WHERE name LIKE 'eventlog.%' AND context = 'user';
SET SESSION AUTHORIZATION regress_eventlog_app;
SET eventlog.naming_policy = 'strict';
SET eventlog.max_metadata_bytes = 1048576;
SET eventlog.unknown = 1;
RESET SESSION AUTHORIZATION;

DROP FUNCTION origin_of, last_event;
DROP OWNED BY regress_eventlog_app, regress_eventlog_other, "regress_eventlog_ünï ""q""";
DROP ROLE regress_eventlog_app, regress_eventlog_other, "regress_eventlog_ünï ""q""";
