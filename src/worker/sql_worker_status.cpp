// The SQL function eventlog_internal.worker_status: the worker of this database, as its slot shows it. It reads no
// table of the extension, so it also works while the versions of library and catalog differ.
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

}  // namespace

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
