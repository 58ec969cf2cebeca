CREATE FOREIGN DATA WRAPPER eventlog NO HANDLER VALIDATOR eventlog.target_validator;
COMMENT ON FOREIGN DATA WRAPPER eventlog IS 'targets of the event log: a server is an endpoint, its user mapping holds the key';

CREATE TABLE eventlog.targets (
    name            text NOT NULL PRIMARY KEY,
    server          oid,
    incarnation     uuid,
    paused          boolean NOT NULL DEFAULT false,
    state           text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'waiting', 'unauthorized', 'refused')),
    retried         bigint NOT NULL DEFAULT 0,
    dead            bigint NOT NULL DEFAULT 0,
    left_out        bigint NOT NULL DEFAULT 0,
    last_error      text,
    last_error_at   timestamptz,
    next_attempt_at timestamptz,
    dropped_unread  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE eventlog.targets IS 'the state of each target; its definition is the foreign server of that name';
COMMENT ON COLUMN eventlog.targets.left_out IS 'events of requests that the endpoint took and says it left out';
COMMENT ON COLUMN eventlog.targets.server IS 'the foreign server''s oid in this database';
COMMENT ON COLUMN eventlog.targets.incarnation IS 'eventlog.cluster.incarnation of the log that it sends; NULL until that is adopted';

CREATE TABLE eventlog.dead_letters (
    target           text NOT NULL,
    event_id         uuid NOT NULL,
    status           integer,
    reason           text NOT NULL,
    body             text,
    attempts         integer NOT NULL,
    first_attempt_at timestamptz NOT NULL,
    last_attempt_at  timestamptz NOT NULL,
    redriven_at      timestamptz,
    PRIMARY KEY (target, event_id)
);
CREATE INDEX dead_letters_redriven ON eventlog.dead_letters (target, event_id) WHERE redriven_at IS NOT NULL;
COMMENT ON TABLE eventlog.dead_letters IS 'events that an endpoint refused while it took others';
COMMENT ON COLUMN eventlog.dead_letters.status IS 'HTTP status; NULL where the event could not be put into the endpoint''s format';
COMMENT ON COLUMN eventlog.dead_letters.reason IS 'why it was refused';
COMMENT ON COLUMN eventlog.dead_letters.body IS 'what the endpoint answered, its first 4 KiB';
COMMENT ON COLUMN eventlog.dead_letters.attempts IS 'requests that carried the event';
COMMENT ON COLUMN eventlog.dead_letters.redriven_at IS 'since when it waits to be sent again; NULL: it does not';

SELECT pg_catalog.pg_extension_config_dump('eventlog.targets', '');
SELECT pg_catalog.pg_extension_config_dump('eventlog.dead_letters', '');

CREATE TRIGGER replace_row BEFORE INSERT ON eventlog.targets
    FOR EACH ROW EXECUTE FUNCTION eventlog.replace_reader_row();
ALTER TABLE eventlog.targets ENABLE ALWAYS TRIGGER replace_row;

CREATE EVENT TRIGGER eventlog_server_change ON ddl_command_end
    WHEN TAG IN ('CREATE SERVER', 'ALTER SERVER', 'CREATE USER MAPPING', 'ALTER USER MAPPING', 'DROP USER MAPPING')
    EXECUTE FUNCTION eventlog.on_server_change();

CREATE EVENT TRIGGER eventlog_server_drop ON sql_drop
    EXECUTE FUNCTION eventlog.on_server_drop();
ALTER EVENT TRIGGER eventlog_server_change ENABLE ALWAYS;
ALTER EVENT TRIGGER eventlog_server_drop ENABLE ALWAYS;

CREATE EVENT TRIGGER eventlog_server_command ON ddl_command_start
    WHEN TAG IN ('CREATE SERVER', 'ALTER SERVER', 'DROP SERVER', 'DROP OWNED')
    EXECUTE FUNCTION eventlog.on_server_command();
ALTER EVENT TRIGGER eventlog_server_command ENABLE ALWAYS;
