-- SQL decides which partitions are dropped; a process of its own drops them (src/retention).
CREATE OR REPLACE VIEW eventlog_internal.keep_times AS
SELECT r.log, r.keep FROM eventlog.retention r
UNION ALL
-- The keys are kept for the longest window of any role, in seconds, because a day may be an hour shorter in the time zone.
SELECT 'idempotency_keys', make_interval(secs => max(extract(epoch FROM w.setting::interval))::double precision)
FROM (SELECT current_setting('eventlog.idempotency_window', true)
      UNION ALL
      SELECT split_part(c.setting, '=', 2)
      FROM pg_catalog.pg_db_role_setting r
      CROSS JOIN unnest(r.setconfig) c(setting)
      LEFT JOIN pg_catalog.pg_database d ON d.oid = r.setdatabase
      WHERE c.setting LIKE 'eventlog.idempotency_window=%' AND (r.setdatabase = 0 OR d.datname = current_database())) w(setting);
COMMENT ON VIEW eventlog_internal.keep_times IS 'how long each log is kept that is not kept for ever';
COMMENT ON COLUMN eventlog_internal.keep_times.log IS 'name of the log';
COMMENT ON COLUMN eventlog_internal.keep_times.keep IS 'age above which partitions are dropped';

-- Each partitioned table that belongs to the extension is a log.
CREATE OR REPLACE VIEW eventlog_internal.log_partitions AS
SELECT p.relname::text AS log,
       c.oid AS partition,
       c.relname::text AS name,
       c.relkind AS kind,
       coalesce(eventlog.event_time(bound.ids[1]::uuid), '-infinity') AS from_time,
       coalesce(eventlog.event_time(bound.ids[2]::uuid), 'infinity') AS to_time,
       i.inhdetachpending AS detaching,
       CASE WHEN bound.ids IS NOT NULL THEN coalesce(bound.ids[1]::uuid, '00000000-0000-0000-0000-000000000000') END AS from_id,
       CASE WHEN bound.ids IS NOT NULL THEN coalesce(bound.ids[2]::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') END AS to_id
FROM pg_catalog.pg_extension x
JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid AND d.deptype = 'e'
                           AND d.classid = 'pg_class'::regclass AND d.objsubid = 0
JOIN pg_catalog.pg_class p ON p.oid = d.objid AND p.relkind = 'p'
JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
LEFT JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid),
    $$^FOR VALUES FROM \((?:'([0-9a-f-]{36})'|MINVALUE)\) TO \((?:'([0-9a-f-]{36})'|MAXVALUE)\)$$) bound(ids) ON true
WHERE x.extname = 'eventlog';
COMMENT ON VIEW eventlog_internal.log_partitions IS 'the partitions of each log, with the identifiers and times that their bounds stand for';
COMMENT ON COLUMN eventlog_internal.log_partitions.log IS 'name of the log';
COMMENT ON COLUMN eventlog_internal.log_partitions.partition IS 'OID of the partition';
COMMENT ON COLUMN eventlog_internal.log_partitions.name IS 'name of the partition';
COMMENT ON COLUMN eventlog_internal.log_partitions.kind IS 'relkind of the partition';
COMMENT ON COLUMN eventlog_internal.log_partitions.from_time IS 'time of the lower bound; -infinity if there is none';
COMMENT ON COLUMN eventlog_internal.log_partitions.to_time IS 'time of the upper bound; infinity if there is none';
COMMENT ON COLUMN eventlog_internal.log_partitions.detaching IS 'whether DETACH PARTITION CONCURRENTLY has begun and not finished';
COMMENT ON COLUMN eventlog_internal.log_partitions.from_id IS
    'least identifier that the partition may hold; NULL if its bounds cannot be read';
COMMENT ON COLUMN eventlog_internal.log_partitions.to_id IS
    'identifier that ends the range of the partition; NULL if its bounds cannot be read';

-- The bounds of many partitions take long to read, so each query reads them once.
-- A seal is the row and the trigger together. A dump restores the trigger alone, and a restore that switches triggers off and on
-- leaves it enabled in another way.
CREATE OR REPLACE VIEW eventlog_internal.closed_partitions AS
WITH listed AS MATERIALIZED (SELECT p.log, p.partition, p.from_id, p.to_id FROM eventlog_internal.log_partitions p)
SELECT l.log, l.partition, s.closed_at, s.sealed_at, s.rows
FROM listed l
JOIN eventlog.sealed_partitions s ON s.log = l.log AND s.from_id = l.from_id AND s.to_id = l.to_id
JOIN pg_catalog.pg_trigger t ON t.tgrelid = l.partition AND t.tgname = 'sealed' AND t.tgenabled = 'A'
                            AND t.tgfoid = 'eventlog.refuse_late_row()'::regprocedure;
COMMENT ON VIEW eventlog_internal.closed_partitions IS 'partitions into which nothing can be written any more';
COMMENT ON COLUMN eventlog_internal.closed_partitions.log IS 'name of the log';
COMMENT ON COLUMN eventlog_internal.closed_partitions.partition IS 'OID of the partition';
COMMENT ON COLUMN eventlog_internal.closed_partitions.closed_at IS 'time from which on nothing could be written';
COMMENT ON COLUMN eventlog_internal.closed_partitions.sealed_at IS 'time at which the rows were counted; NULL until then';
COMMENT ON COLUMN eventlog_internal.closed_partitions.rows IS 'number of rows';

CREATE OR REPLACE FUNCTION eventlog_internal.retention_max_bytes() RETURNS bigint
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_retention_max_bytes';
COMMENT ON FUNCTION eventlog_internal.retention_max_bytes() IS 'eventlog.retention_max_size in bytes; 0 is no limit';

CREATE OR REPLACE FUNCTION eventlog_internal.partition_bytes(partition oid) RETURNS bigint
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    -- pg_partition_tree() keeps its locks until the transaction ends.
    SELECT CASE WHEN (SELECT c.relkind FROM pg_class c WHERE c.oid = partition) = 'p'
                THEN (SELECT coalesce(sum(pg_total_relation_size(t.relid)), 0)::bigint FROM pg_partition_tree(partition) t)
                ELSE coalesce(pg_total_relation_size(partition), 0) END
$$;
COMMENT ON FUNCTION eventlog_internal.partition_bytes(oid) IS 'size of a partition on disk, including indexes and TOAST';

CREATE OR REPLACE FUNCTION eventlog.set_retention(log regclass, keep interval, short boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known_as text;
BEGIN
    PERFORM eventlog_internal.load_library();
    IF log IS NULL THEN
        PERFORM eventlog_internal.refuse('retention_log_null', 'log');
    END IF;
    SELECT c.relname INTO known_as
    FROM pg_class c
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
    JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND x.oid = d.refobjid AND x.extname = 'eventlog'
    WHERE c.oid = log AND c.relkind = 'p';
    IF NOT FOUND THEN
        PERFORM eventlog_internal.refuse('retention_log', 'log', 'found', log::text);
    END IF;
    IF EXISTS (SELECT FROM eventlog_internal.keep_times k WHERE k.log = known_as)
       AND NOT EXISTS (SELECT FROM eventlog.retention r WHERE r.log = known_as) THEN
        PERFORM eventlog_internal.refuse('retention_fixed', 'log', 'found', set_retention.log::text);
    END IF;
    IF keep IS NULL THEN
        DELETE FROM eventlog.retention r WHERE r.log = known_as;
        RETURN;
    END IF;
    -- An interval with parts of both signs could reach into the future.
    IF keep <= interval '0' OR keep > interval '1000 years'
       OR least(extract(year FROM keep), extract(month FROM keep), extract(day FROM keep), extract(hour FROM keep),
                extract(minute FROM keep), extract(second FROM keep)) < 0 THEN
        PERFORM eventlog_internal.refuse('keep_range', 'keep', 'most', '1000 years', 'found', keep::text);
    END IF;
    IF keep < interval '1 day' AND short IS NOT TRUE THEN
        PERFORM eventlog_internal.refuse('keep_short', 'keep', 'found', keep::text);
    END IF;
    INSERT INTO eventlog.retention AS r (log, keep) VALUES (known_as, set_retention.keep)
    ON CONFLICT ON CONSTRAINT retention_pkey DO UPDATE SET keep = excluded.keep;
END
$$;
COMMENT ON FUNCTION eventlog.set_retention(regclass, interval, boolean) IS
    'sets the age above which partitions of a log are dropped; NULL keeps them for ever; an age of less than a day needs short => true';

CREATE OR REPLACE FUNCTION eventlog_internal.unread(partition regclass, kind text, name text, most bigint DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    bounds record;
    selection text;
    patterns text[];
    events bigint;
BEGIN
    -- A partition that was dropped after the snapshot of the caller was taken has no bounds.
    SELECT l.from_id, l.to_id INTO bounds FROM eventlog_internal.log_partitions l
    WHERE l.log = 'events' AND l.partition = unread.partition AND l.from_id IS NOT NULL;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    SELECT o.events INTO selection FROM eventlog_internal.target_options o WHERE o.target = unread.name;
    SELECT c.events INTO patterns FROM eventlog.consumer_definitions c WHERE c.name = unread.name;
    SELECT count(*) INTO events FROM (
        SELECT FROM eventlog_internal.unread_events u
        WHERE u.kind = unread.kind AND u.name = unread.name AND u.event_id >= bounds.from_id AND u.event_id < bounds.to_id
          AND CASE unread.kind WHEN 'target' THEN eventlog_internal.selects(selection, u.event_name, u.metadata)
                               ELSE patterns IS NULL OR eventlog_internal.matches(patterns, u.event_name) END
        LIMIT most) waiting;
    IF events < coalesce(most, events + 1) THEN
        SELECT events + count(*) INTO events
        FROM (SELECT d.event_id FROM eventlog.dead_letters d
              WHERE unread.kind = 'target' AND d.target = unread.name AND d.redriven_at IS NOT NULL
              UNION ALL
              SELECT id FROM eventlog.leases l, unnest(l.ids) id WHERE unread.kind = 'consumer' AND l.consumer = unread.name) given
        JOIN eventlog.events e ON e.event_id = given.event_id
        WHERE e.event_id >= bounds.from_id AND e.event_id < bounds.to_id;
    END IF;
    RETURN events;
END
$$;
COMMENT ON FUNCTION eventlog_internal.unread(regclass, text, text, bigint) IS
    'number of events of a partition of eventlog.events that a reader has still to read, including leases and dead letters that are to be sent again; counts up to most';

CREATE OR REPLACE FUNCTION eventlog_internal.partition_holders(partition regclass) RETURNS TABLE (kind text, name text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.kind, w.name
    FROM eventlog.reader_window w
    WHERE EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = partition AND i.inhparent = 'eventlog.events'::regclass)
      AND eventlog_internal.unread(partition, w.kind, w.name, 1::bigint) > 0
$$;
COMMENT ON FUNCTION eventlog_internal.partition_holders(regclass) IS
    'readers that keep a partition from being dropped, because they have not read all of its events';

CREATE OR REPLACE FUNCTION eventlog_internal.due_partitions() RETURNS TABLE (log text, partition oid, from_time timestamptz)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS now),
    listed AS MATERIALIZED (SELECT * FROM eventlog_internal.log_partitions),
    sizes AS (
        -- The size includes all newer partitions, so that no newer partition is dropped in place of one that is held.
        SELECT l.partition, sum(eventlog_internal.partition_bytes(l.partition)) OVER (ORDER BY l.from_time DESC) AS bytes
        FROM listed l
        WHERE l.log = 'events' AND NOT l.detaching AND eventlog_internal.retention_max_bytes() > 0)
    SELECT l.log, l.partition, l.from_time
    FROM listed l
    CROSS JOIN moment m
    LEFT JOIN eventlog_internal.keep_times k ON k.log = l.log
    LEFT JOIN sizes s ON s.partition = l.partition
    WHERE NOT l.detaching AND l.kind IN ('r', 'p') AND l.to_time <= m.now
      AND (l.to_time <= m.now - k.keep OR s.bytes > eventlog_internal.retention_max_bytes())
    ORDER BY l.from_time
$$;
COMMENT ON FUNCTION eventlog_internal.due_partitions() IS
    'partitions that retention is to drop, oldest first: those that are older than their log is kept, or above eventlog.retention_max_size';

CREATE OR REPLACE FUNCTION eventlog_internal.retire_partition(partition oid, ignores_readers boolean) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    holders jsonb;
BEGIN
    -- A writer may still have an identifier of a partition that is not sealed.
    IF NOT EXISTS (SELECT FROM eventlog_internal.closed_partitions c
                   WHERE c.partition = retire_partition.partition AND c.sealed_at IS NOT NULL) THEN
        RETURN false;
    END IF;
    -- PostgreSQL detaches one partition of a table at a time.
    IF NOT EXISTS (SELECT FROM eventlog_internal.due_partitions() d WHERE d.partition = retire_partition.partition
                   AND NOT EXISTS (SELECT FROM eventlog_internal.log_partitions l WHERE l.log = d.log AND l.detaching)) THEN
        RETURN false;
    END IF;
    IF ignores_readers THEN
        SELECT jsonb_agg(jsonb_build_object('kind', h.kind, 'name', h.name, 'events', eventlog_internal.unread(partition::regclass, h.kind, h.name, NULL::bigint)))
        INTO holders FROM eventlog_internal.partition_holders(partition::regclass) h;
    ELSIF EXISTS (SELECT FROM eventlog_internal.partition_holders(partition::regclass)) THEN
        RETURN false;
    END IF;
    INSERT INTO eventlog.retired_partitions (partition, name, log, from_time, to_time, unread)
    SELECT l.partition, l.name, l.log, l.from_time, l.to_time, coalesce(holders, '[]')
    FROM eventlog_internal.log_partitions l WHERE l.partition = retire_partition.partition;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION eventlog_internal.retire_partition(oid, boolean) IS
    'notes that a partition is about to be detached and dropped; returns false if it is not sealed, no longer due, or held by a reader';

CREATE OR REPLACE FUNCTION eventlog_internal.unfinished_detach(partition oid, OUT command text, OUT marked xid) RETURNS SETOF record
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('ALTER TABLE eventlog.%I DETACH PARTITION %s FINALIZE', r.log, c.oid::regclass), i.xmin
    FROM eventlog.retired_partitions r
    JOIN pg_class c ON c.oid = r.partition AND c.relname = r.name
    JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = to_regclass(format('eventlog.%I', r.log))
    WHERE r.partition = unfinished_detach.partition AND i.inhdetachpending
$$;
COMMENT ON FUNCTION eventlog_internal.unfinished_detach(oid) IS
    'for a partition that retention has left detaching: the command that completes the detaching, and the transaction from which on new queries do not see the partition';

CREATE OR REPLACE FUNCTION eventlog_internal.drop_retired(partition oid) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    retired eventlog.retired_partitions;
    unread record;
BEGIN
    DELETE FROM eventlog.retired_partitions r WHERE r.partition = drop_retired.partition RETURNING r.* INTO retired;
    -- The partition was not detached after all, or its OID belongs to another table now.
    IF EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = retired.partition)
       OR NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = retired.partition AND c.relname = retired.name) THEN
        RETURN;
    END IF;
    EXECUTE format('DROP TABLE %s', retired.partition::regclass);
    DELETE FROM eventlog.sealed_partitions s
    WHERE s.log = retired.log
      AND NOT EXISTS (SELECT FROM eventlog_internal.log_partitions l
                      WHERE l.log = s.log AND l.from_id = s.from_id AND l.to_id = s.to_id);
    FOR unread IN SELECT * FROM jsonb_to_recordset(retired.unread) AS u(kind text, name text, events bigint) LOOP
        UPDATE eventlog.targets t
        SET dropped_unread = t.dropped_unread + unread.events,
            last_error = format('retention dropped %s unread events of partition %s', unread.events, retired.name),
            last_error_at = clock_timestamp()
        WHERE unread.kind = 'target' AND t.name = unread.name;
        RAISE WARNING 'eventlog: retention dropped % events of partition "%" that % "%" had not read',
            unread.events, retired.name, unread.kind, unread.name;
    END LOOP;
END
$$;
COMMENT ON FUNCTION eventlog_internal.drop_retired(oid) IS
    'drops a partition that retention has detached; does nothing if it is still a partition of its log';

CREATE OR REPLACE FUNCTION eventlog_internal.partition_list() RETURNS TABLE (
    log text, partition regclass, from_time timestamptz, to_time timestamptz, rows bigint, bytes bigint, state text, held_by text[])
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH listed AS MATERIALIZED (SELECT * FROM eventlog_internal.log_partitions),
    due AS MATERIALIZED (SELECT * FROM eventlog_internal.due_partitions()),
    closed AS MATERIALIZED (SELECT * FROM eventlog_internal.closed_partitions)
    SELECT l.log, l.partition::regclass, l.from_time, l.to_time,
           CASE WHEN sealed.rows IS NOT NULL THEN sealed.rows
                WHEN l.kind = 'p' THEN
                    (SELECT sum(greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0))
                     FROM pg_partition_tree(l.partition) t JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf)::bigint
                ELSE (SELECT greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0)
                      FROM pg_class c WHERE c.oid = l.partition) END,
           eventlog_internal.partition_bytes(l.partition),
           CASE WHEN l.detaching THEN 'detaching'
                WHEN l.from_time > clock_timestamp() THEN 'ahead'
                WHEN sealed.sealed_at IS NOT NULL THEN 'sealed'
                WHEN l.to_time <= clock_timestamp() THEN 'past'
                ELSE 'current' END,
           CASE WHEN d.partition IS NOT NULL
                THEN ARRAY(SELECT format('%s %s', h.kind, h.name) FROM eventlog_internal.partition_holders(l.partition::regclass) h ORDER BY 1) END
    FROM listed l
    LEFT JOIN due d ON d.partition = l.partition
    LEFT JOIN closed sealed ON sealed.partition = l.partition
    UNION ALL
    SELECT r.log, c.oid::regclass, r.from_time, r.to_time, greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0),
           pg_total_relation_size(c.oid), 'detaching', NULL
    FROM eventlog.retired_partitions r JOIN pg_class c ON c.oid = r.partition AND c.relname = r.name
    WHERE NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)
$$;
COMMENT ON FUNCTION eventlog_internal.partition_list() IS 'rows of the view eventlog.partitions';

CREATE OR REPLACE VIEW eventlog.partitions AS
SELECT * FROM eventlog_internal.partition_list() ORDER BY log, from_time;
COMMENT ON VIEW eventlog.partitions IS 'the partitions of each log';
COMMENT ON COLUMN eventlog.partitions.log IS 'name of the log';
COMMENT ON COLUMN eventlog.partitions.partition IS 'partition';
COMMENT ON COLUMN eventlog.partitions.from_time IS 'time at which the first identifier of the partition may have been made';
COMMENT ON COLUMN eventlog.partitions.to_time IS 'time before which its last identifier was made';
COMMENT ON COLUMN eventlog.partitions.rows IS
    'number of rows of a sealed partition; an estimate otherwise, from the cumulative statistics or the last VACUUM or ANALYZE, whichever is greater';
COMMENT ON COLUMN eventlog.partitions.bytes IS 'size on disk, including indexes and TOAST';
COMMENT ON COLUMN eventlog.partitions.state IS
    'ahead, current, past, sealed once nothing can be written any more, or detaching while retention is dropping the partition';
COMMENT ON COLUMN eventlog.partitions.held_by IS
    'readers that have not read all of a partition that retention is to drop; NULL if the partition is not due';
