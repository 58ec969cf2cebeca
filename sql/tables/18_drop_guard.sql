CREATE EVENT TRIGGER eventlog_drop_command ON ddl_command_start
    WHEN TAG IN ('DROP EXTENSION', 'DROP SCHEMA', 'DROP OWNED')
    EXECUTE FUNCTION eventlog_internal.on_drop_command();
ALTER EVENT TRIGGER eventlog_drop_command ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER eventlog_drop_command IS
    'loads the library, which refuses to drop an extension whose log holds events';
