-- Parts that are new since 0.1.0 are included as they are; what older parts have changed is altered here.
COMMENT ON TRIGGER append_only ON eventlog.events IS 'events are never changed in place, but by the erasing functions';
ALTER TABLE eventlog.reader_window ADD COLUMN opened_at timestamptz;
COMMENT ON COLUMN eventlog.reader_window.opened_at IS 'when the open window was stored';
ALTER TABLE eventlog.reader_window DROP CONSTRAINT reader_window_kind_check;
ALTER TABLE eventlog.reader_window ADD CONSTRAINT reader_window_kind_check CHECK (kind IN ('target', 'consumer'));
ALTER TABLE eventlog.targets ADD COLUMN dropped_unread bigint NOT NULL DEFAULT 0;

\include 22_try_log_events.sql
\include 25_idempotency.sql
\include 27_autonomous.sql
\include 41_reader_cursors.sql
\include 42_pages.sql
\include 51_target_links.sql
\include 52_forward_status.sql
\include 57_consumers.sql
\include 62_retention.sql
\include 67_metrics.sql
\include 68_erasure.sql
\include 69_health.sql

UPDATE eventlog.cluster SET server_major = pg_catalog.current_setting('server_version_num')::int / 10000
WHERE system_identifier = (SELECT here.system_identifier FROM pg_catalog.pg_control_system() here);

-- The end: what stands above is not PUBLIC's, and the worker, which waits for this version, goes on.
\include 89_public.sql
SELECT eventlog.notify_worker();
