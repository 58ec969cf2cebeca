CREATE OR REPLACE FUNCTION eventlog_internal.worker_status(OUT preloaded boolean, OUT state text, OUT pid integer, OUT failures integer) RETURNS record
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_worker_status';
COMMENT ON FUNCTION eventlog_internal.worker_status() IS
    'state of the worker of this database: none, wanted, started, running, finished, failed or held; NULL if the library is not preloaded';

-- A NULL says that the result of the check is not known.
CREATE OR REPLACE FUNCTION eventlog_internal.health_check(ok boolean, figures jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('status', CASE WHEN ok THEN 'ok' WHEN NOT ok THEN 'degraded' ELSE 'unknown' END) || figures
$$;
COMMENT ON FUNCTION eventlog_internal.health_check(boolean, jsonb) IS 'one check of health(): its status, and its figures beside it';

-- SHOW may print a setting in another unit than its own.
CREATE OR REPLACE FUNCTION eventlog_internal.seconds_of_setting(name text) RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT extract(epoch FROM current_setting(name)::interval)::integer $$;
COMMENT ON FUNCTION eventlog_internal.seconds_of_setting(text) IS 'a setting that is a time, in seconds';

-- A library serves the SQL objects of releases before it.
CREATE OR REPLACE FUNCTION eventlog_internal.health_version() RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog_internal.health_check(
        string_to_array(substring(v.library FROM '^[0-9.]+'), '.')::int[]
            >= string_to_array(substring(v.catalog FROM '^[0-9.]+'), '.')::int[],
        jsonb_build_object('library', v.library, 'catalog', v.catalog))
    FROM eventlog.version() v
$$;
COMMENT ON FUNCTION eventlog_internal.health_version() IS
    'check of health(): the library has the version of the SQL objects or a later one, and so serves them';

CREATE OR REPLACE FUNCTION eventlog_internal.health_preloaded() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog_internal.health_check(w.preloaded OR NOT EXISTS (SELECT FROM eventlog.targets),
                                 jsonb_build_object('preloaded', w.preloaded))
    FROM eventlog_internal.worker_status() w
$$;
COMMENT ON FUNCTION eventlog_internal.health_preloaded() IS 'check of health(): the library is preloaded, if there are targets to send to';

-- An empty log need not be adopted.
CREATE OR REPLACE FUNCTION eventlog_internal.health_adopted() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog_internal.health_check(a.adopted OR NOT EXISTS (
        SELECT FROM eventlog_internal.log_partitions l, pg_partition_tree(l.partition) t
        WHERE l.log = 'events' AND pg_relation_size(t.relid) > 0), jsonb_build_object('adopted', a.adopted))
    FROM (SELECT EXISTS (SELECT FROM eventlog.cluster c, pg_control_system() s, pg_database d
                         WHERE c.system_identifier = s.system_identifier AND c.database = d.oid
                           AND d.datname = current_database()) AS adopted) a
$$;
COMMENT ON FUNCTION eventlog_internal.health_adopted() IS
    'check of health(): the log knows this database as its own; the first log call or maintain() adopts a restored one';

-- A standby has no worker. If there are no targets, the worker need not have been started, but must not have failed.
CREATE OR REPLACE FUNCTION eventlog_internal.health_forwarder() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog_internal.health_check(
        coalesce(w.state = 'running', false) OR pg_is_in_recovery()
        OR (w.state IS DISTINCT FROM 'failed' AND NOT EXISTS (SELECT FROM eventlog.targets)),
        jsonb_build_object('state', w.state, 'pid', w.pid, 'failures', w.failures,
                           'forwarding', current_setting('eventlog.forwarding')::boolean))
    FROM eventlog_internal.worker_status() w
$$;
COMMENT ON FUNCTION eventlog_internal.health_forwarder() IS 'check of health(): the worker of this database runs';

-- The function looks at events in the order in which the target reads them, up to the first one that it is sent. The number of
-- events that it looks at is bounded, which a query on unread_events is not; if none of them is sent, the last one stands for those
-- behind it.
CREATE OR REPLACE FUNCTION eventlog_internal.oldest_waiting(target text) RETURNS timestamptz
    LANGUAGE plpgsql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    looked_at CONSTANT integer := 20000;
    reader record;
    event record;
    place integer := 0;
    read_until pg_snapshot;
    read_before xid8;
    first_id uuid;
    found timestamptz;
    late timestamptz;
BEGIN
    SELECT r.*, o.events INTO reader
    FROM eventlog_internal.target_options o
    JOIN eventlog_internal.reader_cursors r ON r.kind = 'target' AND r.name = o.target
    WHERE o.target = oldest_waiting.target;

    IF reader.reading THEN
        FOR event IN
            SELECT e.ingested_at,
                   pg_visible_in_snapshot(e.xid, reader.to_snapshot) AND NOT pg_visible_in_snapshot(e.xid, reader.from_snapshot)
                   AND eventlog_internal.selects(reader.events, e.event_name, e.metadata) AS waits
            FROM eventlog.events e WHERE e.event_id > reader.last_id ORDER BY e.event_id LIMIT looked_at
        LOOP
            place := place + 1;
            IF event.waits OR place = looked_at THEN
                RETURN event.ingested_at;
            END IF;
        END LOOP;
    END IF;

    place := 0;
    read_until := CASE WHEN reader.done OR reader.reading THEN reader.to_snapshot ELSE reader.from_snapshot END;
    read_before := pg_snapshot_xmax(read_until);
    first_id := eventlog_internal.first_id_unread(read_until);
    FOR event IN
        SELECT e.ingested_at,
               (reader.start_after IS NULL OR e.event_id > reader.start_after)
               AND eventlog_internal.selects(reader.events, e.event_name, e.metadata) AS waits
        FROM eventlog.events e WHERE e.xid >= read_before AND e.event_id >= first_id ORDER BY e.xid, e.event_id LIMIT looked_at
    LOOP
        place := place + 1;
        IF event.waits OR place = looked_at THEN
            found := event.ingested_at;
            EXIT;
        END IF;
    END LOOP;
    -- Some transactions were in progress when the snapshot was taken and have ended since.
    SELECT min(e.ingested_at) INTO late
    FROM pg_snapshot_xip(read_until) x,
         LATERAL (SELECT e.ingested_at, e.event_id, e.event_name, e.metadata FROM eventlog.events e
                  WHERE e.xid = x AND e.event_id >= first_id ORDER BY e.xid, e.event_id LIMIT looked_at) e
    WHERE (reader.start_after IS NULL OR e.event_id > reader.start_after)
      AND eventlog_internal.selects(reader.events, e.event_name, e.metadata);
    RETURN least(found, late);
END
$$;
COMMENT ON FUNCTION eventlog_internal.oldest_waiting(text) IS
    'approximate time at which the oldest event that waits for a target was logged; NULL if none waits; the cost does not depend on the number of waiting events';

CREATE OR REPLACE FUNCTION eventlog_internal.health_forward_lag() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog_internal.health_check(coalesce(worst.seconds, 0) <= threshold OR pg_is_in_recovery(),
                                 jsonb_build_object('seconds', coalesce(worst.seconds, 0), 'threshold', threshold, 'target', worst.name))
    FROM eventlog_internal.seconds_of_setting('eventlog.health_max_lag'::text) threshold
    LEFT JOIN LATERAL (
        SELECT t.target AS name, round(greatest(extract(epoch FROM clock_timestamp() - waiting.since), 0), 3) AS seconds
        FROM eventlog_internal.target_states t, LATERAL eventlog_internal.oldest_waiting(t.target) waiting(since)
        WHERE t.state <> 'paused' AND waiting.since IS NOT NULL
        ORDER BY waiting.since LIMIT 1) worst ON true
$$;
COMMENT ON FUNCTION eventlog_internal.health_forward_lag() IS
    'check of health(): the oldest event that waits for a target is not too old; paused targets do not count';

-- The current partition may have begun after the last maintenance. A log that has not been adopted is not maintained.
CREATE OR REPLACE FUNCTION eventlog_internal.health_partitions_ahead() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog_internal.health_check(count >= threshold OR NOT EXISTS (SELECT FROM eventlog.cluster),
                                 jsonb_build_object('count', count, 'threshold', threshold))
    FROM eventlog_internal.partitions_ahead() count,
         greatest(current_setting('eventlog.partitions_ahead')::integer - 1, 0) threshold
$$;
COMMENT ON FUNCTION eventlog_internal.health_partitions_ahead() IS 'check of health(): partitions are made ahead';

-- Such identifiers are of a clock that was wrong; those of the log follow the clock again (src/store/id_source.cpp). The bound is a
-- constant of the statement, so that only partitions ahead are looked at.
CREATE OR REPLACE FUNCTION eventlog_internal.health_ids_ahead() RETURNS jsonb
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    furthest CONSTANT integer := 3600;
    looked_at CONSTANT integer := 10000;
    millis bigint := (extract(epoch FROM clock_timestamp()) + furthest) * 1000;
    events bigint;
    newest uuid;
    partitions jsonb;
BEGIN
    EXECUTE format('SELECT count(*), max(id)::uuid, coalesce(jsonb_agg(DISTINCT partition), ''[]'')
                    FROM (SELECT e.event_id::text, e.tableoid::regclass::text FROM eventlog.events e
                          WHERE e.event_id >= %L::uuid ORDER BY e.event_id DESC LIMIT %s) ahead(id, partition)',
                   lpad(to_hex(millis), 12, '0') || repeat('0', 20), looked_at)
    INTO events, newest, partitions;
    RETURN eventlog_internal.health_check(events = 0, jsonb_build_object(
        'events', events, 'threshold', 0, 'newest', newest, 'partitions', partitions));
END
$$;
COMMENT ON FUNCTION eventlog_internal.health_ids_ahead() IS
    'check of health(): no identifiers are more than an hour ahead of the clock; they are counted up to 10,000';

CREATE OR REPLACE FUNCTION eventlog_internal.health_dead_letters() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog_internal.health_check(letters.count <= threshold, jsonb_build_object('count', letters.count, 'threshold', threshold))
    FROM (SELECT current_setting('eventlog.health_max_dead_letters')::bigint AS threshold) s,
         LATERAL (SELECT count(*) FROM (SELECT FROM eventlog.dead_letters LIMIT greatest(threshold + 1, 10000)) d) letters
$$;
COMMENT ON FUNCTION eventlog_internal.health_dead_letters() IS
    'check of health(): there are few dead letters; they are counted up to the threshold, or 10,000';

CREATE OR REPLACE FUNCTION eventlog_internal.health_targets() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog_internal.health_check(coalesce(bool_and(t.state NOT IN ('unauthorized', 'refused')), true),
                                 jsonb_build_object('states', coalesce(jsonb_object_agg(t.target, t.state), '{}')))
    FROM eventlog_internal.target_states t
$$;
COMMENT ON FUNCTION eventlog_internal.health_targets() IS 'check of health(): no target is unauthorized or refused';

-- Prepared transactions count as open.
CREATE OR REPLACE FUNCTION eventlog_internal.health_transaction_age() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog_internal.health_check(coalesce(oldest.seconds, 0) <= threshold,
                                 jsonb_build_object('seconds', coalesce(oldest.seconds, 0), 'threshold', threshold,
                                                    'pid', oldest.pid, 'prepared', oldest.gid))
    FROM eventlog_internal.seconds_of_setting('eventlog.health_max_transaction_age'::text) threshold
    LEFT JOIN LATERAL (
        SELECT round(greatest(extract(epoch FROM clock_timestamp() - open.since), 0), 3) AS seconds, open.pid, open.gid
        FROM (SELECT a.xact_start AS since, a.pid, NULL AS gid FROM pg_stat_activity a
              WHERE a.datname = current_database() AND a.backend_xid IS NOT NULL
              UNION ALL
              SELECT p.prepared, NULL, p.gid FROM pg_prepared_xacts p WHERE p.database = current_database()) open
        ORDER BY open.since LIMIT 1) oldest ON true
$$;
COMMENT ON FUNCTION eventlog_internal.health_transaction_age() IS
    'check of health(): no writing transaction has been open for too long; such a transaction delays its own events and hinders VACUUM';

CREATE OR REPLACE FUNCTION eventlog_internal.health_retention() RETURNS jsonb
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eventlog_internal.health_check(count(*) = 0 OR current_setting('eventlog.retention_ignores_readers')::boolean,
                                 jsonb_build_object('heldPartitions', count(*), 'threshold', 0,
                                                    'oldest', min(held.name), 'heldBy', coalesce(min(held.held_by), '[]')::jsonb))
    FROM (SELECT first_value(c.relname::text) OVER oldest_first AS name, first_value(h.held_by) OVER oldest_first AS held_by
          FROM eventlog_internal.due_partitions() d
          JOIN pg_class c ON c.oid = d.partition,
               LATERAL (SELECT jsonb_agg(format('%s %s', h.kind, h.name) ORDER BY h.kind, h.name)::text AS held_by
                        FROM eventlog_internal.partition_holders(d.partition::regclass) h) h
          WHERE h.held_by IS NOT NULL
          WINDOW oldest_first AS (ORDER BY d.from_time)) held
$$;
COMMENT ON FUNCTION eventlog_internal.health_retention() IS
    'check of health(): no partition that is due to be dropped is held by a target or consumer that has not read it';

-- A check that fails is unknown, and the other checks still run.
CREATE OR REPLACE FUNCTION eventlog.health() RETURNS jsonb
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
    checks jsonb := jsonb_build_object('database', eventlog_internal.health_check(true, jsonb_build_object(
        'name', current_database(), 'inRecovery', pg_is_in_recovery())));
    check_name text;
    check_function text;
    answer jsonb;
BEGIN
    FOR check_name, check_function IN VALUES
        ('version', 'health_version'),
        ('preloaded', 'health_preloaded'),
        ('adopted', 'health_adopted'),
        ('forwarder', 'health_forwarder'),
        ('forwardLag', 'health_forward_lag'),
        ('partitionsAhead', 'health_partitions_ahead'),
        ('idsAhead', 'health_ids_ahead'),
        ('retention', 'health_retention'),
        ('deadLetters', 'health_dead_letters'),
        ('targets', 'health_targets'),
        ('transactionAge', 'health_transaction_age')
    LOOP
        BEGIN
            IF check_name <> 'version' AND checks #>> '{version,status}' <> 'ok' THEN
                answer := eventlog_internal.health_check(NULL::boolean, '{"error": "the library is older than the SQL objects"}'::jsonb);
            ELSE
                EXECUTE format('SELECT eventlog_internal.%I()', check_function) INTO answer;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            answer := eventlog_internal.health_check(NULL::boolean, jsonb_build_object('error', SQLERRM));
        END;
        checks := checks || jsonb_build_object(check_name, answer);
    END LOOP;
    RETURN jsonb_build_object(
        'status', CASE WHEN EXISTS (SELECT FROM jsonb_each(checks) c WHERE c.value ->> 'status' <> 'ok') THEN 'degraded' ELSE 'ok' END,
        'checkedAt', clock_timestamp(),
        'checks', checks);
END
$$;
COMMENT ON FUNCTION eventlog.health() IS
    'status of the extension for a monitoring system: ok or degraded, with each check, its figures and its threshold';
