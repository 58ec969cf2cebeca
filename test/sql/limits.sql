-- Every limit at its last accepted and its first refused value.
\t on
\pset format unaligned
LOAD 'eventlog';

-- Returns a call of log_event with one text field and the other arguments that its rules require.
CREATE FUNCTION call_with(field text, value text) RETURNS text
    LANGUAGE sql AS $$
    SELECT format('SELECT eventlog.log_event(%s%I => %L%s)',
                  CASE field WHEN 'event_name' THEN '' ELSE 'event_name => ''limit'', ' END, field, value,
                  CASE field WHEN 'actor_type' THEN ', actor_id => ''a''' WHEN 'resource_type' THEN ', resource_id => ''r'''
                             WHEN 'resource_id' THEN ', resource_type => ''r''' ELSE '' END)
$$;
CREATE VIEW text_fields AS
SELECT * FROM unnest(ARRAY['event_name', 'event_type', 'source', 'actor_type', 'actor_id', 'resource_type',
                           'resource_id', 'sofa',
                           'idempotency_key', 'app_version']) WITH ORDINALITY f(field, place);
CREATE FUNCTION field_of(id uuid, field text) RETURNS text
    LANGUAGE sql AS $$
    SELECT CASE field WHEN 'idempotency_key' THEN metadata -> '_eventLog' ->> 'idempotencyKey' ELSE to_jsonb(e) ->> field END
    FROM eventlog.events e WHERE event_id = id
$$;
-- Logs one text field and reads the stored value.
CREATE FUNCTION round_trip(field text, value text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    id uuid;
BEGIN
    EXECUTE call_with(field, value) INTO id;
    RETURN field_of(id, field);
END
$$;

-- Each text field accepts 256 characters, regardless of their size in bytes.
SELECT field, bool_and(round_trip(field, repeat(letter, 256)) = repeat(letter, 256))
FROM text_fields, unnest(ARRAY['a', 'é', '字', '😀']) letter GROUP BY field, place ORDER BY place;
SELECT refusal(call_with(field, repeat('a', 257))) FROM text_fields ORDER BY place;
SELECT field, array_agg(DISTINCT verdict(call_with(field, repeat(letter, 257))))
FROM text_fields, unnest(ARRAY['a', 'é', '字', '😀']) letter GROUP BY field, place ORDER BY place;

-- Trimming comes first: white space at the ends does not count.
SELECT bool_and(round_trip(field, E'\u3000\n' || repeat('é', 256) || E' \u00A0') = repeat('é', 256)) FROM text_fields;

-- Unicode white space is trimmed at both ends: every character of White_Space, and no similar character.
CREATE VIEW white_space AS
SELECT chr(code) AS space
FROM unnest(ARRAY[9, 10, 11, 12, 13, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201,
                  8202, 8232, 8233,
                  8239, 8287, 12288]) code;
SELECT count(*) FROM white_space;
SELECT count(*), bool_and(round_trip(field, space || space || 'a' || space || 'b' || space) = 'a' || space || 'b')
FROM white_space, text_fields;
SELECT count(*), bool_and(round_trip(field, space || space) IS NULL)
FROM white_space, text_fields WHERE field NOT IN ('event_name', 'actor_id', 'source') AND field !~ '^resource';
SELECT verdict(call_with('event_name', space)), count(*) FROM white_space GROUP BY 1;
SELECT bool_and(round_trip('event_name', near || 'a' || near) = near || 'a' || near)
FROM (SELECT chr(code) FROM unnest(ARRAY[1, 8, 14, 28, 29, 30, 31, 127, 132, 134, 161, 5759, 5761, 6158, 8191, 8203,
                                         8204, 8207, 8234, 8288,
                                         12287, 12289, 65279, 128512]) code) s(near);

-- Metadata has 256 top-level keys at most, regardless of the keys below them.
SELECT refusal(format('SELECT eventlog.log_event(''k'', %L)', sample_object(1, 257, 0)));
SELECT verdict(format('SELECT eventlog.log_event(''k'', %L)', sample_object(1, 256, 0)));
SELECT verdict(format('SELECT eventlog.log_event(''k'', %L)', jsonb_build_object('nested', sample_object(1, 1000, 0))));

-- eventlog.max_metadata_keys changes the limit of keys.
SET eventlog.max_metadata_keys = 0;
SELECT verdict($$SELECT eventlog.log_event('k', '{}')$$), verdict($$SELECT eventlog.log_event('k', '{"a": 1}')$$);
SET eventlog.max_metadata_keys = 1000;
SELECT verdict(format('SELECT eventlog.log_event(''k'', %L)', sample_object(1, 1000, 0))),
       verdict(format('SELECT eventlog.log_event(''k'', %L)', sample_object(1, 1001, 0)));
RESET eventlog.max_metadata_keys;

-- Metadata has 65,536 bytes of canonical JSON at most; {"p":…} gets exactly that size by padding with one kind of character and with x.
CREATE FUNCTION padded(bytes int, unit text, unit_bytes int) RETURNS jsonb
    LANGUAGE sql AS $$
    SELECT jsonb_build_object('p', repeat(unit, (bytes - 8) / unit_bytes) || repeat('x', (bytes - 8) % unit_bytes))
$$;
CREATE TABLE units (unit text, bytes int);
INSERT INTO units VALUES ('x', 1), ('é', 2), ('字', 3), ('😀', 4), ('"', 2), ('\', 2), (E'\b', 2), (E'\f', 2), (E'\n', 2),
    (E'\r', 2), (E'\t', 2),
    (E'\x01', 6), (E'\x0b', 6), (E'\x1f', 6), (E'\x7f', 1), (E'\u0085', 2), (E'\u2028', 3), ('/', 1), ('<', 1);
SELECT refusal(format('SELECT eventlog.log_event(''b'', %L)', padded(65537, 'x', 1)));
SELECT count(*), bool_and(octet_length(canonical(padded(65536, unit, bytes))) = 65536),
       array_agg(DISTINCT verdict(format('SELECT eventlog.log_event(''b'', %L)', padded(65536, unit, bytes)))),
       array_agg(DISTINCT verdict(format('SELECT eventlog.log_event(''b'', %L)', padded(65537, unit, bytes))))
FROM units;

-- The limit is the same if the size comes from numbers, keys or nesting.
CREATE TABLE large (what text, document jsonb);
INSERT INTO large
SELECT 'numbers of 1000 digits', jsonb_object_agg('n' || i, repeat('7', 1000)::numeric) FROM generate_series(1, 64) i;
INSERT INTO large
SELECT 'fractions of 1000 digits', jsonb_object_agg('n' || i, ('-0.' || repeat('3',
    1000))::numeric) FROM generate_series(1, 64) i;
INSERT INTO large VALUES ('a number of 60000 digits', '{"n": 1e59999}');
INSERT INTO large VALUES ('nested 2000 deep', (repeat('{"k":[', 2000) || '1.50' || repeat(']}', 2000))::jsonb);
INSERT INTO large SELECT 'long keys', jsonb_object_agg(i || repeat('ключ"', 20), NULL) FROM generate_series(1, 250) i;
INSERT INTO large SELECT 'array of literals', jsonb_build_object('a', jsonb_agg(i % 2 = 0)) FROM generate_series(1,
    10000) i;
WITH room AS (
    SELECT what, document, 65536 - octet_length(replace(document::text, ' ',
                                                        '')) - octet_length(',"pad":""') AS bytes FROM large
)
SELECT what, bytes > 0, verdict(format('SELECT eventlog.log_event(''b'', %L)',
                                       document || jsonb_build_object('pad', repeat('x', bytes)))),
       verdict(format('SELECT eventlog.log_event(''b'', %L)', document || jsonb_build_object('pad',
           repeat('x', bytes + 1))))
FROM room;

-- eventlog.max_metadata_bytes changes the limit; the DETAIL of every sample tells the size that SQL computes.
CREATE FUNCTION size_found(document jsonb) RETURNS int
    LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    PERFORM eventlog.log_event('b', document);
    RETURN NULL;
EXCEPTION WHEN program_limit_exceeded THEN
    GET STACKED DIAGNOSTICS found = PG_EXCEPTION_DETAIL;
    RETURN substring(found FROM '(\d+)\.$');
END
$$;
SET eventlog.max_metadata_bytes = 2;
SELECT verdict($$SELECT eventlog.log_event('b', '{}')$$), verdict($$SELECT eventlog.log_event('b')$$),
       verdict($$SELECT eventlog.log_event('b', '{"":0}')$$);
SELECT count(*), bool_and(size_found(document) = octet_length(canonical(document)))
FROM (SELECT sample_object(seed, 1 + seed % 20) FROM generate_series(1, 300) seed) s(document);
SELECT count(*), bool_and(size_found(jsonb_build_object('n', number::numeric)) = octet_length('{"n":' || number || '}'))
FROM unnest(ARRAY['0', '-1', '9999', '10000', '99999999', '100000000', '0.1', '0.0001', '0.00001', '-0.00009999', '1.0',
                  '1.00000', '12345.6789',
                  '12345.67890', '0.00000000', '10000.0001', '100000000.00000001', repeat('9', 1000),
                  '0.' || repeat('0', 999) || '1']) number;
RESET eventlog.max_metadata_bytes;
-- The units in the message differ between server versions.
\set VERBOSITY sqlstate
SET eventlog.max_metadata_bytes = 1;
SET eventlog.max_metadata_bytes = 1048577;
\set VERBOSITY default
SET eventlog.max_metadata_keys = -1;

-- The whole envelope has 1,048,576 bytes at most, as SQL computes them from the stored row.
CREATE FUNCTION canonical_time(at timestamptz) RETURNS text
    LANGUAGE sql AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;
CREATE FUNCTION envelope_bytes(id uuid) RETURNS int
    LANGUAGE sql AS $$
    SELECT octet_length(canonical(jsonb_strip_nulls(to_jsonb(e) - '{xid,metadata}'::text[]) || jsonb_build_object(
        'metadata', metadata, 'event_ts', canonical_time(event_ts), 'ingested_at', canonical_time(ingested_at))))
    FROM eventlog.events e WHERE event_id = id
$$;
SET eventlog.max_metadata_bytes = 1048576;
PREPARE bare(text) AS SELECT eventlog.log_event('e', jsonb_build_object('pad', $1));
-- Each call has a key of its own, of characters that take six bytes each.
CREATE SEQUENCE key_number;
PREPARE full_row(text) AS SELECT eventlog.log_event(
    repeat('"', 256), jsonb_build_object('pad', $1), repeat('字', 256), repeat(E'\x01', 256), repeat('\', 256),
    repeat(E'\x1f', 256),
    repeat('😀', 256), 'shop', 'frontend', '12026-11-20 08:15:30.25+01', -1.25, '1.0.0', repeat('a', 32),
    repeat(E'\n', 127) || 's', true,
    repeat(E'\x02', 248) || translate(nextval('key_number')::bit(8)::text, '01', E'\x02\x03'), 'é');
CREATE FUNCTION padding(statement text) RETURNS int
    LANGUAGE plpgsql AS $$
DECLARE
    id uuid;
BEGIN
    EXECUTE format('EXECUTE %I('''')', statement) INTO id;
    RETURN 1048576 - envelope_bytes(id);
END
$$;
CREATE FUNCTION bytes_with(statement text, padding int) RETURNS int
    LANGUAGE plpgsql AS $$
DECLARE
    id uuid;
BEGIN
    EXECUTE format('EXECUTE %I(repeat(''x'', %s))', statement, padding) INTO id;
    RETURN envelope_bytes(id);
END
$$;
SELECT bytes_with('bare', padding('bare')), bytes_with('full_row', padding('full_row'));
SELECT refusal(format('EXECUTE %I(repeat(''x'', %s))', statement, padding(statement) + 1)) FROM unnest(ARRAY['bare',
    'full_row']) statement;
RESET eventlog.max_metadata_bytes;

DROP FUNCTION call_with, round_trip, field_of, padded, size_found, envelope_bytes, canonical_time, padding, bytes_with;
DROP VIEW text_fields, white_space;
DROP TABLE units, large;
