CREATE FUNCTION eventlog.try_log_events(events jsonb)
    RETURNS TABLE (index integer, event_id uuid, sqlstate text, message text)
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'eventlog_try_log_events';
COMMENT ON FUNCTION eventlog.try_log_events(jsonb) IS
    'writes the good ones of an array of envelopes, and reports each: its zero-based index, and its id or what is wrong with it';
