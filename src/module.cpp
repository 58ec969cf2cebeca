// What happens when the server loads the library.
#include "pg/boundary.h"

#include "autonomous/queue.h"
#include "forward/launcher.h"
#include "identity/caller.h"
#include "log/counters.h"
#include "settings.h"
#include "shared_state.h"
#include "store/catalog.h"
#include "store/partitions.h"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

extern "C" void _PG_init(void) {
    using namespace eventlog;
    pg::install_terminate_handler();
    settings::define();
    store::watch_catalog();
    store::watch_partitions();
    identity::watch_roles();
    // The last one's callback runs first: who is answered finds the event counted.
    autonomous::watch_commits();
    shared::watch_transactions();
    log::watch_counters();
    if (!process_shared_preload_libraries_in_progress) return;
    shared::request();
    autonomous::request();
    forward::register_launcher();
}
