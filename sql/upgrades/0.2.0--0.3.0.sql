-- The worker, which waits for this version, goes on.
SELECT eventlog.notify_worker();
