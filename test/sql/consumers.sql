-- The feed: consumers, poll, ack, nack, their limits and errors, and the views over them.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = warning;
CREATE FUNCTION polled(name text, max_rows int DEFAULT 100, lease interval DEFAULT '1 hour') RETURNS text
    LANGUAGE sql AS $$ SELECT string_agg(event_name, ' ' ORDER BY event_id) FROM eventlog.poll(name, max_rows, lease => lease) $$;
-- Returns the id of the event with this name.
CREATE FUNCTION of(event_name text) RETURNS uuid
    LANGUAGE sql AS $$ SELECT event_id FROM eventlog.events e WHERE e.event_name = of.event_name AND source = 'feed' $$;
SET eventlog.source = 'feed';

-- start_at is 'now', 'beginning', or the uuid or ULID of the event to start after.
SELECT eventlog.create_consumer('now');
SELECT count(eventlog.log_event('feed.' || i)) FROM generate_series(1, 5) i;
SELECT eventlog.create_consumer('after', of('feed.2')::text), eventlog.create_consumer('ulid', eventlog.ulid(of('feed.4')));
SELECT eventlog.create_consumer('all', 'beginning', '{feed.*}');
SELECT polled('now'), polled('after'), polled('ulid'), polled('all');
SELECT polled('now');
-- The position is kept when a window has been read to its end.
SELECT count(eventlog.log_event('feed.' || i)) FROM generate_series(6, 8) i;
SELECT polled('now', 2), polled('after'), polled('now', 2), polled('now', 2);

-- Patterns select events, and all other events are skipped.
SELECT eventlog.create_consumer('some', 'now', '{order.*, !order.viewed, ab}');
SELECT eventlog.create_consumer('others', 'now', '{!order.*}');
SELECT count(eventlog.log_event(n)) FROM unnest('{order.paid,order.viewed,user.made,order.item.added,ab}'::text[]) n;
SELECT polled('some', 2), polled('some', 2), polled('some', 2), polled('others');
-- Many events are skipped only once; a poll that finds nothing else writes nothing and blocks nobody.
CREATE VIEW place AS SELECT win FROM eventlog.reader_window WHERE kind = 'consumer' AND name = 'some';
SELECT win AS before FROM place \gset
SELECT count(eventlog.log_event('passed')) FROM generate_series(1, 2500);
SELECT polled('some');
SELECT win > :before FROM place;
SELECT win AS before FROM place \gset
SELECT count(eventlog.log_event('passed')) FROM generate_series(1, 10);
BEGIN;
SELECT polled('some');
SELECT pg_current_xact_id_if_assigned() IS NULL;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND classid = 'eventlog.events'::regclass;
COMMIT;
SELECT win = :before FROM place;
DROP VIEW place;
SELECT count(eventlog.log_event('order.late'));
SELECT polled('some');

-- ack settles a lease up to and including an event, in its order.
SELECT eventlog.create_consumer('acks', of('feed.2')::text, '{feed.*}');
SELECT polled('acks', 4);
CREATE FUNCTION acked(event_name text) RETURNS boolean
    LANGUAGE sql AS $$ SELECT eventlog.ack('acks', of(event_name)) $$;
CREATE VIEW leased AS
SELECT cardinality(ids) AS events, leased_until < now() AS ended, times, first_id = ids[1] AND last_id = ids[cardinality(ids)] AS whole
FROM eventlog.leases WHERE consumer = 'acks' ORDER BY win, last_id;
SELECT acked('feed.4'), acked('feed.4'), acked('feed.3'), acked('feed.2'), acked('feed.8');
SELECT * FROM leased;
SELECT acked('feed.6');
SELECT * FROM leased;
SELECT eventlog.ack('acks', 'ffffffff-ffff-ffff-ffff-ffffffffffff');
-- nack returns the remaining events at once, and they are handed out before new ones; a smaller poll takes some of them.
SELECT polled('acks', 1);
SELECT eventlog.nack('acks', of('feed.7'));
SELECT acked('feed.7');
SELECT * FROM leased;
SELECT polled('acks'), polled('acks');
SELECT eventlog.nack('acks', of('feed.7'));
SELECT eventlog.nack('acks', of('feed.7'));
SELECT eventlog.nack('acks', of('feed.1'));
SELECT polled('acks'), acked('feed.7'), polled('acks');
SELECT * FROM leased;
SELECT eventlog.nack('acks', of('feed.8'));
SELECT polled('acks', 2), acked('feed.8');
SELECT eventlog.create_consumer('split', 'beginning', '{feed.*}');
SELECT polled('split', 3), eventlog.nack('split', of('feed.1'));
SELECT polled('split', 2), polled('split', 2), polled('split', 2);
-- A lease that has expired cannot be used, whether or not another poller has taken its events.
SELECT eventlog.create_consumer('ended', 'beginning', '{feed.*}');
SELECT polled('ended', 2, '1 ms'), pg_sleep(0.01);
SELECT eventlog.ack('ended', of('feed.1'));
SELECT polled('ended', 2), eventlog.ack('ended', of('feed.2'));

-- An event polled and acknowledged in one transaction is handed out again when that is rolled back.
BEGIN;
SELECT polled('ended', 2), eventlog.ack('ended', of('feed.4'));
ROLLBACK;
BEGIN;
SELECT polled('ended', 2), polled('ended', 2), eventlog.ack('ended', of('feed.4'));
SAVEPOINT a;
SELECT polled('ended', 2);
ROLLBACK TO a;
SELECT polled('ended', 2);
COMMIT;
SELECT polled('ended', 2);
-- An event of the transaction itself is not handed out before it has committed.
BEGIN;
SELECT eventlog.log_event('feed.own') IS NOT NULL, polled('ended');
COMMIT;
SELECT polled('ended');

-- An event that is handed out is on disk, regardless of synchronous_commit in the writer and the poller.
SET synchronous_commit = off;
SELECT eventlog.log_event('feed.async') IS NOT NULL;
SELECT pg_current_wal_insert_lsn() AS written \gset
SELECT polled('ended');
SELECT pg_current_wal_flush_lsn() >= :'written';
RESET synchronous_commit;

-- The views show consumers and positions.
SELECT eventlog.create_consumer('seen', of('feed.2')::text, '{feed.*}');
SELECT polled('seen', 2);
SELECT name, events, position = of('feed.4'), lag_events, lag_seconds > 0, leased_events, leased_pieces, oldest_lease < now(),
       window_opened_at < now(), held_by_pid
FROM eventlog.consumers WHERE name = 'seen';
BEGIN;
SELECT eventlog.log_event('feed.held') IS NOT NULL;
SELECT lag_events, held_by_pid = pg_backend_pid(), held_by_xid::text = (pg_current_xact_id()::text::bigint % (2::bigint ^ 32)::bigint)::text,
       held_by_prepared, held_since = now()
FROM eventlog.consumers WHERE name = 'seen';
SELECT count(*) FROM eventlog.settled_events WHERE event_id >= of('feed.held');
ROLLBACK;
-- An event is settled once everything else in progress on the server, for example autovacuum, has ended.
DO $$
BEGIN
    FOR i IN 1 .. 6000 LOOP
        EXIT WHEN EXISTS (SELECT FROM eventlog.settled_events WHERE event_id = of('feed.own'));
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;
SELECT count(*) FROM eventlog.settled_events WHERE event_name LIKE 'feed._' AND settled_number::text = xid::text;
-- A reader that has stored a position uses the index to continue.
SET enable_seqscan = off;
CREATE FUNCTION index_conditions(statement text) RETURNS SETOF text
    LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        RETURN QUERY SELECT regexp_replace(m[1], '\m(events|e)\w*\.', '', 'g') FROM regexp_matches(line, '(Index Cond: .*|Sort Key.*)') m;
    END LOOP;
END
$$;
SELECT DISTINCT index_conditions
FROM index_conditions('SELECT * FROM eventlog.settled_events WHERE xid > ''7'' ORDER BY xid, event_id LIMIT 10')
WHERE index_conditions LIKE 'Index%';
RESET enable_seqscan;

-- Arguments that are null, unknown, given twice or out of range are refused.
SELECT refusal('SELECT eventlog.create_consumer(''now'')');
SELECT refusal('SELECT eventlog.create_consumer(NULL)'), verdict('SELECT eventlog.create_consumer(''n'', NULL)'),
       verdict('SELECT eventlog.create_consumer('' '')'), verdict('SELECT eventlog.create_consumer(repeat(''n'', 257))');
SELECT refusal('SELECT eventlog.create_consumer(''n'', ''nowhere'')');
SELECT refusal('SELECT eventlog.create_consumer(''n'', ''now'', ''{}'')');
SELECT refusal('SELECT eventlog.create_consumer(''n'', ''now'', ''{a,"! "}'')');
SELECT refusal('SELECT eventlog.create_consumer(''n'', ''now'', ''{a,NULL}'')');
SELECT refusal('SELECT eventlog.create_consumer(''n'', ''now'', array_fill(''a''::text, ''{101}''))');
SELECT refusal('SELECT eventlog.poll(''none'')');
SELECT refusal(format('SELECT eventlog.%s(''none'', uuid_at(now()))', f)) FROM unnest('{ack,nack}'::text[]) f;
SELECT refusal('SELECT eventlog.drop_consumer(''none'')');
SELECT refusal('SELECT eventlog.poll(''now'', 0)');
SELECT refusal('SELECT eventlog.poll(''now'', wait => ''-1 ms'')');
SELECT refusal('SELECT eventlog.poll(''now'', lease => ''0'')');
SELECT call, verdict('SELECT eventlog.' || call)
FROM unnest(ARRAY['poll(NULL)', 'poll(''now'', wait => NULL)', 'poll(''now'', lease => NULL)', 'ack(NULL, uuid_at(now()))',
                  'ack(''now'', NULL)', 'nack(''now'', NULL)', 'drop_consumer(NULL)', 'poll(''now'', -1)', 'poll(''now'', 10001)',
                  'poll(''now'', 10000)', 'poll(''now'', NULL)', 'poll(''now'', wait => ''1 mon'')',
                  'poll(''now'', wait => ''1 hour 1 ms'')', 'poll(''now'', lease => ''-1 mon'')', 'poll(''now'', lease => ''13 mons'')',
                  'poll(''now'', lease => ''1 mon'')']) call;
-- A poll is refused if nothing can be leased.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT refusal('SELECT eventlog.poll(''now'')');
ROLLBACK;
BEGIN READ ONLY;
SELECT refusal('SELECT eventlog.poll(''now'')');
ROLLBACK;

-- A lease of events that have left the log ends with the first poll that reaches it, even if that poll waits.
SELECT eventlog.create_consumer('gone');
INSERT INTO eventlog.leases (consumer, win, first_id, last_id, ids, leased_until)
SELECT 'gone', 0, id, id, ARRAY[id], '-infinity' FROM CAST('00000000-0000-7000-8000-000000000001' AS uuid) id;
SELECT count(*) FROM eventlog.poll('gone', wait => '1 second');
SELECT count(*) FROM eventlog.leases WHERE consumer = 'gone';

-- The events of a piece are read by their ids, along the primary keys of the partitions that hold them: in order, with those passed over
-- that have left the log or are of others, and with no lock on any partition afterwards. One partition here has no key, one has its
-- columns in another order, and there is a gap between them.
CREATE FUNCTION feed_id(n bigint) RETURNS uuid
    LANGUAGE sql IMMUTABLE AS $$ SELECT uuid_at('2001-01-01 00:00Z'::timestamptz + n * interval '1 minute', n) $$;
DO $$
BEGIN
    EXECUTE format('CREATE TABLE eventlog.regress_keyed PARTITION OF eventlog.events (PRIMARY KEY (event_id)) FOR VALUES FROM (%L) TO (%L)',
                   feed_id(0), feed_id(1000));
    CREATE TABLE eventlog.regress_turned (extra int, LIKE eventlog.events INCLUDING ALL, PRIMARY KEY (event_id));
    ALTER TABLE eventlog.regress_turned DROP COLUMN extra, DROP COLUMN source, ADD source text NOT NULL;
    EXECUTE format('ALTER TABLE eventlog.events ATTACH PARTITION eventlog.regress_turned FOR VALUES FROM (%L) TO (%L)',
                   feed_id(1000), feed_id(2000));
    EXECUTE format('CREATE TABLE eventlog.regress_unkeyed PARTITION OF eventlog.events FOR VALUES FROM (%L) TO (%L)',
                   feed_id(2500), feed_id(3000));
    INSERT INTO eventlog.events (event_id, event_name, source, origin, event_ts, ingested_at, metadata, xid)
    SELECT feed_id(n), 'feed.read.' || n, 'source ' || n, 'backend', now(), now(),
           jsonb_build_object('n', n, 'long', CASE WHEN n % 500 = 7 THEN repeat(md5(n::text), 500) END), pg_current_xact_id()
    FROM generate_series(1, 2999) n WHERE n % 3 > 0 AND (n < 2000 OR n >= 2500);
END
$$;
UPDATE eventlog.leases SET leased_until = 'infinity';
SELECT eventlog.create_consumer('pieces', 'beginning', '{feed.read.*}');
INSERT INTO eventlog.leases (consumer, win, first_id, last_id, ids, leased_until)
SELECT 'pieces', 0, feed_id(1), feed_id(2999), array_agg(feed_id(n) ORDER BY n % 7, n), '-infinity'
FROM generate_series(1, 2999) n WHERE n % 31 < 2 OR n % 500 < 20;
BEGIN;
CREATE TEMPORARY TABLE handed_out AS SELECT row_number() OVER () AS place, * FROM eventlog.poll('pieces', 10000);
SELECT count(*), count(*) FILTER (WHERE source = 'source ' || (metadata ->> 'n') AND event_name = 'feed.read.' || (metadata ->> 'n')),
       max(length(metadata ->> 'long'))
FROM handed_out;
SELECT count(*) FROM handed_out a JOIN handed_out b ON b.place = a.place + 1 AND b.event_id <= a.event_id;
SELECT array_agg((metadata ->> 'n')::int ORDER BY place) =
           ARRAY(SELECT n FROM generate_series(1, 2999) n
                 WHERE (n % 31 < 2 OR n % 500 < 20) AND n % 3 > 0 AND (n < 2000 OR n >= 2500) ORDER BY n)
FROM handed_out;
ROLLBACK;
BEGIN;
SELECT cardinality(eventlog_internal.ids_in_log(ids, 10000)), eventlog_internal.ids_in_log(ids, 3) = (eventlog_internal.ids_in_log(ids, 10000))[:3]
FROM eventlog.leases WHERE consumer = 'pieces';
SELECT eventlog_internal.ids_in_log(ARRAY[feed_id(2200), feed_id(-1), feed_id(3), feed_id(4), feed_id(4000000)], 10) = ARRAY[feed_id(4)];
SELECT string_agg(relation::regclass::text, ' ' ORDER BY relation) FROM pg_locks
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation::regclass::text IN ('eventlog.regress_keyed', 'eventlog.regress_turned');
ROLLBACK;
DROP TABLE eventlog.regress_keyed, eventlog.regress_turned, eventlog.regress_unkeyed;
DROP FUNCTION feed_id;
SELECT eventlog.drop_consumer('pieces');

-- A poller needs only EXECUTE; a monitor sees the consumers.
DROP ROLE IF EXISTS regress_eventlog_poller;
CREATE ROLE regress_eventlog_poller;
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_poller;
GRANT EXECUTE ON FUNCTION eventlog.poll, eventlog.ack TO regress_eventlog_poller;
SELECT eventlog.create_consumer('role', 'beginning', '{feed.*}');
SET ROLE regress_eventlog_poller;
SELECT event_name FROM eventlog.poll('role', 1);
SELECT count(*) FROM eventlog.consumers;
RESET ROLE;
GRANT pg_monitor TO regress_eventlog_poller;
SET ROLE regress_eventlog_poller;
SELECT count(*) FROM eventlog.consumers WHERE lag_events > 0 AND name = 'role';
RESET ROLE;
DROP OWNED BY regress_eventlog_poller;
DROP ROLE regress_eventlog_poller;

-- A dropped consumer leaves nothing behind.
SELECT count(eventlog.drop_consumer(name)) FROM eventlog.consumers;
SELECT count(*) FROM eventlog.leases;
SELECT count(*) FROM eventlog.reader_window WHERE kind = 'consumer';
SELECT count(*) FROM eventlog.reader_position WHERE kind = 'consumer';
DROP VIEW leased;
DROP FUNCTION polled, acked, of, index_conditions;
