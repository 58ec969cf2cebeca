DO $$
BEGIN
    IF pg_catalog.to_regnamespace('eventlog_internal') IS NOT NULL THEN
        RAISE EXCEPTION 'schema "eventlog_internal" already exists'
            USING ERRCODE = 'duplicate_schema',
                  DETAIL = 'The extension creates this schema for its internal functions and views.',
                  HINT = 'Rename or drop the schema, then run ALTER EXTENSION eventlog UPDATE again.';
    END IF;
    -- The functions that run as their owner use the schema, whoever updates the extension.
    EXECUTE pg_catalog.format('CREATE SCHEMA eventlog_internal AUTHORIZATION %s',
                              (SELECT x.extowner::regrole FROM pg_catalog.pg_extension x WHERE x.extname = 'eventlog'));
END
$$;
REVOKE ALL ON SCHEMA eventlog_internal FROM PUBLIC;

ALTER FUNCTION eventlog.target_validator(text[], oid) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.replace_reader_row() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.notify_worker() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.read_start(text) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.create_target(text, text) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.on_server_change() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.on_server_drop() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.require_target(text) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.in_flight(oid) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.selects(text, text, jsonb) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.link_targets() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.on_server_command() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.matches(text[], text) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.lock_consumer(text) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.wake_pollers() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.require_consumer(text) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.lease_again(text, integer, timestamptz) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.find_lease(text, uuid) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.retention_max_bytes() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.partition_bytes(oid) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.unread(regclass, text, text, bigint) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.partition_holders(regclass) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.due_partitions() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.retire_partition(oid, boolean) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.unfinished_detach(oid) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.drop_retired(oid) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.partition_list() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.log_counters() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.metric_label(text, text) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.partitions_ahead() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.worker_status() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.health_check(boolean, jsonb) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.seconds_of_setting(text) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.health_version() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.health_preloaded() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.health_adopted() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.health_forwarder() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.oldest_waiting(text) SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.health_forward_lag() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.health_partitions_ahead() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.health_dead_letters() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.health_targets() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.health_transaction_age() SET SCHEMA eventlog_internal;
ALTER FUNCTION eventlog.health_retention() SET SCHEMA eventlog_internal;

ALTER VIEW eventlog.reader_cursors SET SCHEMA eventlog_internal;
ALTER VIEW eventlog.target_states SET SCHEMA eventlog_internal;
ALTER VIEW eventlog.keep_times SET SCHEMA eventlog_internal;
ALTER VIEW eventlog.log_partitions SET SCHEMA eventlog_internal;
