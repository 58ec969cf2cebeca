-- A partition is sealed in two transactions: it is closed, so that nothing can be written any more, and then counted. The process that
-- calls these functions holds the locks (src/retention/sealing.cpp).
CREATE OR REPLACE FUNCTION eventlog_internal.partitions_to_seal() RETURNS TABLE (partition oid)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    WITH sealed AS MATERIALIZED (
        SELECT c.partition FROM eventlog_internal.closed_partitions c WHERE c.sealed_at IS NOT NULL)
    SELECT l.partition
    FROM eventlog_internal.log_partitions l
    WHERE NOT l.detaching AND l.kind IN ('r', 'p') AND l.from_id IS NOT NULL AND l.to_time <= clock_timestamp()
      AND l.partition NOT IN (SELECT s.partition FROM sealed s)
    ORDER BY l.from_time
$$;
COMMENT ON FUNCTION eventlog_internal.partitions_to_seal() IS
    'partitions whose range is over and that are not sealed, oldest first';

CREATE OR REPLACE FUNCTION eventlog_internal.close_partition(partition oid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known eventlog_internal.log_partitions;
BEGIN
    -- This lock is granted once every transaction that has written into the partition has ended.
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', partition::regclass);
    IF NOT EXISTS (SELECT FROM eventlog_internal.partitions_to_seal() p WHERE p.partition = close_partition.partition) THEN
        RETURN false;
    END IF;
    IF EXISTS (SELECT FROM eventlog_internal.closed_partitions c WHERE c.partition = close_partition.partition) THEN
        RETURN true;
    END IF;
    SELECT * INTO known FROM eventlog_internal.log_partitions l WHERE l.partition = close_partition.partition;
    -- The trigger that a dump has restored stays as it is, for somebody may be about to drop it. 7 is BEFORE INSERT FOR EACH ROW.
    IF NOT EXISTS (SELECT FROM pg_trigger t
                   WHERE t.tgrelid = close_partition.partition AND t.tgname = 'sealed' AND t.tgenabled = 'A' AND t.tgtype = 7
                     AND t.tgqual IS NULL AND t.tgfoid = 'eventlog.refuse_late_row()'::regprocedure) THEN
        EXECUTE format('CREATE OR REPLACE TRIGGER sealed BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION eventlog.refuse_late_row()',
                       partition::regclass);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER sealed', partition::regclass);
    END IF;
    DELETE FROM eventlog.sealed_partitions s WHERE s.log = known.log AND s.from_id = known.from_id;
    INSERT INTO eventlog.sealed_partitions (log, from_id, to_id) VALUES (known.log, known.from_id, known.to_id);
    RETURN true;
END
$$;
COMMENT ON FUNCTION eventlog_internal.close_partition(oid) IS
    'refuses every later row of a partition whose range is over; returns false if the range is not over';

-- The rows of a closed partition stay the same, and every transaction that wrote one has ended.
CREATE OR REPLACE FUNCTION eventlog_internal.seal_partition(partition oid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET row_security = off
AS $$
DECLARE
    known eventlog_internal.log_partitions;
    counted record;
BEGIN
    SELECT l.* INTO known
    FROM eventlog_internal.log_partitions l
    JOIN eventlog_internal.closed_partitions c ON c.partition = l.partition
    WHERE l.partition = seal_partition.partition AND c.sealed_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF known.log = 'events' THEN
        EXECUTE format('SELECT count(*) AS rows, min(xid) AS least_xid, max(xid) AS greatest_xid,
                               min(ingested_at) AS least_ingested_at, max(ingested_at) AS greatest_ingested_at,
                               min(event_ts) AS least_event_ts, max(event_ts) AS greatest_event_ts FROM %s', partition::regclass)
        INTO counted;
        UPDATE eventlog.sealed_partitions s
        SET sealed_at = clock_timestamp(), rows = counted.rows, least_xid = counted.least_xid, greatest_xid = counted.greatest_xid,
            least_ingested_at = counted.least_ingested_at, greatest_ingested_at = counted.greatest_ingested_at,
            least_event_ts = counted.least_event_ts, greatest_event_ts = counted.greatest_event_ts
        WHERE s.log = known.log AND s.from_id = known.from_id;
    ELSE
        UPDATE eventlog.sealed_partitions s SET sealed_at = clock_timestamp()
        WHERE s.log = known.log AND s.from_id = known.from_id;
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION eventlog_internal.seal_partition(oid) IS
    'counts the rows of a closed partition; returns false if it is not closed, or counted already';

CREATE OR REPLACE FUNCTION eventlog_internal.reopen_partition(partition oid) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER sealed', partition::regclass);
    DELETE FROM eventlog.sealed_partitions s
    USING eventlog_internal.log_partitions l
    WHERE l.partition = reopen_partition.partition AND s.log = l.log AND s.from_id = l.from_id;
END
$$;
COMMENT ON FUNCTION eventlog_internal.reopen_partition(oid) IS
    'lets a partition take rows again, because the clock has stepped back into its range';
