CREATE FOREIGN DATA WRAPPER eventlog NO HANDLER VALIDATOR eventlog_internal.target_validator;
COMMENT ON FOREIGN DATA WRAPPER eventlog IS
    'targets of the event log: each server is an endpoint, and its user mapping holds the key';

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
    dropped_unread  bigint NOT NULL DEFAULT 0,
    redriven_at     timestamptz,
    redriven        bigint,
    rewound_at      timestamptz,
    rewound_until   pg_snapshot,
    rewound_sent    bigint
) WITH (fillfactor = 50);
COMMENT ON TABLE eventlog.targets IS 'the state of each target; its definition is the foreign server of the same name';
COMMENT ON COLUMN eventlog.targets.name IS 'name of the target and of its foreign server';
COMMENT ON COLUMN eventlog.targets.server IS 'OID of the foreign server in this database';
COMMENT ON COLUMN eventlog.targets.incarnation IS
    'eventlog.cluster.incarnation of the log that the target is sent; NULL until the log is adopted';
COMMENT ON COLUMN eventlog.targets.paused IS 'whether pause_target() has stopped sending';
COMMENT ON COLUMN eventlog.targets.state IS 'running, waiting for its next attempt, unauthorized, or refused';
COMMENT ON COLUMN eventlog.targets.retried IS 'number of requests that failed and were tried again';
COMMENT ON COLUMN eventlog.targets.dead IS 'number of times that an event became a dead letter';
COMMENT ON COLUMN eventlog.targets.left_out IS 'number of events that the endpoint left out of requests that it accepted';
COMMENT ON COLUMN eventlog.targets.last_error IS 'last error';
COMMENT ON COLUMN eventlog.targets.last_error_at IS 'time of the last error';
COMMENT ON COLUMN eventlog.targets.next_attempt_at IS 'time of the next attempt; NULL if none is scheduled';
COMMENT ON COLUMN eventlog.targets.dropped_unread IS
    'number of events that retention dropped before they were sent (eventlog.retention_ignores_readers)';

COMMENT ON COLUMN eventlog.targets.redriven_at IS 'time of the last redrive()';
COMMENT ON COLUMN eventlog.targets.redriven IS 'number of dead letters that it left scheduled to be sent again';
COMMENT ON COLUMN eventlog.targets.rewound_at IS 'time of the last rewind_target()';
COMMENT ON COLUMN eventlog.targets.rewound_until IS 'events that this snapshot sees are those that the target reads again';
COMMENT ON COLUMN eventlog.targets.rewound_sent IS 'reader_position.delivered at that time';

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
COMMENT ON TABLE eventlog.dead_letters IS 'events that an endpoint refused while it accepted others';
COMMENT ON COLUMN eventlog.dead_letters.target IS 'name of the target';
COMMENT ON COLUMN eventlog.dead_letters.event_id IS 'event that was refused';
COMMENT ON COLUMN eventlog.dead_letters.status IS
    'HTTP status; NULL if the event could not be converted to the format of the endpoint';
COMMENT ON COLUMN eventlog.dead_letters.reason IS 'why the event was refused';
COMMENT ON COLUMN eventlog.dead_letters.body IS 'first 4 KiB of the answer of the endpoint';
COMMENT ON COLUMN eventlog.dead_letters.attempts IS 'number of requests that carried the event';
COMMENT ON COLUMN eventlog.dead_letters.first_attempt_at IS 'time of the first of these requests';
COMMENT ON COLUMN eventlog.dead_letters.last_attempt_at IS 'time of the last of these requests';
COMMENT ON COLUMN eventlog.dead_letters.redriven_at IS
    'time at which redrive() scheduled the event to be sent again; NULL if it is not scheduled';

SELECT pg_catalog.pg_extension_config_dump('eventlog.targets', '');
SELECT pg_catalog.pg_extension_config_dump('eventlog.dead_letters', '');

CREATE TRIGGER replace_row BEFORE INSERT ON eventlog.targets
    FOR EACH ROW EXECUTE FUNCTION eventlog_internal.replace_reader_row();
ALTER TABLE eventlog.targets ENABLE ALWAYS TRIGGER replace_row;

CREATE EVENT TRIGGER eventlog_server_change ON ddl_command_end
    WHEN TAG IN ('CREATE SERVER', 'ALTER SERVER', 'CREATE USER MAPPING', 'ALTER USER MAPPING', 'DROP USER MAPPING')
    EXECUTE FUNCTION eventlog_internal.on_server_change();
ALTER EVENT TRIGGER eventlog_server_change ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER eventlog_server_change IS 'creates and renames the cursor of a target together with its server';

CREATE EVENT TRIGGER eventlog_server_drop ON sql_drop
    EXECUTE FUNCTION eventlog_internal.on_server_drop();
ALTER EVENT TRIGGER eventlog_server_drop ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER eventlog_server_drop IS 'drops the cursor of a target together with its server';

CREATE EVENT TRIGGER eventlog_server_command ON ddl_command_start
    WHEN TAG IN ('CREATE SERVER', 'ALTER SERVER', 'DROP SERVER', 'DROP OWNED')
    EXECUTE FUNCTION eventlog_internal.on_server_command();
ALTER EVENT TRIGGER eventlog_server_command ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER eventlog_server_command IS
    'after pg_upgrade, finds the servers of targets before a command changes or drops one';
