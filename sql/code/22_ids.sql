CREATE OR REPLACE FUNCTION eventlog.ulid(event_id uuid) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_ulid';
COMMENT ON FUNCTION eventlog.ulid(uuid) IS
    'converts an identifier to its ULID text: 26 characters that sort as the identifier does';

CREATE OR REPLACE FUNCTION eventlog.from_ulid(ulid text) RETURNS uuid
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_from_ulid';
COMMENT ON FUNCTION eventlog.from_ulid(text) IS
    'converts a ULID text to the identifier; fails with 22P02 if the text is not a ULID';

CREATE OR REPLACE FUNCTION eventlog.event_time(event_id uuid) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_event_time';
COMMENT ON FUNCTION eventlog.event_time(uuid) IS 'time at which an identifier was made, to the millisecond: its first 48 bits';
