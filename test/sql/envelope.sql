-- log_envelope: the three forms and their keys.
\t on
\pset format unaligned
LOAD 'eventlog';

-- The native form, recognised by eventName, takes every other argument in lowerCamelCase.
SELECT jsonb_pretty(stored(eventlog.log_envelope('{
    "eventName": " order created ", "eventType": "order", "source": "shop", "origin": "frontend", "actorType": "user", "actorId": "u-1",
    "resourceType": "order", "resourceId": "o-1", "eventTs": "2026-11-20T08:15:30.25+01:00", "value": 12.5, "metadata": {"a": [1, {"b": null}]},
    "schemaVersion": "1.4.0", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "sofa": "sofa-1", "forwardToStatsig": true,
    "idempotencyKey": "key", "appVersion": "3.2.1"}')));

-- The native form, recognised by event_name, takes every other argument in snake_case and stores the same row.
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

-- The central form is recognised by service: eventType is the event name, service the source.
SELECT jsonb_pretty(stored(eventlog.log_envelope('{
    "service": "billing", "eventType": "invoice.paid", "eventTimestamp": "2026-11-20T08:15:30Z", "actor": {"type": "user", "id": "u-1"},
    "resource": {"type": "invoice", "id": "i-1"}, "metadata": {"total": 1.0}, "idempotencyKey": "key", "forwardToStatsig": true,
    "appVersion": "3"}')));
SELECT stored(eventlog.log_envelope('{"service": "billing", "eventType": "invoice.paid", "eventTimestamp": "2026-11-20"}'));

-- The platform form is recognised by type: id is the idempotency key, data the metadata.
SELECT jsonb_pretty(stored(eventlog.log_envelope('{
    "type": "shop.order.created", "source": "shop", "id": "evt-1", "data": {"total": 1.0}, "schemaVersion": "1.0.0",
    "timestamp": "2026-11-20T08:15:30Z", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "forwardToStatsig": true, "appVersion": "3"}')));
SELECT stored(eventlog.log_envelope('{"type": "shop.order.created", "source": "shop", "idempotencyKey": "evt-2"}'));

-- A JSON null counts as an absent key, even for unknown and recognising keys.
SELECT stored(eventlog.log_envelope('{"eventName": "n", "type": null, "service": null, "actorType": null, "actor_type": null, "metadata": null,
    "eventTs": null, "value": null, "origin": null, "forwardToStatsig": null, "eventId": null, "tenantId": null, "unknown": null}'));
SELECT stored(eventlog.log_envelope('{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", "actor": null,
    "resource": {"type": "t", "id": "1", "name": null}}'));

-- Strings are trimmed, and blank ones count as omitted, in every form.
SELECT stored(eventlog.log_envelope('{"eventName": "\u3000b\n", "actorId": " ", "origin": " ", "eventTs": " ", "traceId": "\t"}'));
SELECT stored(eventlog.log_envelope('{"eventName": "b", "origin": " frontend ", "eventTs": " 2026-11-20 "}'));

-- Every required key that is missing, null or blank is an error.
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

-- An actor and a resource need both keys and accept no other key.
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

-- The error names a key that does not belong to the form.
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

-- The envelope cannot set the id and the tenant.
SELECT refusal(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "e", "id": "1"}', '{"eventName": "e", "eventId": "1"}', '{"eventName": "e", "tenantId": "1"}']) e;
SELECT e, verdict(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "e", "event_id": "1"}', '{"eventName": "e", "tenant_id": "1"}',
    '{"type": "t", "source": "s", "eventId": "1"}',
    '{"type": "t", "source": "s", "tenantId": "1"}',
    '{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", "id": "1"}',
    '{"service": "s", "eventType": "e", "eventTimestamp": "2026-11-20", "tenantId": "1"}']) e;

-- The same field twice is refused.
SELECT refusal(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "e", "actorId": "u", "actor_id": "u"}',
    '{"type": "t", "source": "s", "id": "1", "idempotencyKey": "1"}']) e;
SELECT e, verdict(envelope(e)) FROM unnest(ARRAY[
    '{"eventName": "e", "event_name": "e"}',
    '{"eventName": "e", "value": 1, "forwardToStatsig": true, "forward_to_statsig": true}',
    '{"eventName": "e", "eventName": "f"}']) e;

-- Recognising keys of two forms, or of none, are refused.
SELECT refusal(envelope(e)) FROM unnest(ARRAY['{"eventName": "e", "service": "s"}', '{}']) e;
SELECT e, verdict(envelope(e)) FROM unnest(ARRAY[
    '{"event_name": "e", "type": "t"}', '{"service": "s", "type": "t"}',
    '{"eventName": "e", "service": "s", "type": "t"}',
    '{"metadata": {"eventName": "e"}}', '{"eventType": "e", "eventTimestamp": "2026-11-20"}', '{"EventName": "e"}',
    '{"eventName": null}']) e;

-- An envelope that is NULL is an error, since the event would be lost.
SELECT refusal('SELECT eventlog.log_envelope(NULL)');

-- An event as list_events() shows it is logged again without the keys that the HINT names.
SELECT eventlog.log_event('listed', '{"n": 1}', event_type => 'shown', actor_type => 'user', actor_id => 'ada', source => 'shop', value => 2, event_ts => '2026-11-20 08:00Z') IS NOT NULL;
SELECT eventlog.list_events('listed') #> '{data,events,0}' AS event \gset
SELECT refusal(format('SELECT eventlog.log_envelope(%L)', :'event'));
SELECT stored(eventlog.log_envelope(:'event'::jsonb - '{id,eventId,eventName,tenantId,createdAt,value,schemaVersion,traceId}'::text[]
                                    || jsonb_build_object('eventType', :'event'::jsonb -> 'eventName')));
