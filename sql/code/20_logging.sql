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
    'writes one event in the caller''s transaction and returns its id; nothing is written when anything is wrong';

CREATE OR REPLACE FUNCTION eventlog.log_envelope(envelope jsonb) RETURNS uuid
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 100
    AS 'MODULE_PATHNAME', 'eventlog_log_envelope';
COMMENT ON FUNCTION eventlog.log_envelope(jsonb) IS
    'writes one event given as a JSON object in the native, central or platform form';

CREATE OR REPLACE FUNCTION eventlog.log_events(events jsonb) RETURNS SETOF uuid
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'eventlog_log_events';
COMMENT ON FUNCTION eventlog.log_events(jsonb) IS
    'writes an array of envelopes, all or nothing, and returns their ids in array order';

CREATE OR REPLACE FUNCTION eventlog.log_events_json(events json) RETURNS SETOF uuid
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'eventlog_log_events_json';
COMMENT ON FUNCTION eventlog.log_events_json(json) IS
    'the same as log_events from JSON text, event by event: the fast way in for batches';

CREATE OR REPLACE FUNCTION eventlog.try_log_events(events jsonb)
    RETURNS TABLE (index integer, event_id uuid, sqlstate text, message text)
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'eventlog_try_log_events';
COMMENT ON FUNCTION eventlog.try_log_events(jsonb) IS
    'writes the good ones of an array of envelopes, and reports each: its zero-based index, and its id or what is wrong with it';

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
    'writes one event in a transaction of its own, committed and on disk when it returns, whatever becomes of the caller''s';
