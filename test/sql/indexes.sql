-- Each index of a partition serves a query.
\t on
\pset format unaligned
LOAD 'eventlog';

-- Everything happens in one transaction that is rolled back. It replaces the partitions by partitions of one minute with
-- 3,000 rows each. Log calls would choose their own ids, so the rows are inserted with the ids that the test needs.
BEGIN;
DO $$
DECLARE
    leaf regclass;
BEGIN
    FOR leaf IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'eventlog.events'::regclass LOOP
        EXECUTE format('DROP TABLE %s', leaf);
    END LOOP;
END
$$;
SET LOCAL eventlog.partition_width = '1 min';
SET LOCAL eventlog.partitions_ahead = 3;
SET LOCAL random_page_cost = 1.1;
SELECT eventlog.maintain();
CREATE TEMPORARY TABLE minutes AS
SELECT row_number() OVER (ORDER BY starts) AS minute, starts
FROM (SELECT eventlog.event_time(substring(pg_get_expr(relpartbound, oid) FROM $$FROM \('(.{36})'\)$$)::uuid) AS starts
      FROM pg_class WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'eventlog.events'::regclass)) s;
SELECT count(*) FROM minutes;
INSERT INTO eventlog.events (event_id, event_name, source, origin, actor_type, actor_id, resource_type, resource_id,
                             event_ts, ingested_at, metadata, trace_id, xid)
SELECT uuid_at(starts + n * interval '10 ms', n), 'name ' || n % 300, 'source', 'backend',
       CASE WHEN n % 3 = 0 THEN 'user' END, CASE WHEN n % 3 = 0 THEN 'actor ' || n % 300 END,
       CASE WHEN n % 4 = 0 THEN 'type' END, CASE WHEN n % 4 = 0 THEN 'resource ' || n % 400 END, now(), now(), '{}',
       CASE WHEN n % 5 = 0 THEN md5((n % 300)::text) END, ((minute * 3000 + n) / 10)::text::xid8
FROM minutes, generate_series(1, 3000) n;
ANALYZE eventlog.events;

CREATE FUNCTION columns(index regclass) RETURNS text
    LANGUAGE sql AS $$ SELECT substring(pg_get_indexdef(index) FROM 'USING (?:btree )?(.*)') $$;
-- Returns the indexes that a plan reads, by their columns, with or without a bitmap, and what it sorts.
CREATE FUNCTION nodes(plan jsonb) RETURNS SETOF text
    LANGUAGE plpgsql AS $$
DECLARE
    child jsonb;
    node constant text := plan ->> 'Node Type';
    index constant text := plan ->> 'Index Name';
BEGIN
    IF index IS NOT NULL THEN
        RETURN NEXT concat_ws(' ', 'index', CASE plan ->> 'Scan Direction' WHEN 'Backward' THEN 'backward' END,
                              columns(format('eventlog.%I', index)::regclass));
    ELSIF node NOT IN ('Limit', 'Append', 'Merge Append', 'Aggregate', 'Result', 'BitmapOr', 'Bitmap Heap Scan') THEN
        RETURN NEXT node;
    END IF;
    FOR child IN SELECT * FROM jsonb_array_elements(plan -> 'Plans') LOOP
        RETURN QUERY SELECT * FROM nodes(child);
    END LOOP;
END
$$;
CREATE TEMPORARY TABLE used (index text);
CREATE FUNCTION plan_of(query text) RETURNS SETOF text
    LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    line text;
BEGIN
    EXECUTE 'EXPLAIN (COSTS OFF, FORMAT JSON) ' || query INTO plan;
    FOR line IN SELECT node FROM nodes(plan::jsonb -> 0 -> 'Plan') WITH ORDINALITY n(node,
        place) GROUP BY node ORDER BY min(place) LOOP
        INSERT INTO used VALUES (substring(line FROM '(?:brin )?\(.*'));
        RETURN NEXT line;
    END LOOP;
END
$$;
SELECT uuid_at(starts + interval '20 s') AS middle FROM minutes WHERE minute = 2 \gset

-- (event_id) serves one event; a page of the log, newest first, from the cursor on; and reading forward from an id.
SELECT plan_of(format('SELECT * FROM eventlog.events WHERE event_id = %L', :'middle'));
SELECT plan_of(format('SELECT * FROM eventlog.events WHERE event_id < %L ORDER BY event_id DESC LIMIT 5', :'middle'));
SELECT plan_of('SELECT * FROM eventlog.events ORDER BY event_id DESC LIMIT 5');
SELECT plan_of(format('SELECT * FROM eventlog.events WHERE event_id > %L ORDER BY event_id LIMIT 500', :'middle'));

-- (xid, event_id) serves the window of a reader, including its late transactions.
SELECT plan_of('SELECT event_id FROM eventlog.events
                WHERE (xid >= ''900'' AND xid < ''905'') OR xid = ANY (''{310,320}''::xid8[]) ORDER BY event_id');
SELECT plan_of('SELECT event_id FROM eventlog.events WHERE xid >= ''2000'' OR xid = ANY (''{}''::xid8[]) LIMIT 51');
SELECT plan_of('SELECT xid FROM eventlog.events ORDER BY xid DESC LIMIT 1');

-- (event_name, event_id) serves the events with a name, newest first.
SELECT plan_of('SELECT * FROM eventlog.events WHERE event_name = ''name 7'' ORDER BY event_id DESC LIMIT 5');
SELECT plan_of(format('SELECT * FROM eventlog.events WHERE event_name = ''name 7'' AND event_id < %L
                       ORDER BY event_id DESC LIMIT 5', :'middle'));

-- (actor_id, event_id) serves the events of an actor, newest first.
SELECT plan_of('SELECT * FROM eventlog.events WHERE actor_id = ''actor 9'' ORDER BY event_id DESC LIMIT 5');
SELECT plan_of('SELECT * FROM eventlog.events WHERE actor_type = ''user'' AND actor_id = ''actor 9''
                ORDER BY event_id DESC LIMIT 5');

-- (resource_id, event_id) serves the events about a resource, newest first.
SELECT plan_of('SELECT * FROM eventlog.events WHERE resource_id = ''resource 8'' ORDER BY event_id DESC LIMIT 5');
SELECT plan_of('SELECT * FROM eventlog.events WHERE resource_type = ''type'' AND resource_id = ''resource 8''
                ORDER BY event_id DESC LIMIT 5');

-- (trace_id, event_id) serves the events of a trace, newest first.
SELECT plan_of(format('SELECT * FROM eventlog.events WHERE trace_id = %L ORDER BY event_id DESC LIMIT 5', md5('10')));

-- brin (ingested_at, event_ts) serves the events that were written, or happened, in a time; these partitions are too small for the planner to choose it.
SET LOCAL enable_seqscan = off;
SELECT plan_of('SELECT count(*) FROM eventlog.events WHERE ingested_at >= ''2026-11-20'' AND ingested_at < ''2026-11-21''');
SELECT plan_of('SELECT count(*) FROM eventlog.events WHERE event_ts >= ''2026-11-20'' AND event_ts < ''2026-11-21''');
RESET enable_seqscan;

-- A time corresponds to a range of ids, so other partitions are not in the plan at all.
CREATE FUNCTION scans(query text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (COSTS OFF, FORMAT JSON) ' || query INTO plan;
    RETURN (SELECT count(DISTINCT name) FROM jsonb_path_query(plan::jsonb, '$.**."Relation Name"') name);
END
$$;
SELECT scans('SELECT * FROM eventlog.events'),
       scans(format('SELECT * FROM eventlog.events WHERE event_id >= %L AND event_id < %L', uuid_at(starts),
                    uuid_at(starts + interval '59.999 s')))
FROM minutes WHERE minute = 2;

-- Every index of a partition has a query above, all partitions have the same indexes, and the parent has none.
SELECT columns, count(*) = (SELECT count(*) FROM minutes), columns IN (SELECT index FROM used)
FROM (SELECT columns(indexrelid) FROM pg_index JOIN pg_inherits ON inhrelid = indrelid
      WHERE inhparent = 'eventlog.events'::regclass) s
GROUP BY columns ORDER BY columns;
SELECT count(*) FROM pg_index WHERE indrelid = 'eventlog.events'::regclass;
ROLLBACK;
