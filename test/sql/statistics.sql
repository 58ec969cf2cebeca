-- eventlog.stats and eventlog.metrics(), and the roles that may see them. Counters of log calls cover the whole
-- database and are NULL without preloading, so only their growth is shown.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_eventlog_monitor, regress_eventlog_nobody;
DROP SERVER IF EXISTS regress_eventlog_a, "regress""eventlog\b" CASCADE;

-- stats has these columns.
SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'eventlog.stats'::regclass ORDER BY attnum;
SELECT (logged IS NULL) = (current_setting('shared_preload_libraries') !~ 'eventlog'),
       num_nulls(logged, rejected, rejected_by_sqlstate, counted_since) IN (0, 4), num_nulls(forwarded, retried, dead, left_out, dead_letters)
FROM eventlog.stats;

-- Log calls are counted by whether they were committed or refused.
CREATE TABLE before AS SELECT * FROM eventlog.stats;
CREATE FUNCTION growth() RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    grown text := (SELECT concat_ws(' ', s.logged - b.logged, s.rejected - b.rejected,
                   (SELECT string_agg(key || ':' || value::bigint - coalesce((b.rejected_by_sqlstate ->> key)::bigint, 0), ' ' ORDER BY key)
                    FROM jsonb_each_text(s.rejected_by_sqlstate)
                    WHERE value::bigint > coalesce((b.rejected_by_sqlstate ->> key)::bigint, 0)))
                   FROM before b, eventlog.stats s);
    preloaded boolean := current_setting('shared_preload_libraries') ~ 'eventlog';
BEGIN
    TRUNCATE before;
    INSERT INTO before SELECT * FROM eventlog.stats;
    RETURN CASE WHEN preloaded THEN grown WHEN grown = '' THEN NULL ELSE 'counted: ' || grown END;
END
$$;
-- Returns the expected growth, or NULL without preloading.
CREATE FUNCTION grew(expected text) RETURNS boolean
    RETURN coalesce(growth() = expected, current_setting('shared_preload_libraries') !~ 'eventlog');
SELECT grew('0 0');
SELECT eventlog.log_event('a') IS NOT NULL;
SELECT grew('1 0');
SELECT eventlog.log_envelope('{"eventName": "a"}') IS NOT NULL;
SELECT count(*) FROM eventlog.log_events('[{"eventName": "a"}, {"eventName": "b"}]');
SELECT count(*) FROM eventlog.log_events_json('[{"eventName": "a"}, {"eventName": "b"}, {"eventName": "c"}]');
SELECT grew('6 0');
BEGIN;
SELECT eventlog.log_event('a') IS NOT NULL;
SELECT grew('0 0');
ROLLBACK;
TRUNCATE before;
INSERT INTO before SELECT * FROM eventlog.stats;
SELECT grew('0 0');
BEGIN;
SELECT eventlog.log_event('a') IS NOT NULL;
SAVEPOINT one;
SELECT eventlog.log_event('a') IS NOT NULL;
SAVEPOINT two;
SELECT eventlog.log_event('a') IS NOT NULL;
RELEASE two;
SAVEPOINT three;
SELECT eventlog.log_event('a') IS NOT NULL;
ROLLBACK TO three;
SELECT eventlog.log_event('a') IS NOT NULL;
RELEASE one;
SAVEPOINT four;
SELECT eventlog.log_event('a') IS NOT NULL;
SAVEPOINT five;
SELECT eventlog.log_event('a') IS NOT NULL;
ROLLBACK TO four;
COMMIT;
SELECT grew('4 0');
SELECT tried('SELECT eventlog.log_event('''')'), tried('SELECT eventlog.log_event(NULL)'),
       tried('SELECT eventlog.log_event(''a'', ''1'')'), tried('SELECT eventlog.log_envelope(''{}'')'),
       tried('SELECT eventlog.log_events(''{}'')'), tried('SELECT eventlog.log_events_json(''[1]'')');
SELECT grew('0 6 22004:1 22023:5');
BEGIN READ ONLY;
SELECT eventlog.log_event('a');
ROLLBACK;
SELECT grew('0 1 25006:1');

-- A transaction of many subtransactions keeps no memory for each of them.
BEGIN;
CREATE FUNCTION log_in_subtransactions(times int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..times LOOP
        BEGIN
            PERFORM eventlog.log_event('subtransaction');
            IF i % 2 = 0 THEN RAISE 'rolled back'; END IF;
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
    END LOOP;
END
$$;
CREATE FUNCTION memory_of_transaction() RETURNS bigint
    RETURN (SELECT total_bytes FROM pg_backend_memory_contexts WHERE name = 'TopTransactionContext');
SELECT log_in_subtransactions(1000);
SELECT memory_of_transaction() AS memory \gset
SELECT log_in_subtransactions(4000);
SELECT memory_of_transaction() - :memory < 100000;
ROLLBACK;

-- try_log_events is cancelled while it reads: not all of its events have been counted as refused.
CREATE TABLE many AS SELECT jsonb_agg(i) AS events FROM generate_series(1, 200000) i;
TRUNCATE before;
INSERT INTO before SELECT * FROM eventlog.stats;
SET statement_timeout = '10ms';
SELECT count(*) FROM many, eventlog.try_log_events(many.events);
RESET statement_timeout;
SELECT coalesce(s.rejected - b.rejected < 200000, current_setting('shared_preload_libraries') !~ 'eventlog') FROM eventlog.stats s, before b;
DROP TABLE many;
TRUNCATE before;
INSERT INTO before SELECT * FROM eventlog.stats;

-- The counts of targets survive a restart of the server: they are the sums over the targets.
BEGIN;
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson', events 'all');
CREATE SERVER "regress""eventlog\b" FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
SELECT eventlog.pause_target(name) FROM eventlog.targets;
COMMIT;
SELECT eventlog.log_event('a') IS NOT NULL;
BEGIN;
UPDATE eventlog.targets SET retried = 3, dead = 2, left_out = 5 WHERE name = 'regress_eventlog_a';
UPDATE eventlog.targets SET retried = 1, paused = false, state = 'waiting' WHERE name <> 'regress_eventlog_a';
UPDATE eventlog.reader_position SET delivered = 7;
INSERT INTO eventlog.dead_letters VALUES ('regress_eventlog_a', uuid_at('epoch'), 400, 'refused', '', 1, 'epoch', 'epoch');
SELECT forwarded, retried, dead, left_out, dead_letters FROM eventlog.stats;

-- metrics() is Prometheus text, with HELP and TYPE once per family, and labels escaped.
SELECT regexp_replace(line, '(_seconds\{.*\}|_ahead|logged_events_total) [0-9.e-]+$', '\1 N')
FROM string_to_table(eventlog.metrics(), E'\n') line WHERE line !~ 'rejected|logged|state="(waiting|no worker)"';
-- A target that waits has no worker without preloading.
SELECT string_agg(replace(line, CASE WHEN eventlog_internal.has_worker() THEN 'waiting' ELSE 'no worker' END, 'AS IT IS'), E'\n' ORDER BY line)
FROM string_to_table(eventlog.metrics(), E'\n') line WHERE line ~ 'state="(waiting|no worker)"} 1';
ROLLBACK;
SELECT eventlog.metrics() ~ E'^# HELP ' AND eventlog.metrics() ~ E'\n$';
SELECT eventlog_internal.metric_label('l', E'a"b\\c\nd');
SELECT (SELECT count(*) FROM regexp_matches(eventlog.metrics(), '^eventlog_(?:logged_events_total|rejected_calls_total\{sqlstate="[0-9A-Z]{5}"\}) [0-9]+$', 'gn'))
       = coalesce(1 + (SELECT count(*) FROM eventlog.stats, jsonb_object_keys(rejected_by_sqlstate)), 0)
WHERE current_setting('shared_preload_libraries') ~ 'eventlog'
UNION ALL SELECT eventlog.metrics() !~ 'rejected|logged' WHERE current_setting('shared_preload_libraries') !~ 'eventlog';

-- reset_stats() sets every counter to 0, and the progress of a target that was rewound goes on.
BEGIN;
SELECT tried('SELECT eventlog.log_event(NULL)');
UPDATE eventlog.targets SET retried = 3, dead = 2, left_out = 5, rewound_sent = 4 WHERE name = 'regress_eventlog_a';
UPDATE eventlog.reader_position SET delivered = 7;
SELECT eventlog.reset_stats();
SELECT coalesce(logged, 0), coalesce(rejected, 0), coalesce(rejected_by_sqlstate, '{}'), forwarded, retried, dead, left_out,
       stats_reset >= statement_timestamp() - interval '1 minute', coalesce(counted_since >= stats_reset, true)
FROM eventlog.stats;
SELECT p.delivered - t.rewound_sent FROM eventlog.targets t JOIN eventlog.reader_position p ON p.name = t.name AND p.kind = 'target'
WHERE t.name = 'regress_eventlog_a';
SELECT sent, retried, dead FROM eventlog.forward_status WHERE target = 'regress_eventlog_a';
ROLLBACK;
TRUNCATE before;
INSERT INTO before SELECT * FROM eventlog.stats;
SELECT tried('SELECT eventlog.log_event(NULL)');
SELECT grew('0 1 22004:1');

-- PUBLIC sees nothing; pg_monitor sees these, and no table.
CREATE ROLE regress_eventlog_nobody;
CREATE ROLE regress_eventlog_monitor IN ROLE pg_monitor;
CREATE FUNCTION sees() RETURNS TABLE (statement text, verdict text)
    LANGUAGE sql AS $$
    SELECT statement, verdict(statement) FROM unnest(ARRAY[
        'SELECT * FROM eventlog.stats', 'SELECT * FROM eventlog.forward_status', 'SELECT eventlog.metrics()',
        'SELECT FROM eventlog.events', 'SELECT FROM eventlog.dead_letters', 'SELECT FROM eventlog.targets',
        'SELECT eventlog.redrive(''regress_eventlog_a'')', 'SELECT eventlog.log_event(''a'')']) statement
$$;
SET ROLE regress_eventlog_nobody;
SELECT * FROM sees();
RESET ROLE;
SET ROLE regress_eventlog_monitor;
SELECT * FROM sees();
RESET ROLE;

DROP FUNCTION sees, grew, growth;
DROP TABLE before;
DROP SERVER regress_eventlog_a, "regress""eventlog\b";
DROP ROLE regress_eventlog_monitor, regress_eventlog_nobody;
