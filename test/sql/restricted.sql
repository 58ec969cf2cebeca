-- Maintenance by somebody else evaluates expressions that he has not written: nothing is logged in his name.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_eventlog_author;
CREATE ROLE regress_eventlog_author;
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_author;
GRANT EXECUTE ON FUNCTION eventlog.log_event, eventlog.log_envelope, eventlog.log_events, eventlog.log_events_json, eventlog.try_log_events,
    eventlog.log_event_autonomous, eventlog.erase_actor, eventlog.erase_resource, eventlog.erase_event TO regress_eventlog_author;

-- The functions of release 0.2.0, which serve its SQL objects.
CREATE FUNCTION old_log_envelope(envelope jsonb) RETURNS uuid LANGUAGE c STRICT AS '$libdir/eventlog', 'eventlog_log_envelope';
CREATE FUNCTION old_log_events(events jsonb) RETURNS SETOF uuid LANGUAGE c STRICT AS '$libdir/eventlog', 'eventlog_log_events';
CREATE FUNCTION old_log_events_json(events json) RETURNS SETOF uuid LANGUAGE c STRICT AS '$libdir/eventlog', 'eventlog_log_events_json';
CREATE FUNCTION old_try_log_events(events jsonb) RETURNS TABLE (index integer, event_id uuid, sqlstate text, message text)
    LANGUAGE c STRICT AS '$libdir/eventlog', 'eventlog_try_log_events';

-- The author's table has an index on an expression that runs a statement, if the session names one.
CREATE FUNCTION run_statement(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_setting('regress.statement', true) <> '' THEN EXECUTE current_setting('regress.statement'); END IF;
    RETURN 1;
END
$$;
CREATE TABLE authored (id integer);
CREATE INDEX authored_index ON authored (run_statement(id));
INSERT INTO authored VALUES (1);
CREATE MATERIALIZED VIEW authored_view AS SELECT run_statement(id) FROM authored;
ALTER TABLE authored OWNER TO regress_eventlog_author;
ALTER MATERIALIZED VIEW authored_view OWNER TO regress_eventlog_author;
ALTER FUNCTION run_statement OWNER TO regress_eventlog_author;

CREATE FUNCTION maintained(command text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('regress.statement', statement, true);
    RETURN verdict(command);
END
$$;

-- Every command.
SELECT refusal(command)
FROM set_config('regress.statement', $$SELECT eventlog.log_event('restricted')$$, false), (VALUES ('ANALYZE authored')) v(command);
RESET regress.statement;
SELECT command, maintained(command, $$SELECT eventlog.log_event('restricted')$$)
FROM (VALUES ('ANALYZE authored'), ('REINDEX INDEX authored_index'), ('REINDEX TABLE authored'), ('CLUSTER authored USING authored_index'),
             ('CREATE INDEX ON authored (run_statement(id))'), ('REFRESH MATERIALIZED VIEW authored_view')) v(command);

-- Every function, those of release 0.2.0 too; an erasure logs its record.
SELECT statement, maintained('ANALYZE authored', 'SELECT ' || statement)
FROM (VALUES ($$eventlog.log_event('restricted')$$), ($$eventlog.log_envelope('{"eventName": "restricted"}')$$),
             ($$eventlog.log_events('[{"eventName": "restricted"}]')$$), ($$eventlog.log_events_json('[{"eventName": "restricted"}]')$$),
             ($$eventlog.try_log_events('[{"eventName": "restricted"}]')$$), ($$eventlog.log_event_autonomous('restricted')$$),
             ($$public.old_log_envelope('{"eventName": "restricted"}')$$), ($$public.old_log_events('[{"eventName": "restricted"}]')$$),
             ($$public.old_log_events_json('[{"eventName": "restricted"}]')$$), ($$public.old_try_log_events('[{"eventName": "restricted"}]')$$),
             ($$eventlog.erase_actor(NULL, 'restricted')$$), ($$eventlog.erase_resource(NULL, 'restricted')$$),
             ($$eventlog.erase_event('00000000-0000-7000-8000-000000000000')$$)) v(statement);

-- Whoever inserts a row asks for that himself, and is the caller.
SET regress.statement = $$SELECT eventlog.log_event('restricted.not')$$;
INSERT INTO authored VALUES (2);
RESET regress.statement;
SELECT event_name, metadata #>> '{_eventLog,caller,actorId}' = current_user FROM eventlog.events WHERE event_name LIKE 'restricted%';

DROP TABLE authored CASCADE;
DROP FUNCTION maintained, run_statement, old_log_envelope, old_log_events, old_log_events_json, old_try_log_events;
DROP OWNED BY regress_eventlog_author;
DROP ROLE regress_eventlog_author;
