CREATE TYPE eventlog.event_origin AS ENUM ('backend', 'frontend');
COMMENT ON TYPE eventlog.event_origin IS 'where an event arose: in a backend or in a frontend';

-- Each partition has its own key and indexes, because a parent with a key that belongs to an extension cannot be restored.
CREATE TABLE eventlog.events (
    event_id       uuid NOT NULL,
    event_name     text NOT NULL,
    event_type     text,
    source         text NOT NULL,
    origin         eventlog.event_origin NOT NULL,
    actor_type     text,
    actor_id       text,
    resource_type  text,
    resource_id    text,
    tenant_id      uuid,
    event_ts       timestamptz NOT NULL,
    ingested_at    timestamptz NOT NULL,
    value          double precision,
    metadata       jsonb NOT NULL,
    schema_version text,
    trace_id       text,
    app_version    text,
    sofa           text,
    xid            xid8 NOT NULL
) PARTITION BY RANGE (event_id);
COMMENT ON TABLE eventlog.events IS 'the event log: append-only and partitioned by event_id, which is ordered by time';
COMMENT ON COLUMN eventlog.events.event_id IS 'UUIDv7 that the extension makes';
COMMENT ON COLUMN eventlog.events.event_name IS 'what happened; 1 to 256 characters';
COMMENT ON COLUMN eventlog.events.event_type IS 'class of the event, if the application gave one';
COMMENT ON COLUMN eventlog.events.source IS 'service or module that logged the event';
COMMENT ON COLUMN eventlog.events.origin IS 'where the event arose';
COMMENT ON COLUMN eventlog.events.actor_type IS 'type of the actor';
COMMENT ON COLUMN eventlog.events.actor_id IS 'identifier of the actor, who caused the event';
COMMENT ON COLUMN eventlog.events.resource_type IS 'type of the resource';
COMMENT ON COLUMN eventlog.events.resource_id IS 'identifier of the resource, to which the event happened';
COMMENT ON COLUMN eventlog.events.tenant_id IS 'tenant; set by the trusted context only';
COMMENT ON COLUMN eventlog.events.event_ts IS 'time at which the event happened; equal to ingested_at if the caller gave none';
COMMENT ON COLUMN eventlog.events.ingested_at IS 'clock time at which the row was written';
COMMENT ON COLUMN eventlog.events.value IS 'number that belongs to the event; always finite';
COMMENT ON COLUMN eventlog.events.metadata IS 'JSON object of the caller, with the reserved key _eventLog added';
COMMENT ON COLUMN eventlog.events.schema_version IS 'semantic version of the schema of metadata';
COMMENT ON COLUMN eventlog.events.trace_id IS 'W3C trace identifier';
COMMENT ON COLUMN eventlog.events.app_version IS 'version of the application that logged the event';
COMMENT ON COLUMN eventlog.events.sofa IS 'anonymous visitor cookie';
COMMENT ON COLUMN eventlog.events.xid IS
    'number of the transaction that wrote the event; meant for readers of the log, not for applications';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eventlog.events
    FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change();
ALTER TABLE eventlog.events ENABLE ALWAYS TRIGGER append_only;
COMMENT ON TRIGGER append_only ON eventlog.events IS 'events cannot be changed, except by the functions that erase their data';

-- Each partition gets this trigger when it is attached.
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON eventlog.events
    FOR EACH ROW EXECUTE FUNCTION eventlog_internal.refuse_row_change();
ALTER TABLE eventlog.events ENABLE ALWAYS TRIGGER append_only_rows;
COMMENT ON TRIGGER append_only_rows ON eventlog.events IS
    'refuses changes of rows for which append_only has not fired, as those of logical replication';
