// eventlog_internal.command_progress, the rows of eventlog.progress that are in shared memory.
#include "pg/boundary.h"

#include "runtime/progress.h"

EVENTLOG_FUNCTION(eventlog_command_progress) {
    using namespace eventlog;
    return pg::call([fcinfo] {
        InitMaterializedSRF(fcinfo, 0);
        auto* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
        for (const runtime::Progress& shown : runtime::progress_of_database()) {
            Datum values[] = {Int32GetDatum(shown.pid),         CStringGetTextDatum(shown.command),
                              CStringGetTextDatum(shown.phase), Int64GetDatum(shown.done),
                              Int64GetDatum(shown.total),       TimestampTzGetDatum(shown.started_at)};
            bool nulls[] = {false, false, shown.phase[0] == '\0', false, shown.total < 0, false};
            tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
        }
        return (Datum)0;
    });
}
