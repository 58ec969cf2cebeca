CREATE OR REPLACE FUNCTION eventlog.log_event(
    event_name         text,
    metadata           jsonb DEFAULT NULL,
    event_type         text DEFAULT NULL,
    actor_id           text DEFAULT NULL,
    actor_type         text DEFAULT NULL,
    resource_type      text DEFAULT NULL,
    resource_id        text DEFAULT NULL,
    source             text DEFAULT NULL,
    origin             eventlog.event_origin DEFAULT NULL,
    event_ts           timestamptz DEFAULT NULL,
    value              double precision DEFAULT NULL,
    schema_version     text DEFAULT NULL,
    trace_id           text DEFAULT NULL,
    sofa               text DEFAULT NULL,
    forward_to_statsig boolean DEFAULT NULL,
    idempotency_key    text DEFAULT NULL,
    app_version        text DEFAULT NULL
) RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 100
    AS 'MODULE_PATHNAME', 'eventlog_log_event';
COMMENT ON FUNCTION eventlog.log_event IS
    'writes one event in the transaction of the caller and returns its identifier; writes nothing if anything is wrong';

CREATE OR REPLACE FUNCTION eventlog.log_envelope(envelope jsonb) RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 100
    AS 'MODULE_PATHNAME', 'eventlog_log_envelope_or_null';
COMMENT ON FUNCTION eventlog.log_envelope(jsonb) IS
    'writes one event, given as a JSON object in the native, central or platform form';

CREATE OR REPLACE FUNCTION eventlog.log_events(events jsonb) RETURNS SETOF uuid
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'eventlog_log_events_or_null';
COMMENT ON FUNCTION eventlog.log_events(jsonb) IS
    'writes an array of envelopes, all or none of them, and returns their identifiers in the order of the array';

CREATE OR REPLACE FUNCTION eventlog.log_events_json(events json) RETURNS SETOF uuid
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'eventlog_log_events_json_or_null';
COMMENT ON FUNCTION eventlog.log_events_json(json) IS
    'does the same as log_events() from JSON text, which is parsed event by event: the fastest way to log a batch';

CREATE OR REPLACE FUNCTION eventlog.try_log_events(events jsonb)
    RETURNS TABLE (index integer, event_id uuid, sqlstate text, message text, detail text, hint text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'eventlog_try_log_events_in_full';
COMMENT ON FUNCTION eventlog.try_log_events(jsonb) IS
    'writes the valid events of an array of envelopes and returns one row for each: its zero-based index, and its identifier or its error';

CREATE OR REPLACE FUNCTION eventlog.try_log_events_json(events json)
    RETURNS TABLE (index integer, event_id uuid, sqlstate text, message text, detail text, hint text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'eventlog_try_log_events_json';
COMMENT ON FUNCTION eventlog.try_log_events_json(json) IS
    'does the same as try_log_events() from JSON text, so that an event that JSONB cannot hold keeps no other from being written';

CREATE OR REPLACE FUNCTION eventlog.log_event_autonomous(
    event_name         text,
    metadata           jsonb DEFAULT NULL,
    event_type         text DEFAULT NULL,
    actor_id           text DEFAULT NULL,
    actor_type         text DEFAULT NULL,
    resource_type      text DEFAULT NULL,
    resource_id        text DEFAULT NULL,
    source             text DEFAULT NULL,
    origin             eventlog.event_origin DEFAULT NULL,
    event_ts           timestamptz DEFAULT NULL,
    value              double precision DEFAULT NULL,
    schema_version     text DEFAULT NULL,
    trace_id           text DEFAULT NULL,
    sofa               text DEFAULT NULL,
    forward_to_statsig boolean DEFAULT NULL,
    idempotency_key    text DEFAULT NULL,
    app_version        text DEFAULT NULL
) RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000
    AS 'MODULE_PATHNAME', 'eventlog_log_event_autonomous';
COMMENT ON FUNCTION eventlog.log_event_autonomous IS
    'writes one event in a transaction of its own, which is committed and flushed when the function returns, even if the transaction of the caller rolls back later';
