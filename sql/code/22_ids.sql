CREATE OR REPLACE FUNCTION eventlog.ulid(event_id uuid) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_ulid';
COMMENT ON FUNCTION eventlog.ulid(uuid) IS 'the ULID text of an id: 26 characters that sort as the id does';

CREATE OR REPLACE FUNCTION eventlog.from_ulid(ulid text) RETURNS uuid
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_from_ulid';
COMMENT ON FUNCTION eventlog.from_ulid(text) IS 'the id of a ULID text; 22P02 when it is none';

CREATE OR REPLACE FUNCTION eventlog.event_time(event_id uuid) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_event_time';
COMMENT ON FUNCTION eventlog.event_time(uuid) IS 'when an id was made, to the millisecond: its first 48 bits';
