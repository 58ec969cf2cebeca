-- A second call with an idempotency key repeats the first: it returns the id of the first call and writes nothing.
\t on
\pset format unaligned
LOAD 'eventlog';

-- Counts the calls and the distinct ids that they returned; `written` counts the rows of the log with that key.
CREATE FUNCTION written(key text) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM eventlog.events WHERE metadata -> '_eventLog' ->> 'idempotencyKey' = key
$$;
CREATE FUNCTION ids_of(VARIADIC ids uuid[]) RETURNS bigint LANGUAGE sql AS $$ SELECT count(DISTINCT id) FROM unnest(ids) id $$;

-- A repeated call returns the same id and writes no row; a key is trimmed like all texts, and a blank one counts as omitted.
SELECT ids_of(eventlog.log_event('i.first', idempotency_key => 'k1'), eventlog.log_event('i.first', idempotency_key => 'k1'),
              eventlog.log_event('i.first', idempotency_key => E' \tk1 ')), written('k1');
SELECT ids_of(eventlog.log_event('i.blank', idempotency_key => ' '), eventlog.log_event('i.blank', idempotency_key => ' '));

-- A key belongs to its source.
SELECT ids_of(eventlog.log_event('i.source', idempotency_key => 'k2'), eventlog.log_event('i.source', idempotency_key => 'k2', source => 'a'),
              eventlog.log_event('i.source', idempotency_key => 'k2', source => 'b'),
              eventlog.log_event('i.source', idempotency_key => 'k2', source => 'a')), written('k2');
BEGIN;
SET LOCAL eventlog.source = 'a';
SELECT ids_of(eventlog.log_event('i.source', idempotency_key => 'k2'), eventlog.log_event('i.source', idempotency_key => 'k2', source => 'a')),
       written('k2');
COMMIT;

-- event_ts and trace_id may differ, and so may every field that the caller has not given.
SELECT ids_of(eventlog.log_event('i.retry', idempotency_key => 'k3', event_ts => '2026-11-01', trace_id => repeat('a', 32)),
              eventlog.log_event('i.retry', idempotency_key => 'k3', event_ts => '2026-11-02'),
              eventlog.log_event('i.retry', idempotency_key => 'k3')), written('k3');
BEGIN;
SET LOCAL eventlog.app_version = '2';
SET LOCAL eventlog.actor_id = 'somebody';
SET LOCAL eventlog.forward_default = on;
SELECT eventlog.log_event('i.retry', idempotency_key => 'k3') IS NOT NULL, written('k3');
COMMIT;

-- Metadata may differ in order and white space; omitted metadata equals {}, 1.50 equals 1.5, and -0.0 equals 0.
SELECT ids_of(eventlog.log_event('i.words', '{"b": [1.50, {"x": null}], "a": -0.00}', value => 0, idempotency_key => 'k4'),
              eventlog.log_event('i.words', '{"a":0,"b":[1.5,{"x":null}]}', value => '-0', idempotency_key => 'k4')), written('k4');
SELECT ids_of(eventlog.log_event('i.words', idempotency_key => 'k5'), eventlog.log_event('i.words', '{}', idempotency_key => 'k5'),
              eventlog.log_envelope('{"eventName": " i.words", "idempotencyKey": "k5", "metadata": {}}')), written('k5');
SELECT ids_of(eventlog.log_envelope('{"type": "i.form", "source": "s", "id": "k6", "data": {"n": 1}, "timestamp": "2026-11-20"}'),
              eventlog.log_envelope('{"eventName": "i.form", "source": "s", "idempotencyKey": "k6", "metadata": {"n": 1}}'),
              eventlog.log_event('i.form', '{"n": 1}', source => 's', idempotency_key => 'k6')), written('k6');

-- The same key with any other field given differently is an error.
SELECT regexp_replace(r, '[0-9a-f]{8}-[0-9a-f-]{27}',
                      CASE WHEN r LIKE '%' || (SELECT event_id FROM eventlog.events WHERE event_name = 'i.first') || '%' THEN 'FIRST' ELSE '?' END)
FROM refusal($$SELECT eventlog.log_event('i.second', idempotency_key => 'k1')$$) r;
SELECT eventlog.log_event('i.all', '{"n": [1, 2]}', 'type', 'actor', 'user', 'order', '7', 'src', 'backend', NULL, 1.5, '1.0.0', NULL, 'cookie',
                          false, 'k7', '3.1') IS NOT NULL;
SELECT field, verdict(format('SELECT eventlog.log_event(%s)', string_agg(
           format('%I => %L', name, CASE WHEN name = field THEN other ELSE given END), ', ')))
FROM (VALUES ('event_name', 'i.all', 'i.other'), ('metadata', '{"n": [1, 2]}', '{"n": [2, 1]}'), ('event_type', 'type', NULL),
             ('actor_id', 'actor', 'Actor'), ('actor_type', 'user', 'users'), ('resource_type', 'order', 'item'), ('resource_id', '7', '8'),
             ('source', 'src', 'src'), ('origin', 'backend', NULL), ('value', '1.5', '1.6'), ('schema_version', '1.0.0', '1.0.1'),
             ('sofa', 'cookie', NULL), ('forward_to_statsig', 'false', NULL), ('idempotency_key', 'k7', 'k7'), ('app_version', '3.1', '3.2'))
         call(name, given, different),
     LATERAL (SELECT call.different AS other) o,
     unnest(ARRAY['event_name', 'metadata', 'event_type', 'actor_id', 'actor_type', 'resource_type', 'resource_id', 'origin', 'value',
                  'schema_version', 'sofa', 'forward_to_statsig', 'app_version', 'none']) WITH ORDINALITY f(field, place)
GROUP BY field, place ORDER BY place;
SELECT written('k7');

-- The end of one field cannot be taken for the beginning of another.
SELECT eventlog.log_event('i.edge', event_type => 'ab', actor_id => 'c', idempotency_key => 'k8') IS NOT NULL;
SELECT verdict($$SELECT eventlog.log_event('i.edge', event_type => 'a', actor_id => 'bc', idempotency_key => 'k8')$$);
SELECT ids_of(eventlog.log_event('i.edge', source => 'a', idempotency_key => 'bc'), eventlog.log_event('i.edge', source => 'ab', idempotency_key => 'c'));

-- A call writes if the first call with its key rolled back; within one transaction the first call counts.
BEGIN;
SELECT eventlog.log_event('i.undone', idempotency_key => 'k9') IS NOT NULL;
ROLLBACK;
SELECT written('k9');
BEGIN;
SAVEPOINT a;
SELECT eventlog.log_event('i.undone', '{"try": 1}', idempotency_key => 'k9') IS NOT NULL;
ROLLBACK TO a;
SELECT ids_of(eventlog.log_event('i.undone', '{"try": 2}', idempotency_key => 'k9'), eventlog.log_event('i.undone', '{"try": 2}', idempotency_key => 'k9'));
SAVEPOINT b;
SELECT verdict($$SELECT eventlog.log_event('i.undone', '{"try": 3}', idempotency_key => 'k9')$$);
COMMIT;
SELECT written('k9'), (SELECT metadata -> 'try' FROM eventlog.events WHERE event_name = 'i.undone');

-- Keys hold in a batch, and a refused batch leaves no key behind.
SELECT count(DISTINCT id), count(*) FROM eventlog.log_events('[{"eventName": "i.batch", "idempotencyKey": "k10"},
    {"eventName": "i.batch", "idempotencyKey": "k11"}, {"eventName": "i.batch", "idempotencyKey": "k10"}]') id;
SELECT verdict($$SELECT * FROM eventlog.log_events_json('[{"eventName": "i.batch", "idempotencyKey": "k12"}, {"eventName": ""}]')$$);
SELECT verdict($$SELECT * FROM eventlog.log_events_json('[{"eventName": "i.other", "idempotencyKey": "k12"}]')$$);

-- After eventlog.idempotency_window the key is free again.
BEGIN;
SET LOCAL eventlog.idempotency_window = '1s';
SELECT eventlog.log_event('i.window', '{"n": 1}', idempotency_key => 'k13') IS NOT NULL;
SELECT verdict($$SELECT eventlog.log_event('i.window', '{"n": 2}', idempotency_key => 'k13')$$);
SELECT pg_sleep(1.1);
SELECT eventlog.log_event('i.window', '{"n": 2}', idempotency_key => 'k13') IS NOT NULL, written('k13');
SELECT verdict($$SELECT eventlog.log_event('i.window', '{"n": 1}', idempotency_key => 'k13')$$);
COMMIT;
SELECT verdict('SET eventlog.idempotency_window = 0'), verdict($$SET eventlog.idempotency_window = '400d'$$);

-- An application needs no privilege on the ledger, and the ledger holds no text.
CREATE ROLE regress_keys;
GRANT USAGE ON SCHEMA eventlog TO regress_keys;
GRANT EXECUTE ON FUNCTION eventlog.log_event TO regress_keys;
GRANT EXECUTE ON FUNCTION ids_of TO regress_keys;
SET ROLE regress_keys;
SELECT ids_of(eventlog.log_event('i.role', idempotency_key => 'k14'), eventlog.log_event('i.role', idempotency_key => 'k14'));
SELECT verdict('SELECT FROM eventlog.idempotency_keys'), verdict($$SET eventlog.idempotency_window = '1s'$$);
RESET ROLE;
SELECT written('k14');
SELECT DISTINCT octet_length(key_hash), octet_length(payload_hash) FROM eventlog.idempotency_keys;
SELECT count(*) FROM eventlog.idempotency_keys k
WHERE NOT EXISTS (SELECT FROM eventlog.events e WHERE e.event_id = k.event_id AND e.metadata -> '_eventLog' ? 'idempotencyKey');

-- A key belongs to the login role, whatever role it sets: another login neither sees the event nor is refused for its sake.
SELECT eventlog.log_event('i.held', '{"n": 1}', source => 's', idempotency_key => 'k18') AS held \gset
SET ROLE regress_keys;
SELECT eventlog.log_event('i.held', '{"n": 1}', source => 's', idempotency_key => 'k18') = :'held';
RESET ROLE;
SET SESSION AUTHORIZATION regress_keys;
SELECT eventlog.log_event('i.held', '{"n": 2}', source => 's', idempotency_key => 'k18') <> :'held';
SELECT verdict($$SELECT eventlog.log_event('i.held', '{"n": 3}', source => 's', idempotency_key => 'k18')$$);
RESET SESSION AUTHORIZATION;
SELECT eventlog.log_event('i.held', '{"n": 1}', source => 's', idempotency_key => 'k18') = :'held', written('k18');

-- However many others use the key, each finds its own.
BEGIN;
INSERT INTO eventlog.idempotency_keys
SELECT event_id, substr(key_hash, 1, 16) || decode(lpad(to_hex(i), 32, '0'), 'hex'), payload_hash
FROM eventlog.idempotency_keys, generate_series(1, 20) i WHERE event_id = :'held';
SELECT eventlog.log_event('i.held', '{"n": 1}', source => 's', idempotency_key => 'k18') = :'held';
DELETE FROM eventlog.idempotency_keys WHERE event_id = :'held' AND right(encode(key_hash, 'hex'), 32) !~ '^0{30}';
SELECT eventlog.log_event('i.held', '{"n": 4}', source => 's', idempotency_key => 'k18') <> :'held';
ROLLBACK;

-- A key that release 0.2.0 has stored has no login role, and is good for every one until its window is over.
BEGIN;
SELECT eventlog.log_event('i.old', source => 's', idempotency_key => 'k19') AS old \gset
UPDATE eventlog.idempotency_keys SET key_hash = substr(key_hash, 1, 16) WHERE event_id = :'old';
SELECT eventlog.log_event('i.old', source => 's', idempotency_key => 'k19') = :'old';
SET LOCAL SESSION AUTHORIZATION regress_keys;
SELECT eventlog.log_event('i.old', source => 's', idempotency_key => 'k19') = :'old';
SELECT verdict($$SELECT eventlog.log_event('i.other', source => 's', idempotency_key => 'k19')$$);
RESET SESSION AUTHORIZATION;
SELECT written('k19');
INSERT INTO eventlog.idempotency_keys
SELECT event_id, key_hash || decode(lpad(to_hex(i), 32, '0'), 'hex'), payload_hash
FROM eventlog.idempotency_keys, generate_series(1, 20) i WHERE event_id = :'old';
SELECT eventlog.log_event('i.old', source => 's', idempotency_key => 'k19') = :'old';
SET LOCAL eventlog.idempotency_window = '1s';
SELECT pg_sleep(1.1);
SELECT ids_of(:'old', eventlog.log_event('i.old', source => 's', idempotency_key => 'k19'), eventlog.log_event('i.old', source => 's', idempotency_key => 'k19')),
       written('k19');
ROLLBACK;

-- The error for a partition that has lost its index says how to repair it.
BEGIN;
DO $$
DECLARE
    lost regclass;
BEGIN
    FOR lost IN SELECT indexrelid FROM pg_index JOIN pg_inherits ON inhrelid = indrelid
                WHERE inhparent = 'eventlog.idempotency_keys'::regclass
    LOOP
        EXECUTE format('DROP INDEX %s', lost);
    END LOOP;
END
$$;
SELECT regexp_replace(r, '_p\d+(_\d+)*', '_pDAY', 'g') FROM refusal($$SELECT eventlog.log_event('i.index', idempotency_key => 'k15')$$) r;
ROLLBACK;

-- Columns that a user has added to the ledger stay NULL, and logging goes on after they are dropped.
BEGIN;
ALTER TABLE eventlog.idempotency_keys ADD a text, ADD b text, ADD c text, ADD d text, ADD e text, ADD f text, ADD g text, ADD h text;
SELECT ids_of(eventlog.log_event('i.added', idempotency_key => 'k16'), eventlog.log_event('i.added', idempotency_key => 'k16')), written('k16');
SELECT count(*), num_nulls(a, b, c, d, e, f, g, h) FROM eventlog.idempotency_keys k JOIN eventlog.events v USING (event_id)
WHERE event_name = 'i.added' GROUP BY 2;
ALTER TABLE eventlog.idempotency_keys DROP a, DROP b, DROP c, DROP d, DROP e, DROP f, DROP g, DROP h;
SELECT ids_of(eventlog.log_event('i.dropped', idempotency_key => 'k17'), eventlog.log_event('i.dropped', idempotency_key => 'k17')), written('k17');
ROLLBACK;

REVOKE ALL ON FUNCTION eventlog.log_event, ids_of FROM regress_keys;
REVOKE ALL ON SCHEMA eventlog FROM regress_keys;
DROP ROLE regress_keys;
DROP FUNCTION written, ids_of;
