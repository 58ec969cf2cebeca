// eventlog.maintain, and the settings of retention for its rules in SQL.
#include "pg/boundary.h"
#include "pg/clock.h"

#include "retention/retention.h"
#include "settings.h"
#include "store/maintenance.h"

using namespace eventlog;

EVENTLOG_FUNCTION(eventlog_maintain) {
    pg::call([] {
        PreventCommandIfReadOnly("eventlog.maintain()");
        const int64_t now = pg::unix_millis_now();
        // A call that has nothing to do takes no lock, so that it blocks nobody.
        if (!store::is_maintained(now)) store::maintain(now);
        retention::start_retention(runtime::Await::start);
    });
    PG_RETURN_VOID();
}

EVENTLOG_FUNCTION(eventlog_retention_max_bytes) {
    PG_RETURN_INT64(static_cast<int64>(settings::retention_max_size) * 1024 * 1024);
}
