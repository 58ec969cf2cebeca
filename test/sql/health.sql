-- eventlog.health() returns each check with its figure and threshold, even if something is broken. Figures that vary from run to run are not
-- shown; the checks that need the worker are tested together with it, in TAP.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_eventlog_monitor;
CREATE ROLE regress_eventlog_monitor IN ROLE pg_monitor;
SELECT eventlog.log_event('healthy') IS NOT NULL;
SELECT eventlog.maintain();
CREATE FUNCTION check_of(name text) RETURNS text
    LANGUAGE sql AS $$ SELECT (eventlog.health() #> ARRAY['checks', name])::text $$;
CREATE FUNCTION statuses() RETURNS text
    LANGUAGE sql AS $$
    SELECT concat_ws(' ', h ->> 'status', string_agg(key, ' ' ORDER BY key) FILTER (WHERE value ->> 'status' = 'degraded'),
                     'unknown: ' || string_agg(key, ' ' ORDER BY key) FILTER (WHERE value ->> 'status' = 'unknown'))
    FROM (SELECT eventlog.health() AS h) s, jsonb_each(h -> 'checks') GROUP BY h
$$;

-- health() returns one object that has every check with its figures; without targets all is well, preloaded or not.
SELECT jsonb_object_keys(eventlog.health()) ORDER BY 1;
SELECT key, jsonb_object_agg(figure, jsonb_typeof(of)) FILTER (WHERE figure NOT IN ('pid', 'state', 'failures'))
FROM jsonb_each(eventlog.health() -> 'checks') c, jsonb_each(value) f(figure, of) GROUP BY key ORDER BY key;
SELECT statuses();
SELECT (eventlog.health() ->> 'checkedAt')::timestamptz BETWEEN now() AND clock_timestamp();
SELECT check_of('version')::jsonb = jsonb_build_object('status', 'ok', 'library', library, 'catalog', catalog) FROM eventlog.version();
SELECT (check_of('preloaded')::jsonb -> 'preloaded')::boolean = (current_setting('shared_preload_libraries') ~ 'eventlog');
SELECT preloaded = (current_setting('shared_preload_libraries') ~ 'eventlog'), preloaded = (state IS NOT NULL) FROM eventlog_internal.worker_status();

-- health() calls no functions of other users, and pg_monitor may call it.
SET ROLE regress_eventlog_monitor;
SELECT eventlog.health() ->> 'status';
SELECT verdict('SELECT eventlog_internal.health_targets()'), verdict('SELECT FROM eventlog.targets');
RESET ROLE;

-- Only a superuser can change the thresholds.
SELECT name, setting, unit, context FROM pg_settings WHERE name LIKE 'eventlog.health%' ORDER BY name;
SET eventlog.health_max_lag = '2h';
SELECT check_of('forwardLag');
RESET eventlog.health_max_lag;

-- Dead letters and targets are checked.
BEGIN;
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson', events 'all');
SELECT eventlog.pause_target('regress_eventlog_a');
SELECT check_of('targets');
SELECT statuses() ~ 'preloaded' = (current_setting('shared_preload_libraries') !~ 'eventlog');
INSERT INTO eventlog.dead_letters
SELECT 'regress_eventlog_a', uuid_at(now(), i), 400, 'refused', NULL, 1, now(), now() FROM generate_series(1, 3) i;
SELECT check_of('deadLetters');
SET LOCAL eventlog.health_max_dead_letters = 2;
SELECT check_of('deadLetters');
SET LOCAL eventlog.health_max_dead_letters = 3;
SELECT check_of('deadLetters');
UPDATE eventlog.targets SET paused = false, state = 'unauthorized' WHERE name = 'regress_eventlog_a';
SELECT check_of('targets');
UPDATE eventlog.targets SET state = 'waiting' WHERE name = 'regress_eventlog_a';
SELECT check_of('targets');
ROLLBACK;

-- A check tells how long the oldest event has waited for a target, regardless of how many wait, from the start and inside a window.
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson', events 'wait*');
SELECT eventlog.pause_target('regress_eventlog_a');
SELECT eventlog_internal.oldest_waiting('regress_eventlog_a') IS NULL;
SELECT count(eventlog.log_event('passes by')) FROM generate_series(1, 50);
SELECT eventlog_internal.oldest_waiting('regress_eventlog_a') IS NULL;
SELECT eventlog.log_event('waits') AS one \gset
SELECT eventlog.log_event('waits') AS two \gset
SELECT eventlog_internal.oldest_waiting('regress_eventlog_a') = ingested_at FROM eventlog.events WHERE event_id = :'one';
SELECT check_of('forwardLag')::jsonb -> 'target';
UPDATE eventlog.reader_window SET win = win + 1, to_snapshot = eventlog.horizon() WHERE name = 'regress_eventlog_a';
SELECT eventlog_internal.oldest_waiting('regress_eventlog_a') = ingested_at FROM eventlog.events WHERE event_id = :'one';
UPDATE eventlog.reader_position p SET win = w.win, last_id = :'one'
FROM eventlog.reader_window w WHERE w.name = p.name AND p.name = 'regress_eventlog_a';
SELECT eventlog_internal.oldest_waiting('regress_eventlog_a') = ingested_at FROM eventlog.events WHERE event_id = :'two';
UPDATE eventlog.reader_position SET last_id = :'two' WHERE name = 'regress_eventlog_a';
SELECT eventlog_internal.oldest_waiting('regress_eventlog_a') IS NULL;
SELECT eventlog.log_event('waits') AS three \gset
SELECT eventlog_internal.oldest_waiting('regress_eventlog_a') = ingested_at FROM eventlog.events WHERE event_id = :'three';
UPDATE eventlog.reader_position SET done = true WHERE name = 'regress_eventlog_a';
SELECT eventlog_internal.oldest_waiting('regress_eventlog_a') = ingested_at FROM eventlog.events WHERE event_id = :'three';
BEGIN;
UPDATE eventlog.targets SET paused = false WHERE name = 'regress_eventlog_a';
SET LOCAL eventlog.health_max_lag = 0;
SELECT value - 'seconds', (value ->> 'seconds')::float8 > 0 FROM (SELECT check_of('forwardLag')::jsonb) f(value);
ROLLBACK;
DROP SERVER regress_eventlog_a;

-- Partitions ahead are counted as metrics() counts them.
SELECT metrics ~ (E'\neventlog_partitions_ahead ' || eventlog_internal.partitions_ahead() || E'\n'), eventlog_internal.partitions_ahead() > 0 FROM eventlog.metrics();
BEGIN;
SET LOCAL eventlog.partitions_ahead = 1000;
SELECT check_of('partitionsAhead')::jsonb - 'count', statuses();
ROLLBACK;

-- A transaction that is open for long is reported, even the caller's own.
BEGIN;
SET LOCAL eventlog.health_max_transaction_age = 0;
SELECT eventlog.log_event('open') IS NOT NULL;
SELECT value ->> 'status', (value ->> 'seconds')::float8 > 0, jsonb_typeof(value -> 'pid')
FROM (SELECT check_of('transactionAge')::jsonb) f(value);
ROLLBACK;

-- A library serves the SQL objects of earlier releases; under newer objects it reports only the versions.
BEGIN;
UPDATE pg_extension SET extversion = '0.2.0' WHERE extname = 'eventlog';
SELECT check_of('version')::jsonb - 'library';
UPDATE pg_extension SET extversion = '99.0.0' WHERE extname = 'eventlog';
SELECT statuses();
SELECT check_of('version')::jsonb - 'library', check_of('forwardLag');
ROLLBACK;

-- A log that has not been adopted is reported; an empty one needs no adoption.
BEGIN;
DELETE FROM eventlog.cluster;
SELECT statuses(), check_of('adopted');
ROLLBACK;

-- A missing object makes its check unknown, and the others go on.
BEGIN;
ALTER TABLE eventlog.dead_letters RENAME TO lost;
SELECT statuses();
SELECT check_of('deadLetters');
ROLLBACK;

-- health() works in a read-only transaction.
BEGIN READ ONLY;
SELECT statuses();
ROLLBACK;

DROP FUNCTION check_of, statuses;
DROP ROLE regress_eventlog_monitor;
