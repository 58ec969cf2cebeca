-- log_envelope checks the values of the keys.
\t on
\pset format unaligned
LOAD 'eventlog';

-- The envelope is one JSON object.
SELECT refusal(envelope(e)) FROM unnest(ARRAY['[{"eventName": "e"}]', '"e"', '1', 'true', 'null']) e;


-- A value of the wrong JSON type is refused.
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

-- Times are ISO 8601; one without an offset is UTC.
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

-- A JSON number is stored in value as the nearest double; it is out of range if there is none.
SELECT value, stored(eventlog.log_envelope(format('{"eventName": "v", "value": %s}',
                                                  value)::jsonb)) -> 'value' = to_jsonb(value::double precision)
FROM unnest(ARRAY['0', '-0.0', '1e3', '0.1', '123456789.123456789', '-1e-300', '9007199254740993',
                  '1.7976931348623157e308', '5e-324']) value;
SELECT refusal(envelope('{"eventName": "e", "value": 1e309}'));

-- The rules of log_event hold, with the same codes.
SELECT e, verdict(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "{"}', '{"eventName": "e", "actorType": "user"}', '{"eventName": "e", "resourceId": "r"}',
    '{"eventName": "e", "traceId": "x"}',
    '{"eventName": "e", "schemaVersion": "1"}', '{"eventName": "e", "metadata": {"_eventLog": 1}}',
    '{"type": "t", "source": "s", "data": {"_eventLog": 1}}',
    '{"service": "s", "eventType": "[", "eventTimestamp": "2026-11-20"}']) e;
SELECT key, verdict(envelope((doc || jsonb_build_object(key, repeat('ê', 256)))::text)),
       verdict(envelope((doc || jsonb_build_object(key, repeat('ê', 257)))::text))
FROM jsonb('{"eventName": "e", "actorId": "a", "resourceType": "r", "resourceId": "i"}') doc,
     unnest(ARRAY['eventName', 'eventType', 'source', 'actorType', 'actorId', 'resourceType', 'resourceId', 'sofa',
                  'idempotencyKey', 'appVersion']) key;
SELECT verdict(envelope(jsonb_build_object('eventName', 'e', 'metadata',
                                           jsonb_build_object('p', repeat('x', bytes)))::text))
FROM unnest(ARRAY[65536 - 8, 65537 - 8]) bytes;
