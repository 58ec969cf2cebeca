CREATE OR REPLACE FUNCTION eventlog.refuse_change() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'eventlog_refuse_change';
COMMENT ON FUNCTION eventlog.refuse_change() IS
    'trigger function of the append-only tables: refuses UPDATE, DELETE and TRUNCATE (55000)';

CREATE OR REPLACE FUNCTION eventlog.refuse_late_row() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'eventlog_refuse_late_row';
COMMENT ON FUNCTION eventlog.refuse_late_row() IS
    'trigger function of a sealed partition: refuses INSERT (55000)';

-- Dumps do not name this function: the triggers of partitions are made from the one of the parent.
CREATE OR REPLACE FUNCTION eventlog_internal.refuse_row_change() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'eventlog_refuse_row_change';
COMMENT ON FUNCTION eventlog_internal.refuse_row_change() IS
    'trigger function of the append-only tables: refuses UPDATE and DELETE of rows for which no trigger of a statement has fired, as of logical replication (55000)';

CREATE OR REPLACE FUNCTION eventlog_internal.target_validator(options text[], catalog oid) RETURNS void
    LANGUAGE c STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_target_validator';
COMMENT ON FUNCTION eventlog_internal.target_validator(text[], oid) IS 'checks the options of a target and of its user mappings';

-- A dump restores CREATE SERVER before the rows of these tables: each row replaces the one that the command has made.
CREATE OR REPLACE FUNCTION eventlog_internal.replace_reader_row() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'targets' THEN
        DELETE FROM eventlog.targets t WHERE t.name = NEW.name;
        -- A log that was never adopted has no incarnation; this one differs from every other log's.
        IF FOUND THEN
            NEW.incarnation := coalesce(NEW.incarnation, '00000000-0000-0000-0000-000000000000');
        END IF;
        NEW.server := (SELECT s.oid FROM pg_foreign_server s WHERE s.srvname = NEW.name);
    ELSIF TG_TABLE_NAME = 'reader_window' THEN
        DELETE FROM eventlog.reader_window w WHERE w.kind = NEW.kind AND w.name = NEW.name;
    ELSE
        DELETE FROM eventlog.reader_position p WHERE p.kind = NEW.kind AND p.name = NEW.name;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION eventlog_internal.replace_reader_row() IS
    'trigger function of the tables of readers: a row that is restored from a dump replaces the row that CREATE SERVER made';

CREATE OR REPLACE FUNCTION eventlog_internal.warn_unless_preloaded() RETURNS void
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_warn_unless_preloaded';
COMMENT ON FUNCTION eventlog_internal.warn_unless_preloaded() IS
    'warns that nothing is forwarded if the library is not preloaded, with the line to add to postgresql.conf';

CREATE OR REPLACE FUNCTION eventlog_internal.on_server_change() RETURNS event_trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed record;
BEGIN
    FOR changed IN
        SELECT s.oid, s.srvname::text AS name, t.name AS known_as,
               coalesce((SELECT o.option_value FROM pg_options_to_table(s.srvoptions) o WHERE o.option_name = 'start_at'), 'now')
                   AS start_at
        FROM pg_event_trigger_ddl_commands() c
        JOIN pg_foreign_server s ON c.classid = 'pg_foreign_server'::regclass AND s.oid = c.objid
        JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw AND w.fdwname = 'eventlog'
        LEFT JOIN eventlog.targets t ON t.server = s.oid
    LOOP
        IF changed.known_as IS DISTINCT FROM changed.name THEN
            -- The bytes of a name that was a setting or another name are checked here.
            PERFORM convert_to(changed.name, 'UTF8'::name);
        END IF;
        IF changed.known_as IS NULL THEN
            PERFORM eventlog_internal.create_target(changed.name, changed.start_at);
            PERFORM eventlog_internal.warn_unless_preloaded();
        ELSIF changed.known_as <> changed.name THEN
            PERFORM eventlog_internal.load_library();
            UPDATE eventlog.targets SET name = changed.name WHERE name = changed.known_as;
            UPDATE eventlog.reader_window SET name = changed.name WHERE kind = 'target' AND name = changed.known_as;
            UPDATE eventlog.reader_position SET name = changed.name WHERE kind = 'target' AND name = changed.known_as;
            UPDATE eventlog.dead_letters SET target = changed.name WHERE target = changed.known_as;
        END IF;
    END LOOP;
    PERFORM eventlog_internal.notify_worker();
END
$$;
COMMENT ON FUNCTION eventlog_internal.on_server_change() IS
    'event trigger function: creates and renames the cursor of a target together with its server';

CREATE OR REPLACE FUNCTION eventlog_internal.on_server_drop() RETURNS event_trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dropped text;
BEGIN
    FOR dropped IN
        SELECT t.name
        FROM pg_event_trigger_dropped_objects() o
        JOIN eventlog.targets t ON o.classid = 'pg_foreign_server'::regclass AND t.server = o.objid
    LOOP
        PERFORM eventlog_internal.load_library();
        DELETE FROM eventlog.targets WHERE name = dropped;
        DELETE FROM eventlog.reader_window WHERE kind = 'target' AND name = dropped;
        DELETE FROM eventlog.reader_position WHERE kind = 'target' AND name = dropped;
        DELETE FROM eventlog.dead_letters WHERE target = dropped;
        PERFORM eventlog_internal.notify_worker();
    END LOOP;
END
$$;
COMMENT ON FUNCTION eventlog_internal.on_server_drop() IS 'event trigger function: drops the cursor of a target together with its server';

CREATE OR REPLACE FUNCTION eventlog_internal.on_server_command() RETURNS event_trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog_internal.link_targets()
    FROM eventlog.cluster c, pg_control_system() here
    WHERE c.system_identifier <> here.system_identifier;
END
$$;
COMMENT ON FUNCTION eventlog_internal.on_server_command() IS
    'event trigger function: after pg_upgrade, finds the servers of targets before a command changes or drops one';

-- Any function of the library loads it, if it is not preloaded, and with it the hook that keeps a log with events from being dropped.
-- A library that has been removed or cannot be loaded has no hook, and gives no reason to refuse other drops.
CREATE OR REPLACE FUNCTION eventlog_internal.on_drop_command() RETURNS event_trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog.version();
EXCEPTION WHEN OTHERS THEN
    RETURN;
END
$$;
COMMENT ON FUNCTION eventlog_internal.on_drop_command() IS
    'event trigger function: loads the library, which refuses to drop an extension whose log holds events';
