REVOKE ALL ON SCHEMA eventlog FROM PUBLIC;

-- What monitoring shows is pg_monitor's, with the functions that the views call in the name of who reads them.
GRANT USAGE ON SCHEMA eventlog TO pg_monitor;
GRANT SELECT ON eventlog.forward_status, eventlog.stats TO pg_monitor;
GRANT EXECUTE ON FUNCTION eventlog.metrics(), eventlog.in_flight(oid), eventlog.selects(text, text, jsonb),
    eventlog.log_counters() TO pg_monitor;

SELECT eventlog.notify_worker();
