CREATE OR REPLACE FUNCTION eventlog_internal.matches(events text[], event_name text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_matches';
COMMENT ON FUNCTION eventlog_internal.matches(text[], text) IS
    'whether a list of patterns selects an event name; fails with 22023 if the list is invalid';

CREATE OR REPLACE FUNCTION eventlog_internal.lock_consumer(name text) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_lock_consumer';
COMMENT ON FUNCTION eventlog_internal.lock_consumer(text) IS 'keeps other pollers of a consumer out until the transaction ends';

CREATE OR REPLACE FUNCTION eventlog_internal.wake_pollers() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_wake_pollers';
COMMENT ON FUNCTION eventlog_internal.wake_pollers() IS 'makes the polls that wait look again once the transaction has committed';

CREATE OR REPLACE FUNCTION eventlog_internal.require_consumer(name text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog_internal.load_library();
    IF name IS NULL THEN
        PERFORM eventlog_internal.refuse('argument_null', 'name');
    ELSIF NOT EXISTS (SELECT FROM eventlog.consumer_definitions c WHERE c.name = require_consumer.name) THEN
        PERFORM eventlog_internal.refuse('consumer_unknown', 'name', 'found', name);
    END IF;
END
$$;
COMMENT ON FUNCTION eventlog_internal.require_consumer(text) IS 'fails with 42704 if there is no consumer of this name';

CREATE OR REPLACE FUNCTION eventlog.create_consumer(name text, start_at text DEFAULT 'now', events text[] DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    start record;
BEGIN
    IF name IS NULL OR start_at IS NULL THEN
        PERFORM eventlog_internal.refuse('argument_null', CASE WHEN name IS NULL THEN 'name' ELSE 'start_at' END);
    END IF;
    -- The bytes of a text that was a setting or a name are checked here.
    PERFORM convert_to(concat_ws(',', name, start_at, array_to_string(events, ',')), 'UTF8'::name);
    IF name !~ '[^[:space:]]' THEN
        PERFORM eventlog_internal.refuse('argument_blank', 'name');
    ELSIF char_length(name) > 256 THEN
        PERFORM eventlog_internal.refuse('consumer_name_length', 'name', 'limit', '256', 'found', char_length(name)::text);
    END IF;
    PERFORM eventlog_internal.matches(events, ''::text);
    PERFORM eventlog_internal.refuse(CASE WHEN pattern ~ ',' THEN 'events_pattern_comma' ELSE 'events_pattern_braces' END, 'events', 'found', pattern)
    FROM unnest(events) pattern WHERE pattern ~ ',|^\s*!?\s*[[{]';
    -- Transaction numbers are valid only in a log that has been adopted.
    PERFORM eventlog.maintain();
    start := eventlog_internal.read_start(start_at);
    INSERT INTO eventlog.consumer_definitions (name, events) VALUES (create_consumer.name, create_consumer.events)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        PERFORM eventlog_internal.refuse('consumer_exists', 'name', 'found', name);
    END IF;
    INSERT INTO eventlog.reader_window (kind, name, from_snapshot, start_snapshot, start_after)
    VALUES ('consumer', create_consumer.name, start.from_snapshot, start.from_snapshot, start.start_after);
    INSERT INTO eventlog.reader_position (kind, name) VALUES ('consumer', create_consumer.name);
END
$$;
COMMENT ON FUNCTION eventlog.create_consumer(text, text, text[]) IS
    'creates a consumer that begins at start_at (now, beginning, an event, or a time) and reads the events that the patterns select';

CREATE OR REPLACE FUNCTION eventlog.drop_consumer(name text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog_internal.lock_consumer(name);
    PERFORM eventlog_internal.require_consumer(name);
    DELETE FROM eventlog.consumer_definitions c WHERE c.name = drop_consumer.name;
    DELETE FROM eventlog.reader_window w WHERE w.kind = 'consumer' AND w.name = drop_consumer.name;
    DELETE FROM eventlog.reader_position p WHERE p.kind = 'consumer' AND p.name = drop_consumer.name;
    DELETE FROM eventlog.leases l WHERE l.consumer = drop_consumer.name;
END
$$;
COMMENT ON FUNCTION eventlog.drop_consumer(text) IS 'drops a consumer, its position and its leases';

CREATE OR REPLACE FUNCTION eventlog_internal.ids_in_log(ids uuid[], most integer) RETURNS uuid[]
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_ids_in_log';
COMMENT ON FUNCTION eventlog_internal.ids_in_log(uuid[], integer) IS
    'those of the identifiers whose events are in the log, in order, up to a number; reads no partition but theirs';

CREATE OR REPLACE FUNCTION eventlog_internal.lease_again(consumer text, max_rows integer, leased_until timestamptz) RETURNS uuid[]
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases;
    taken uuid[];
    rest uuid[];
BEGIN
    LOOP
        -- A lease that is being acknowledged is locked, and skipped.
        SELECT l.* INTO piece FROM eventlog.leases l
        WHERE l.consumer = lease_again.consumer AND l.leased_until <= clock_timestamp()
        ORDER BY l.win, l.last_id LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN taken;
        END IF;
        DELETE FROM eventlog.leases l WHERE l.consumer = piece.consumer AND l.win = piece.win AND l.last_id = piece.last_id;
        -- Events may have left the log since they were leased.
        taken := eventlog_internal.ids_in_log(piece.ids, max_rows);
        CONTINUE WHEN cardinality(taken) = 0;
        rest := ARRAY(SELECT id FROM unnest(piece.ids) id WHERE id > taken[max_rows] ORDER BY id);
        INSERT INTO eventlog.leases (consumer, win, first_id, last_id, ids, leased_until, times)
        VALUES (piece.consumer, piece.win, taken[1], taken[cardinality(taken)], taken, lease_again.leased_until, piece.times + 1);
        IF cardinality(rest) > 0 THEN
            INSERT INTO eventlog.leases (consumer, win, first_id, last_id, ids, leased_at, leased_until, pid, times)
            VALUES (piece.consumer, piece.win, rest[1], rest[cardinality(rest)], rest, piece.leased_at, piece.leased_until,
                    piece.pid, piece.times);
        END IF;
        RETURN taken;
    END LOOP;
END
$$;
COMMENT ON FUNCTION eventlog_internal.lease_again(text, integer, timestamptz) IS
    'leases the first events of a consumer whose lease has ended; returns NULL if there are none, and an empty array if they have left the log; the caller holds lock_consumer()';

-- Sequential scans are off, because a plan made while a partition was empty is kept while the partition grows.
CREATE OR REPLACE FUNCTION eventlog.poll(name text, max_rows integer DEFAULT 100, wait interval DEFAULT '0',
                              lease interval DEFAULT '30 seconds') RETURNS SETOF eventlog.events
    LANGUAGE c VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'eventlog_poll';
COMMENT ON FUNCTION eventlog.poll(text, integer, interval, interval) IS
    'leases the next events of a consumer and returns them in order; waits for events up to the given time';

CREATE OR REPLACE FUNCTION eventlog_internal.find_lease(name text, up_to uuid) RETURNS eventlog.leases
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases;
BEGIN
    PERFORM eventlog_internal.require_consumer(name);
    IF up_to IS NULL THEN
        PERFORM eventlog_internal.refuse('argument_null', 'up_to');
    END IF;
    SELECT l.* INTO piece FROM eventlog.leases l
    WHERE l.consumer = find_lease.name AND up_to BETWEEN l.first_id AND l.last_id AND up_to = ANY (l.ids)
    FOR UPDATE;
    IF piece.leased_until > clock_timestamp() THEN
        RETURN piece;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION eventlog_internal.find_lease(text, uuid) IS
    'locks and returns the lease that holds an event, unless the lease has ended';

CREATE OR REPLACE FUNCTION eventlog.ack(name text, up_to uuid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases := eventlog_internal.find_lease(name, up_to);
    rest uuid[];
BEGIN
    IF piece.consumer IS NULL THEN
        RETURN false;
    END IF;
    IF up_to = piece.last_id THEN
        DELETE FROM eventlog.leases l WHERE l.consumer = piece.consumer AND l.win = piece.win AND l.last_id = piece.last_id;
    ELSE
        rest := ARRAY(SELECT id FROM unnest(piece.ids) id WHERE id > up_to ORDER BY id);
        UPDATE eventlog.leases l SET first_id = rest[1], ids = rest
        WHERE l.consumer = piece.consumer AND l.win = piece.win AND l.last_id = piece.last_id;
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION eventlog.ack(text, uuid) IS
    'acknowledges the events of a lease up to and including this one; returns false if the lease has ended, in which case the events are handed out again';

CREATE OR REPLACE FUNCTION eventlog.nack(name text, up_to uuid) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases := eventlog_internal.find_lease(name, up_to);
BEGIN
    UPDATE eventlog.leases l SET leased_until = '-infinity'
    WHERE l.consumer = piece.consumer AND l.win = piece.win AND l.last_id = piece.last_id;
    PERFORM eventlog_internal.wake_pollers();
END
$$;
COMMENT ON FUNCTION eventlog.nack(text, uuid) IS
    'gives back what is left of the lease that holds this event, to be handed out again at once; does nothing if the lease has ended';

CREATE OR REPLACE VIEW eventlog.consumers AS
SELECT c.name,
       c.events,
       r.last_id AS position,
       lag.events AS lag_events,
       coalesce(greatest(extract(epoch FROM clock_timestamp() - lag.oldest), 0), 0)::double precision AS lag_seconds,
       leased.events AS leased_events,
       leased.pieces AS leased_pieces,
       leased.oldest AS oldest_lease,
       CASE WHEN r.to_snapshot IS NOT NULL AND NOT r.done THEN r.opened_at END AS window_opened_at,
       holder.pid AS held_by_pid,
       holder.xid AS held_by_xid,
       holder.gid AS held_by_prepared,
       holder.since AS held_since
FROM eventlog.consumer_definitions c
JOIN eventlog_internal.reader_cursors r ON r.kind = 'consumer' AND r.name = c.name
CROSS JOIN LATERAL eventlog_internal.reader_lag('consumer', c.name) lag
CROSS JOIN LATERAL (
    SELECT count(*) AS pieces, coalesce(sum(cardinality(l.ids)), 0)::bigint AS events, min(l.leased_at) AS oldest
    FROM eventlog.leases l WHERE l.consumer = c.name
) leased
LEFT JOIN (
    -- A transaction that has written to the log, prepared or not, holds this lock until it ends.
    SELECT own.transactionid AS xid, own.pid, x.gid, coalesce(x.prepared, a.xact_start) AS since
    FROM pg_locks written
    JOIN pg_locks own ON own.locktype = 'transactionid' AND own.mode = 'ExclusiveLock' AND own.granted
                     AND own.virtualtransaction = written.virtualtransaction AND own.pid IS NOT DISTINCT FROM written.pid
    LEFT JOIN pg_prepared_xacts x ON x.transaction = own.transactionid
    LEFT JOIN pg_stat_activity a ON a.pid = own.pid
    WHERE written.locktype = 'relation' AND written.relation = 'eventlog.events'::regclass
      AND written.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND written.mode = 'RowExclusiveLock' AND written.granted
    ORDER BY age(own.transactionid) DESC LIMIT 1
) holder ON true;
COMMENT ON VIEW eventlog.consumers IS 'the position and the lag of each consumer, and the open transaction that holds events back';
COMMENT ON COLUMN eventlog.consumers.name IS 'name of the consumer';
COMMENT ON COLUMN eventlog.consumers.events IS 'patterns that select events by name; NULL selects every event';
COMMENT ON COLUMN eventlog.consumers.position IS 'last event that was read; all selected events up to it have been handed out';
COMMENT ON COLUMN eventlog.consumers.lag_events IS 'number of committed events that have never been handed out';
COMMENT ON COLUMN eventlog.consumers.lag_seconds IS 'age of the oldest of these events';
COMMENT ON COLUMN eventlog.consumers.leased_events IS
    'number of events that were handed out and not acknowledged, whether their lease has ended or not';
COMMENT ON COLUMN eventlog.consumers.leased_pieces IS 'number of polls that returned these events';
COMMENT ON COLUMN eventlog.consumers.oldest_lease IS 'time at which the first of them was leased';
COMMENT ON COLUMN eventlog.consumers.window_opened_at IS 'time at which the current window was opened; NULL between windows';
COMMENT ON COLUMN eventlog.consumers.held_by_pid IS
    'process of the oldest transaction in progress that has written to the log; it delays its own events, and settled_events';
COMMENT ON COLUMN eventlog.consumers.held_by_xid IS 'transaction ID of this transaction';
COMMENT ON COLUMN eventlog.consumers.held_by_prepared IS 'name of this transaction if it is prepared';
COMMENT ON COLUMN eventlog.consumers.held_since IS 'time at which this transaction began or was prepared';

CREATE OR REPLACE VIEW eventlog.settled_events WITH (security_invoker = true) AS
SELECT e.*, e.xid::text::bigint AS settled_number
FROM eventlog.events e
WHERE e.xid < pg_snapshot_xmin(eventlog.horizon());
COMMENT ON VIEW eventlog.settled_events IS
    'events that no later commit can precede in the order of xid and event_id, for readers that keep a number';
COMMENT ON COLUMN eventlog.settled_events.event_id IS 'UUIDv7 that the extension makes';
COMMENT ON COLUMN eventlog.settled_events.event_name IS 'what happened; 1 to 256 characters';
COMMENT ON COLUMN eventlog.settled_events.event_type IS 'class of the event, if the application gave one';
COMMENT ON COLUMN eventlog.settled_events.source IS 'service or module that logged the event';
COMMENT ON COLUMN eventlog.settled_events.origin IS 'where the event arose';
COMMENT ON COLUMN eventlog.settled_events.actor_type IS 'type of the actor';
COMMENT ON COLUMN eventlog.settled_events.actor_id IS 'identifier of the actor, who caused the event';
COMMENT ON COLUMN eventlog.settled_events.resource_type IS 'type of the resource';
COMMENT ON COLUMN eventlog.settled_events.resource_id IS 'identifier of the resource, to which the event happened';
COMMENT ON COLUMN eventlog.settled_events.tenant_id IS 'tenant; set by the trusted context only';
COMMENT ON COLUMN eventlog.settled_events.event_ts IS
    'time at which the event happened; equal to ingested_at if the caller gave none';
COMMENT ON COLUMN eventlog.settled_events.ingested_at IS 'clock time at which the row was written';
COMMENT ON COLUMN eventlog.settled_events.value IS 'number that belongs to the event; always finite';
COMMENT ON COLUMN eventlog.settled_events.metadata IS 'JSON object of the caller, with the reserved key _eventLog added';
COMMENT ON COLUMN eventlog.settled_events.schema_version IS 'semantic version of the schema of metadata';
COMMENT ON COLUMN eventlog.settled_events.trace_id IS 'W3C trace identifier';
COMMENT ON COLUMN eventlog.settled_events.app_version IS 'version of the application that logged the event';
COMMENT ON COLUMN eventlog.settled_events.sofa IS 'anonymous visitor cookie';
COMMENT ON COLUMN eventlog.settled_events.xid IS
    'number of the transaction that wrote the event; meant for readers of the log, not for applications';
COMMENT ON COLUMN eventlog.settled_events.settled_number IS
    'xid as a bigint: events with a greater number than the greatest one seen are new. A condition on xid itself can use an index';
