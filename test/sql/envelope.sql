-- log_envelope: the three forms.
\t on
\pset format unaligned
LOAD 'eventlog';

-- A call of log_envelope.
CREATE FUNCTION envelope(document text) RETURNS text
    LANGUAGE sql AS $$ SELECT format('SELECT eventlog.log_envelope(%L)', document) $$;

-- 3: native, recognised by eventName; every other argument in lowerCamelCase
SELECT jsonb_pretty(stored(eventlog.log_envelope('{
    "eventName": " order created ", "eventType": "order", "source": "shop", "origin": "frontend", "actorType": "user", "actorId": "u-1",
    "resourceType": "order", "resourceId": "o-1", "eventTs": "2026-11-20T08:15:30.25+01:00", "value": 12.5, "metadata": {"a": [1, {"b": null}]},
    "schemaVersion": "1.4.0", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "sofa": "sofa-1", "forwardToStatsig": true,
    "idempotencyKey": "key", "appVersion": "3.2.1"}')));

-- 3: native, recognised by event_name; every other argument in snake_case: the same row
SELECT stored(eventlog.log_envelope('{
    "event_name": " order created ", "event_type": "order", "source": "shop", "origin": "frontend", "actor_type": "user", "actor_id": "u-1",
    "resource_type": "order", "resource_id": "o-1", "event_ts": "2026-11-20T07:15:30.25Z", "value": 12.5, "metadata": {"a": [1, {"b": null}]},
    "schema_version": "1.4.0", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "sofa": "sofa-1", "forward_to_statsig": true,
    "idempotency_key": "key", "app_version": "3.2.1"}'))
     = stored(eventlog.log_event('order created', '{"a": [1, {"b": null}]}', 'order', 'u-1', 'user', 'order', 'o-1',
                                 'shop', 'frontend',
                                 '2026-11-20 08:15:30.25+01', 12.5, '1.4.0', '4bf92f3577b34da6a3ce929d0e0e4736',
                                 'sofa-1', true, 'key', '3.2.1'));
SELECT stored(eventlog.log_envelope('{"eventName": "mixed", "actor_id": "u", "resourceType": "r", "resource_id": "1"}'));

-- 3: central, recognised by service: eventType is the event name, service the source
SELECT jsonb_pretty(stored(eventlog.log_envelope('{
    "service": "billing", "eventType": "invoice.paid", "eventTimestamp": "2026-11-20T08:15:30Z", "actor": {"type": "user", "id": "u-1"},
    "resource": {"type": "invoice", "id": "i-1"}, "metadata": {"total": 1.0}, "idempotencyKey": "key", "forwardToStatsig": true,
    "appVersion": "3"}')));
SELECT stored(eventlog.log_envelope('{"service": "billing", "eventType": "invoice.paid", "eventTimestamp": "2026-11-20"}'));

-- 3: platform, recognised by type: id is the idempotency key, data the metadata
SELECT jsonb_pretty(stored(eventlog.log_envelope('{
    "type": "shop.order.created", "source": "shop", "id": "evt-1", "data": {"total": 1.0}, "schemaVersion": "1.0.0",
    "timestamp": "2026-11-20T08:15:30Z", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "forwardToStatsig": true, "appVersion": "3"}')));
SELECT stored(eventlog.log_envelope('{"type": "shop.order.created", "source": "shop", "idempotencyKey": "key"}'));

-- 3: a JSON null is as if the key were absent, unknown keys and telling keys too
SELECT stored(eventlog.log_envelope('{"eventName": "n", "type": null, "service": null, "actorType": null, "actor_type": null, "metadata": null,
    "eventTs": null, "value": null, "origin": null, "forwardToStatsig": null, "eventId": null, "tenantId": null, "unknown": null}'));
SELECT stored(eventlog.log_envelope('{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", "actor": null,
    "resource": {"type": "t", "id": "1", "name": null}}'));

-- 3: strings are trimmed, blank ones as if omitted, in every form
SELECT stored(eventlog.log_envelope('{"eventName": "\u3000b\n", "actorId": " ", "origin": " ", "eventTs": " ", "traceId": "\t"}'));
SELECT stored(eventlog.log_envelope('{"eventName": "b", "origin": " frontend ", "eventTs": " 2026-11-20 "}'));

-- 3: every required key missing, null or blank
SELECT refusal(envelope(e)) FROM unnest(ARRAY[
    '{"service": "s", "eventTimestamp": "2026-11-20"}', '{"service": "s", "eventType": "e"}', '{"type": "t"}']) e;
SELECT e, verdict(envelope(e)) FROM unnest(ARRAY[
    '{"service": "s", "eventType": null, "eventTimestamp": "2026-11-20"}',
    '{"service": "s", "eventType": " ", "eventTimestamp": "2026-11-20"}',
    '{"service": " ", "eventType": "e", "eventTimestamp": "2026-11-20"}',
    '{"service": "s", "eventType": "e", "eventTimestamp": null}',
    '{"service": "s", "eventType": "e", "eventTimestamp": " "}', '{"type": "t", "source": null}',
    '{"type": "t", "source": " "}',
    '{"type": " ", "source": "s"}', '{"eventName": " "}', '{"event_name": ""}']) e;

-- 3: an actor and a resource need both keys, and take no other
SELECT refusal(envelope(format('{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", %s}',
                               part))) FROM unnest(ARRAY[
    '"actor": {"type": "user"}', '"resource": {"id": "r"}', '"actor": {"type": "user", "id": "u", "name": "n"}',
    '"resource": "order"']) part;
SELECT part, verdict(envelope(format('{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", %s}',
                                     part))) FROM unnest(ARRAY[
    '"actor": {}', '"actor": {"id": "u"}', '"actor": {"type": " ", "id": "u"}', '"actor": {"type": "user", "id": null}',
    '"actor": []',
    '"actor": {"type": "user", "id": 1}', '"resource": {}', '"resource": {"type": "t"}',
    '"resource": {"type": "t", "id": ""}',
    '"resource": {"type": ["t"], "id": "r"}', '"resource": {"type": "t", "id": "r", "Id": "s"}']) part;

-- 3: a key that is not of the form is named
SELECT refusal(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "e", "colour": "red"}',
    '{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", "actorId": "u"}',
    '{"type": "t", "source": "s", "metadata": {}}']) e;
SELECT e, verdict(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "e", "eventname": "f"}', '{"eventName": "e", "actor": {"type": "user", "id": "u"}}',
    '{"eventName": "e", "timestamp": "2026-11-20"}',
    '{"eventName": "e", "data": {}}', '{"eventName": "e", "_eventLog": {}}',
    '{"eventName": "e", "ingestedAt": "2026-11-20"}', '{"eventName": "e", "xid": "1"}',
    '{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", "event_timestamp": "2026-11-20"}',
    '{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", "source": "s"}',
    '{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", "idempotency_key": "k"}',
    '{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"}',
    '{"type": "t", "source": "s", "schema_version": "1.0.0"}',
    '{"type": "t", "source": "s", "actor": {"type": "u", "id": "1"}}',
    '{"type": "t", "source": "s", "value": 1}', '{"type": "t", "source": "s", "app_version": "1"}']) e;

-- 3: the id, the tenant: not from the envelope
SELECT refusal(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "e", "id": "1"}', '{"eventName": "e", "eventId": "1"}', '{"eventName": "e", "tenantId": "1"}']) e;
SELECT e, verdict(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "e", "event_id": "1"}', '{"eventName": "e", "tenant_id": "1"}',
    '{"type": "t", "source": "s", "eventId": "1"}',
    '{"type": "t", "source": "s", "tenantId": "1"}',
    '{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", "id": "1"}',
    '{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", "tenantId": "1"}']) e;

-- 3: the same field twice
SELECT refusal(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "e", "actorId": "u", "actor_id": "u"}',
    '{"type": "t", "source": "s", "id": "1", "idempotencyKey": "1"}']) e;
SELECT e, verdict(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "e", "event_name": "e"}',
    '{"eventName": "e", "value": 1, "forwardToStatsig": true, "forward_to_statsig": true}',
    '{"eventName": "e", "eventName": "f"}']) e;

-- 3: recognising keys of two forms, or of none
SELECT refusal(envelope(e)) FROM unnest(ARRAY['{"eventName": "e", "service": "s"}', '{}']) e;
SELECT e, verdict(envelope(e)) FROM unnest(ARRAY[
    '{"event_name": "e", "type": "t"}', '{"service": "s", "type": "t"}',
    '{"eventName": "e", "service": "s", "type": "t"}',
    '{"metadata": {"eventName": "e"}}', '{"eventType": "e", "eventTimestamp": "2026-11-20"}', '{"EventName": "e"}',
    '{"eventName": null}']) e;

-- 3: one JSON object
SELECT refusal(envelope(e)) FROM unnest(ARRAY['[{"eventName": "e"}]', '"e"', '1', 'true', 'null']) e;

-- NULL is no envelope: the function is strict, nothing is written
SELECT eventlog.log_envelope(NULL) IS NULL;

-- 3: a value of the wrong JSON type
SELECT refusal(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": 1}', '{"eventName": "e", "metadata": []}', '{"eventName": "e", "value": "1"}',
    '{"eventName": "e", "forwardToStatsig": "true"}',
    '{"eventName": "e", "origin": "client"}', '{"eventName": "e", "eventTs": 1700000000}']) e;
SELECT key, count(*), array_agg(DISTINCT verdict(envelope(format('{"eventName": "e", "%s": %s}', key, value))))
FROM unnest(ARRAY['eventType', 'source', 'actorType', 'actorId', 'resourceType', 'resourceId', 'schemaVersion',
                  'traceId', 'sofa', 'idempotencyKey',
                  'appVersion', 'eventTs', 'origin']) key, unnest(ARRAY['1', 'true', '[]', '{}', '["a"]']) value
GROUP BY key ORDER BY key;
SELECT key, value, verdict(envelope(format('{"eventName": "e", "%s": %s}', key, value)))
FROM unnest(ARRAY['metadata', 'value', 'forwardToStatsig']) key, unnest(ARRAY['{}', '[]', '"x"', '1', 'false']) value;

-- 3: times are ISO 8601; one without an offset is UTC
SELECT ts, stored(eventlog.log_envelope(jsonb_build_object('eventName', 'time', 'eventTs', ts))) ->> 'event_ts'
FROM unnest(ARRAY['2026-11-20', '2026-11-20T08:15', '2026-11-20T08:15:30', '2026-11-20 08:15:30',
                  '2026-11-20T08:15:30Z', '2026-11-20t08:15:30z',
                  '2026-11-20T08:15:30.1', '2026-11-20T08:15:30,123456Z', '2026-11-20T08:15:30.1234565Z',
                  '2026-11-20T08:15:30.1234564999Z',
                  '2026-11-20T08:15:30+01:00', '2026-11-20T08:15:30+0130', '2026-11-20T08:15:30-08',
                  '2026-11-20T24:00:00Z', '2026-12-31T23:59:60Z',
                  '2024-02-29', '0001-01-01', '9999-12-31T23:59:59.999999Z', '2026-11-20T00:00:00+15:59']) ts;
SELECT refusal(envelope('{"eventName": "e", "eventTs": "yesterday"}'));
SELECT ts, verdict(envelope(jsonb_build_object('eventName', 'time', 'eventTs', ts)::text))
FROM unnest(ARRAY['2026-11-20T', '2026-11-20T08', '2026-13-01', '2026-02-29', '2026-11-31', '2026-11-20T25:00:00Z',
                  '2026-11-20T08:60:00Z',
                  '2026-11-20T08:15:61Z', '2026-11-20T24:00:01Z', '2026-11-20T08:15:30+16:00',
                  '2026-11-20T08:15:30+01:60', '2026-11-20T08:15:30.Z', '20261120',
                  '2026-W47-5', '26-11-20', '2026-11-20T08:15:30 Z', '2026-11-20T08:15:30Z x', 'infinity', '0000-01-01',
                  '12026-11-20', '-0001-01-01',
                  '1700000000', '2026-11-20T08:15:30 Europe/Berlin', 'November 20, 2026']) ts;

-- 3: a JSON number goes to value as the nearest double; one that is none is out of range
SELECT value, stored(eventlog.log_envelope(format('{"eventName": "v", "value": %s}',
                                                  value)::jsonb)) -> 'value' = to_jsonb(value::double precision)
FROM unnest(ARRAY['0', '-0.0', '1e3', '0.1', '123456789.123456789', '-1e-300', '9007199254740993',
                  '1.7976931348623157e308', '5e-324']) value;
SELECT refusal(envelope('{"eventName": "e", "value": 1e309}'));

-- 3: the rules of log_event hold, with the same codes
SELECT e, verdict(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "{"}', '{"eventName": "e", "actorType": "user"}', '{"eventName": "e", "resourceId": "r"}',
    '{"eventName": "e", "traceId": "x"}',
    '{"eventName": "e", "schemaVersion": "1"}', '{"eventName": "e", "metadata": {"_eventLog": 1}}',
    '{"type": "t", "source": "s", "data": {"_eventLog": 1}}',
    '{"service": "s", "eventType": "[", "eventTimestamp": "2026-11-20"}']) e;
SELECT key, verdict(envelope((doc || jsonb_build_object(key, repeat('é', 256)))::text)),
       verdict(envelope((doc || jsonb_build_object(key, repeat('é', 257)))::text))
FROM jsonb('{"eventName": "e", "actorId": "a", "resourceType": "r", "resourceId": "i"}') doc,
     unnest(ARRAY['eventName', 'eventType', 'source', 'actorType', 'actorId', 'resourceType', 'resourceId', 'sofa',
                  'idempotencyKey', 'appVersion']) key;
SELECT verdict(envelope(jsonb_build_object('eventName', 'e', 'metadata',
                                           jsonb_build_object('p', repeat('x', bytes)))::text))
FROM unnest(ARRAY[65536 - 8, 65537 - 8]) bytes;

DROP FUNCTION envelope;
