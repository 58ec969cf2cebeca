// SQL functions about the worker of this database, as its slot shows it. They read no table of the extension,
// so they also work while the versions of library and catalog differ.
#include "pg/boundary.h"
#include "runtime/worker_slots.h"

namespace {

using namespace eventlog;

enum Column { kPreloaded, kState, kPid, kFailures, kColumns };

const char* name_of(runtime::WorkerState state) {
    switch (state) {
        case runtime::WorkerState::unused:
            return "none";
        case runtime::WorkerState::wanted:
            return "wanted";
        case runtime::WorkerState::started:
            return "started";
        case runtime::WorkerState::running:
            return "running";
        case runtime::WorkerState::finished:
            return "finished";
        case runtime::WorkerState::failed:
            return "failed";
        case runtime::WorkerState::held:
            return "held";
    }
    return "none";
}

// Returns the HINT that tells how to preload the library. Only a superuser may see which others are
// preloaded.
const char* how_to_preload() {
    const char* others = shared_preload_libraries_string;
    const bool knows = superuser_arg(GetOuterUserId()) && !InSecurityRestrictedOperation();
    if (knows && (others == nullptr || *others == '\0'))
        return "Add this line to postgresql.conf and restart the server: shared_preload_libraries = "
               "'eventlog'";
    if (!knows) return "Have eventlog added to shared_preload_libraries, and the server restarted.";
    return psprintf(
        "Change this line of postgresql.conf and restart the server: shared_preload_libraries = %s",
        quote_literal_cstr(psprintf("%s, eventlog", others)));
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_has_worker) {
    return pg::call([] {
        return BoolGetDatum(runtime::is_preloaded() &&
                            runtime::worker_status().state == runtime::WorkerState::running);
    });
}

EVENTLOG_FUNCTION(eventlog_warn_unless_preloaded) {
    pg::call([] {
        if (runtime::is_preloaded() || IsBinaryUpgrade) return;
        ereport(WARNING, errmsg("the library eventlog is not preloaded, so no worker forwards events"),
                errdetail("Autonomous events are refused, and partitions are made and dropped only by "
                          "eventlog.maintain()."),
                errhint("%s", how_to_preload()));
    });
    PG_RETURN_VOID();
}

EVENTLOG_FUNCTION(eventlog_worker_status) {
    return pg::call([fcinfo] {
        TupleDesc columns = nullptr;
        if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
            elog(ERROR, "return type must be a row type");
        Datum values[kColumns] = {};
        bool nulls[kColumns] = {false, true, true, true};
        bool preloaded = runtime::is_preloaded();
        values[kPreloaded] = BoolGetDatum(preloaded);
        if (preloaded) {
            runtime::WorkerStatus status = runtime::worker_status();
            values[kState] = CStringGetTextDatum(name_of(status.state));
            values[kPid] = Int32GetDatum(status.pid);
            values[kFailures] = Int32GetDatum(status.failures);
            nulls[kState] = nulls[kFailures] = false;
            nulls[kPid] = status.pid == 0;
        }
        return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
    });
}
