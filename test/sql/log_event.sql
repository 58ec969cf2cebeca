-- log_event: arguments, columns, the rules without numeric limits (limits.sql tests the others), part of the caller's transaction.
\t on
\pset format unaligned
LOAD 'eventlog';

-- The arguments have this order, and all but the name have a default.
SELECT proargnames, pronargdefaults, prorettype::regtype FROM pg_proc WHERE oid = 'eventlog.log_event'::regproc;
SELECT pg_get_function_arguments('eventlog.log_event'::regproc);

-- The table has these columns.
SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
WHERE attrelid = 'eventlog.events'::regclass AND attnum > 0 ORDER BY attnum;

-- A call writes one row and returns its id; every argument goes to its column.
CREATE TABLE made (what text, id uuid);
INSERT INTO made SELECT 'all', eventlog.log_event(
    'order created', '{"total": 12.50, "lines": [1, 2], "note": null}', 'order', 'u-1', 'user', 'order', 'o-1', 'shop',
    'frontend',
    '2026-11-20 08:15:30.25+01', 12.5, '1.4.0-rc.1+build.5', '4bf92f3577b34da6a3ce929d0e0e4736', 'sofa-1', true,
    'key-1', '3.2.1');
SELECT count(*) FROM eventlog.events WHERE event_id = (SELECT id FROM made);
SELECT jsonb_pretty(stored(id)) FROM made;

-- Arguments may be given by name, in any order.
SELECT stored(eventlog.log_event(resource_id => 'r', resource_type => 't', event_name => 'named'));

-- An omitted argument is NULL, origin is backend, event_ts equals ingested_at, and metadata is the envelope alone.
INSERT INTO made SELECT 'bare', eventlog.log_event('bare');
SELECT event_type, actor_type, actor_id, resource_type, resource_id, tenant_id, value, schema_version, trace_id,
       app_version, sofa,
       origin, event_ts = ingested_at, metadata - '_eventLog', jsonb_object_keys(metadata)
FROM eventlog.events JOIN made ON event_id = id WHERE what = 'bare';

-- NULL counts as omitted, for every argument but the name.
SELECT stored(eventlog.log_event('bare', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                 NULL, NULL, NULL))
     = stored((SELECT id FROM made WHERE what = 'bare'));

-- ingested_at is clock time, neither transaction start nor commit.
BEGIN;
SELECT 1 FROM pg_sleep(0.002);
INSERT INTO made SELECT 'clock', eventlog.log_event('clock');
SELECT ingested_at > now(),
       ingested_at <= clock_timestamp() FROM eventlog.events JOIN made ON event_id = id WHERE what = 'clock';
COMMIT;

-- Strings are trimmed, and keep the white space inside.
SELECT stored(eventlog.log_event(E' \t name with  spaces\n', NULL, ' a ', ' b ', ' c ', ' d ', ' e ', ' f ', NULL, NULL,
                                 NULL,
                                 ' 1.0.0 ', E'\n4bf92f3577b34da6a3ce929d0e0e4736 ', ' g ', NULL, ' h ', ' i '));

-- A blank string counts as omitted.
SELECT stored(eventlog.log_event('blank', NULL, '', ' ', E'\t', '', E'\n', E'\u3000', NULL, NULL, NULL, ' ', ' ', ' ',
                                 NULL, ' ', ' '));
SELECT metadata -> '_eventLog' ? 'idempotencyKey'
FROM eventlog.events WHERE event_name = 'blank';

-- event_name is required.
SELECT refusal($$SELECT eventlog.log_event(NULL)$$);
SELECT refusal($$SELECT eventlog.log_event('')$$);
SELECT refusal($$SELECT eventlog.log_event(E' \u00A0\t')$$);

-- An event_name that starts with { or [ is a JSON literal passed by mistake.
SELECT refusal($$SELECT eventlog.log_event('{"eventName": "x"}')$$);
SELECT refusal($$SELECT eventlog.log_event('  [{"eventName": "x"}]')$$);
SELECT stored(eventlog.log_event('"{"'));

-- Metadata that is not a JSON object is refused; NULL means {}.
SELECT refusal(format('SELECT eventlog.log_event(''m'', %L)', metadata))
FROM unnest(ARRAY['[1, 2]', '[]', '"text"', '12.5', 'true', 'null']) metadata;

-- Metadata with _eventLog at the top level is refused; deeper and in other spellings the caller may use it.
SELECT refusal($$SELECT eventlog.log_event('m', '{"_eventLog": {}}')$$);
SELECT refusal($$SELECT eventlog.log_event('m', '{"a": 1, "_eventLog": null}')$$);
SELECT stored(eventlog.log_event('m', '{"a": {"_eventLog": 1}, "_eventlog": 2, "_eventLog ": 3}')) -> 'metadata';

-- \u0000 is refused by the server's own jsonb.
SELECT refusal($$SELECT eventlog.log_event('m', '{"a": "\u0000"}')$$);

-- If a key is given twice, the last one counts, as in every jsonb.
SELECT stored(eventlog.log_event('m', '{"a": 1, "a": 2}')) -> 'metadata';

-- actor_type requires actor_id; actor_id does not require actor_type.
SELECT refusal($$SELECT eventlog.log_event('p', actor_type => 'user')$$);
SELECT refusal($$SELECT eventlog.log_event('p', actor_type => 'user', actor_id => ' ')$$);
SELECT stored(eventlog.log_event('p', actor_id => 'u'));

-- resource_type and resource_id require each other.
SELECT refusal($$SELECT eventlog.log_event('p', resource_type => 'order')$$);
SELECT refusal($$SELECT eventlog.log_event('p', resource_id => 'o-1', resource_type => ' ')$$);

-- trace_id has 32 lower-case hex digits that are not all zero.
SELECT refusal($$SELECT eventlog.log_event('t', trace_id => '4bf92f3577b34da6a3ce929d0e0e473')$$);
SELECT refusal($$SELECT eventlog.log_event('t',
                                           trace_id => '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')$$);
SELECT trace_id, verdict(format('SELECT eventlog.log_event(''t'', trace_id => %L)', trace_id))
FROM (VALUES ('4bf92f3577b34da6a3ce929d0e0e4736'), (repeat('0', 31) || '1'), (repeat('f', 32)), (repeat('0', 32)),
      (repeat('0', 33)),
             ('4BF92F3577B34DA6A3CE929D0E0E4736'), (repeat('g', 32)), (repeat('é', 16)),
             ('4bf92f3577b34da6 a3ce929d0e0e4736')) t(trace_id);

-- schema_version is semver 2.0.0.
SELECT refusal($$SELECT eventlog.log_event('s', schema_version => 'v1.0.0')$$);
SELECT version, verdict(format('SELECT eventlog.log_event(''s'', schema_version => %L)', version))
FROM unnest(ARRAY['0.0.0', '1.2.3', '10.20.30', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-0.3.7', '1.0.0-x-y.--',
                  '1.0.0+001', '1.0.0-a+b.0-c',
                  '999999999999999999999.0.0', '1.0.0-0A', '1', '1.2', '1.2.3.4', '01.0.0', '1.0.00', '1.0.0-',
                  '1.0.0+', '1.0.0-01',
                  '1.0.0-a..b', '1.0.0+a+b', '1.0.0-é', '-1.0.0', '1.0. 0', '1.0.0-a_b']) version;

-- value is finite.
SELECT refusal(format('SELECT eventlog.log_event(''v'', value => %L)', value)) FROM unnest(ARRAY['NaN', 'Infinity',
    '-Infinity']) value;
SELECT bool_and(stored(eventlog.log_event('v', value => value)) -> 'value' = to_jsonb(value))
FROM unnest(ARRAY['1.7976931348623157e308', '-1.7976931348623157e308', '5e-324', '0', '-0',
                  '0.1']::double precision[]) value;

-- event_ts is finite; every time of the server's range is accepted, except for its last thirty years.
SELECT refusal(format('SELECT eventlog.log_event(''e'', event_ts => %L)', time)) FROM unnest(ARRAY['infinity',
    '-infinity', '294247-01-10 04:00:54.775806+00', '294276-12-31 23:59:59+00']) time;
SELECT stored(eventlog.log_event('e', event_ts => time::timestamptz)) -> 'event_ts' = to_jsonb(time::timestamptz)
FROM unnest(ARRAY['4714-11-24 00:00:00+00 BC', '0001-12-31 23:59:59.999999+00 BC', '1969-12-31 23:59:59.999999+00',
                  '2026-11-20 08:15:30.123456+00',
                  '10000-01-01 00:00:00+00', '294247-01-10 04:00:54.775805+00']) time;

-- origin is backend or frontend.
SELECT enum_range(NULL::eventlog.event_origin);
SELECT stored(eventlog.log_event('o', origin => 'frontend'));
SELECT refusal($$SELECT eventlog.log_event('o', origin => 'client')$$);

-- The envelope has idempotencyKey only when it is given, and forwardToStatsig always.
SELECT stored(eventlog.log_event('i', idempotency_key => ' once ', forward_to_statsig => true)) -> 'metadata';

-- The first of several broken rules is reported, in the order: name, lengths, metadata, pairs, formats.
SELECT verdict(format('SELECT eventlog.log_event(%L, %L, actor_type => %L, trace_id => %L, value => ''NaN'', sofa => %L)',
                      name, metadata, 'user', 'x', sofa))
FROM (VALUES ('', '[]', repeat('s', 257)), ('n', '[]', repeat('s', 257)), ('n', '[]', 's'),
      ('n', '{}', 's')) broken(name, metadata, sofa);

DROP TABLE made;
