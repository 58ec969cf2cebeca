-- Partitions are made ahead and on demand, and adjoin each other.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_eventlog_app;
CREATE ROLE regress_eventlog_app;
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_app;
GRANT EXECUTE ON FUNCTION eventlog.log_event TO regress_eventlog_app;

CREATE FUNCTION time_of(bound text) RETURNS timestamptz
    LANGUAGE sql AS 'SELECT eventlog.event_time(bound::uuid)';
CREATE VIEW ranges AS
SELECT c.oid, relname, relowner, time_of(bound[1]) AS starts, time_of(bound[2]) AS ends,
       lag(bound[2]) OVER (ORDER BY bound[1]) = bound[1] AS adjoins
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid,
     regexp_match(pg_get_expr(relpartbound, c.oid), $$FROM \('(.{36})'\) TO \('(.{36})'\)$$) bound
WHERE inhparent = 'eventlog.events'::regclass;
CREATE PROCEDURE drop_partitions() LANGUAGE plpgsql AS $$
DECLARE
    leaf regclass;
BEGIN
    FOR leaf IN SELECT oid FROM ranges LOOP
        EXECUTE format('DROP TABLE %s', leaf);
    END LOOP;
END
$$;

-- The first log call has made a partition: a UTC day around now, owned as the parent is, and no extension member.
SELECT eventlog.log_event('first') IS NOT NULL;
SELECT count(*) > 0, bool_or(now() BETWEEN starts AND ends), bool_and(ends - starts = '1 day'),
       bool_and(starts = date_trunc('day', starts, 'UTC')),
       bool_and(relowner = (SELECT relowner FROM pg_class WHERE oid = 'eventlog.events'::regclass)),
       bool_and(relname = 'events_p' || to_char(starts AT TIME ZONE 'UTC', 'YYYYMMDD'))
FROM ranges;
SELECT count(*) FROM ranges JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = oid AND deptype IN ('e', 'x');

-- maintain() makes the current partition and eventlog.partitions_ahead more; called again, it finds nothing to do.
BEGIN;
CALL drop_partitions();
SET LOCAL eventlog.partitions_ahead = 5;
SELECT eventlog.maintain();
CREATE TEMPORARY TABLE before AS SELECT * FROM ranges;
SELECT eventlog.maintain();
SELECT count(*), count(*) FILTER (WHERE adjoins), min(starts) <= clock_timestamp(),
       bool_and(ends - starts = '1 day') FROM ranges;
SELECT (SELECT array_agg(oid ORDER BY oid) FROM before) = (SELECT array_agg(oid ORDER BY oid) FROM ranges);
SET LOCAL eventlog.partitions_ahead = 8;
SELECT eventlog.maintain();
SELECT count(*), count(*) FILTER (WHERE adjoins) FROM ranges;
ROLLBACK;
BEGIN;
CALL drop_partitions();
SET LOCAL eventlog.partitions_ahead = 0;
SELECT eventlog.maintain();
SELECT count(*) FROM ranges;
ROLLBACK;

-- After changes of the width, in any order, the ranges adjoin, and none overlaps (the server would refuse it).
CREATE FUNCTION widths(VARIADIC steps interval[]) RETURNS SETOF text
    LANGUAGE plpgsql AS $$
DECLARE
    step interval;
BEGIN
    CALL drop_partitions();
    SET LOCAL eventlog.partitions_ahead = 3;
    FOREACH step IN ARRAY steps LOOP
        PERFORM set_config('eventlog.partition_width', (extract(epoch FROM step) / 60)::int || 'min', true);
        PERFORM eventlog.maintain();
        RETURN QUERY SELECT step || CASE WHEN bool_and(adjoins) THEN ': adjoining' ELSE ': with a gap' END FROM ranges;
    END LOOP;
END
$$;
BEGIN;
SELECT widths('1 day', '1 hour', '10 min', '1 min');
SELECT widths('1 min', '10 min', '1 hour', '1 day', '7 days');
SELECT widths('7 min', '5 min', '13 hours', '366 days', '1 min');
ROLLBACK;
DROP FUNCTION widths;
-- The units in the message differ between server versions.
\set VERBOSITY sqlstate
SET eventlog.partition_width = '0';
SET eventlog.partition_width = '367 d';
\set VERBOSITY default
SET eventlog.partitions_ahead = -1;

-- A log call never fails because a partition is missing: the call makes it, and it stays when the call is rolled back.
CALL drop_partitions();
BEGIN;
SET ROLE regress_eventlog_app;
SELECT eventlog.log_event('on demand') IS NOT NULL;
ROLLBACK;
SELECT count(*) > 0, bool_or(now() BETWEEN starts AND ends),
       bool_and(relowner = (SELECT relowner FROM pg_class WHERE oid = 'eventlog.events'::regclass)),
       count(*) FILTER (WHERE adjoins) = count(*) - 1
FROM ranges;
SELECT count(*) FROM ranges JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = oid AND deptype IN ('e', 'x');

-- The partition is made even by a query that is reading the table.
CALL drop_partitions();
SELECT count(eventlog.log_event('while reading')) FROM generate_series(1, 3) LEFT JOIN eventlog.events ON false;
SELECT count(*) FROM eventlog.events;

-- In the transaction that dropped the partition it is made again by that transaction itself; a rollback restores the old one.
BEGIN;
SELECT eventlog.log_event('in the old one') IS NOT NULL;
SAVEPOINT a;
CALL drop_partitions();
SELECT eventlog.log_event('in a new one') IS NOT NULL;
SELECT event_name FROM eventlog.events;
ROLLBACK TO a;
SELECT eventlog.log_event('in the old one') IS NOT NULL;
SELECT event_name, count(*) FROM eventlog.events WHERE event_name LIKE 'in %' GROUP BY event_name;
COMMIT;

-- If the name is taken, another is used.
BEGIN;
CALL drop_partitions();
DO $$
BEGIN
    FOR day IN 0 .. 5 LOOP
        EXECUTE format('CREATE TABLE eventlog.events_p%s (n int)',
                       to_char(now() AT TIME ZONE 'UTC' + day * interval '1 day', 'YYYYMMDD'));
    END LOOP;
END
$$;
COMMIT;
SELECT eventlog.log_event('beside') IS NOT NULL;
SELECT count(*) > 0, bool_and(relname ~ '^events_p\d{8}_1$') FROM ranges;
DO $$
DECLARE
    taken regclass;
BEGIN
    FOR taken IN SELECT oid FROM pg_class
                 WHERE relnamespace = 'eventlog'::regnamespace AND relkind = 'r' AND relnatts = 1 LOOP
        EXECUTE format('DROP TABLE %s', taken);
    END LOOP;
END
$$;

-- A new partition between two partitions of the user fits the gap, which the end of a day would divide.
SET eventlog.partition_width = '366 d';
SELECT uuid_at(now() - interval '1 min') AS past, uuid_at(now() + interval '1 min') AS future,
       uuid_at(now() + interval '1 year') AS later \gset
BEGIN;
CALL drop_partitions();
CREATE TABLE eventlog.own_past PARTITION OF eventlog.events FOR VALUES FROM (MINVALUE) TO (:'past');
CREATE TABLE eventlog.own_future PARTITION OF eventlog.events FOR VALUES FROM (:'future') TO (:'later');
COMMIT;
SELECT eventlog.log_event('between') IS NOT NULL;
RESET eventlog.partition_width;
SELECT pg_get_expr(relpartbound, c.oid) = format('FOR VALUES FROM (%L) TO (%L)', :'past', :'future')
FROM eventlog.events e JOIN pg_class c ON c.oid = e.tableoid WHERE event_name = 'between';

-- Events are written to a partition of the user too, plain or partitioned itself.
BEGIN;
CALL drop_partitions();
CREATE TABLE eventlog.own PARTITION OF eventlog.events FOR VALUES FROM (:'past') TO (:'later');
SELECT eventlog.log_event('own') IS NOT NULL;
SELECT tableoid::regclass FROM eventlog.events;
DROP TABLE eventlog.own;
CREATE TABLE eventlog.own PARTITION OF eventlog.events FOR VALUES FROM (:'past') TO (:'later') PARTITION BY HASH (event_id);
CREATE TABLE eventlog.own_0 PARTITION OF eventlog.own FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE eventlog.own_1 PARTITION OF eventlog.own FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT count(eventlog.log_event('own')) FROM generate_series(1, 100);
SELECT count(*), count(DISTINCT tableoid) FROM eventlog.events;
ROLLBACK;

-- A partition follows changes of the table: columns, a constraint, an index or a trigger of the user.
BEGIN;
CALL drop_partitions();
ALTER TABLE eventlog.events ADD COLUMN gone int, ADD COLUMN extra text DEFAULT 'default',
    ADD CONSTRAINT named CHECK (event_name <> '');
ALTER TABLE eventlog.events DROP COLUMN gone;
CREATE INDEX own_index ON eventlog.events (source);
CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.sofa := ''marked''; RETURN NEW; END';
CREATE TRIGGER mark BEFORE INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION mark();
SELECT eventlog.maintain();
SELECT eventlog.log_event('changed') IS NOT NULL;
SELECT sofa, extra FROM eventlog.events;
ROLLBACK;

-- The table itself is a member of the extension.
SELECT verdict('DROP TABLE eventlog.events');

-- maintain() writes, so it is refused in a read-only transaction.
BEGIN READ ONLY;
SELECT verdict('SELECT eventlog.maintain()');
ROLLBACK;

CALL drop_partitions();
SELECT eventlog.maintain();
DROP PROCEDURE drop_partitions;
DROP VIEW ranges;
DROP FUNCTION time_of;
DROP OWNED BY regress_eventlog_app;
DROP ROLE regress_eventlog_app;
