-- Retention: its rules, the partitions that are due, and the readers that hold them. test/t/048_retention.pl tests concurrent sessions.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;
SET timezone = 'UTC';

-- Makes the partition of a day, the given number of days ago, with rows of this transaction number.
CREATE PROCEDURE old_partition(days int, xid xid8, events int DEFAULT 3) LANGUAGE plpgsql AS $$
DECLARE
    start constant timestamptz := date_trunc('day', now(), 'UTC') - days * interval '1 day';
    leaf constant text := 'regress_old_' || days;
BEGIN
    EXECUTE format('CREATE TABLE eventlog.%I (LIKE eventlog.events INCLUDING ALL, PRIMARY KEY (event_id))', leaf);
    EXECUTE format('INSERT INTO eventlog.%I (event_id, event_name, source, origin, event_ts, ingested_at, metadata, xid)
        SELECT uuid_at($1, n), ''old'', ''test'', ''backend'', $1, $1, ''{"_eventLog": {"forwardToStatsig": true}}'', $2
        FROM generate_series(1, $3) n', leaf) USING start, xid, events;
    EXECUTE format('ALTER TABLE eventlog.events ATTACH PARTITION eventlog.%I FOR VALUES FROM (%L) TO (%L)', leaf,
                   overlay(uuid_at(start)::text PLACING '0000-0000' FROM 15),
                   overlay(uuid_at(start + interval '1 day')::text PLACING '0000-0000' FROM 15));
END
$$;
-- Returns the partitions that are due, by their age in days, oldest first.
CREATE VIEW due AS
SELECT substring(partition::regclass::text FROM 'regress_old_(\d+)') AS days FROM eventlog_internal.due_partitions() ORDER BY from_time;

-- set_retention sets how long a log is kept; NULL keeps it for ever.
SELECT eventlog.set_retention('eventlog.events', '30 days');
SELECT * FROM eventlog.retention WHERE log = 'events';
SELECT eventlog.set_retention('eventlog.events', '3 months');
SELECT * FROM eventlog.retention WHERE log = 'events';
SELECT eventlog.set_retention('eventlog.events', NULL);
SELECT count(*) FROM eventlog.retention WHERE log = 'events';

-- Less than a day must be asked for by name, because a number without a unit counts seconds.
SELECT refusal(format('SELECT eventlog.set_retention(''eventlog.events'', %s)', keep))
FROM (VALUES ('''90'''), ('''23:59:59'''), ('''90'', short => false'), ('''90'', short => NULL')) c(keep);
SELECT eventlog.set_retention('eventlog.events', '24 hours');
SELECT * FROM eventlog.retention WHERE log = 'events';
SELECT eventlog.set_retention('eventlog.events', '23:59:59', short => true);
SELECT * FROM eventlog.retention WHERE log = 'events';
SELECT eventlog.set_retention('eventlog.events', NULL);

-- Idempotency keys are kept for their whole window, even on the day that is an hour shorter.
BEGIN;
SET LOCAL timezone = 'Europe/Berlin';
SELECT timestamptz '2026-03-29 12:00+02' - keep = timestamptz '2026-03-28 11:00+01' FROM eventlog_internal.keep_times WHERE log = 'idempotency_keys';
COMMIT;

-- An argument that is not a log, or not a valid time, is refused.
CREATE TABLE events (n int) PARTITION BY RANGE (n);
SELECT refusal(format('SELECT eventlog.set_retention(%s, %s)', log, keep))
FROM (VALUES ('NULL', '''1 day'''), ('''events''', '''1 day'''), ('''eventlog.targets''', '''1 day'''),
             ('''eventlog.forward_status''', 'NULL'), ('''eventlog.events''', '''0'''), ('''eventlog.events''', '''-1 day'''),
             ('''eventlog.events''', '''1 month -29 days'''), ('''eventlog.events''', '''1001 years'''),
             ('''eventlog.nothing''', '''1 day''')) c(log, keep);
DROP TABLE events;

-- A partition is due once its whole range is older than the retention period; the current partition and later ones are never due.
BEGIN;
CALL old_partition(40, '3');
CALL old_partition(20, '3');
CALL old_partition(1, '3');
SELECT coalesce(string_agg(days, ' '), 'none') FROM due;
SELECT eventlog.set_retention('eventlog.events', '1 month');
SELECT string_agg(days, ' ') FROM due;
SELECT eventlog.set_retention('eventlog.events', '19 days');
SELECT string_agg(days, ' ') FROM due;
SELECT eventlog.set_retention('eventlog.events', '1 microsecond', short => true);
SELECT string_agg(days, ' ') FROM due;
SELECT eventlog.set_retention('eventlog.events', '1000 years');
SELECT coalesce(string_agg(days, ' '), 'none') FROM due;

-- The view shows the partitions.
SELECT partition, to_time - from_time, state, held_by, bytes > 0 FROM eventlog.partitions WHERE partition::text ~ 'regress_old';
SELECT eventlog.set_retention('eventlog.events', '30 days');
SELECT partition, state, held_by FROM eventlog.partitions WHERE partition::text ~ 'regress_old';
SELECT DISTINCT log, state, from_time <= clock_timestamp(), to_time <= clock_timestamp()
FROM eventlog.partitions WHERE log = 'events' ORDER BY 1, 3, 4;
SELECT rows FROM eventlog.partitions WHERE partition = 'eventlog.regress_old_40'::regclass;
ANALYZE eventlog.regress_old_40;
SELECT rows FROM eventlog.partitions WHERE partition = 'eventlog.regress_old_40'::regclass;
ROLLBACK;

-- A user's own partition may have a bound without an end, be partitioned itself, or be kept elsewhere.
BEGIN;
CREATE TABLE eventlog.regress_old_1000 PARTITION OF eventlog.events FOR VALUES FROM (MINVALUE) TO ('00a00000-0000-0000-0000-000000000000')
    PARTITION BY HASH (event_id);
CREATE TABLE eventlog.regress_part PARTITION OF eventlog.regress_old_1000 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE FOREIGN DATA WRAPPER regress_elsewhere;
CREATE SERVER regress_elsewhere FOREIGN DATA WRAPPER regress_elsewhere;
CREATE FOREIGN TABLE eventlog.regress_foreign PARTITION OF eventlog.events
    FOR VALUES FROM ('00a00000-0000-0000-0000-000000000000') TO ('00b00000-0000-0000-0000-000000000000') SERVER regress_elsewhere;
SELECT eventlog.set_retention('eventlog.events', '30 days');
SELECT partition::regclass FROM eventlog_internal.due_partitions();
SELECT partition, from_time, bytes > 0, state FROM eventlog.partitions WHERE partition::text ~ 'regress_old';
DROP FOREIGN TABLE eventlog.regress_foreign;
DROP TABLE eventlog.regress_old_1000;
CREATE TABLE eventlog.regress_default PARTITION OF eventlog.events DEFAULT;
SELECT count(*) FROM eventlog_internal.due_partitions();
SELECT from_time, to_time, state FROM eventlog.partitions WHERE partition = 'eventlog.regress_default'::regclass;
ROLLBACK;

-- Above eventlog.retention_max_size the oldest partitions are due until the rest is below that size.
BEGIN;
CALL old_partition(4, '3', 5000);
CALL old_partition(3, '3', 5000);
CALL old_partition(2, '3', 5000);
SET LOCAL eventlog.retention_max_size = '1GB';
SELECT coalesce(string_agg(days, ' '), 'none') FROM due;
SET LOCAL eventlog.retention_max_size = '1MB';
SELECT days FROM due WHERE days IS NOT NULL LIMIT 1;
ROLLBACK;

-- A reader holds a partition while it has events of that partition to read.
BEGIN;
CREATE SERVER regress_flagged FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson');
CREATE SERVER regress_named FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson', events 'other.*');
CREATE SERVER regress_all FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson', events 'all');
SELECT eventlog.pause_target('regress_all');
CALL old_partition(40, pg_current_xact_id());
CALL old_partition(39, '3');
SELECT eventlog.set_retention('eventlog.events', '30 days');
SELECT partition, held_by FROM eventlog.partitions WHERE held_by IS NOT NULL;
SELECT eventlog_internal.unread('eventlog.regress_old_40', 'target', name) FROM eventlog.targets WHERE name ~ 'regress' ORDER BY name;
SELECT eventlog_internal.unread('eventlog.regress_old_40', 'target', 'regress_all', 2);
-- The reader has read to the second event, then to the end, then starts again from the start of the log.
UPDATE eventlog.reader_window w SET to_snapshot = '1:9000000000000:' WHERE name = 'regress_all';
UPDATE eventlog.reader_position p
SET last_id = (SELECT event_id FROM eventlog.regress_old_40 ORDER BY event_id OFFSET 1 LIMIT 1), win = w.win
FROM eventlog.reader_window w WHERE w.name = p.name AND p.name = 'regress_all';
SELECT eventlog_internal.unread('eventlog.regress_old_40', 'target', 'regress_all');
UPDATE eventlog.reader_position p SET done = true WHERE name = 'regress_all';
SELECT eventlog_internal.unread('eventlog.regress_old_40', 'target', 'regress_all');
SELECT eventlog.rewind_target('regress_all', 'beginning');
SELECT partition, held_by FROM eventlog.partitions WHERE held_by IS NOT NULL;
SELECT eventlog.rewind_target('regress_all', 'now');
-- A dead letter that will be sent again holds its partition.
INSERT INTO eventlog.dead_letters (target, event_id, reason, attempts, first_attempt_at, last_attempt_at)
SELECT 'regress_all', event_id, 'test', 1, now(), now() FROM eventlog.regress_old_39 LIMIT 1;
SELECT held_by FROM eventlog.partitions WHERE partition = 'eventlog.regress_old_39'::regclass;
SELECT eventlog.redrive('regress_all');
SELECT held_by FROM eventlog.partitions WHERE partition = 'eventlog.regress_old_39'::regclass;
-- A held partition is not retired, unless readers are ignored.
SELECT eventlog_internal.retire_partition('eventlog.regress_old_39'::regclass, false), eventlog_internal.retire_partition('eventlog.events'::regclass, true);
-- Only a partition that is sealed is retired.
SELECT eventlog_internal.retire_partition('eventlog.regress_old_39'::regclass, true);
SELECT eventlog_internal.close_partition('eventlog.regress_old_39'::regclass), eventlog_internal.retire_partition('eventlog.regress_old_39'::regclass, true);
SELECT eventlog_internal.seal_partition('eventlog.regress_old_39'::regclass), eventlog_internal.retire_partition('eventlog.regress_old_39'::regclass, true);
SELECT name, log, unread FROM eventlog.retired_partitions;
ROLLBACK;

-- A consumer holds selected events that have not been handed out to it, or that it has leased; health() names the holder of the oldest.
BEGIN;
CALL old_partition(40, '3');
SELECT eventlog.set_retention('eventlog.events', '30 days');
SELECT eventlog.create_consumer('regress other', 'beginning', '{other.*}');
SELECT eventlog.create_consumer('regress old', 'beginning', '{old}');
SELECT partition, held_by FROM eventlog.partitions WHERE held_by IS NOT NULL;
SELECT eventlog.health() #> '{checks,retention}';
SELECT event_name, count(*) FROM eventlog.poll('regress old', 2) GROUP BY event_name;
SELECT eventlog_internal.unread('eventlog.regress_old_40', 'consumer', 'regress old');
SELECT event_name, count(*) FROM eventlog.poll('regress old', 2) GROUP BY event_name;
SELECT eventlog_internal.unread('eventlog.regress_old_40', 'consumer', 'regress old');
SELECT eventlog.ack('regress old', (SELECT ids[2] FROM eventlog.leases ORDER BY last_id LIMIT 1));
SELECT eventlog_internal.unread('eventlog.regress_old_40', 'consumer', 'regress old');
SELECT eventlog.nack('regress old', (SELECT ids[1] FROM eventlog.leases));
SELECT eventlog_internal.unread('eventlog.regress_old_40', 'consumer', 'regress old');
SELECT held_by FROM eventlog.partitions WHERE partition = 'eventlog.regress_old_40'::regclass;
SET LOCAL eventlog.retention_ignores_readers = on;
SELECT eventlog.health() #> '{checks,retention,status}';
RESET eventlog.retention_ignores_readers;
SELECT eventlog.drop_consumer('regress old');
SELECT held_by FROM eventlog.partitions WHERE partition = 'eventlog.regress_old_40'::regclass;
SELECT eventlog.health() #> '{checks,retention}';
ROLLBACK;

-- Idempotency keys are removed when their window is over, independently of the retention rules.
BEGIN;
CREATE TABLE eventlog.regress_old_keys (LIKE eventlog.idempotency_keys);
ALTER TABLE eventlog.idempotency_keys ATTACH PARTITION eventlog.regress_old_keys
    FOR VALUES FROM ('00000000-0000-0000-0000-000000000000') TO ('00000001-0000-0000-0000-000000000000');
SELECT log FROM eventlog_internal.due_partitions() WHERE partition = 'eventlog.regress_old_keys'::regclass;
SET LOCAL eventlog.idempotency_window = '366d';
SELECT log, keep FROM eventlog_internal.keep_times WHERE log = 'idempotency_keys';
CREATE ROLE regress_long_window;
ALTER ROLE regress_long_window SET eventlog.idempotency_window = '366d';
SET LOCAL eventlog.idempotency_window = '2h';
SELECT log, keep FROM eventlog_internal.keep_times WHERE log = 'idempotency_keys';
ALTER ROLE regress_long_window RESET ALL;
SELECT log, keep FROM eventlog_internal.keep_times WHERE log = 'idempotency_keys';
SELECT refusal('SELECT eventlog.set_retention(''eventlog.idempotency_keys'', ''1 day'')');
ROLLBACK;

-- maintain() has the partition sealed and dropped, whether the library is preloaded or not.
SET eventlog.sealing = on;
CALL old_partition(40, '3');
SELECT eventlog.set_retention('eventlog.events', '30 days');
CREATE PROCEDURE wait_until_dropped() LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 1800 LOOP
        EXIT WHEN to_regclass('eventlog.regress_old_40') IS NULL;
        COMMIT;
        IF i % 20 = 1 THEN
            PERFORM eventlog.maintain();
            COMMIT;
        END IF;
        PERFORM pg_sleep(0.1);
    END LOOP;
END
$$;
CALL wait_until_dropped();
SELECT to_regclass('eventlog.regress_old_40') IS NULL;
SELECT count(*) FROM eventlog.retired_partitions;
SELECT count(*) FROM eventlog.sealed_partitions WHERE log = 'events';
RESET eventlog.sealing;
SELECT eventlog.set_retention('eventlog.events', NULL);

-- Only a superuser can change the settings.
DROP ROLE IF EXISTS regress_eventlog_app;
CREATE ROLE regress_eventlog_app;
SET ROLE regress_eventlog_app;
SELECT verdict(format('SET eventlog.%s', s)) FROM unnest(ARRAY['retention_max_size = 1', 'retention_ignores_readers = on', 'sealing = off']) s;
RESET ROLE;
SELECT verdict('SET eventlog.retention_max_size = -1');

-- pg_monitor may see the partitions.
GRANT pg_monitor TO regress_eventlog_app;
SET ROLE regress_eventlog_app;
SELECT count(*) > 0, count(*) FILTER (WHERE bytes > 0) > 0 FROM eventlog.partitions;
SELECT verdict('SELECT eventlog.set_retention(''eventlog.events'', NULL)'), verdict('SELECT FROM eventlog_internal.due_partitions()');
RESET ROLE;
DROP OWNED BY regress_eventlog_app;
DROP ROLE regress_eventlog_app;
DROP VIEW due;
DROP PROCEDURE old_partition;
DROP PROCEDURE wait_until_dropped;
