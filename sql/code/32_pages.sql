-- Pages are read in the leader only, because row security may ask for state that a parallel worker does not have. Sequential scans
-- are off: they are never better than a key, and still used for a partition without one. Plans are generic, because planning costs
-- more than reading a page.
CREATE OR REPLACE FUNCTION eventlog.list_events(
    event_name    text DEFAULT NULL,
    source        text DEFAULT NULL,
    event_type    text DEFAULT NULL,
    actor_type    text DEFAULT NULL,
    actor_id      text DEFAULT NULL,
    resource_type text DEFAULT NULL,
    resource_id   text DEFAULT NULL,
    trace_id      text DEFAULT NULL,
    tenant_id     uuid DEFAULT NULL,
    from_ts       timestamptz DEFAULT NULL,
    to_ts         timestamptz DEFAULT NULL,
    max_rows      integer DEFAULT 50,
    cursor        text DEFAULT NULL
) RETURNS jsonb
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'eventlog_list_events_by_name';
COMMENT ON FUNCTION eventlog.list_events IS
    'one page of the log as JSON, newest events first: {"data": {"events": [...], "nextCursor": ...}}; an event must match all filters that are given';

CREATE OR REPLACE FUNCTION eventlog.find_events(
    event_name    text DEFAULT NULL,
    source        text DEFAULT NULL,
    event_type    text DEFAULT NULL,
    actor_type    text DEFAULT NULL,
    actor_id      text DEFAULT NULL,
    resource_type text DEFAULT NULL,
    resource_id   text DEFAULT NULL,
    trace_id      text DEFAULT NULL,
    tenant_id     uuid DEFAULT NULL,
    from_ts       timestamptz DEFAULT NULL,
    to_ts         timestamptz DEFAULT NULL,
    max_rows      integer DEFAULT 50,
    cursor        text DEFAULT NULL
) RETURNS SETOF eventlog.events
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000 ROWS 50
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'eventlog_find_events_by_name';
COMMENT ON FUNCTION eventlog.find_events IS
    'the rows of the page that list_events() returns for the same arguments; the cursor of the next page is the ULID of the last row';
