-- Targets as far as their definition goes: options, cursors, who may. Nothing is sent: a target is paused in the
-- transaction that makes it, or is rolled back.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = warning;
DROP SERVER IF EXISTS regress_eventlog_a, regress_eventlog_b CASCADE;
DROP ROLE IF EXISTS regress_eventlog_dba, regress_eventlog_owner;
CREATE ROLE regress_eventlog_dba;
CREATE ROLE regress_eventlog_owner;

-- CREATE SERVER with some options; rolled back, whatever the answer is.
CREATE FUNCTION server(options text) RETURNS text
    LANGUAGE sql AS $$
    SELECT 'CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (' || options || ')'
$$;
CREATE FUNCTION tried(statement text) RETURNS text
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'UNDO0';
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
    RETURN 'accepted';
WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
CREATE VIEW cursors AS
SELECT t.name, t.paused, t.state, w.win, w.from_snapshot::text = '1:1:' AS from_the_beginning,
       w.to_snapshot IS NULL AS between_windows, w.start_after,
       p.last_id, p.delivered
FROM eventlog.targets t FULL JOIN eventlog.reader_window w ON w.kind = 'target' AND w.name = t.name
     FULL JOIN eventlog.reader_position p ON p.kind = 'target' AND p.name = t.name;

-- 9: url and format are required
SELECT refusal(server($$url 'http://127.0.0.1:1/'$$));
SELECT refusal(server($$format 'ndjson'$$));
SELECT refusal('CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog');

-- 9: an unknown option, at the server, at its user mapping, at the wrapper
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', colour 'red'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', api_key 'k'$$));
SELECT refusal('ALTER FOREIGN DATA WRAPPER eventlog OPTIONS (url ''http://127.0.0.1:1/'')');

-- 9: a bad value is told with what is wanted
SELECT refusal(server($$url 'ftp://127.0.0.1/', format 'ndjson'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'xml'$$));
SELECT refusal(server($$url 'http://127.0.0.1:1/', format 'ndjson', batch_events '0'$$));

-- 9: url: http or https, without user name and password
SELECT url, tried(server(format('url %L, format ''ndjson''', url)))
FROM unnest(ARRAY['http://127.0.0.1:1', 'https://example.com/v1/log?x=1', 'HTTPS://EXAMPLE.COM/', 'http://[::1]:8080/a',
                  'http://host', 'http://user@host/',
                  'http://user:secret@host/', 'http://:secret@host/', 'ftp://host/', 'file:///etc/passwd', 'host/path',
                  '/path', '', 'http://',
                  'http://host:99999/', 'http://ho st/', ' http://host/']) url;

-- 9: every other option at its last accepted and its first refused values
SELECT name, value, tried(server(format('url ''http://127.0.0.1:1/'', format ''ndjson'', %s %L', name, value)))
FROM (VALUES
    ('events', ARRAY['flagged', 'all', 'none', '', 'ALL']),
    ('start_at', ARRAY['now', 'beginning', '01ARZ3NDEKTSV4RRFFQ69G5FAV', '01563e3a-b5d3-d676-4c61-efb99302bd5b', 'then',
                       '', '01ARZ3NDEKTSV4RRFFQ69G5FA',
                       '01563e3ab5d3d6764c61efb99302bd5b', '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
                       '01563e3a-b5d3-d676-4c61-efb99302bd5g']),
    ('batch_events', ARRAY['1', '10000', '0', '10001', '-1', '1.5', '', ' 1', '1 ', '0x10', 'many',
                           '99999999999999999999']),
    ('batch_bytes', ARRAY['1024', '67108864', '1023', '67108865']),
    ('linger_ms', ARRAY['0', '60000', '-1', '60001']),
    ('timeout_ms', ARRAY['1', '600000', '0', '600001']),
    ('compression', ARRAY['gzip', 'none', 'zstd', '']),
    ('max_name_length', ARRAY['1', '256', '0', '257']),
    ('max_value_length', ARRAY['0', '1048576', '-1', '1048577']),
    ('user_principal', ARRAY['x', repeat('é', 64), '', ' ', repeat('é', 65)]),
    ('user_id', ARRAY['principal', 'actor', 'nobody', ''])) o(name, given), unnest(given) value;
SELECT format, tried(server(format('url ''http://127.0.0.1:1/'', format %L', format))) FROM unnest(ARRAY['ndjson',
    'statsig', 'NDJSON', '']) format;
SELECT count(*) FROM cursors;

-- 9: CREATE SERVER makes the target's cursor, in its transaction
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

-- 9: once more with IF NOT EXISTS changes nothing
CREATE SERVER IF NOT EXISTS regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/',
    format 'ndjson', start_at 'beginning');
SELECT * FROM cursors;

-- 9: ALTER SERVER checks what it changes; the cursor stays as it is
SELECT tried('ALTER SERVER regress_eventlog_a OPTIONS (ADD batch_events ''10001'')'),
       tried('ALTER SERVER regress_eventlog_a OPTIONS (DROP url)'),
       tried('ALTER SERVER regress_eventlog_a OPTIONS (SET format ''statsig'', ADD start_at ''beginning'')');
ALTER SERVER regress_eventlog_a OPTIONS (SET url 'http://127.0.0.1:2/', ADD batch_events '10');
SELECT * FROM cursors;

-- 9: the user mapping's options
SELECT refusal('CREATE USER MAPPING FOR PUBLIC SERVER regress_eventlog_a OPTIONS (url ''http://127.0.0.1:1/'')');
SELECT refusal('CREATE USER MAPPING FOR PUBLIC SERVER regress_eventlog_a OPTIONS (api_key '''')');
SELECT tried(format('CREATE USER MAPPING FOR PUBLIC SERVER regress_eventlog_a OPTIONS (api_key %L)', key))
FROM unnest(ARRAY['secret', 'é', E'a\nb', E'a\x7f']) key;
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_eventlog_a OPTIONS (api_key 'secret');
ALTER USER MAPPING FOR CURRENT_USER SERVER regress_eventlog_a OPTIONS (SET api_key 'other');
DROP USER MAPPING FOR CURRENT_USER SERVER regress_eventlog_a;
SELECT * FROM cursors;

-- 9: ALTER SERVER RENAME takes the cursor and the dead letters along
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

-- 9: DROP SERVER drops them
BEGIN;
DROP SERVER regress_eventlog_b;
SELECT count(*) FROM cursors;
SELECT count(*) FROM eventlog.dead_letters;
ROLLBACK;
SELECT name FROM cursors;
DROP SERVER regress_eventlog_b CASCADE;
SELECT count(*) FROM cursors;
SELECT count(*) FROM eventlog.dead_letters;

-- 9: start_at: now, the beginning, or after an event, by uuid or ULID
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

-- 9: it starts with the first transaction that commits after CREATE SERVER: the one that it is part of
SELECT eventlog.log_event('committed before', forward_to_statsig => true) IS NOT NULL;
BEGIN;
SELECT eventlog.log_event('with it', forward_to_statsig => true) IS NOT NULL;
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
SELECT eventlog.pause_target('regress_eventlog_a');
COMMIT;
SELECT eventlog.log_event('not flagged') IS NOT NULL;
SELECT eventlog.log_event('after', forward_to_statsig => true) IS NOT NULL;
SELECT attname,
       atttypid::regtype FROM pg_attribute WHERE attrelid = 'eventlog.forward_status'::regclass ORDER BY attnum;
SELECT target, state, position IS NULL, lag_events, lag_seconds >= 0 AND lag_seconds < 60, in_flight, sent, retried,
       dead, last_error, last_error_at, next_attempt_at
FROM eventlog.forward_status;

-- 9: pause_target and resume_target; an unknown target is 42704
SELECT refusal('SELECT eventlog.pause_target(''regress_eventlog_none'')');
SELECT refusal('SELECT eventlog.resume_target(''regress_eventlog_none'')');
SELECT tried('SELECT eventlog.pause_target(NULL)'), tried('SELECT eventlog.resume_target(NULL)');
BEGIN;
SELECT eventlog.resume_target('regress_eventlog_a');
SELECT state FROM eventlog.forward_status;
SELECT eventlog.pause_target('regress_eventlog_a');
SELECT eventlog.pause_target('regress_eventlog_a');
SELECT state FROM eventlog.forward_status;
ROLLBACK;

-- 9: a target of another incarnation of the log is paused until it is resumed
BEGIN;
UPDATE eventlog.targets SET incarnation = gen_random_uuid(), paused = false;
SELECT state FROM eventlog.forward_status;
SELECT eventlog.resume_target('regress_eventlog_a');
SELECT state FROM eventlog.forward_status;
ROLLBACK;

-- 9: the states that the worker notes are shown
BEGIN;
UPDATE eventlog.targets SET paused = false, state = 'unauthorized', last_error = 'why', last_error_at = 'epoch',
    retried = 2, dead = 1;
SELECT state, last_error, extract(epoch FROM last_error_at), retried, dead FROM eventlog.forward_status;
SELECT tried('UPDATE eventlog.targets SET state = ''odd''');
ROLLBACK;

-- 9: a server of another wrapper is no target
CREATE FOREIGN DATA WRAPPER regress_eventlog_other;
CREATE SERVER regress_eventlog_b FOREIGN DATA WRAPPER regress_eventlog_other;
ALTER SERVER regress_eventlog_b RENAME TO regress_eventlog_c;
SELECT name FROM cursors;
DROP FOREIGN DATA WRAPPER regress_eventlog_other CASCADE;
SELECT name FROM cursors;

-- 9: who has been granted the wrapper may have a target, with no privilege on the extension's tables
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

-- 9: DROP OWNED drops a target as well
SET LOCAL ROLE regress_eventlog_dba;
CREATE SERVER regress_eventlog_b FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
RESET ROLE;
SELECT name FROM cursors ORDER BY name;
DROP OWNED BY regress_eventlog_dba;
SELECT name FROM cursors ORDER BY name;
ROLLBACK;

-- 9: a server that takes another's name in the same transaction begins anew
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

-- 9: under session_replication_role = replica too
BEGIN;
SET LOCAL session_replication_role = replica;
CREATE SERVER regress_eventlog_b FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
SELECT name FROM cursors ORDER BY name;
DROP SERVER regress_eventlog_b;
SELECT name FROM cursors ORDER BY name;
ROLLBACK;

-- 10: DROP EXTENSION wants CASCADE while targets exist
SELECT tried('DROP EXTENSION eventlog'), tried('DROP EXTENSION eventlog CASCADE');

DROP SERVER regress_eventlog_a;
SELECT count(*) FROM cursors;
DROP FUNCTION start_at, server, tried;
DROP VIEW cursors;
DROP OWNED BY regress_eventlog_dba, regress_eventlog_owner;
DROP ROLE regress_eventlog_dba, regress_eventlog_owner;
