-- An erasure removes the data of events, keeps their rows, and is recorded by an event.
\t on
\pset format unaligned
LOAD 'eventlog';
SET client_min_messages = error;
SET timezone = 'UTC';
DROP ROLE IF EXISTS regress_eventlog_eraser, regress_eventlog_nobody;
CREATE ROLE regress_eventlog_eraser;
CREATE ROLE regress_eventlog_nobody;
SELECT last_id() AS mark \gset

-- Logs an event with a value in every column, by this actor and about this resource.
CREATE FUNCTION log_full(actor_type text, actor_id text, resource_type text, resource_id text, forward boolean DEFAULT true) RETURNS uuid
    LANGUAGE sql AS $$
    SELECT eventlog.log_event('full', '{"secret": "metadata", "n": 1}', event_type => 'kind', actor_type => log_full.actor_type,
        actor_id => log_full.actor_id, resource_type => log_full.resource_type, resource_id => log_full.resource_id,
        source => 'shop', origin => 'frontend', event_ts => '2026-01-01 00:00Z', value => 7, schema_version => '1.2.3',
        trace_id => '4bf92f3577b34da6a3ce929d0e0e4736', sofa => 'secret cookie', forward_to_statsig => forward,
        idempotency_key => format('secret key %s %s', log_full.actor_id, gen_random_uuid()), app_version => '4.5')
$$;
-- Returns the record of the last erasure: its name and its counts.
CREATE FUNCTION record() RETURNS text
    LANGUAGE sql AS $$
    SELECT concat_ws(' ', event_name, metadata - '_eventLog', num_nonnulls(actor_type, actor_id, resource_type, resource_id, event_type, sofa))
    FROM eventlog.events WHERE source = 'eventlog' ORDER BY event_id DESC LIMIT 1
$$;
CREATE TABLE before AS SELECT * FROM eventlog.events WHERE false;

-- erase_actor removes some columns and keeps others.
SELECT log_full('user', 'eu-1', 'order', 'eo-1') AS id \gset
INSERT INTO before SELECT * FROM eventlog.events WHERE event_id = :'id';
SELECT eventlog.erase_actor('user', 'eu-1'), record();
SELECT b.key, CASE WHEN a.value = b.value THEN 'stays' ELSE a.value::text END
FROM before, eventlog.events e, jsonb_each(to_jsonb(before)) b, jsonb_each(to_jsonb(e)) a
WHERE e.event_id = :'id' AND a.key = b.key ORDER BY b.key;

-- An erased event keeps its name, id, position and times, and no reader that has read it sees it again.
SELECT pg_visible_in_snapshot(xid, eventlog.horizon()), eventlog.ulid(event_id) IS NOT NULL FROM eventlog.events WHERE event_id = :'id';

-- forwardToStatsig does not change, so a target selects the same events.
SELECT log_full('user', 'eu-2', NULL, NULL, false) AS id \gset
SELECT eventlog.erase_actor('user', 'eu-2');
SELECT stored(:'id');
SELECT eventlog_internal.selects('flagged', event_name, metadata), eventlog_internal.selects('all', event_name, metadata) FROM eventlog.events WHERE event_id = :'id';

-- An erasure concerns exactly the given type and id, or, if no type is given, the id with any type or none.
SELECT count(*) FROM (VALUES ('user'), ('service'), (NULL)) types(type), LATERAL log_full(type, 'eu-3', NULL, NULL) id;
SELECT count(log_full('user', 'eu-33', NULL, NULL));
SELECT eventlog.erase_actor('service', 'eu-3'), eventlog.erase_actor('service', 'eu-3'), eventlog.erase_actor('User', 'eu-3');
SELECT eventlog.erase_actor(NULL, 'eu-3');
SELECT count(*) FROM eventlog.events WHERE actor_id LIKE 'eu-3%';

-- Arguments are trimmed like those of log_event.
SELECT count(log_full('user', ' eu-4 ', NULL, NULL));
SELECT eventlog.erase_actor(E'\u00a0user ', E'\t eu-4\n');

-- Erasing an actor keeps the resource of its events, unless that resource is the actor; erasing the resource or the event removes it.
SELECT log_full('user', 'eu-5', 'user', 'eu-5') AS own, log_full('user', 'eu-5', 'order', 'eo-5') AS other \gset
SELECT eventlog.erase_actor('user', 'eu-5');
SELECT resource_type, resource_id FROM eventlog.events WHERE event_id IN (:'own', :'other') ORDER BY event_id;
SELECT eventlog.erase_event(:'own'), eventlog.erase_event(:'other'), eventlog.erase_event(:'other');
SELECT stored(:'other');

-- erase_resource and erase_event remove the data of a resource and of one event.
SELECT log_full('user', 'eu-6', 'order', 'eo-6') AS one, log_full('user', 'eu-6', 'parcel', 'eo-6') AS two,
       log_full('user', 'eu-6', 'order', 'eo-7') AS three \gset
SELECT eventlog.erase_resource(' order', 'eo-6 '), record();
SELECT stored(:'one'), stored(:'two') ->> 'actor_id';
SELECT eventlog.erase_resource(NULL, 'eo-6'), record();
SELECT eventlog.erase_event(:'three'), record();
SELECT stored(:'three');

-- An erasure that finds nothing is recorded too; erasing again is harmless.
SELECT eventlog.erase_event(:'three'), record();
SELECT eventlog.erase_event(gen_random_uuid()), eventlog.erase_actor('user', 'unheard of'), eventlog.erase_resource('a', 'b');
SELECT count(*) FROM eventlog.events WHERE source = 'eventlog' AND event_id > :'mark';

-- Wrong arguments are refused.
SELECT refusal('SELECT eventlog.erase_actor(''user'', NULL)');
SELECT refusal('SELECT eventlog.erase_actor(''user'', '' '')');
SELECT refusal('SELECT eventlog.erase_actor('' '', ''u'')');
SELECT refusal('SELECT eventlog.erase_resource(''order'', NULL)');
SELECT refusal('SELECT eventlog.erase_resource('''', ''o'')');
SELECT refusal('SELECT eventlog.erase_event(NULL)');
BEGIN READ ONLY;
SELECT eventlog.erase_actor('user', 'u');
ROLLBACK;

-- The record names the erasing role even if the session sets an actor; neither the caller's limits nor an erasure of that actor affect it.
BEGIN;
SET LOCAL eventlog.actor_type = 'user';
SET LOCAL eventlog.actor_id = 'admin';
SET LOCAL eventlog.naming_policy = 'strict';
SET LOCAL eventlog.max_metadata_keys = 0;
SET LOCAL eventlog.max_metadata_bytes = 2;
SET LOCAL eventlog.forward_default = on;
SELECT eventlog.erase_actor('user', 'admin'), eventlog.erase_actor('user', 'admin');
SELECT current_setting('eventlog.actor_id');
SELECT metadata #>> '{_eventLog,caller,principalId}' = principal(), metadata #>> '{_eventLog,caller,actorId}' = current_user,
       metadata #> '{_eventLog,forwardToStatsig}', record()
FROM eventlog.events WHERE source = 'eventlog' ORDER BY event_id DESC LIMIT 1;
ROLLBACK;
SELECT event_id AS record FROM eventlog.events WHERE source = 'eventlog' ORDER BY event_id DESC LIMIT 1 \gset
SELECT format('SELECT eventlog.erase_event(%L)', :'record') AS statement \gset
SELECT refusal(:'statement');
-- An event that only looks like a record is erased like any other.
SELECT eventlog.log_event('eventlog.actor.erased', '{"who": "eu-7"}', source => 'eventlog') AS one,
       eventlog.log_event('eventlog.actor.erased', actor_id => 'eu-7', source => 'eventlog') AS two \gset
SELECT eventlog.erase_event(:'one'), eventlog.erase_actor(NULL, 'eu-7'), stored(:'one'), stored(:'two');

-- A rollback, of a transaction or to a savepoint, undoes the erasure.
SELECT log_full('user', 'eu-8', NULL, NULL) AS id \gset
BEGIN;
SELECT eventlog.erase_actor('user', 'eu-8');
ROLLBACK;
SELECT actor_id FROM eventlog.events WHERE event_id = :'id';
BEGIN;
SAVEPOINT one;
SELECT eventlog.erase_actor('user', 'eu-8');
ROLLBACK TO one;
SELECT log_full('user', 'eu-8', NULL, NULL) IS NOT NULL;
SELECT eventlog.erase_actor('user', 'eu-8');
COMMIT;
SELECT count(*) FROM eventlog.events WHERE actor_id = 'eu-8';
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT log_full('user', 'eu-8', NULL, NULL) IS NOT NULL;
SELECT eventlog.erase_actor('user', 'eu-8');
COMMIT;

-- Many events are erased in several batches, over several partitions.
BEGIN;
SELECT count(eventlog.log_event('many', '{"secret": 1}', actor_id => 'eu-9')) FROM generate_series(1, 2500);
INSERT INTO eventlog.events (event_id, event_name, source, origin, actor_id, event_ts, ingested_at, metadata, xid)
SELECT uuid_at(clock_timestamp() + interval '1 day', i), 'ahead', 'shop', 'backend', 'eu-9', now(), now(), '{"secret": 1}', '1'
FROM generate_series(1, 20) i;
SELECT eventlog.erase_actor(NULL, 'eu-9'), record();
SELECT event_name, metadata, count(*) FROM eventlog.events WHERE event_name IN ('many', 'ahead') AND event_id > :'mark'
GROUP BY event_name, metadata ORDER BY event_name;
SELECT count(DISTINCT tableoid) > 1 FROM eventlog.events WHERE event_id > :'mark';
ROLLBACK;

-- Dead letters stay, but without the texts that quote the event.
CREATE SERVER regress_eventlog_a FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format 'ndjson', events 'none');
SELECT eventlog.pause_target('regress_eventlog_a');
SELECT log_full('user', 'eu-10', NULL, NULL) AS one, log_full('user', 'eu-11', NULL, NULL) AS two \gset
INSERT INTO eventlog.dead_letters
SELECT 'regress_eventlog_a', id, 400, 'quotes ' || actor, 'quotes ' || actor, 1, now(), now()
FROM (VALUES (:'one'::uuid, 'eu-10'), (:'two', 'eu-11')) l(id, actor);
UPDATE eventlog.targets SET last_error = 'the endpoint took a request and left out 2 of its events: eu-10' WHERE name = 'regress_eventlog_a';
SELECT eventlog.erase_actor('user', 'eu-10'), record();
SELECT status, reason, body, attempts FROM eventlog.dead_letters ORDER BY event_id;
SELECT last_error FROM eventlog.targets WHERE name = 'regress_eventlog_a';
DROP SERVER regress_eventlog_a;

-- An erasure removes the idempotency key, so the same call writes a new event.
SELECT eventlog.log_event('keyed', actor_id => 'eu-13', source => 'shop', idempotency_key => 'once') AS one \gset
SELECT eventlog.log_event('keyed', actor_id => 'eu-13', source => 'shop', idempotency_key => 'once') = :'one';
SELECT count(*) FROM eventlog.idempotency_keys WHERE event_id = :'one';
SELECT eventlog.erase_actor(NULL, 'eu-13'), record();
SELECT count(*) FROM eventlog.idempotency_keys WHERE event_id = :'one';
SELECT eventlog.log_event('keyed', actor_id => 'eu-13', source => 'shop', idempotency_key => 'once') <> :'one';
SELECT eventlog.erase_actor(NULL, 'eu-13');

-- It removes those of other login roles, and those of release 0.2.0, which have none, and leaves the keys of other events alone.
SELECT eventlog.log_event('keyed', actor_id => 'eu-14', source => 'shop', idempotency_key => 'twice') AS one \gset
UPDATE eventlog.idempotency_keys SET key_hash = substr(key_hash, 1, 16) || decode(repeat('00', 16), 'hex') WHERE event_id = :'one';
SELECT eventlog.log_event('keyed', actor_id => 'eu-14', source => 'shop', idempotency_key => 'old') AS old \gset
UPDATE eventlog.idempotency_keys SET key_hash = substr(key_hash, 1, 16) WHERE event_id = :'old';
SELECT eventlog.log_event('keyed', actor_id => 'eu-15', source => 'shop', idempotency_key => 'twice') AS other \gset
SELECT eventlog.erase_actor(NULL, 'eu-14'), record();
SELECT count(*) FILTER (WHERE event_id IN (:'one', :'old')), count(*) FILTER (WHERE event_id = :'other') FROM eventlog.idempotency_keys;
SELECT eventlog.erase_actor(NULL, 'eu-15');

-- Only a role that has been granted the function may erase, and it needs no privilege on a table; the caller is the role, not the owner.
GRANT USAGE ON SCHEMA eventlog TO regress_eventlog_eraser, regress_eventlog_nobody;
GRANT EXECUTE ON FUNCTION eventlog.erase_actor, eventlog.erase_resource, eventlog.erase_event TO regress_eventlog_eraser;
SET ROLE regress_eventlog_nobody;
SELECT verdict('SELECT eventlog.erase_actor(NULL, ''eu-11'')'), verdict('SELECT eventlog.erase_resource(NULL, ''eo-1'')'),
       verdict('SELECT eventlog.erase_event(gen_random_uuid())');
SET ROLE regress_eventlog_eraser;
SELECT eventlog.erase_actor(NULL, 'eu-11'), eventlog.erase_resource(NULL, 'eo-5'), eventlog.erase_event(gen_random_uuid());
SELECT verdict('SELECT FROM eventlog.events'), verdict('UPDATE eventlog.events SET value = 1');
RESET ROLE;
SELECT DISTINCT metadata #>> '{_eventLog,caller,actorId}' FROM eventlog.events
WHERE source = 'eventlog' AND metadata #>> '{_eventLog,caller,actorId}' LIKE 'regress%';

-- Only the function itself may change rows: other statements inside it and after it are refused.
CREATE FUNCTION meddle() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    UPDATE eventlog.events SET value = 1;
    RETURN NEW;
END
$$;
SELECT tableoid::regclass AS leaf FROM eventlog.events WHERE event_id = :'two' \gset
SELECT log_full('user', 'eu-12', NULL, NULL) AS id \gset
CREATE TRIGGER meddle BEFORE UPDATE ON :leaf FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT verdict('SELECT eventlog.erase_actor(NULL, ''eu-12'')');
SELECT verdict('UPDATE eventlog.events SET value = 1'), verdict(format('UPDATE %s SET value = 1', :'leaf'));
DROP TRIGGER meddle ON :leaf;
SELECT actor_id FROM eventlog.events WHERE event_id = :'id';
SELECT eventlog.erase_actor(NULL, 'eu-12');
SELECT verdict('UPDATE eventlog.events SET value = 1'), verdict('DELETE FROM eventlog.events');
SET session_replication_role = replica;
SELECT eventlog.erase_actor(NULL, 'eu-12'), verdict('UPDATE eventlog.events SET value = 1'), verdict('TRUNCATE eventlog.events');
RESET session_replication_role;

-- Row security that is forced upon the owner raises an error if it hides rows, and has no effect otherwise.
BEGIN;
GRANT ALL ON SCHEMA eventlog TO regress_eventlog_eraser;
GRANT ALL ON ALL TABLES IN SCHEMA eventlog TO regress_eventlog_eraser;
ALTER TABLE eventlog.events OWNER TO regress_eventlog_eraser;
ALTER TABLE eventlog.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE eventlog.events FORCE ROW LEVEL SECURITY;
SELECT verdict('SELECT eventlog.erase_actor(NULL, ''eu-33'')');
ROLLBACK;

-- No trace of the erased data is left in the schema.
CREATE FUNCTION traces(needle text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    place regclass;
    found bigint;
    sum bigint := 0;
BEGIN
    FOR place IN SELECT oid FROM pg_class WHERE relnamespace = 'eventlog'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('SELECT count(*) FROM %s t WHERE t::text LIKE %L', place, '%' || needle || '%') INTO found;
        sum := sum + found;
    END LOOP;
    RETURN sum;
END
$$;
SELECT traces('eu-33'), traces('eu-1"'), traces('secret key eu-1 '), traces('eu-5'), traces('eu-6'), traces('eo-6'), traces('eu-10');
SELECT eventlog.erase_actor('user', 'eu-33'), traces('eu-33'), traces('secret cookie');

DROP FUNCTION log_full, record, meddle, traces;
DROP TABLE before;
DROP OWNED BY regress_eventlog_eraser, regress_eventlog_nobody;
DROP ROLE regress_eventlog_eraser, regress_eventlog_nobody;
