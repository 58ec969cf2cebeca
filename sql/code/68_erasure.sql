CREATE OR REPLACE FUNCTION eventlog.erase_actor(actor_type text, actor_id text) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000
    AS 'MODULE_PATHNAME', 'eventlog_erase_actor';
COMMENT ON FUNCTION eventlog.erase_actor(text, text) IS
    'removes the data of an actor''s events, whose rows stay, and logs that it did; a NULL type: of the id with every type; returns how many';

CREATE OR REPLACE FUNCTION eventlog.erase_resource(resource_type text, resource_id text) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000
    AS 'MODULE_PATHNAME', 'eventlog_erase_resource';
COMMENT ON FUNCTION eventlog.erase_resource(text, text) IS
    'removes the data of a resource''s events, whose rows stay, and logs that it did; a NULL type: of the id with every type; returns how many';

CREATE OR REPLACE FUNCTION eventlog.erase_event(event_id uuid) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000
    AS 'MODULE_PATHNAME', 'eventlog_erase_event';
COMMENT ON FUNCTION eventlog.erase_event(uuid) IS
    'removes the data of one event, whose row stays, and logs that it did; returns 1, or 0 when there was nothing to remove';
