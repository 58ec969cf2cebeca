// _PG_init: what the library registers and requests when the server loads it.
#include "pg/boundary.h"

#include "autonomous/queue.h"
#include "worker/launcher.h"
#include "context/caller.h"
#include "forward/quotations.h"
#include "ingest/counters.h"
#include "logs/log_tables.h"
#include "settings.h"
#include "runtime/commit_signal.h"
#include "runtime/gauges.h"
#include "runtime/log_counters.h"
#include "runtime/progress.h"
#include "runtime/worker_slots.h"
#include "store/attached_code.h"
#include "store/catalog.h"
#include "store/drop_guard.h"
#include "store/id_source.h"
#include "store/leaves.h"
#include "store/partitions.h"
#include "store/ranges.h"
#include "store/write_guard.h"

extern "C" {
#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "eventlog", .version = EVENTLOG_VERSION);
#else
PG_MODULE_MAGIC;
#endif
PGDLLEXPORT void _PG_init(void);
}

extern "C" void _PG_init(void) {
    using namespace eventlog;
    pg::install_terminate_handler();
    settings::define();
    store::register_log_tables(logs::kLogTables);
    erasure::register_quotations(forward::kQuotations);
    store::watch_catalog();
    store::watch_partitions();
    store::watch_leaves();
    store::watch_ranges();
    store::watch_drops();
    store::watch_attached_code();
    store::guard_writes();
    context::watch_roles();
    // The server calls the callbacks in the reverse order of their registration, so the event has been
    // counted by the time a caller gets its answer.
    autonomous::watch_commits();
    runtime::watch_commits();
    ingest::watch_counters();
    if (!process_shared_preload_libraries_in_progress) return;
    runtime::worker_slots.request();
    runtime::request_commit_signals();
    runtime::request_gauges();
    runtime::request_log_counters();
    runtime::request_progress();
    store::request_id_clock();
    autonomous::request_queue();
    worker::register_launcher();
}
