CREATE OR REPLACE FUNCTION eventlog.matches(events text[], event_name text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_matches';
COMMENT ON FUNCTION eventlog.matches(text[], text) IS 'whether patterns over event names select this one; 22023 where they are none';

CREATE OR REPLACE FUNCTION eventlog.lock_consumer(name text) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_lock_consumer';
COMMENT ON FUNCTION eventlog.lock_consumer(text) IS 'keeps a consumer''s pollers out until the transaction ends';

CREATE OR REPLACE FUNCTION eventlog.wake_pollers() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_wake_pollers';
COMMENT ON FUNCTION eventlog.wake_pollers() IS 'has the polls that wait look again once the transaction commits';

CREATE OR REPLACE FUNCTION eventlog.require_consumer(name text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF name IS NULL THEN
        RAISE EXCEPTION 'name must not be null' USING ERRCODE = 'null_value_not_allowed', COLUMN = 'name';
    ELSIF NOT EXISTS (SELECT FROM eventlog.consumer_definitions c WHERE c.name = require_consumer.name) THEN
        RAISE EXCEPTION 'consumer "%" does not exist', name
            USING ERRCODE = 'undefined_object', COLUMN = 'name', HINT = 'Make it with eventlog.create_consumer.';
    END IF;
END
$$;
COMMENT ON FUNCTION eventlog.require_consumer(text) IS 'refuses the name of a consumer that does not exist (42704)';

CREATE OR REPLACE FUNCTION eventlog.create_consumer(name text, start_at text DEFAULT 'now', events text[] DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    start record;
BEGIN
    IF name IS NULL OR start_at IS NULL THEN
        RAISE EXCEPTION '% must not be null', CASE WHEN name IS NULL THEN 'name' ELSE 'start_at' END
            USING ERRCODE = 'null_value_not_allowed', COLUMN = CASE WHEN name IS NULL THEN 'name' ELSE 'start_at' END;
    ELSIF name !~ '[^[:space:]]' THEN
        RAISE EXCEPTION 'name must not be blank' USING ERRCODE = 'invalid_parameter_value', COLUMN = 'name';
    ELSIF char_length(name) > 256 THEN
        RAISE EXCEPTION 'name is too long'
            USING ERRCODE = 'string_data_right_truncation', COLUMN = 'name',
                  DETAIL = format('The limit is 256 characters; found %s.', char_length(name));
    END IF;
    PERFORM eventlog.matches(events, '');
    -- Numbers of transactions mean something in a log that has been adopted only.
    PERFORM eventlog.maintain();
    start := eventlog.read_start(start_at);
    INSERT INTO eventlog.consumer_definitions (name, events) VALUES (create_consumer.name, create_consumer.events)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'consumer "%" already exists', name USING ERRCODE = 'duplicate_object', COLUMN = 'name';
    END IF;
    INSERT INTO eventlog.reader_window (kind, name, from_snapshot, start_snapshot, start_after)
    VALUES ('consumer', create_consumer.name, start.from_snapshot, start.from_snapshot, start.start_after);
    INSERT INTO eventlog.reader_position (kind, name) VALUES ('consumer', create_consumer.name);
END
$$;
COMMENT ON FUNCTION eventlog.create_consumer(text, text, text[]) IS
    'makes a consumer that begins at start_at (now, beginning, after an event, from a time) and sees the events that the patterns select';

CREATE OR REPLACE FUNCTION eventlog.drop_consumer(name text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eventlog.lock_consumer(name);
    PERFORM eventlog.require_consumer(name);
    DELETE FROM eventlog.consumer_definitions c WHERE c.name = drop_consumer.name;
    DELETE FROM eventlog.reader_window w WHERE w.kind = 'consumer' AND w.name = drop_consumer.name;
    DELETE FROM eventlog.reader_position p WHERE p.kind = 'consumer' AND p.name = drop_consumer.name;
    DELETE FROM eventlog.leases l WHERE l.consumer = drop_consumer.name;
END
$$;
COMMENT ON FUNCTION eventlog.drop_consumer(text) IS 'drops a consumer, its position and its leases';

CREATE OR REPLACE FUNCTION eventlog.lease_again(consumer text, max_rows integer, leased_until timestamptz) RETURNS uuid[]
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases;
    taken uuid[];
    rest uuid[];
BEGIN
    LOOP
        -- What an acknowledgement has locked is left to it.
        SELECT l.* INTO piece FROM eventlog.leases l
        WHERE l.consumer = lease_again.consumer AND l.leased_until <= clock_timestamp()
        ORDER BY l.win, l.last_id LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN taken;
        END IF;
        DELETE FROM eventlog.leases l WHERE l.consumer = piece.consumer AND l.win = piece.win AND l.last_id = piece.last_id;
        -- Events may have left the log meanwhile.
        taken := ARRAY(SELECT e.event_id FROM eventlog.events e
                       WHERE e.event_id BETWEEN piece.first_id AND piece.last_id AND e.event_id = ANY (piece.ids)
                       ORDER BY e.event_id LIMIT max_rows);
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
COMMENT ON FUNCTION eventlog.lease_again(text, integer, timestamptz) IS
    'leases the first of a consumer''s events whose lease has ended; NULL when there are none, empty when those have left the log. Under lock_consumer';

CREATE OR REPLACE FUNCTION eventlog.lease_next(name text, max_rows integer, wait interval, lease interval) RETURNS uuid[]
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_lease_next';
COMMENT ON FUNCTION eventlog.lease_next(text, integer, interval, interval) IS 'the part of poll that finds and leases the events';

-- Plans that are kept must know no sequential scan: one made while a partition was empty would be kept as it grows.
CREATE OR REPLACE FUNCTION eventlog.poll(name text, max_rows integer DEFAULT 100, wait interval DEFAULT '0',
                              lease interval DEFAULT '30 seconds') RETURNS SETOF eventlog.events
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    ids uuid[] := eventlog.lease_next(name, max_rows, wait, lease);
BEGIN
    IF ids IS NOT NULL THEN
        RETURN QUERY SELECT e.* FROM eventlog.events e
        WHERE e.event_id BETWEEN ids[1] AND ids[cardinality(ids)] AND e.event_id = ANY (ids)
        ORDER BY e.event_id;
    END IF;
END
$$;
COMMENT ON FUNCTION eventlog.poll(text, integer, interval, interval) IS
    'leases a consumer''s next events and returns them in order; waits for some up to a time';

CREATE OR REPLACE FUNCTION eventlog.find_lease(name text, up_to uuid) RETURNS eventlog.leases
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases;
BEGIN
    PERFORM eventlog.require_consumer(name);
    IF up_to IS NULL THEN
        RAISE EXCEPTION 'up_to must not be null' USING ERRCODE = 'null_value_not_allowed', COLUMN = 'up_to';
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
COMMENT ON FUNCTION eventlog.find_lease(text, uuid) IS 'locks and returns the lease that holds an event, unless it has ended';

CREATE OR REPLACE FUNCTION eventlog.ack(name text, up_to uuid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases := eventlog.find_lease(name, up_to);
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
    'says that the events of a lease up to and including this one are done; false when its lease has ended: they are given out again';

CREATE OR REPLACE FUNCTION eventlog.nack(name text, up_to uuid) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    piece eventlog.leases := eventlog.find_lease(name, up_to);
BEGIN
    UPDATE eventlog.leases l SET leased_until = '-infinity'
    WHERE l.consumer = piece.consumer AND l.win = piece.win AND l.last_id = piece.last_id;
    PERFORM eventlog.wake_pollers();
END
$$;
COMMENT ON FUNCTION eventlog.nack(text, uuid) IS
    'gives what is left of the lease that holds this event back at once, to be given out again; nothing when it has ended';

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
JOIN eventlog.reader_cursors r ON r.kind = 'consumer' AND r.name = c.name
CROSS JOIN LATERAL (
    SELECT count(*) AS events, min(u.ingested_at) AS oldest
    FROM eventlog.unread_events u
    WHERE u.kind = 'consumer' AND u.name = c.name AND (c.events IS NULL OR eventlog.matches(c.events, u.event_name))
) lag
CROSS JOIN LATERAL (
    SELECT count(*) AS pieces, coalesce(sum(cardinality(l.ids)), 0)::bigint AS events, min(l.leased_at) AS oldest
    FROM eventlog.leases l WHERE l.consumer = c.name
) leased
LEFT JOIN (
    -- A transaction that has written to the log holds this lock until it ends, prepared or not.
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
COMMENT ON VIEW eventlog.consumers IS 'each consumer: how far it is, how much waits for it, and which open transaction keeps events back';
COMMENT ON COLUMN eventlog.consumers.position IS 'last event read; up to it all have been handed out';
COMMENT ON COLUMN eventlog.consumers.lag_events IS 'committed events that have never been handed out';
COMMENT ON COLUMN eventlog.consumers.lag_seconds IS 'age of the oldest of them';
COMMENT ON COLUMN eventlog.consumers.leased_events IS 'events handed out and not acknowledged, their lease running or ended';
COMMENT ON COLUMN eventlog.consumers.leased_pieces IS 'the polls that returned them';
COMMENT ON COLUMN eventlog.consumers.oldest_lease IS 'when the first of them was leased';
COMMENT ON COLUMN eventlog.consumers.window_opened_at IS 'when the window that is being read was opened; NULL between windows';
COMMENT ON COLUMN eventlog.consumers.held_by_pid IS
    'process of the oldest transaction in progress that has written to the log; it delays its own events, and settled_events';
COMMENT ON COLUMN eventlog.consumers.held_by_xid IS 'its number';
COMMENT ON COLUMN eventlog.consumers.held_by_prepared IS 'its name, where it is a prepared transaction';
COMMENT ON COLUMN eventlog.consumers.held_since IS 'when it began, or was prepared';

CREATE OR REPLACE VIEW eventlog.settled_events WITH (security_invoker = true) AS
SELECT e.*, e.xid::text::bigint AS settled_number
FROM eventlog.events e
WHERE e.xid < pg_snapshot_xmin(eventlog.horizon());
COMMENT ON VIEW eventlog.settled_events IS
    'events that no later commit can precede in the order of xid and event_id, for readers that keep a number';
COMMENT ON COLUMN eventlog.settled_events.settled_number IS
    'xid as a bigint: events of a greater number than the greatest seen are new. A condition on xid itself uses an index';
