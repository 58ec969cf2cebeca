-- Only pg_upgrade keeps the row and changes the cluster's identifier, the server's version and the oids of foreign servers.
ALTER TABLE eventlog.cluster ADD COLUMN server_major integer;
COMMENT ON COLUMN eventlog.cluster.server_major IS
    'major version of the server that adopted the log: tells pg_upgrade from a copy; NULL where it is not known';

CREATE FUNCTION eventlog.link_targets() RETURNS void
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE eventlog.targets t
    SET server = (SELECT s.oid FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
                  WHERE w.fdwname = 'eventlog' AND s.srvname = t.name)
$$;
COMMENT ON FUNCTION eventlog.link_targets() IS 'finds the foreign server of each target by its name, where oids have changed';

CREATE FUNCTION eventlog.on_server_command() RETURNS event_trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog.link_targets()
    FROM eventlog.cluster c, pg_control_system() here
    WHERE c.system_identifier <> here.system_identifier;
END
$$;
COMMENT ON FUNCTION eventlog.on_server_command() IS
    'event trigger: after pg_upgrade, finds the servers of targets before a command changes or drops one';

CREATE EVENT TRIGGER eventlog_server_command ON ddl_command_start
    WHEN TAG IN ('CREATE SERVER', 'ALTER SERVER', 'DROP SERVER', 'DROP OWNED')
    EXECUTE FUNCTION eventlog.on_server_command();
ALTER EVENT TRIGGER eventlog_server_command ENABLE ALWAYS;
