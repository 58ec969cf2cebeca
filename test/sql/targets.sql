-- The definition of targets: cursors, states, privileges. Nothing is sent, because a target is paused in the
-- transaction that makes it, or is rolled back.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;
DO $$BEGIN PERFORM eventlog.maintain(); END$$;
DROP SERVER IF EXISTS regress_eventlog_a, regress_eventlog_b CASCADE;
DROP ROLE IF EXISTS regress_eventlog_dba, regress_eventlog_owner;
CREATE ROLE regress_eventlog_dba;
CREATE ROLE regress_eventlog_owner;

CREATE VIEW cursors AS
SELECT t.name, t.paused, t.state, w.win, w.from_snapshot::text = '1:1:' AS from_the_beginning,
       w.to_snapshot IS NULL AS between_windows, w.start_after,
       p.last_id, p.delivered
FROM eventlog.targets t FULL JOIN eventlog.reader_window w ON w.kind = 'target' AND w.name = t.name
     FULL JOIN eventlog.reader_position p ON p.kind = 'target' AND p.name = t.name;

-- CREATE SERVER makes the target's cursor, in its transaction.
BEGIN;
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
SELECT eventlog.pause_target('regress_eventlog_a');
SELECT * FROM cursors;
ROLLBACK;
SELECT count(*) FROM cursors;
BEGIN;
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
SELECT eventlog.pause_target('regress_eventlog_a');
COMMIT;
SELECT * FROM cursors;
SELECT server = s.oid, t.incarnation = c.incarnation FROM eventlog.targets t JOIN pg_foreign_server s ON srvname = name,
       eventlog.cluster c;

-- A second CREATE SERVER with IF NOT EXISTS changes nothing.
CREATE SERVER IF NOT EXISTS regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/',
    format 'ndjson', start_at 'beginning');
SELECT * FROM cursors;

-- ALTER SERVER checks the changed options; the cursor stays as it is.
SELECT tried('ALTER SERVER regress_eventlog_a OPTIONS (ADD batch_events ''10001'')'),
       tried('ALTER SERVER regress_eventlog_a OPTIONS (DROP url)'),
       tried('ALTER SERVER regress_eventlog_a OPTIONS (SET format ''statsig'', ADD start_at ''beginning'')');
ALTER SERVER regress_eventlog_a OPTIONS (SET url 'http://127.0.0.1:2/', ADD batch_events '10');
SELECT * FROM cursors;

-- The options of a user mapping are checked.
SELECT refusal('CREATE USER MAPPING FOR PUBLIC SERVER regress_eventlog_a OPTIONS (url ''http://127.0.0.1:1/'')');
SELECT refusal('CREATE USER MAPPING FOR PUBLIC SERVER regress_eventlog_a OPTIONS (api_key '''')');
SELECT tried(format('CREATE USER MAPPING FOR PUBLIC SERVER regress_eventlog_a OPTIONS (api_key %L)', key))
FROM unnest(ARRAY['secret', 'é', E'a\nb', E'a\x7f']) key;
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_eventlog_a OPTIONS (api_key 'secret');
ALTER USER MAPPING FOR CURRENT_USER SERVER regress_eventlog_a OPTIONS (SET api_key 'other');
DROP USER MAPPING FOR CURRENT_USER SERVER regress_eventlog_a;
SELECT * FROM cursors;

-- ALTER SERVER RENAME keeps the cursor and the dead letters with the target.
INSERT INTO eventlog.dead_letters VALUES ('regress_eventlog_a', uuid_at('epoch'), 400, 'refused', '', 1, 'epoch',
                                          'epoch');
BEGIN;
ALTER SERVER regress_eventlog_a RENAME TO regress_eventlog_gone;
SELECT name FROM cursors;
ROLLBACK;
SELECT name FROM cursors;
ALTER SERVER regress_eventlog_a RENAME TO regress_eventlog_b;
SELECT * FROM cursors;
SELECT target FROM eventlog.dead_letters;

-- DROP SERVER drops the cursor and the dead letters.
BEGIN;
DROP SERVER regress_eventlog_b;
SELECT count(*) FROM cursors;
SELECT count(*) FROM eventlog.dead_letters;
ROLLBACK;
SELECT name FROM cursors;
DROP SERVER regress_eventlog_b CASCADE;
SELECT count(*) FROM cursors;
SELECT count(*) FROM eventlog.dead_letters;

-- start_at is now, the beginning, or after an event, by uuid or ULID.
CREATE FUNCTION start_at(value text) RETURNS SETOF cursors
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE server(format('url ''http://127.0.0.1:1/'', format ''ndjson'', start_at %L', value));
    PERFORM eventlog.pause_target('regress_eventlog_a');
    RETURN QUERY SELECT * FROM cursors;
    EXECUTE 'DROP SERVER regress_eventlog_a';
END
$$;
SELECT value, from_the_beginning, start_after
FROM unnest(ARRAY['now', 'beginning', '01ARZ3NDEKTSV4RRFFQ69G5FAV', '01arz3ndektsv4rrffq69g5fav',
                  '01563E3A-B5D3-D676-4C61-EFB99302BD5B']) value, start_at(value);

-- A target starts with the first transaction that commits after CREATE SERVER: the one that contains it.
SELECT eventlog.log_event('committed before', forward_to_statsig => true) IS NOT NULL;
BEGIN;
SELECT eventlog.log_event('with it', forward_to_statsig => true) IS NOT NULL;
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson', events 'flagged');
SELECT eventlog.pause_target('regress_eventlog_a');
COMMIT;
SELECT eventlog.log_event('not flagged') IS NOT NULL;
SELECT eventlog.log_event('after', forward_to_statsig => true) IS NOT NULL;
SELECT attname,
       atttypid::regtype FROM pg_attribute WHERE attrelid = 'eventlog.forward_status'::regclass ORDER BY attnum;
SELECT target, state, position IS NULL, lag_events, lag_seconds >= 0 AND lag_seconds < 60, in_flight, sent, retried,
       dead, last_error, last_error_at, next_attempt_at
FROM eventlog.forward_status;

-- pause_target and resume_target refuse an unknown target with 42704.
SELECT refusal('SELECT eventlog.pause_target(''regress_eventlog_none'')');
SELECT refusal('SELECT eventlog.resume_target(''regress_eventlog_none'')');
SELECT tried('SELECT eventlog.pause_target(NULL)'), tried('SELECT eventlog.resume_target(NULL)');
BEGIN;
SELECT eventlog.resume_target('regress_eventlog_a');
SELECT state FROM eventlog_internal.target_states;
SELECT eventlog.pause_target('regress_eventlog_a');
SELECT eventlog.pause_target('regress_eventlog_a');
SELECT state FROM eventlog_internal.target_states;
ROLLBACK;

-- A target is made by its server only.
SELECT refusal('SELECT eventlog_internal.create_target(''regress_eventlog_ghost'', ''now'')');
SELECT count(*) FROM eventlog.targets WHERE name = 'regress_eventlog_ghost';

-- A target of another incarnation of the log is paused until it is resumed.
BEGIN;
UPDATE eventlog.targets SET incarnation = gen_random_uuid(), paused = false;
SELECT state FROM eventlog_internal.target_states;
SELECT eventlog.resume_target('regress_eventlog_a');
SELECT state FROM eventlog_internal.target_states;
ROLLBACK;

-- forward_status shows the states that the worker records, unless none serves the database.
BEGIN;
UPDATE eventlog.targets SET paused = false, state = 'unauthorized', last_error = 'why', last_error_at = 'epoch',
    retried = 2, dead = 1;
SELECT s.state, f.state = CASE WHEN eventlog_internal.has_worker() THEN s.state ELSE 'no worker' END, last_error,
       extract(epoch FROM last_error_at), retried, dead
FROM eventlog.forward_status f JOIN eventlog_internal.target_states s USING (target);
SELECT tried('UPDATE eventlog.targets SET state = ''odd''');
ROLLBACK;

-- A server of another wrapper is not a target.
CREATE FOREIGN DATA WRAPPER regress_eventlog_other;
CREATE SERVER regress_eventlog_b FOREIGN DATA WRAPPER regress_eventlog_other;
ALTER SERVER regress_eventlog_b RENAME TO regress_eventlog_c;
SELECT name FROM cursors;
DROP FOREIGN DATA WRAPPER regress_eventlog_other CASCADE;
SELECT name FROM cursors;

-- A role that has been granted the wrapper may have a target, with no privilege on the extension's tables.
GRANT USAGE ON FOREIGN DATA WRAPPER eventlog TO regress_eventlog_dba, regress_eventlog_owner;
BEGIN;
SET LOCAL ROLE regress_eventlog_dba;
CREATE SERVER regress_eventlog_b FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
CREATE USER MAPPING FOR regress_eventlog_dba SERVER regress_eventlog_b OPTIONS (api_key 'secret');
ALTER SERVER regress_eventlog_b RENAME TO regress_eventlog_c;
RESET ROLE;
SELECT name FROM cursors ORDER BY name;
ALTER SERVER regress_eventlog_c OWNER TO regress_eventlog_owner;
SELECT name FROM cursors ORDER BY name;
SET LOCAL ROLE regress_eventlog_owner;
DROP SERVER regress_eventlog_c CASCADE;
RESET ROLE;
SELECT name FROM cursors ORDER BY name;

-- Without the option events, statsig is sent flagged events, and every other format all events.
SAVEPOINT formats;
SELECT format('CREATE SERVER %I FOREIGN DATA WRAPPER eventlog OPTIONS (url ''http://127.0.0.1:1/'', format %L)', 'regress_eventlog_' || f, f)
FROM unnest(ARRAY['statsig', 'ndjson', 'cloudevents', 'otlp', 'segment']) f \gexec
SELECT target, events FROM eventlog_internal.target_options WHERE target ~ '_(statsig|ndjson|cloudevents|otlp|segment)$' ORDER BY target;
ROLLBACK TO formats;

-- DROP OWNED drops a target as well.
SET LOCAL ROLE regress_eventlog_dba;
CREATE SERVER regress_eventlog_b FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
RESET ROLE;
SELECT name FROM cursors ORDER BY name;
DROP OWNED BY regress_eventlog_dba;
SELECT name FROM cursors ORDER BY name;
ROLLBACK;

-- A server that takes the name of another one in the same transaction starts with a new cursor.
BEGIN;
UPDATE eventlog.reader_position SET delivered = 7;
DROP SERVER regress_eventlog_a;
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson',
    start_at 'beginning');
SELECT name, from_the_beginning, delivered FROM cursors;
CREATE SERVER regress_eventlog_b FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
ALTER SERVER regress_eventlog_a RENAME TO regress_eventlog_c;
ALTER SERVER regress_eventlog_b RENAME TO regress_eventlog_a;
ALTER SERVER regress_eventlog_c RENAME TO regress_eventlog_b;
SELECT name, from_the_beginning FROM cursors ORDER BY name;
ROLLBACK;

-- The rules hold under session_replication_role = replica too.
BEGIN;
SET LOCAL session_replication_role = replica;
CREATE SERVER regress_eventlog_b FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
SELECT name FROM cursors ORDER BY name;
DROP SERVER regress_eventlog_b;
SELECT name FROM cursors ORDER BY name;
ROLLBACK;

-- No name that is not valid UTF-8 gets into the tables of targets. SQL has such texts from settings and from names of roles.
BEGIN;
CREATE FUNCTION unchecked(bytea, integer) RETURNS text LANGUAGE internal AS 'bytea_substr_no_len';
SELECT verdict(format('CREATE SERVER %I FOREIGN DATA WRAPPER eventlog OPTIONS (url ''http://127.0.0.1:1/'', format ''ndjson'')', unchecked('\x636166e9', 1))),
       verdict(format('ALTER SERVER regress_eventlog_a RENAME TO %I', unchecked('\x62e9', 1)));
SELECT name FROM cursors;
-- A target that has such a name already can be altered and renamed.
ALTER EVENT TRIGGER eventlog_server_change DISABLE;
DO $$BEGIN EXECUTE format('ALTER SERVER regress_eventlog_a RENAME TO %I', unchecked('\x636166e9', 1)); END$$;
ALTER EVENT TRIGGER eventlog_server_change ENABLE ALWAYS;
UPDATE eventlog.targets SET name = unchecked('\x636166e9', 1);
UPDATE eventlog.reader_window SET name = unchecked('\x636166e9', 1) WHERE kind = 'target';
UPDATE eventlog.reader_position SET name = unchecked('\x636166e9', 1) WHERE kind = 'target';
DO $$BEGIN EXECUTE format('ALTER SERVER %I OPTIONS (ADD linger_ms ''1'')', unchecked('\x636166e9', 1)); END$$;
DO $$BEGIN EXECUTE format('ALTER SERVER %I RENAME TO regress_eventlog_b', unchecked('\x636166e9', 1)); END$$;
SELECT name FROM cursors;
ROLLBACK;

-- DROP EXTENSION needs CASCADE while targets exist.
SET eventlog.allow_drop = on;
SELECT tried('DROP EXTENSION eventlog'), tried('DROP EXTENSION eventlog CASCADE');
RESET eventlog.allow_drop;

DROP SERVER regress_eventlog_a;
SELECT count(*) FROM cursors;
DROP FUNCTION start_at;
DROP VIEW cursors;
DROP OWNED BY regress_eventlog_dba, regress_eventlog_owner;
DROP ROLE regress_eventlog_dba, regress_eventlog_owner;
