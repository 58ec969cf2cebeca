-- try_log_events writes the good events and reports the bad ones.
\t on
\pset format unaligned
LOAD 'eventlog';

-- Indexes are zero-based and in array order; ids are those of stored rows; the error is the single call's.
CREATE TABLE tried AS SELECT * FROM eventlog.try_log_events('[{"eventName": "t.first"}, {"eventName": " "}, {"eventName": "t.second", "metadata": {"n": 2}}, 3,
    {"eventName": "t.third", "actorType": "user"}, {"service": "s", "eventType": "t.fourth", "eventTimestamp": "2026-11-20"},
    {"eventName": "t.fifth", "eventTs": "never"}]');
SELECT index, (SELECT event_name FROM eventlog.events e WHERE e.event_id = t.event_id), sqlstate, message FROM tried t ORDER BY index;
SELECT bool_and(event_id > before) FROM (SELECT event_id, lag(event_id) OVER (ORDER BY index) AS before FROM tried WHERE event_id IS NOT NULL) s;
SELECT count(*) FROM eventlog.events WHERE event_name LIKE 't.%';
DROP TABLE tried;

-- DETAIL and HINT are the single call's, too; what an error does not have is NULL.
SELECT index, detail, hint FROM eventlog.try_log_events('[{"eventName": "t.fine"}, {"eventName": " "}, {"eventName": "t.sixth", "traceId": "x"}]');

-- An empty array does nothing, and a document that is not an array is refused.
SELECT count(*) FROM eventlog.try_log_events('[]');
SELECT refusal('SELECT eventlog.try_log_events(NULL)');
SELECT refusal($$SELECT * FROM eventlog.try_log_events('{"eventName": "e"}')$$);

-- Idempotency keys recognise a repeated call, and refuse a different one.
SELECT index, event_id = first_value(event_id) OVER (ORDER BY index) AS same, sqlstate, message FROM eventlog.try_log_events('[{"eventName": "t.key", "idempotencyKey": "t1"},
    {"eventName": "t.key", "idempotencyKey": "t1"}, {"eventName": "t.other", "idempotencyKey": "t1"}]') ORDER BY index;

-- An event that a trigger refuses is reported; the others are written, in any arrangement.
CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.metadata ->> 'n' IN ('1', '4', '5', '9') THEN RAISE 'refused: %', NEW.metadata -> 'n' USING ERRCODE = 'check_violation', HINT = CASE NEW.metadata ->> 'n' WHEN '4' THEN 'four' ELSE '' END; END IF;
    RETURN NEW;
END
$$;
BEGIN;
CREATE TRIGGER refuse_some BEFORE INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION refuse_some();
SELECT index, event_id IS NOT NULL AS written, sqlstate, message, detail, hint
FROM eventlog.try_log_events((SELECT jsonb_agg(jsonb_build_object('eventName', 't.trigger', 'metadata', jsonb_build_object('n', n)))
                              FROM generate_series(1, 9) n)) ORDER BY index;
SELECT jsonb_agg(metadata -> 'n' ORDER BY event_id) FROM eventlog.events WHERE event_name = 't.trigger';
ROLLBACK;
SELECT count(*) FROM eventlog.events WHERE event_name = 't.trigger';

-- An error that no event has caused fails the call.
BEGIN READ ONLY;
SELECT eventlog.try_log_events('[{"eventName": "t.read_only"}]');
ROLLBACK;
CREATE OR REPLACE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'try again' USING ERRCODE = 'serialization_failure'; END $$;
BEGIN;
CREATE TRIGGER refuse_some BEFORE INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION refuse_some();
SELECT refusal($$SELECT * FROM eventlog.try_log_events('[{"eventName": "t.retry"}]')$$);
ROLLBACK;
CREATE OR REPLACE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'locked' USING ERRCODE = 'lock_not_available'; END $$;
BEGIN;
CREATE TRIGGER refuse_some BEFORE INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION refuse_some();
SELECT refusal($$SELECT * FROM eventlog.try_log_events('[{"eventName": "t.locked"}, {"eventName": "t.locked"}]')$$);
ROLLBACK;
DROP FUNCTION refuse_some;

-- JSON text has the same rules, and an event that JSONB cannot hold is its own fault.
SELECT index, event_id IS NOT NULL AS written, sqlstate, message, detail, hint
FROM eventlog.try_log_events_json('[{"eventName": "j.first"}, {"eventName": "\u0000"}, {"eventName": " "}, {"eventName": "j.second", "metadata": {"a": ["\ud800"]}},
    3, {"eventName": "j.third", "metadata": {"n": 1e140000}}, {"eventName": "j.fourth", "eventName": "j.fifth"}, {"eventName": "j.sixth"}, {"eventName": "\u0000"}]') t
ORDER BY index;
SELECT count(*) FROM eventlog.events WHERE event_name LIKE 'j.%';
SELECT count(*), count(event_id) FROM eventlog.try_log_events_json(
    (SELECT '[' || string_agg(CASE n % 2 WHEN 0 THEN '{"eventName": "j.many"}' ELSE '{"eventName": "\u0000"}' END, ', ') || ']' FROM generate_series(1, 1000) n)::json);
SELECT count(*) FROM eventlog.try_log_events_json(' [ ] ');
SELECT refusal('SELECT eventlog.try_log_events_json(NULL)');
SELECT refusal($$SELECT * FROM eventlog.try_log_events_json('{"eventName": "e"}')$$);
BEGIN READ ONLY;
SELECT eventlog.try_log_events_json('[{"eventName": "j.read_only"}]');
ROLLBACK;

-- All good events share one subtransaction.
BEGIN;
SELECT count(*) FROM eventlog.try_log_events((SELECT jsonb_agg(jsonb_build_object('eventName', 't.many')) FROM generate_series(1, 1000) n));
SELECT count(DISTINCT e.xmin::text) FROM eventlog.events e WHERE event_name = 't.many';
ROLLBACK;
