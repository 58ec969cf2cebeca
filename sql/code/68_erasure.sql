CREATE OR REPLACE FUNCTION eventlog.erase_actor(actor_type text, actor_id text) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000
    AS 'MODULE_PATHNAME', 'eventlog_erase_actor';
COMMENT ON FUNCTION eventlog.erase_actor(text, text) IS
    'erases the data of the events of an actor and logs that it did; the rows stay; a NULL type means the identifier with every type; returns the number of events';

CREATE OR REPLACE FUNCTION eventlog.erase_resource(resource_type text, resource_id text) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000
    AS 'MODULE_PATHNAME', 'eventlog_erase_resource';
COMMENT ON FUNCTION eventlog.erase_resource(text, text) IS
    'erases the data of the events of a resource and logs that it did; the rows stay; a NULL type means the identifier with every type; returns the number of events';

CREATE OR REPLACE FUNCTION eventlog.erase_event(event_id uuid) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000
    AS 'MODULE_PATHNAME', 'eventlog_erase_event';
COMMENT ON FUNCTION eventlog.erase_event(uuid) IS
    'erases the data of one event and logs that it did; the row stays; returns 1, or 0 if there was nothing to erase';
