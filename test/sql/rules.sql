-- The rules by which calls are refused: for each rule of src/rules/rules.inc a call that breaks it, and the whole error.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;
DROP SERVER IF EXISTS regress_eventlog_rules CASCADE;
DROP ROLE IF EXISTS regress_eventlog_sender;
CREATE ROLE regress_eventlog_sender;

CREATE TABLE calls (place int GENERATED ALWAYS AS IDENTITY, statement text);

-- Fields of an event
INSERT INTO calls (statement) VALUES
    ($$SELECT eventlog.log_event(NULL)$$),
    ($$SELECT eventlog.log_event(' ')$$),
    ($$SELECT eventlog.log_event('{"eventName": "a"}')$$),
    ($$SET eventlog.naming_policy = dotted; SELECT eventlog.log_event('Order Created')$$),
    ($$SET eventlog.naming_policy = strict; SELECT eventlog.log_event('Order Created')$$),
    ($$SELECT eventlog.log_event('a', actor_id => repeat('x', 257))$$),
    ($$SELECT eventlog.log_event('a', idempotency_key => repeat('x', 257))$$),
    ($$SELECT eventlog.log_event('a', '[]')$$),
    ($$SELECT eventlog.log_event('a', '{"_eventLog": {}}')$$),
    ($$SET eventlog.max_metadata_keys = 1; SELECT eventlog.log_event('a', '{"a": 1, "b": 2}')$$),
    ($$SELECT eventlog.log_event('a', jsonb_build_object('k', repeat('x', 65536)))$$),
    ($$SET eventlog.max_metadata_bytes = 1048576; SELECT eventlog.log_event('a', jsonb_build_object('k', repeat('x', 1048560)), source => 's')$$),
    ($$SELECT eventlog.log_event('a', actor_type => 'user')$$),
    ($$SELECT eventlog.log_event('a', resource_type => 'order')$$),
    ($$SELECT eventlog.log_event('a', trace_id => 'x')$$),
    ($$SELECT eventlog.log_event('a', trace_id => '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')$$),
    ($$SELECT eventlog.log_event('a', schema_version => 'v1')$$),
    ($$SELECT eventlog.log_event('a', value => 'NaN')$$),
    ($$SELECT eventlog.log_event('a', event_ts => 'infinity')$$),
    ($$SELECT eventlog.log_event('a', event_ts => '294276-12-31')$$);

-- The caller
INSERT INTO calls (statement) VALUES
    ($$CREATE MATERIALIZED VIEW restricted AS SELECT eventlog.log_event('a')$$);

-- Envelopes; the field is the key as the caller wrote it
INSERT INTO calls (statement)
SELECT format('SELECT eventlog.log_envelope(%L)', envelope)
FROM unnest(ARRAY[
    '1', '[{"eventName": "a"}]', '{}', '{"eventName": "a", "type": "b"}',
    '{"eventName": "a", "colour": 1}', '{"eventName": "a", "eventId": "1"}', '{"eventName": "a", "tenantId": "1"}',
    '{"eventName": "a", "_eventLog": {}}', '{"eventName": "a", "actorId": "e", "actor_id": "e"}',
    '{"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20", "actor": {"type": "d", "id": "e", "colour": 1}}',
    '{"eventName": "a", "service": "s", "eventId": "1"}', '{"service": "s", "eventType": "a"}', '{"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20", "actor": {"id": "e"}}',
    '{"eventName": "a", "actorId": 1}', '{"eventName": "a", "origin": "mobile"}', '{"eventName": "a", "value": 1e400}',
    '{"service": "s", "eventType": "a", "eventTimestamp": "yesterday"}', '{"eventName": "a", "eventTs": "10000-01-01"}',
    '{"service": " ", "eventType": "a", "eventTimestamp": "2026-11-20"}', '{"type": " ", "source": "s"}',
    '{"eventName": "a", "actorType": "d"}', '{"event_name": "a", "actor_type": "d"}', '{"eventName": "a", "traceId": "x"}']) envelope;
INSERT INTO calls (statement)
SELECT format('SELECT eventlog.log_envelope(jsonb_build_object(''type'', ''a'', ''source'', ''s'', %L, %s))', key, value)
FROM (VALUES ('id', 'repeat(''x'', 257)'), ('data', 'jsonb_build_object(''k'', repeat(''x'', 65536))')) v(key, value);
INSERT INTO calls (statement) VALUES
    ($$SELECT eventlog.log_events('{}')$$),
    ($$SELECT eventlog.log_events_json(' "a"')$$),
    ($$SELECT eventlog.try_log_events('1')$$),
    ($$SELECT eventlog.log_envelope(NULL)$$),
    ($$SELECT eventlog.log_events('[{"eventName": "a"}, {"eventName": "a", "sofa": 1}]')$$);

-- Idempotency keys
DO $$BEGIN PERFORM eventlog.log_event('rules.first', source => 's', idempotency_key => 'rules'); END$$;
INSERT INTO calls (statement) VALUES
    ($$SELECT eventlog.log_event('rules.second', source => 's', idempotency_key => 'rules')$$),
    ($$SELECT eventlog.log_envelope('{"type": "rules.second", "source": "s", "id": "rules"}')$$);

-- Ids, pages, consumers, retention, erasure
DO $$BEGIN PERFORM eventlog.create_consumer('rules'); END$$;
DO $$BEGIN PERFORM eventlog.log_event('rules.polled'); END$$;
CREATE FUNCTION keep_row() RETURNS trigger
    LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
INSERT INTO calls (statement) VALUES
    ($$SELECT eventlog.from_ulid('x')$$),
    ($$SELECT eventlog.list_events(cursor => 'x')$$),
    ($$SELECT eventlog.list_events(max_rows => 0)$$),
    ($$SELECT eventlog.find_events(max_rows => 101)$$),
    ($$SELECT eventlog.create_consumer(NULL)$$),
    ($$SELECT eventlog.create_consumer(' ')$$),
    ($$SELECT eventlog.create_consumer(repeat('x', 257))$$),
    ($$SELECT eventlog.create_consumer('rules')$$),
    ($$SELECT eventlog.create_consumer('new', 'nowhere')$$),
    ($$SELECT eventlog.create_consumer('new', events => '{}')$$),
    ($$SELECT eventlog.create_consumer('new', events => '{!}')$$),
    ($$SELECT eventlog.create_consumer('new', events => array_fill('a'::text, '{101}'))$$),
    ($$SELECT eventlog.create_consumer('new', events => '{NULL}')$$),
    ($$SELECT eventlog.create_consumer('new', events => ARRAY['order.*,cart.*'])$$),
    ($$SELECT eventlog.create_consumer('new', events => ARRAY['order.*', ' !{cart.*}'])$$),
    ($$SELECT eventlog.drop_consumer('none')$$),
    ($$SELECT eventlog.poll('rules', max_rows => 0)$$),
    ($$SELECT eventlog.poll('rules', wait => '2 hours')$$),
    ($$SELECT eventlog.poll('rules', lease => '0')$$),
    ($$CREATE TRIGGER keep BEFORE UPDATE ON eventlog.reader_window FOR EACH ROW EXECUTE FUNCTION keep_row();
       SELECT eventlog.poll('rules')$$),
    ($$UPDATE eventlog.events SET value = 1$$),
    ($$DELETE FROM eventlog.events$$),
    ($$SELECT eventlog.set_retention(NULL, '1 day')$$),
    ($$SELECT eventlog.set_retention('eventlog.targets', '1 day')$$),
    ($$SELECT eventlog.set_retention('eventlog.idempotency_keys', '1 day')$$),
    ($$SELECT eventlog.set_retention('eventlog.events', '0')$$),
    ($$SELECT eventlog.set_retention('eventlog.events', '90')$$),
    ($$SELECT eventlog.erase_event(NULL)$$),
    ($$SELECT eventlog.erase_actor(' ', 'e')$$),
    ($$SELECT eventlog.erase_actor('user', ' ')$$);
SELECT eventlog.erase_event('00000000-0000-7000-8000-000000000000') AS erased;
INSERT INTO calls (statement)
SELECT format('SELECT eventlog.erase_event(%L) /* a record */', event_id)
FROM eventlog.events WHERE event_name = 'eventlog.event.erased' ORDER BY event_id DESC LIMIT 1;

-- The extension
INSERT INTO calls (statement) VALUES
    ($$DROP EXTENSION eventlog CASCADE$$);

-- Targets
SELECT eventlog.log_event('rules.early') AS early \gset
BEGIN;
CREATE SERVER regress_eventlog_rules FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson', events 'order.*');
SELECT eventlog.pause_target('regress_eventlog_rules');
COMMIT;
SELECT eventlog.log_event('rules.late') AS late \gset
GRANT USAGE ON FOREIGN DATA WRAPPER eventlog TO regress_eventlog_sender;
INSERT INTO calls (statement) VALUES
    ($$SELECT eventlog.pause_target('none')$$),
    ($$SELECT eventlog.rewind_target('regress_eventlog_rules', 'nowhere')$$),
    ($$SELECT eventlog.purge_dead_letters('regress_eventlog_rules', NULL)$$),
    ($$SELECT eventlog.wait_for_forward(NULL, 'regress_eventlog_rules', '0')$$),
    ($$SELECT eventlog.wait_for_forward('00000000-0000-7000-8000-000000000000', 'regress_eventlog_rules', '0')$$),
    ($$SELECT eventlog.wait_for_forward(eventlog.log_event('order.own'), 'regress_eventlog_rules', '0') /* own */$$),
    (format('SELECT eventlog.wait_for_forward(%L, ''none'', ''0'') /* no target */', :'late')),
    (format('SELECT eventlog.wait_for_forward(%L, ''regress_eventlog_rules'', ''0'') /* not selected */', :'late')),
    (format('SELECT eventlog.wait_for_forward(%L, ''regress_eventlog_rules'', ''0'') /* before the start */', :'early'));
INSERT INTO calls (statement)
SELECT format('CREATE SERVER regress_eventlog_r FOREIGN DATA WRAPPER eventlog OPTIONS (%s)', options)
FROM unnest(ARRAY[
    $$format 'ndjson'$$, $$colour 'red'$$, $$url 'ftp://example.com/'$$, $$url 'example.com/events'$$, $$format 'xml'$$, $$mode ''$$, $$events ','$$,
    $$events 'all, a'$$, $$url 'http://127.0.0.1:1/', format 'ndjson', events '{order.*}'$$,
    $$url 'http://127.0.0.1:1/', format 'ndjson', events 'flaged'$$, $$api_key 'k'$$,
    $$url 'http://127.0.0.1:1/', format 'ndjson', max_name_length '9'$$,
    $$start_at 'nowhere'$$, $$batch_events '0'$$, $$max_value_length '-1'$$, $$compression 'zip'$$,
    $$user_principal ' '$$, $$user_id 'nobody'$$, $$ca_file 'ca.pem'$$, $$proxy 'proxy'$$, $$headers 'x'$$, $$headers 'X-A:'$$,
    $$headers E'X-A: \x01'$$, $$headers 'Host: a'$$, $$headers 'Cookie: a'$$,
    $$url 'http://169.254.169.254/', format 'ndjson'$$, $$url 'http://127.0.0.1:1/', format 'otlp', mode 'x'$$,
    $$url 'http://127.0.0.1:1/', format 'cloudevents', mode 'x'$$,
    $$url 'http://127.0.0.1:1/', format 'ndjson', client_cert_file '/c.pem'$$]) options;
INSERT INTO calls (statement)
SELECT format('CREATE SERVER regress_eventlog_r FOREIGN DATA WRAPPER eventlog OPTIONS (events %L)', repeat('a,', 100) || 'a');
INSERT INTO calls (statement)
SELECT format('CREATE USER MAPPING FOR PUBLIC SERVER regress_eventlog_rules OPTIONS (%s)', options)
FROM unnest(ARRAY[
    $$api_key ''$$, $$api_key 'k', api_key_file '/k'$$, $$api_key_env '1K'$$, $$signing_secret 'secret'$$, $$url 'http://127.0.0.1:1/'$$]) options;
INSERT INTO calls (statement) VALUES
    ($$ALTER FOREIGN DATA WRAPPER eventlog OPTIONS (ADD url 'http://127.0.0.1:1/')$$),
    ($$SET ROLE regress_eventlog_sender; CREATE SERVER regress_eventlog_r FOREIGN DATA WRAPPER eventlog OPTIONS (ca_file '/ca.pem')$$);

-- The parts that differ from run to run are left out.
CREATE FUNCTION shown(line text) RETURNS text
    LANGUAGE sql AS $$
    SELECT regexp_replace(line, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'ID', 'g')
$$;
SELECT shown(left(c.statement, 160) || E'\n' || string_agg('    ' || r.line, E'\n'))
FROM calls c, LATERAL (SELECT * FROM refusal(c.statement)) r(line)
GROUP BY c.place, c.statement ORDER BY c.place;

-- The CONTEXT shows the caller's functions, and none of the extension's.
CREATE FUNCTION context_of(statement text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    context text;
BEGIN
    EXECUTE statement;
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RETURN context;
END
$$;
SELECT left(c.statement, 160), context FROM calls c, context_of(c.statement) context WHERE context ~ 'function eventlog\.|eventlog\.refuse';
SELECT context_of($$SELECT eventlog.drop_consumer('none')$$);
DROP FUNCTION context_of;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT refusal($$SELECT eventlog.poll('rules')$$);
ROLLBACK;

-- No call here breaks the following rules, since they need another process or another state of the server.
\set rules `cat "$PG_ABS_SRCDIR/../src/rules/rules.inc"`
SELECT string_agg(DISTINCT id, ' ' ORDER BY id)
FROM regexp_matches(:'rules', '^RULE(?:_CASE)?\((?:\w+, )?(\w+), "', 'gn') m(ids), unnest(ids) id
WHERE id NOT IN ('poll_isolation') AND NOT EXISTS (
    SELECT FROM calls c, LATERAL refusal(c.statement) r(line) WHERE r.line = 'CONSTRAINT: ' || id);

SELECT eventlog.drop_consumer('rules');
DROP SERVER regress_eventlog_rules;
REVOKE USAGE ON FOREIGN DATA WRAPPER eventlog FROM regress_eventlog_sender;
DROP ROLE regress_eventlog_sender;
DROP FUNCTION keep_row, shown;
DROP TABLE calls;
