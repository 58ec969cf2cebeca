-- Creates the extension and the helpers of the other tests. They print no ids, times or names of partitions.
\t on
\pset format unaligned

-- Only the tests that want it have partitions sealed.
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET eventlog.sealing = off', current_database()); END $$;
SET client_min_messages = error;
CREATE EXTENSION eventlog;
RESET client_min_messages;

-- version() returns the versions of the library and the catalog, and of the server and compiler of the build.
SELECT library = catalog, built_with ~ '^PostgreSQL \d+.*, .' FROM eventlog.version();
SELECT v.catalog = x.default_version FROM eventlog.version() v, pg_available_extensions x WHERE x.name = 'eventlog';

-- Every object and every column has a comment.
SELECT pg_describe_object(d.classid, d.objid, part.number) AS without_comment
FROM pg_depend d
CROSS JOIN LATERAL (
    SELECT 0 AS number
    UNION ALL
    SELECT a.attnum FROM pg_attribute a
    WHERE d.classid = 'pg_class'::regclass AND a.attrelid = d.objid AND a.attnum > 0 AND NOT a.attisdropped
) part
WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'eventlog')
  AND NOT EXISTS (SELECT FROM pg_description s WHERE s.classoid = d.classid AND s.objoid = d.objid AND s.objsubid = part.number)
  -- Newer servers count row and array types as members.
  AND NOT (d.classid = 'pg_type'::regclass AND d.objid <> 'eventlog.event_origin'::regtype);

-- These return the greatest id in the log, and how many events came after an id; they are quick for a log of any size.
CREATE FUNCTION last_id() RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF to_regclass('eventlog.events') IS NULL THEN RETURN '00000000-0000-0000-0000-000000000000'; END IF;
    RETURN coalesce((SELECT event_id FROM eventlog.events ORDER BY event_id DESC LIMIT 1),
                    '00000000-0000-0000-0000-000000000000');
END
$$;
CREATE FUNCTION written_since(id uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF to_regclass('eventlog.events') IS NULL THEN RETURN 0; END IF;
    RETURN (SELECT count(*) FROM eventlog.events WHERE event_id > id);
END
$$;

-- Returns the server's answer to a statement that must fail, and the events that the failure left in the log.
CREATE FUNCTION refusal(statement text) RETURNS SETOF text
    LANGUAGE plpgsql AS $$
DECLARE
    before uuid := last_id();
    state text;
    message text;
    detail text;
    hint text;
    field text;
    rule text;
    context text;
BEGIN
    BEGIN
        EXECUTE statement;
        RETURN NEXT 'ACCEPTED: ' || left(statement, 200);
        RETURN;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS
            state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
            field = COLUMN_NAME, rule = CONSTRAINT_NAME, context = PG_EXCEPTION_CONTEXT;
    END;
    RETURN NEXT format('%s: %s', state, message);
    IF detail <> '' THEN RETURN NEXT 'DETAIL: ' || detail; END IF;
    IF hint <> '' THEN RETURN NEXT 'HINT: ' || hint; END IF;
    IF field <> '' THEN RETURN NEXT 'COLUMN: ' || field; END IF;
    IF rule <> '' THEN RETURN NEXT 'CONSTRAINT: ' || rule; END IF;
    RETURN QUERY SELECT 'CONTEXT: ' || m[1] FROM regexp_matches(context, '^event \d+ of the batch$', 'gn') m;
    RETURN NEXT format('(%s written)', written_since(before));
END
$$;

-- Returns the same in short for tables of cases: SQLSTATE, rule and field, or 'accepted'.
CREATE FUNCTION verdict(statement text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    before uuid := last_id();
    field text;
    rule text;
BEGIN
    EXECUTE statement;
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS field = COLUMN_NAME, rule = CONSTRAINT_NAME;
    IF written_since(before) > 0 THEN
        RETURN 'refused, but something was written';
    END IF;
    RETURN concat_ws(' ', SQLSTATE, nullif(rule, ''), nullif(field, ''));
END
$$;

-- Returns the trusted principal, which is the login.
DO $$
BEGIN
    EXECUTE format('CREATE FUNCTION principal() RETURNS text LANGUAGE sql STABLE AS %L',
                   CASE WHEN current_setting('server_version_num')::int >= 160000
                        THEN 'SELECT coalesce(SYSTEM_USER, session_user)' ELSE 'SELECT session_user::text' END);
END
$$;

-- Returns a stored event without the values that differ from run to run and without the session's defaults.
CREATE FUNCTION stored(id uuid) RETURNS jsonb
    LANGUAGE sql SECURITY DEFINER AS $$
    SELECT jsonb_strip_nulls(to_jsonb(e) - '{event_id,ingested_at,xid,metadata}'::text[]
                             - CASE WHEN event_ts = ingested_at THEN 'event_ts' ELSE '' END
                             - CASE WHEN source = session_user THEN 'source' ELSE '' END
                             - CASE WHEN origin = 'backend' THEN 'origin' ELSE '' END)
        || CASE WHEN metadata -> '_eventLog' -> 'caller' ->> 'principalId' = principal()
                THEN jsonb_build_object('metadata', metadata #- '{_eventLog,caller}')
                ELSE jsonb_build_object('metadata', metadata) END
    FROM eventlog.events e WHERE event_id = id
$$;

-- Returns whether two documents are the same byte by byte, not only equal.
CREATE FUNCTION same_bytes(one jsonb, other jsonb) RETURNS boolean
    LANGUAGE sql AS 'SELECT record_image_eq(ROW(one), ROW(other))';

-- Returns a uuid whose first 48 bits are a time.
CREATE FUNCTION uuid_at(moment timestamptz, rest bigint DEFAULT 0) RETURNS uuid
    LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '7000'
            || '8' || lpad(to_hex(rest), 15, '0'))::uuid
$$;

-- Returns canonical JSON by the definition: keys are sorted by code point, and there is no white space.
CREATE FUNCTION canonical(document jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE jsonb_typeof(document)
        WHEN 'object' THEN
            (SELECT '{' || coalesce(string_agg(to_json(key)::text || ':' || canonical(value),
                                               ',' ORDER BY key COLLATE "C"), '')
                    || '}'
             FROM jsonb_each(document))
        WHEN 'array' THEN
            (SELECT '[' || coalesce(string_agg(canonical(value), ',' ORDER BY place), '') || ']'
             FROM jsonb_array_elements(document) WITH ORDINALITY a(value, place))
        ELSE document::text
    END;
END
$$;

-- Returns documents of many shapes, which are the same in every run.
CREATE FUNCTION sample_value(seed int, depth int) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    texts constant text[] := ARRAY['', 'a', 'é', '字', '😀', E'"\\\b\f\n\r\t', E'\x01\x1f\x7f', repeat('long ', 50),
                                   '</ ', 'ab'];
    numbers constant numeric[] := ARRAY[0, -1, 1.0, 1.50, 9999, 10000, -12345678.00001, 1e20, 1e-20, 1e100 + 1, -1e-100,
                                        0.0001];
BEGIN
    RETURN CASE seed % (CASE WHEN depth > 0 THEN 8 ELSE 5 END)
        WHEN 0 THEN to_jsonb(texts[seed / 8 % 10 + 1])
        WHEN 1 THEN to_jsonb(numbers[seed / 8 % 12 + 1])
        WHEN 2 THEN to_jsonb(seed / 8 % 2 = 0)
        WHEN 3 THEN 'null'
        WHEN 4 THEN to_jsonb(seed * 7919 / 1000.0)
        WHEN 5 THEN (SELECT coalesce(jsonb_agg(sample_value(seed * 31 % 10007 + i * 17, depth - 1)), '[]')
                     FROM generate_series(1, seed / 8 % 5) i)
        ELSE sample_object(seed * 37 % 10007, seed / 8 % 5, depth - 1)
    END;
END
$$;

CREATE FUNCTION sample_object(seed int, keys int, depth int DEFAULT 3) RETURNS jsonb
    LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(left(md5((seed * 1000 + i)::text), 2 + (seed + i) % 12) || '_' || i,
                                     sample_value((seed * 13 + i * 29) % 10007, depth)), '{}')
    FROM generate_series(1, keys) i
$$;

-- Returns a call of log_envelope.
CREATE FUNCTION envelope(document text) RETURNS text
    LANGUAGE sql AS $$ SELECT format('SELECT eventlog.log_envelope(%L)', document) $$;

-- Returns a statement that makes a target.
CREATE FUNCTION server(options text) RETURNS text
    LANGUAGE sql AS $$
    SELECT 'CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (' || options || ')'
$$;
-- Returns the answer to a statement, which is always undone.
CREATE FUNCTION tried(statement text) RETURNS text
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'UNDO0';
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
    RETURN 'accepted';
WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
