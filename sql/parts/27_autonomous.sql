CREATE FUNCTION eventlog.log_event_autonomous(
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
