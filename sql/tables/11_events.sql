CREATE TYPE eventlog.event_origin AS ENUM ('backend', 'frontend');
COMMENT ON TYPE eventlog.event_origin IS 'where an event arose';

-- The key and the indexes stand on each partition: a parent that belongs to an extension and has a key does not restore.
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
COMMENT ON TABLE eventlog.events IS 'the event log: append-only, partitioned by event_id, which is ordered by time';
COMMENT ON COLUMN eventlog.events.event_id IS 'UUIDv7 made by the extension';
COMMENT ON COLUMN eventlog.events.event_name IS 'what happened, 1 to 256 characters';
COMMENT ON COLUMN eventlog.events.event_type IS 'a class of events, where the application has one';
COMMENT ON COLUMN eventlog.events.source IS 'the service or module that logged it';
COMMENT ON COLUMN eventlog.events.origin IS 'where it arose';
COMMENT ON COLUMN eventlog.events.actor_type IS 'kind of the one who did it';
COMMENT ON COLUMN eventlog.events.actor_id IS 'who did it';
COMMENT ON COLUMN eventlog.events.resource_type IS 'kind of what it was done to';
COMMENT ON COLUMN eventlog.events.resource_id IS 'what it was done to';
COMMENT ON COLUMN eventlog.events.tenant_id IS 'the tenant, from the trusted context only';
COMMENT ON COLUMN eventlog.events.event_ts IS 'when it happened; equal to ingested_at where the caller did not say';
COMMENT ON COLUMN eventlog.events.ingested_at IS 'when the row was written, by the clock';
COMMENT ON COLUMN eventlog.events.value IS 'a number that belongs to the event; finite';
COMMENT ON COLUMN eventlog.events.metadata IS 'the caller''s JSON object, and the reserved key _eventLog';
COMMENT ON COLUMN eventlog.events.schema_version IS 'semantic version of the payload''s schema';
COMMENT ON COLUMN eventlog.events.trace_id IS 'W3C trace id';
COMMENT ON COLUMN eventlog.events.app_version IS 'version of the application that logged it';
COMMENT ON COLUMN eventlog.events.sofa IS 'anonymous visitor cookie';
COMMENT ON COLUMN eventlog.events.xid IS 'number of the transaction that wrote it, for readers of the log; no use for applications';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eventlog.events
    FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change();
ALTER TABLE eventlog.events ENABLE ALWAYS TRIGGER append_only;
COMMENT ON TRIGGER append_only ON eventlog.events IS 'events are never changed in place, but by the erasing functions';
