CREATE OR REPLACE FUNCTION eventlog_internal.command_progress(
    OUT pid integer, OUT command text, OUT phase text, OUT done bigint, OUT total bigint, OUT started_at timestamptz)
    RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL SAFE ROWS 5
    AS 'MODULE_PATHNAME', 'eventlog_command_progress';
COMMENT ON FUNCTION eventlog_internal.command_progress() IS
    'commands of this database that show their progress in shared memory; none if the library is not preloaded';

CREATE OR REPLACE FUNCTION eventlog_internal.progress_phase(state text) RETURNS text
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN state <> 'paused' AND NOT eventlog_internal.has_worker() THEN 'no worker'
                WHEN state = 'running' THEN 'sending' ELSE state END
$$;
COMMENT ON FUNCTION eventlog_internal.progress_phase(text) IS 'phase of a target in this state that is sent events again';

CREATE OR REPLACE FUNCTION eventlog_internal.progress_list() RETURNS TABLE (
    pid integer, command text, target text, phase text, done bigint, total bigint, started_at timestamptz)
    LANGUAGE sql VOLATILE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.pid, c.command, NULL, c.phase, c.done, c.total, c.started_at FROM eventlog_internal.command_progress() c
    UNION ALL
    SELECT w.pid, 'redrive', t.name, eventlog_internal.progress_phase(s.state),
           greatest(t.redriven - waiting.events, 0), greatest(t.redriven, waiting.events), t.redriven_at
    FROM eventlog.targets t
    JOIN eventlog_internal.target_states s ON s.target = t.name
    CROSS JOIN LATERAL (SELECT count(*) AS events FROM eventlog.dead_letters d
                        WHERE d.target = t.name AND d.redriven_at IS NOT NULL) waiting
    CROSS JOIN eventlog_internal.worker_status() w
    WHERE t.redriven_at IS NOT NULL AND waiting.events > 0
    UNION ALL
    SELECT w.pid, 'rewind_target', t.name, eventlog_internal.progress_phase(s.state),
           sent.events, sent.events + waiting.events, t.rewound_at
    FROM eventlog.targets t
    JOIN eventlog_internal.target_states s ON s.target = t.name
    JOIN eventlog_internal.reader_cursors r ON r.kind = 'target' AND r.name = t.name
    CROSS JOIN LATERAL (SELECT greatest(r.delivered - t.rewound_sent, 0) AS events) sent
    CROSS JOIN LATERAL eventlog_internal.reader_lag('target', t.name) waiting
    CROSS JOIN eventlog_internal.worker_status() w
    -- The first window that ends after the rewinding has passed everything that there was.
    WHERE pg_snapshot_xmax(r.settled_until) < pg_snapshot_xmax(t.rewound_until) AND waiting.events > 0
$$;
COMMENT ON FUNCTION eventlog_internal.progress_list() IS 'rows of the view eventlog.progress';

CREATE OR REPLACE VIEW eventlog.progress AS
SELECT * FROM eventlog_internal.progress_list() ORDER BY started_at;
COMMENT ON VIEW eventlog.progress IS
    'the erasures that run in this database, of which none are seen if the library is not preloaded, and the targets that are sent events again after redrive() or rewind_target()';
COMMENT ON COLUMN eventlog.progress.pid IS 'server process that does the work; the worker for a target, NULL if there is none';
COMMENT ON COLUMN eventlog.progress.command IS 'erase_actor, erase_resource, erase_event, redrive or rewind_target';
COMMENT ON COLUMN eventlog.progress.target IS 'name of the target; NULL for an erasure';
COMMENT ON COLUMN eventlog.progress.phase IS
    'of an erasure: counting events or erasing events; of a target: sending, or its state if it is not running';
COMMENT ON COLUMN eventlog.progress.done IS 'number of events erased, or sent since the command; an event that becomes a dead letter again counts as sent';
COMMENT ON COLUMN eventlog.progress.total IS
    'number of events to be erased or sent; NULL while an erasure counts them; for rewind_target it includes events that are logged meanwhile';
COMMENT ON COLUMN eventlog.progress.started_at IS 'time at which the command was called';
