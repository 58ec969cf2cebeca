-- Events are sent as JSON, and their texts are compared with those of other systems; both require Unicode.
DO $$
BEGIN
    IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'eventlog needs a database in encoding UTF8'
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = pg_catalog.format('This database is in %s.', pg_catalog.getdatabaseencoding()),
                  HINT = 'Create a database with ENCODING ''UTF8'' TEMPLATE template0.';
    END IF;
END
$$;
COMMENT ON SCHEMA eventlog IS 'business event log: log_event() writes events, and a background worker forwards them';

REVOKE ALL ON SCHEMA eventlog FROM PUBLIC;

GRANT USAGE ON SCHEMA eventlog TO pg_monitor;

-- The functions and views that only the extension calls. Nobody but the owner has USAGE.
DO $$
BEGIN
    IF pg_catalog.to_regnamespace('eventlog_internal') IS NOT NULL THEN
        RAISE EXCEPTION 'schema "eventlog_internal" already exists'
            USING ERRCODE = 'duplicate_schema',
                  DETAIL = 'The extension creates this schema for its internal functions and views.',
                  HINT = 'Rename or drop the schema, then run CREATE EXTENSION again.';
    END IF;
END
$$;
CREATE SCHEMA eventlog_internal;
COMMENT ON SCHEMA eventlog_internal IS
    'functions and views that only the extension calls; they may change with any release';

REVOKE ALL ON SCHEMA eventlog_internal FROM PUBLIC;
