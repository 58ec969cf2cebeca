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
