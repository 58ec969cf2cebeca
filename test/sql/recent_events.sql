-- The view for people at a prompt.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = warning;
BEGIN;

-- The newest events come first, in few columns; metadata are one line without _eventLog, and cut.
SELECT eventlog.log_event('recent.bare', source => 'shop', event_ts => '2026-01-02 03:04:05.6Z') AS bare \gset
SELECT count(eventlog.log_event('recent.full', source => 'shop', actor_type => 'user', actor_id => 'u-1', resource_type => 'order',
                                resource_id => 'o-1', metadata => jsonb_build_object('text', repeat('é', n) || E'\n')))
FROM generate_series(67, 68) n;
SELECT count(eventlog.log_event('recent.id', source => 'shop', actor_id => 'u-1'));
SET LOCAL TimeZone = 'UTC';
SELECT event_name, source, actor, resource, metadata, length(metadata) FROM eventlog.recent_events LIMIT 4;
SELECT time, event_id = :'bare' FROM eventlog.recent_events OFFSET 3 LIMIT 1;

-- The view shows the last 100 events, by the order of their ids.
SELECT count(*) FROM eventlog.log_events((SELECT jsonb_agg(jsonb_build_object('eventName', 'recent.many', 'metadata',
                                                                             jsonb_build_object('n', n)))
                                          FROM generate_series(1, 101) n));
SELECT count(*), count(DISTINCT event_name), (array_agg(metadata))[1], (array_agg(metadata))[100] FROM eventlog.recent_events;

-- It reads no more of the log than that, whichever way it is asked.
CREATE FUNCTION nodes(query text) RETURNS SETOF text
    LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        RETURN NEXT substring(line FROM '(Limit|Append|Sort|Seq Scan|Index Scan Backward|Index Scan|Bitmap \w+ Scan)');
    END LOOP;
END
$$;
SELECT query, ARRAY(SELECT DISTINCT n FROM nodes(query) n WHERE n IS NOT NULL ORDER BY n)
FROM (VALUES ('TABLE eventlog.recent_events'), ('SELECT * FROM eventlog.recent_events LIMIT 20'),
             ('SELECT * FROM eventlog.recent_events WHERE actor = ''user:u-1''')) q(query);

-- The reader's own privileges and row security count.
CREATE ROLE regress_eventlog_prompt;
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_prompt;
GRANT SELECT ON eventlog.recent_events TO regress_eventlog_prompt;
SET ROLE regress_eventlog_prompt;
SELECT verdict('TABLE eventlog.recent_events');
RESET ROLE;
GRANT SELECT ON eventlog.events TO regress_eventlog_prompt;
SET ROLE regress_eventlog_prompt;
SELECT count(*) FROM eventlog.recent_events;
RESET ROLE;
ALTER TABLE eventlog.events ENABLE ROW LEVEL SECURITY;
CREATE POLICY only_id ON eventlog.events USING (event_name = 'recent.id');
SET ROLE regress_eventlog_prompt;
SELECT event_name, count(*) FROM eventlog.recent_events WHERE source = 'shop' GROUP BY event_name;
RESET ROLE;
ROLLBACK;
