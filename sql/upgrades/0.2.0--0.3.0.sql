-- The locks on the log come before all others, in the order in which an erasure takes them.
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON eventlog.events
    FOR EACH ROW EXECUTE FUNCTION eventlog_internal.refuse_row_change();
ALTER TABLE eventlog.events ENABLE ALWAYS TRIGGER append_only_rows;

-- An adoption and an erasure delete rows of these tables, for which a publication of all tables wants an identity.
ALTER TABLE eventlog.cluster REPLICA IDENTITY FULL;
ALTER TABLE eventlog.cluster ADD COLUMN stats_reset timestamptz;
DO $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN
        SELECT i.inhrelid FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'eventlog.idempotency_keys'::regclass AND c.relkind IN ('r', 'p') AND c.relreplident = 'd'
          AND NOT EXISTS (SELECT FROM pg_index k WHERE k.indrelid = c.oid AND k.indisprimary)
    LOOP
        EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', partition);
    END LOOP;
END
$$;

ALTER TABLE eventlog.targets
    ADD COLUMN redriven_at timestamptz,
    ADD COLUMN redriven bigint,
    ADD COLUMN rewound_at timestamptz,
    ADD COLUMN rewound_until pg_snapshot,
    ADD COLUMN rewound_sent bigint;

CREATE TABLE eventlog.sealed_partitions (
    log                  text NOT NULL,
    from_id              uuid NOT NULL,
    to_id                uuid NOT NULL,
    closed_at            timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    sealed_at            timestamptz,
    rows                 bigint,
    least_xid            xid8,
    greatest_xid         xid8,
    least_ingested_at    timestamptz,
    greatest_ingested_at timestamptz,
    least_event_ts       timestamptz,
    greatest_event_ts    timestamptz,
    PRIMARY KEY (log, from_id)
);

-- A function whose arguments change is replaced by another function. The old one is renamed here, and code/99_privileges.sql drops it
-- once the new one has taken over its owner and its privileges.
DO $$
DECLARE
    old regprocedure;
    used_by text;
BEGIN
    FOREACH old IN ARRAY '{
        "eventlog.set_retention(regclass, interval)",
        "eventlog.try_log_events(jsonb)",
        "eventlog.list_events(text, text, text, text, text, text, text, text, uuid, timestamptz, timestamptz, integer, text)",
        "eventlog.find_events(text, text, text, text, text, text, text, text, uuid, timestamptz, timestamptz, integer, text)"
        }'::regprocedure[]
    LOOP
        SELECT string_agg(pg_describe_object(d.classid, d.objid, d.objsubid), ', ' ORDER BY d.classid, d.objid) INTO used_by
        FROM pg_depend d
        WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = old;
        IF used_by IS NOT NULL THEN
            RAISE EXCEPTION 'function % cannot be replaced because other objects depend on it', old
                USING ERRCODE = 'dependent_objects_still_exist',
                      DETAIL = format('These objects depend on it: %s.', used_by),
                      HINT = 'Drop these objects, update the extension, and create them again for the new arguments.';
        END IF;
        EXECUTE format('ALTER FUNCTION %s RENAME TO %I', old, (SELECT proname || ' (replaced)' FROM pg_proc WHERE oid = old));
    END LOOP;
END
$$;

CREATE EVENT TRIGGER eventlog_drop_command ON ddl_command_start
    WHEN TAG IN ('DROP EXTENSION', 'DROP SCHEMA', 'DROP OWNED')
    EXECUTE FUNCTION eventlog_internal.on_drop_command();
ALTER EVENT TRIGGER eventlog_drop_command ENABLE ALWAYS;

-- Until now, the default of the option events was flagged for each format. The targets that exist keep it.
DO $$
DECLARE
    target text;
BEGIN
    FOR target IN
        SELECT s.srvname
        FROM pg_foreign_server s
        JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw AND w.fdwname = 'eventlog'
        JOIN eventlog.targets t ON t.name = s.srvname
        CROSS JOIN LATERAL (SELECT bool_or(o.option_name = 'events') AS has_events,
                                   bool_or(o.option_name = 'format' AND o.option_value = 'statsig') AS is_statsig
                            FROM pg_options_to_table(s.srvoptions) o) given
        WHERE given.has_events IS NOT TRUE AND given.is_statsig IS NOT TRUE
        ORDER BY s.srvname
    LOOP
        EXECUTE format('ALTER SERVER %I OPTIONS (ADD events ''flagged'')', target);
    END LOOP;
END
$$;

-- Numbers that an endpoint made up. No more events can have been left out than were sent.
UPDATE eventlog.targets t SET left_out = p.delivered
FROM eventlog.reader_position p
WHERE p.kind = 'target' AND p.name = t.name AND t.left_out > p.delivered;

-- eventlog.poll() does this itself.
DROP FUNCTION eventlog.lease_next(text, integer, interval, interval);
