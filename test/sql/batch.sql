-- log_events and log_events_json: arrays of envelopes, all or nothing.
\t on
\pset format unaligned
LOAD 'eventlog';

-- An array of envelopes may mix the forms; the ids come in array order.
CREATE TABLE batches (way text, place bigint, id uuid);
\set mixed '[{"eventName": "first", "metadata": {"n": 1}}, {"type": "second", "source": "s", "data": {"n": 2}}, {"service": "s", "eventType": "third", "eventTimestamp": "2026-11-20", "metadata": {"n": 3}}, {"event_name": "fourth", "forward_to_statsig": true}]'
INSERT INTO batches SELECT 'jsonb', place, id FROM eventlog.log_events(:'mixed') WITH ORDINALITY l(id, place);
INSERT INTO batches SELECT 'json', place, id FROM eventlog.log_events_json(:'mixed') WITH ORDINALITY l(id, place);
SELECT way, place, stored(id) FROM batches ORDER BY way DESC, place;
SELECT way, bool_and(id > before) FROM (SELECT way, id,
                                        lag(id) OVER (PARTITION BY way ORDER BY place) AS before FROM batches) s
GROUP BY way ORDER BY way;
SELECT way, count(DISTINCT xid) FROM batches JOIN eventlog.events ON event_id = id GROUP BY way ORDER BY way;

-- An empty array writes nothing.
SELECT count(*) FROM eventlog.log_events('[]');
SELECT count(*) FROM eventlog.log_events_json(' [ ] ');
SELECT refusal('SELECT eventlog.log_events(NULL)');
SELECT refusal('SELECT eventlog.log_events_json(NULL)');

-- A document that is not an array is refused.
SELECT refusal(format('SELECT * FROM eventlog.log_events%s(%L)', suffix, document))
FROM unnest(ARRAY['{"eventName": "e"}']) document, unnest(ARRAY['', '_json']) suffix;
SELECT document, verdict(format('SELECT * FROM eventlog.log_events(%L)', document)),
       verdict(format('SELECT * FROM eventlog.log_events_json(%L)', document))
FROM unnest(ARRAY['"e"', '"["', '1', 'null', 'true', ' {"a": []} ']) document;

-- A key that an envelope has twice is refused in JSON text, however it is written; JSONB has kept only the last one.
SELECT refusal(format('SELECT * FROM eventlog.log_events_json(%L)', document))
FROM unnest(ARRAY['[{"eventName": "e", "eventName": "f"}]', '[{"eventName": "e"}, {"eventName": "e", "actorId": "a", "\u0061ctorId": "b"}]',
                  '[{"type": "e", "source": "s", "data": {"a": 1}, "data": {"a": 1}}]', '[{"eventName": "e", "unknown": 1, "unknown": 1}]']) document;
SELECT count(*) FROM eventlog.log_events_json('[{"eventName": "e", "metadata": {"a,": [1, 2, {"b": 1, "c": 2}], "d": ","}, "actorId": "a,b"}, {"eventName": "e"}]');
SELECT count(*) FROM eventlog.log_events('[{"eventName": "e", "eventName": "f"}]');

-- A batch is all or nothing: the error is the single call's, with the index in DETAIL and CONTEXT.
SELECT refusal(format('SELECT * FROM eventlog.log_events%s(%L)', suffix,
                      '[{"eventName": "good"}, {"eventName": "good"}, {"eventName": "bad", "actorType": "user"}]'))
FROM unnest(ARRAY['', '_json']) suffix;
SELECT refusal(format('SELECT * FROM eventlog.log_events%s(%L)', suffix, '[{"eventName": " "}]')) FROM unnest(ARRAY['',
    '_json']) suffix;
SELECT refusal(format('SELECT * FROM eventlog.log_events%s(%L)', suffix,
                      '[{"eventName": "good"}, ["bad"]]')) FROM unnest(ARRAY['', '_json']) suffix;
SELECT refusal(format('SELECT * FROM eventlog.log_events%s(%L)', suffix,
                      '[{"eventName": "good"}, null]')) FROM unnest(ARRAY['', '_json']) suffix;
SELECT count(*) FROM eventlog.events WHERE event_name IN ('good', 'bad');

-- An error of the server itself has the index too: a \u0000 in the text fails before it becomes jsonb.
SELECT refusal($$SELECT * FROM eventlog.log_events('[{"eventName": "good"}, {"eventName": "\u0000"}]')$$);
SELECT refusal($$SELECT * FROM eventlog.log_events_json('[{"eventName": "good"}, {"eventName": "\u0000"}]')$$);
SELECT refusal($$SELECT * FROM eventlog.log_events_json('[{"eventName": "good"}, {"eventName": "\ud800"}]')$$);
SELECT refusal($$SELECT * FROM eventlog.log_events_json('[{"eventName": "good"}, {"eventName": "e", "value": 1e140000}]')$$);

-- An error that is raised while an event is written has a context.
CREATE FUNCTION refuse_third() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.metadata -> 'n' = '3' THEN RAISE 'no third' USING DETAIL = 'Two are enough.'; END IF;
    RETURN NEW;
END
$$;
BEGIN;
CREATE TRIGGER refuse_third BEFORE INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION refuse_third();
SELECT refusal(format('SELECT * FROM eventlog.log_events%s(%L)', suffix, :'mixed')) FROM unnest(ARRAY['',
    '_json']) suffix;
ROLLBACK;
DROP FUNCTION refuse_third;

-- JSON text follows the same rules: both ways give the same row or the same refusal for every document.
CREATE TABLE documents (place int GENERATED ALWAYS AS IDENTITY, document text);
INSERT INTO documents (document) VALUES
    ('{"eventName":"e"}'), (' { "eventName" : "e" } '), (E'{"eventName":\t"e"\n}'),
    ('{"eventName": "a\"b", "metadata": {"a": "]}\\"}}'),
    ('{"eventName": "\\", "metadata": {"\\\"": ["[{", "}],", "\\\\"]}}'),
    ('{"eventName": "\u00e9\ud83d\ude00", "metadata": {"\u00e9": "\u2028"}}'),
    ('{"eventName": "e", "metadata": {"a": {"b": [[], {}, [{}], "x"]}}}'),
    ('{"eventName": "e", "metadata": {"a": 1, "a": 2, "b": {"c": 1, "c": null}}}'),
    ('{"eventName": "e", "value": 1.50, "metadata": {"n": 1.50, "m": 1e3, "o": -0}}'),
    ('{"eventName": "e", "metadata": {}}'), ('{"eventName": "e", "metadata": null}'),
    ('{"eventName": "e", "metadata": {"_eventLog": 1}}'),
    ('{}'), ('[]'), ('[[]]'), ('"x"'), ('","'), ('1'), ('null'), ('true'), ('{"eventName": null}'),
    ('{"eventName": ""}'), ('{"eventName": 1}'),
    ('{"eventName": "[]"}'), ('{"eventName": "e", "eventTs": "2026-11-20"}'), ('{"eventName": "e", "eventTs": "soon"}'),
    ('{"eventName": "e", "idempotencyKey": "k"}'), ('{"type": "t", "source": "s", "id": "1"}'), ('{"type": "t"}'),
    ('{"service": "s", "eventType": "t", "eventTimestamp": "2026-11-20T00:00:00Z", "actor": {"type": "user", "id": "u"}}'),
    ('{"eventName": "e", "unknown": 1}'), ('{"eventName": "e", "actorId": "u", "actor_id": "v"}'),
    ('{"eventName": "e", "value": 1e400}');
INSERT INTO documents (document)
SELECT jsonb_build_object('eventName', 'sample', 'metadata', sample_object(seed,
    seed % 30))::text FROM generate_series(1, 150) seed;
INSERT INTO documents (document) SELECT jsonb_pretty(document::jsonb) FROM documents WHERE document LIKE '%sample%';
INSERT INTO documents (document)
SELECT jsonb_build_object('eventName', 'e', 'metadata', jsonb_build_object('p',
    repeat('"', n)))::text FROM unnest(ARRAY[32764, 32765]) n;
-- Returns the row of one event between two others, or the whole refusal.
CREATE FUNCTION outcome(function text, document text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    id uuid;
BEGIN
    EXECUTE format('SELECT id FROM %s(%L) WITH ORDINALITY l(id, place) WHERE place = 2', function,
                   '[{"eventName": "before"},' || document || ', {"eventName": "after"}]') INTO id;
    RETURN stored(id);
EXCEPTION WHEN OTHERS THEN
    RETURN (SELECT string_agg(line, E'\n') FROM refusal(format('SELECT * FROM %s(%L)', function,
                   '[{"eventName": "before"},' || document || ', {"eventName": "after"}]')) line);
END
$$;
CREATE TABLE outcomes AS
SELECT place, document, outcome('eventlog.log_events', document) AS of_jsonb,
       outcome('eventlog.log_events_json', document) AS of_json FROM documents;
SELECT count(*) > 300, bool_and(of_jsonb = of_json), bool_or(of_jsonb LIKE '{%'),
       bool_or(of_jsonb LIKE '2%') FROM outcomes;
SELECT document, of_jsonb, of_json FROM outcomes WHERE of_jsonb IS DISTINCT FROM of_json;

-- The same holds for one array of all good events, and for the single call.
CREATE TABLE rows_of AS
SELECT array_agg(document ORDER BY place) AS documents FROM outcomes WHERE of_jsonb LIKE '{%';
SELECT array_agg(stored(j.id) ORDER BY j.place) = array_agg(stored(t.id) ORDER BY t.place),
       array_agg(stored(j.id) ORDER BY j.place)
           = array_agg(stored(eventlog.log_envelope(documents[j.place]::jsonb)) ORDER BY j.place)
FROM rows_of,
     eventlog.log_events(('[' || array_to_string(documents, ',') || ']')::jsonb) WITH ORDINALITY j(id, place),
     eventlog.log_events_json(('[' || array_to_string(documents, ' , ') || ']')::json) WITH ORDINALITY t(id, place)
WHERE j.place = t.place;

-- A large batch is written whole.
SELECT count(*), count(DISTINCT id), bool_and(id > before) FROM (
    SELECT id, coalesce(lag(id) OVER (ORDER BY place), uuid_at('epoch')) AS before
    FROM eventlog.log_events((SELECT jsonb_agg(jsonb_build_object('eventName', 'large', 'metadata',
                                                                  jsonb_build_object('n', n)) ORDER BY n)
                              FROM generate_series(1, 10000) n)) WITH ORDINALITY l(id, place)) s;
SELECT count(*), count(DISTINCT id), bool_and(id > before) FROM (
    SELECT id, coalesce(lag(id) OVER (ORDER BY place), uuid_at('epoch')) AS before
    FROM eventlog.log_events_json((SELECT json_agg(json_build_object('eventName', 'large', 'metadata',
                                                                     json_build_object('n', n)) ORDER BY n)
                                   FROM generate_series(1, 10000) n)) WITH ORDINALITY l(id, place)) s;
SELECT count(*), bool_and((metadata -> 'n')::int = (place - 1) % 10000 + 1)
FROM (SELECT metadata,
      row_number() OVER (ORDER BY event_id) AS place FROM eventlog.events WHERE event_name = 'large') s;

-- If the last event of a large batch is refused, all the others are refused too.
SELECT refusal(format('SELECT * FROM eventlog.log_events_json(%L)',
                      (SELECT json_agg(json_build_object('eventName',
                                                         CASE WHEN n < 10000 THEN 'large' ELSE '' END) ORDER BY n)
                       FROM generate_series(1, 10000) n)));

-- A batch returns its ids wherever a set-returning function is allowed.
SELECT count(*) FROM (SELECT eventlog.log_events('[{"eventName": "a"}, {"eventName": "b"}]')) s;
SELECT count(*) FROM eventlog.events e WHERE event_id IN (SELECT * FROM eventlog.log_events('[{"eventName": "a"}]'));

DROP FUNCTION outcome;
DROP TABLE batches, documents, outcomes, rows_of;
