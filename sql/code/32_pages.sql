-- Pages of the log. In the leader only: row security may ask for what a parallel worker does not know. Where a partition has no
-- key to walk along, a sequential scan is all there is; where it has one, none is ever better. Planning costs more than a page.
CREATE OR REPLACE FUNCTION eventlog.list_events(
    source        text DEFAULT NULL,
    event_name    text DEFAULT NULL,
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
    AS 'MODULE_PATHNAME', 'eventlog_list_events';
COMMENT ON FUNCTION eventlog.list_events IS
    'a page of the log as JSON, newest first: {"data": {"events": [...], "nextCursor": ...}}; all filters given must hold';

CREATE OR REPLACE FUNCTION eventlog.find_events(
    source        text DEFAULT NULL,
    event_name    text DEFAULT NULL,
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
    AS 'MODULE_PATHNAME', 'eventlog_find_events';
COMMENT ON FUNCTION eventlog.find_events IS
    'the rows of the page that list_events gives for the same arguments; the cursor of the next page is the ULID of the last row';
