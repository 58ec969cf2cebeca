-- Pages of the log: list_events and find_events.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_eventlog_reader;
CREATE ROLE regress_eventlog_reader;
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_reader;
RESET client_min_messages;

-- Makes a partition of the test with the keys and indexes of the extension's partitions.
CREATE PROCEDURE make_leaf(leaf text, lower uuid, upper uuid) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE eventlog.%I (LIKE eventlog.events INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY (event_id))', leaf);
    EXECUTE format('CREATE INDEX ON eventlog.%I (event_name, event_id)', leaf);
    EXECUTE format('CREATE INDEX ON eventlog.%I (actor_id, event_id) WHERE actor_id IS NOT NULL', leaf);
    EXECUTE format('CREATE INDEX ON eventlog.%I (resource_id, event_id) WHERE resource_id IS NOT NULL', leaf);
    EXECUTE format('CREATE INDEX ON eventlog.%I (trace_id, event_id) WHERE trace_id IS NOT NULL', leaf);
    EXECUTE format('ALTER TABLE eventlog.events ATTACH PARTITION eventlog.%I FOR VALUES FROM (%L) TO (%L)', leaf, lower, upper);
END
$$;
CREATE PROCEDURE drop_leaves() LANGUAGE plpgsql AS $$
DECLARE
    leaf regclass;
BEGIN
    FOR leaf IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'eventlog.events'::regclass LOOP
        EXECUTE format('DROP TABLE %s', leaf);
    END LOOP;
END
$$;
-- The time of row n is n minutes after the beginning of 2001.
CREATE FUNCTION place(n bigint) RETURNS uuid
    LANGUAGE sql IMMUTABLE AS $$ SELECT uuid_at('2001-01-01 00:00Z'::timestamptz + n * interval '1 minute', n) $$;
CREATE FUNCTION numbers(ids uuid[]) RETURNS text
    LANGUAGE sql AS $$
    SELECT coalesce(string_agg((('x' || right(id::text, 12))::bit(48)::bigint)::text, ' ' ORDER BY o), 'none')
    FROM unnest(ids) WITH ORDINALITY u(id, o)
$$;
CREATE FUNCTION found(filters text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[];
BEGIN
    EXECUTE format('SELECT array_agg(event_id) FROM eventlog.find_events(%s)', filters) INTO ids;
    RETURN numbers(ids);
END
$$;

-- The first argument is the name of events, the second one the source.
BEGIN;
DO $$BEGIN PERFORM eventlog.log_event('first.argument', source => 'second'), eventlog.log_event('second', source => 'first.argument'); END$$;
SELECT event_name FROM eventlog.find_events('first.argument');
SELECT event_name FROM eventlog.find_events(NULL, 'first.argument');
SELECT jsonb_path_query_array(eventlog.list_events('first.argument', 'second'), '$.data.events[*].eventName');
ROLLBACK;

-- An index scan may meet the entry for the old version of a rewritten row first; the page does not end before the entry for the new version.
BEGIN;
CALL drop_leaves();
CREATE TABLE eventlog.rewritten (LIKE eventlog.events INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY (event_id));
CREATE INDEX ON eventlog.rewritten (event_name, event_id DESC);
CREATE INDEX ON eventlog.rewritten (actor_id);
ALTER TABLE eventlog.events ATTACH PARTITION eventlog.rewritten FOR VALUES FROM ('00000000-0000-0000-0000-000000000000') TO (MAXVALUE);
INSERT INTO eventlog.rewritten (event_id, event_name, source, origin, actor_id, event_ts, ingested_at, metadata, xid)
SELECT place(n), 'rewritten', 's', 'backend', 'a', now(), now(), '{}', '1' FROM generate_series(1, 5) n;
ALTER TABLE eventlog.rewritten DISABLE TRIGGER append_only_rows;
UPDATE eventlog.rewritten SET actor_id = 'b';
UPDATE eventlog.rewritten SET actor_id = NULL;
SET LOCAL eventlog.page_scan_rows = 1;
WITH RECURSIVE pages(page) AS (
    SELECT eventlog.list_events(event_name => 'rewritten')
    UNION ALL
    SELECT eventlog.list_events(event_name => 'rewritten', cursor => page -> 'data' ->> 'nextCursor')
    FROM pages WHERE page -> 'data' ->> 'nextCursor' IS NOT NULL)
SELECT numbers(array_agg((e ->> 'eventId')::uuid)) FROM pages, jsonb_array_elements(page -> 'data' -> 'events') e;
ROLLBACK;

-- An empty log, and one without partitions, give an empty page.
BEGIN;
CALL drop_leaves();
SELECT eventlog.list_events();
SELECT count(*) FROM eventlog.find_events(actor_id => 'a');
CALL make_leaf('a', place(0), place(30));
SELECT eventlog.list_events();
ROLLBACK;

-- Everything from here on happens in one transaction that is rolled back, over 90 rows in partitions of 30 with a gap after 60.
BEGIN;
CALL drop_leaves();
CALL make_leaf('a', place(0), place(31));
CALL make_leaf('b', place(31), place(61));
CALL make_leaf('c', place(71), place(110));
INSERT INTO eventlog.events (event_id, event_name, event_type, source, origin, actor_type, actor_id, resource_type, resource_id,
                             tenant_id, event_ts, ingested_at, value, metadata, schema_version, trace_id, xid)
SELECT place(n), 'name ' || n % 3, CASE n % 4 WHEN 0 THEN 'type' WHEN 1 THEN 'name 1' END, 'source ' || n % 2, 'backend',
       CASE n % 5 WHEN 1 THEN 'user' WHEN 2 THEN 'service' END, CASE WHEN n % 5 > 0 THEN 'actor ' || n % 5 / 2 END,
       CASE WHEN n % 3 > 0 THEN 'type ' || n % 2 END, CASE WHEN n % 3 > 0 THEN 'resource ' || n % 4 END,
       CASE WHEN n % 7 > 0 THEN uuid_at('epoch', n % 2) END, '2001-01-01 00:00Z'::timestamptz + (n % 10) * interval '1 day',
       eventlog.event_time(place(n)), n / 10.0, jsonb_build_object('n', n, '_eventLog', '{"forwardToStatsig": false}'::jsonb), '1.0.0',
       CASE WHEN n % 4 > 0 THEN md5((n % 3)::text) END, '7'
FROM generate_series(1, 100) n WHERE n <= 60 OR n > 70;

-- The JSON has every value that was given, byte by byte, and no optional key without a value.
SELECT eventlog.list_events(max_rows => 1);
SAVEPOINT json;
INSERT INTO eventlog.events (event_id, event_name, source, origin, event_ts, ingested_at, metadata, xid)
VALUES (place(101), 'name', 'source', 'frontend', '2001-01-01 00:00:00.000001Z', '1969-12-31 23:59:59.9Z', '{"_eventLog": {}}', '7');
SELECT eventlog.list_events(max_rows => 1);
INSERT INTO eventlog.events (event_id, event_name, source, origin, actor_id, value, event_ts, ingested_at, metadata, xid)
VALUES (place(102), E'"\\\u20ac\n', 'source', 'backend', 'id', 1e-310, '9999-12-31 23:59:59.999999Z', '0001-01-01 00:00:00Z',
        '{"z": [1.50, {"_eventLog": null}], "a": {"b": {}, "c": []}, "_eventLog": {"d": 1}, "": "\u20ac", "__eventLog": 1e30}', '7');
SELECT eventlog.list_events(max_rows => 1);
SET LOCAL extra_float_digits = 0;
SELECT eventlog.list_events(max_rows => 1) #> '{data,events,0,value}';
ROLLBACK TO json;
SELECT key, value FROM jsonb_each(eventlog.list_events(max_rows => 2, cursor => eventlog.ulid(place(61))) -> 'data') WHERE key <> 'events';

-- The newest event comes first; max_rows is between 1 and 100, and NULL is 50.
SELECT found('max_rows => 100');
SELECT found('');
SELECT found('max_rows => 1');
SELECT count(*) FROM eventlog.find_events(max_rows => NULL);
SELECT jsonb_array_length(eventlog.list_events(max_rows => NULL) #> '{data,events}');
SELECT refusal('SELECT eventlog.list_events(max_rows => 101)');
SELECT name, rows, verdict(format('SELECT eventlog.%s(max_rows => %s)', name, rows))
FROM unnest(ARRAY['list_events', 'find_events']) name, unnest(ARRAY[0, 1, 100, 101, -1, 2147483647]) rows;

-- A cursor may be the page's last row, in lower case, between rows, in the gap, in the future, or before everything.
SELECT name, found(format('max_rows => 3, cursor => %L', cursor))
FROM (VALUES ('row', eventlog.ulid(place(60))), ('lower case', lower(eventlog.ulid(place(60)))),
             ('between', eventlog.ulid(uuid_at('2001-01-01 00:59:30Z'))), ('gap', eventlog.ulid(place(65))),
             ('future', '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'), ('second', eventlog.ulid(place(2))), ('first', eventlog.ulid(place(1))),
             ('epoch', '00000000000000000000000000')) c(name, cursor);
SELECT refusal(format('SELECT eventlog.list_events(cursor => %L)', repeat('é', 300)));
SELECT name, left(cursor, 40), verdict(format('SELECT eventlog.%s(cursor => %L)', name, cursor))
FROM unnest(ARRAY['list_events', 'find_events']) name,
     unnest(ARRAY['', 'x', place(1)::text, '8ZZZZZZZZZZZZZZZZZZZZZZZZZ', '0000000000000000000000000U']) cursor;
-- With a cursor from a partition that was dropped or detached, the page continues below it.
SAVEPOINT dropped;
DROP TABLE eventlog.b;
SELECT found(format('max_rows => 3, cursor => %L', eventlog.ulid(place(50))));
ROLLBACK TO dropped;
ALTER TABLE eventlog.events DETACH PARTITION eventlog.b;
SELECT found(format('max_rows => 3, cursor => %L', eventlog.ulid(place(50))));
SELECT found(format('max_rows => 3, cursor => %L', eventlog.ulid(place(73))));
ROLLBACK TO dropped;

-- Each filter selects by its column.
SELECT filter, found(filter || ', max_rows => 12') FROM unnest(ARRAY[
    'source => ''source 1''', 'event_name => ''name 2''', 'event_type => ''type''', 'actor_type => ''user''', 'actor_id => ''actor 2''',
    'resource_type => ''type 1''', 'resource_id => ''resource 3''', 'trace_id => md5(''0'')', 'tenant_id => uuid_at(''epoch'', 1)',
    'from_ts => ''2001-01-08 00:00Z''', 'to_ts => ''2001-01-03 00:00Z''', 'from_ts => ''2001-01-02 00:00Z'', to_ts => ''2001-01-03 00:00Z''',
    'from_ts => ''infinity''', 'from_ts => ''-infinity''', 'to_ts => ''-infinity''', 'to_ts => ''infinity''']) filter;
-- event_type matches the type that is shown, which is the name if the event has no type.
SELECT found('event_type => ''name 2'', max_rows => 12');
SELECT found('event_type => ''name 1'', max_rows => 12'), found('event_type => ''name 1'', event_name => ''name 0'', max_rows => 6');
SELECT bool_and(e ->> 'eventType' = 'name 1')
FROM jsonb_array_elements(eventlog.list_events(event_type => 'name 1') #> '{data,events}') e;
-- Filters are trimmed like stored text; a blank filter counts as given and matches nothing; case matters.
SELECT found(E'event_name => E'' \\u3000name 2\\n'', max_rows => 3'), found('event_name => '' '''), found('event_name => ''Name 2'''),
       found('actor_id => ''''');

-- With all filters in any combination, page by page until the last, every row comes once, in order.
CREATE FUNCTION paged(use bit(10), max_rows int) RETURNS uuid[]
    LANGUAGE plpgsql AS $$
DECLARE
    page jsonb;
    cursor text;
    ids uuid[] := '{}';
BEGIN
    LOOP
        page := eventlog.list_events(
            source => CASE WHEN get_bit(use, 0) = 1 THEN 'source 1' END, event_name => CASE WHEN get_bit(use, 1) = 1 THEN 'name 1' END,
            event_type => CASE WHEN get_bit(use, 2) = 1 THEN 'name 1' END, actor_type => CASE WHEN get_bit(use, 3) = 1 THEN 'user' END,
            actor_id => CASE WHEN get_bit(use, 4) = 1 THEN 'actor 0' END, resource_type => CASE WHEN get_bit(use, 5) = 1 THEN 'type 1' END,
            resource_id => CASE WHEN get_bit(use, 6) = 1 THEN 'resource 1' END, trace_id => CASE WHEN get_bit(use, 7) = 1 THEN md5('1') END,
            tenant_id => CASE WHEN get_bit(use, 8) = 1 THEN uuid_at('epoch', 1) END,
            from_ts => CASE WHEN get_bit(use, 9) = 1 THEN timestamptz '2001-01-02 00:00Z' END,
            to_ts => CASE WHEN get_bit(use, 9) = 1 THEN timestamptz '2001-01-09 00:00Z' END,
            max_rows => max_rows, cursor => cursor) -> 'data';
        ids := ids || ARRAY(SELECT (e ->> 'eventId')::uuid FROM jsonb_array_elements(page -> 'events') e);
        cursor := page ->> 'nextCursor';
        EXIT WHEN cursor IS NULL;
    END LOOP;
    RETURN ids;
END
$$;
CREATE FUNCTION wanted(use bit(10)) RETURNS uuid[]
    LANGUAGE sql AS $$
    SELECT ARRAY(SELECT event_id FROM eventlog.events
                 WHERE (get_bit(use, 0) = 0 OR source = 'source 1') AND (get_bit(use, 1) = 0 OR event_name = 'name 1')
                   AND (get_bit(use, 2) = 0 OR coalesce(event_type, event_name) = 'name 1') AND (get_bit(use, 3) = 0 OR actor_type = 'user')
                   AND (get_bit(use, 4) = 0 OR actor_id = 'actor 0') AND (get_bit(use, 5) = 0 OR resource_type = 'type 1')
                   AND (get_bit(use, 6) = 0 OR resource_id = 'resource 1') AND (get_bit(use, 7) = 0 OR trace_id = md5('1'))
                   AND (get_bit(use, 8) = 0 OR tenant_id = uuid_at('epoch', 1))
                   AND (get_bit(use, 9) = 0 OR event_ts >= '2001-01-02 00:00Z' AND event_ts < '2001-01-09 00:00Z')
                 ORDER BY event_id DESC)
$$;
SELECT count(*), count(*) FILTER (WHERE wanted(use) <> '{}') > 100, string_agg(use::text, ' ') FILTER (WHERE paged(use, 4) <> wanted(use))
FROM (SELECT n::bit(10) FROM generate_series(0, 1023) n) u(use);
-- This holds for any size of the page, and however few rows it may examine.
SELECT sum(cardinality(paged(use, rows))) = sum(cardinality(wanted(use))), bool_and(paged(use, rows) = wanted(use))
FROM (SELECT n::bit(10) FROM generate_series(0, 1023, 31) n) u(use), unnest(ARRAY[1, 7, 89, 100]) rows;
SET LOCAL eventlog.page_scan_rows = 5;
SELECT bool_and(paged(use, 4) = wanted(use)) FROM (SELECT n::bit(10) FROM generate_series(0, 1023, 17) n) u(use);
SET LOCAL eventlog.page_scan_rows = 1;
SELECT bool_and(paged(use, 4) = wanted(use)) FROM (SELECT n::bit(10) FROM generate_series(0, 1023, 111) n) u(use);

-- A page examines eventlog.page_scan_rows rows at most, then returns its rows with a cursor from which to continue. The cursor is between
-- the last row that was examined and the next one, and is the id of no row.
SET LOCAL eventlog.page_scan_rows = 10;
CREATE FUNCTION between_rows(cursor text) RETURNS text
    LANGUAGE sql AS $$
    SELECT concat_ws(' ', numbers(ARRAY[(SELECT event_id FROM eventlog.events WHERE event_id >= id ORDER BY event_id LIMIT 1)]),
                     numbers(ARRAY[(SELECT event_id FROM eventlog.events WHERE event_id < id ORDER BY event_id DESC LIMIT 1)]),
                     (SELECT 'is a row' FROM eventlog.events WHERE event_id = id))
    FROM eventlog.from_ulid(cursor) id
$$;
SELECT between_rows(page ->> 'nextCursor'), jsonb_array_length(page -> 'events')
FROM (SELECT eventlog.list_events(tenant_id => uuid_at('epoch', 7)) -> 'data') p(page);
SELECT between_rows(page ->> 'nextCursor'), jsonb_array_length(page -> 'events')
FROM (SELECT eventlog.list_events(source => 'source 1', max_rows => 5) -> 'data') p(page);
SELECT found('source => ''source 1''');
-- The cursor of a full page with another row behind it is its last row.
SELECT found('source => ''source 1'', max_rows => 4');
-- If an index is used, the rows of that index count.
SELECT found('event_name => ''name 2'', max_rows => 9');
RESET eventlog.page_scan_rows;
SHOW eventlog.page_scan_rows;
SET LOCAL ROLE regress_eventlog_reader;
SELECT verdict('SET eventlog.page_scan_rows = 1000000');
RESET ROLE;

-- The rows of find_events are those of the table.
SELECT count(*) FROM (SELECT * FROM eventlog.find_events(max_rows => 100) EXCEPT SELECT * FROM eventlog.events) d;
SELECT count(*) FROM eventlog.find_events(max_rows => 100) f JOIN eventlog.events e ON f IS NOT DISTINCT FROM e;
SELECT provolatile, proparallel FROM pg_proc WHERE pronamespace = 'eventlog'::regnamespace AND proname IN ('list_events', 'find_events');
ALTER TABLE eventlog.events ADD COLUMN gone int, ADD COLUMN extra text DEFAULT 'default';
ALTER TABLE eventlog.events DROP COLUMN gone;
SELECT extra, event_name FROM eventlog.find_events(max_rows => 1);
ALTER TABLE eventlog.events DROP COLUMN extra;

-- The partitions here have other shapes: one has no key, one has the columns in another order, one is itself partitioned, one is the default partition.
SAVEPOINT shapes;
CREATE TABLE eventlog.kept AS SELECT * FROM eventlog.events WHERE event_id < place(61);
DROP TABLE eventlog.a, eventlog.b;
CREATE TABLE eventlog.a PARTITION OF eventlog.events FOR VALUES FROM (MINVALUE) TO (place(31)) PARTITION BY HASH (event_id);
CREATE TABLE eventlog.a_0 PARTITION OF eventlog.a FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE eventlog.a_1 PARTITION OF eventlog.a FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE eventlog.b (extra int, LIKE eventlog.events INCLUDING ALL);
ALTER TABLE eventlog.b DROP COLUMN extra, DROP COLUMN source, ADD source text NOT NULL;
ALTER TABLE eventlog.events ATTACH PARTITION eventlog.b FOR VALUES FROM (place(31)) TO (place(51));
CREATE TABLE eventlog.d PARTITION OF eventlog.events DEFAULT;
INSERT INTO eventlog.events SELECT * FROM eventlog.kept;
INSERT INTO eventlog.events (event_id, event_name, source, origin, event_ts, ingested_at, metadata, xid)
VALUES (place(65), 'name 1', 'source 1', 'backend', now(), now(), '{}', '7');
SELECT tableoid::regclass, count(*) FROM eventlog.events GROUP BY tableoid ORDER BY tableoid::regclass::text COLLATE "C";
SELECT string_agg(use::text, ' ') FILTER (WHERE paged(use, 4) <> wanted(use)) IS NULL
FROM (SELECT n::bit(10) FROM generate_series(0, 1023, 31) n) u(use);
ALTER TABLE eventlog.b ADD PRIMARY KEY (event_id);
CREATE INDEX ON eventlog.b (event_name, event_id);
CREATE INDEX ON eventlog.d (source, event_id DESC);
SELECT string_agg(use::text, ' ') FILTER (WHERE paged(use, 4) <> wanted(use)) IS NULL
FROM (SELECT n::bit(10) FROM generate_series(0, 1023, 31) n) u(use);
SET LOCAL eventlog.page_scan_rows = 3;
SELECT string_agg(use::text, ' ') FILTER (WHERE paged(use, 4) <> wanted(use)) IS NULL
FROM (SELECT n::bit(10) FROM generate_series(0, 1023, 73) n) u(use);
ROLLBACK;

-- Returns how many entries this transaction has read from the indexes whose definitions end with this text.
CREATE FUNCTION entries(wanted text) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(indexrelid)), 0)::bigint
    FROM pg_index JOIN pg_inherits ON inhrelid = indrelid
    WHERE inhparent = 'eventlog.events'::regclass AND pg_get_indexdef(indexrelid) LIKE '% USING btree ' || wanted
$$;
-- Returns how many entries of that index a page with these filters reads, how many rows it has, and whether a table was read from end to end.
CREATE FUNCTION reads(filters text, wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    scans constant text := $x$SELECT sum(pg_stat_get_xact_numscans(inhrelid)) FROM pg_inherits
                              WHERE inhparent = 'eventlog.events'::regclass$x$;
    before bigint := entries(wanted);
    scans_before bigint;
    scans_after bigint;
    rows bigint;
BEGIN
    EXECUTE scans INTO scans_before;
    EXECUTE format('SELECT count(*) FROM eventlog.find_events(%s)', filters) INTO rows;
    EXECUTE scans INTO scans_after;
    RETURN format('%s: %s entries, %s rows%s', wanted, entries(wanted) - before, rows,
                  CASE WHEN scans_after > scans_before THEN ', by a sequential scan' ELSE '' END);
END
$$;

-- From here on the partitions are the extension's own, with 3,000 rows each. A third of the rows in the older two are 'old', but none in the
-- newer two, so a walk through the log for 'old' reads all of these.
BEGIN;
CALL drop_leaves();
SET LOCAL eventlog.partition_width = '1 min';
SET LOCAL eventlog.partitions_ahead = 3;
SELECT eventlog.maintain();
CREATE TEMPORARY TABLE minutes AS
SELECT row_number() OVER (ORDER BY starts) AS minute, starts
FROM (SELECT eventlog.event_time(substring(pg_get_expr(relpartbound, oid) FROM $$FROM \('(.{36})'\)$$)::uuid) AS starts
      FROM pg_class WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'eventlog.events'::regclass)) s;
INSERT INTO eventlog.events (event_id, event_name, source, origin, actor_type, actor_id, resource_type, resource_id, tenant_id,
                             event_ts, ingested_at, metadata, trace_id, xid)
SELECT uuid_at(starts + n * interval '10 ms', n), kind, kind, 'backend', kind, kind, kind, kind, uuid_at('epoch', n % 2),
       now(), now(), '{}', kind, '7'
FROM minutes, generate_series(1, 3000) n, LATERAL (SELECT CASE WHEN n % 3 = 0 AND minute <= 2 THEN 'old' ELSE 'new' END) k(kind)
WHERE minute <= 4;
ANALYZE eventlog.events;

-- event_name, actor_id, resource_id and trace_id have an index path, which reads the page's rows and one more.
SELECT reads(format('%s => ''old''', name), condition)
FROM (VALUES ('event_name', '(event_name, event_id)'), ('actor_id', '(actor_id, event_id) WHERE (actor_id IS NOT NULL)'),
             ('resource_id', '(resource_id, event_id) WHERE (resource_id IS NOT NULL)'),
             ('trace_id', '(trace_id, event_id) WHERE (trace_id IS NOT NULL)')) p(name, condition);
-- The index is used whatever other filters are given; of two index paths the better one is used.
SELECT reads('event_name => ''old'', tenant_id => uuid_at(''epoch'', 1), max_rows => 10', '(event_name, event_id)');
SELECT reads('event_name => ''new'', actor_id => ''old'', source => ''old''', '(actor_id, event_id) WHERE (actor_id IS NOT NULL)'),
       reads('event_name => ''new'', actor_id => ''old'', source => ''old''', '(event_name, event_id)');
-- The rows are those that the walk has met: no other index is read for them.
SELECT reads('event_name => ''old''', '(event_id)');
-- A page in the middle costs no more than the first.
SELECT reads(format('event_name => ''old'', cursor => %L',
                    (SELECT eventlog.ulid(event_id) FROM eventlog.events WHERE event_name = 'old' ORDER BY event_id OFFSET 700 LIMIT 1)),
             '(event_name, event_id)');
-- The other filters walk through the log.
SELECT split_part(split_part(reads('source => ''old''', '(event_id)'), ': ', 2), ' ', 1)::int BETWEEN 6000 AND 6300;

-- The documented recipe is an index on the parent: the filter of the type needs an expression, and several columns serve several filters.
CREATE INDEX ON eventlog.events (source, event_id);
SELECT reads('source => ''old''', '(source, event_id)');
CREATE INDEX ON eventlog.events (tenant_id, event_id);
SELECT reads('tenant_id => uuid_at(''epoch'', 1)', '(tenant_id, event_id)');
CREATE INDEX ON eventlog.events (coalesce(event_type, event_name), event_id DESC);
SELECT reads('event_type => ''old''', '(COALESCE(event_type, event_name), event_id DESC)');
CREATE INDEX ON eventlog.events (tenant_id, coalesce(event_type, event_name), event_id);
SELECT reads('event_type => ''old'', tenant_id => uuid_at(''epoch'', 1)', '(tenant_id, COALESCE(event_type, event_name), event_id)');
SELECT reads('event_type => ''old''', '(COALESCE(event_type, event_name), event_id DESC)');
-- An index that lacks rows or has another order is not used.
CREATE INDEX ON eventlog.events (actor_type, event_id) WHERE actor_type <> 'none';
CREATE INDEX ON eventlog.events (resource_type text_pattern_ops, event_id);
CREATE INDEX ON eventlog.events (actor_type, event_ts, event_id);
SELECT reads('actor_type => ''old'', resource_type => ''old'', max_rows => 5', index)
FROM unnest(ARRAY['(actor_type, event_id) WHERE (actor_type <> ''none''::text)', '(resource_type text_pattern_ops, event_id)',
                  '(actor_type, event_ts, event_id)']) index;

-- A page is read with the caller's privileges and row security; hidden rows count as examined.
SET LOCAL ROLE regress_eventlog_reader;
SELECT tried(format('SELECT eventlog.%s(event_name => ''none'')', name)) FROM unnest(ARRAY['list_events', 'find_events']) name;
RESET ROLE;
GRANT EXECUTE ON FUNCTION eventlog.list_events, eventlog.find_events TO regress_eventlog_reader;
SET LOCAL ROLE regress_eventlog_reader;
SELECT tried(format('SELECT eventlog.%s(event_name => ''none'')', name)) FROM unnest(ARRAY['list_events', 'find_events']) name;
RESET ROLE;
GRANT SELECT ON eventlog.events TO regress_eventlog_reader;
SET LOCAL ROLE regress_eventlog_reader;
SELECT count(*) FROM eventlog.find_events(event_name => 'old');
RESET ROLE;
ALTER TABLE eventlog.events ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON eventlog.events TO regress_eventlog_reader
    USING (tenant_id = '00000000-0000-7000-8000-000000000001' AND event_name = 'old');
SET LOCAL ROLE regress_eventlog_reader;
SELECT count(*), bool_and(tenant_id = '00000000-0000-7000-8000-000000000001' AND event_name = 'old')
FROM eventlog.find_events(max_rows => 100);
SELECT eventlog.list_events(tenant_id => '00000000-0000-7000-8000-000000000000', source => 'old');
RESET ROLE;
SET LOCAL eventlog.page_scan_rows = 4000;
SET LOCAL ROLE regress_eventlog_reader;
SELECT jsonb_array_length(page -> 'events'), page ->> 'nextCursor' IS NOT NULL FROM (SELECT eventlog.list_events() -> 'data') p(page);
RESET ROLE;

-- A hidden row is never a cursor, and a page does not examine more rows for a reader under row security: not for a value that only hidden
-- rows have, and not if the policy asks another table, in which case SQL examines the rows that were found once more.
CREATE TABLE tenants AS SELECT '00000000-0000-7000-8000-000000000001'::uuid AS id;
GRANT SELECT ON tenants TO regress_eventlog_reader;
CREATE FUNCTION read_all(filters text, OUT pages bigint, OUT rows bigint, OUT hidden_cursors bigint, OUT most_read bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    cursor text;
    page jsonb;
    before bigint;
BEGIN
    pages := 0; rows := 0; hidden_cursors := 0; most_read := 0;
    LOOP
        before := entries('%');
        SET LOCAL ROLE regress_eventlog_reader;
        EXECUTE format('SELECT eventlog.list_events(%s, max_rows => 100, cursor => %L) -> ''data''', filters, cursor) INTO page;
        RESET ROLE;
        most_read := greatest(most_read, entries('%') - before);
        cursor := page ->> 'nextCursor';
        pages := pages + 1;
        rows := rows + jsonb_array_length(page -> 'events');
        EXIT WHEN cursor IS NULL;
        hidden_cursors := hidden_cursors + (SELECT count(*) FROM eventlog.events
                                            WHERE event_id = eventlog.from_ulid(cursor) AND tenant_id = uuid_at('epoch', 0));
    END LOOP;
END
$$;
SET LOCAL eventlog.page_scan_rows = 700;
SELECT filters, found.pages > 1 AS several, found.rows, found.hidden_cursors, found.most_read <= 720 AS bounded
FROM unnest(ARRAY['event_name => ''old''', 'source => ''old''', 'event_name => ''old'', tenant_id => uuid_at(''epoch'', 0)']) filters,
     read_all(filters) found;
ALTER POLICY one_tenant ON eventlog.events USING (tenant_id IN (SELECT id FROM tenants));
SELECT filters, found.pages > 1 AS several, found.rows, found.hidden_cursors, found.most_read <= 720 AS bounded
FROM unnest(ARRAY['event_name => ''old''', 'source => ''old''', 'event_name => ''old'', tenant_id => uuid_at(''epoch'', 0)']) filters,
     read_all(filters) found;
-- A policy sees a row as the table has it, whatever the order of the partition's columns; several policies are combined.
ALTER POLICY one_tenant ON eventlog.events USING (tenant_id IS NOT NULL AND events.event_name = 'old' AND tableoid <> 0);
CREATE POLICY half ON eventlog.events AS RESTRICTIVE USING (current_user = 'regress_eventlog_reader' AND right(event_id::text, 1) < '8');
SELECT found.rows = (SELECT count(*) FROM eventlog.events WHERE event_name = 'old' AND right(event_id::text, 1) < '8')
FROM read_all('event_name => ''old''') found;
DROP POLICY one_tenant ON eventlog.events;
SELECT found.rows, found.hidden_cursors FROM read_all('event_name => ''old''') found;
SET LOCAL ROLE regress_eventlog_reader;
SET LOCAL row_security = off;
SELECT tried('SELECT eventlog.list_events()');
ROLLBACK;

-- A page locks the table and one partition at a time, however many partitions it passes, and however many its rows are from.
DO $$
BEGIN
    FOR n IN 0 .. 69 LOOP
        CALL make_leaf('regress_leaf_' || n, place(n * 10), place(n * 10 + 10));
    END LOOP;
END
$$;
INSERT INTO eventlog.events (event_id, event_name, source, origin, event_ts, ingested_at, metadata, xid)
SELECT place(n * 10 + 5), 'regress locks', 's', 'backend', now(), now(), jsonb_build_object('long', repeat(md5(n::text), 300)), '7'
FROM generate_series(0, 68) n;
BEGIN;
SELECT count(*), count(DISTINCT length(metadata ->> 'long')) FROM eventlog.find_events(event_name => 'regress locks', max_rows => 100);
SELECT count(*) < 10, string_agg(relation::regclass::text, ' ') FILTER (WHERE relation::regclass::text ~ 'regress_leaf')
FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation';
ROLLBACK;
DO $$BEGIN FOR n IN 0 .. 69 LOOP EXECUTE format('DROP TABLE eventlog.regress_leaf_%s', n); END LOOP; END$$;

-- A page only reads: it works in a read-only transaction and assigns no transaction number.
BEGIN READ ONLY;
SELECT jsonb_typeof(eventlog.list_events() -> 'data'), (SELECT count(*) >= 0 FROM eventlog.find_events());
SELECT pg_current_xact_id_if_assigned() IS NULL;
ROLLBACK;
-- A page shows the rows that its own transaction has written, like any query.
BEGIN;
SELECT eventlog.log_event('pages', actor_id => 'pages') AS id \gset
SELECT eventlog.list_events(actor_id => 'pages') #>> '{data,events,0,eventId}' = :'id';
ROLLBACK;

DROP PROCEDURE make_leaf, drop_leaves;
DROP FUNCTION place, numbers, found, entries, reads;
DROP OWNED BY regress_eventlog_reader;
DROP ROLE regress_eventlog_reader;
