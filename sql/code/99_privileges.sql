-- PUBLIC has no privileges. pg_monitor may read the monitoring views, and execute the functions that these views call with the
-- privileges of their reader. Only objects that this command has created get these privileges, so that an update keeps what was
-- granted and revoked on older objects. The command has also written the row of the extension, which has the same xmin.
DO $$
DECLARE
    views CONSTANT regclass[] := '{eventlog.forward_status, eventlog.stats, eventlog.consumers, eventlog.partitions, eventlog.progress}';
    functions CONSTANT regprocedure[] := ARRAY[
        'eventlog.metrics()', 'eventlog.health()', 'eventlog_internal.in_flight(oid)', 'eventlog_internal.has_worker()',
        'eventlog_internal.selects(text, text, jsonb)',
        'eventlog_internal.matches(text[], text)', 'eventlog_internal.log_counters()', 'eventlog_internal.partition_list()',
        'eventlog_internal.progress_list()', 'eventlog_internal.reader_lag(text, text)'];
    made record;
BEGIN
    FOR made IN
        SELECT CASE d.classid
                   WHEN 'pg_class'::regclass THEN format('TABLE %s', d.objid::regclass)
                   WHEN 'pg_proc'::regclass THEN format('ROUTINE %s', d.objid::regprocedure)
                   ELSE format('TYPE %s', d.objid::regtype)
               END AS object,
               CASE WHEN d.classid = 'pg_class'::regclass AND d.objid = ANY (views) THEN 'SELECT'
                    WHEN d.classid = 'pg_proc'::regclass AND d.objid = ANY (functions) THEN 'EXECUTE' END AS monitored
        FROM pg_extension x
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid AND d.deptype = 'e' AND d.xmin = x.xmin
        WHERE x.extname = 'eventlog' AND d.classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass)
          -- Newer servers also record row and array types as members; an array type has no privileges of its own.
          AND (d.classid <> 'pg_type'::regclass
               OR NOT EXISTS (SELECT FROM pg_depend i
                              WHERE i.classid = d.classid AND i.objid = d.objid AND i.deptype = 'i'))
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', made.object);
        IF made.monitored IS NOT NULL THEN
            EXECUTE format('GRANT %s ON %s TO pg_monitor', made.monitored, made.object);
        END IF;
    END LOOP;
END
$$;

-- A function that an update has replaced hands its owner and its privileges on. C code does that, because pg_dump leaves out the
-- privileges that the script of an extension grants.
CREATE FUNCTION eventlog_internal.hand_on(old oid, new oid) RETURNS void
    LANGUAGE c STRICT
    AS 'MODULE_PATHNAME', 'eventlog_hand_on';
SELECT eventlog_internal.hand_on(old.oid, new.oid)
FROM pg_proc old JOIN pg_proc new ON new.pronamespace = old.pronamespace AND new.proname || ' (replaced)' = old.proname
WHERE old.pronamespace = 'eventlog'::regnamespace;
DROP FUNCTION eventlog_internal.hand_on;

-- Sessions and the worker see the new objects at once.
SELECT eventlog_internal.catalog_changed();
SELECT eventlog_internal.notify_worker();
