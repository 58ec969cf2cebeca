// SQL functions of targets: the validator of their options, notices to the worker, and requests in flight.
#include "pg/boundary.h"

#include "forward/validator.h"
#include "runtime/commit_signal.h"
#include "runtime/gauges.h"

using namespace eventlog;

EVENTLOG_FUNCTION(eventlog_target_validator) {
    std::span<forward::GivenOption> given =
        pg::call([fcinfo] { return forward::list_options(PG_GETARG_DATUM(0)); });
    forward::validate_options(given, PG_GETARG_OID(1));
    PG_RETURN_VOID();
}

EVENTLOG_FUNCTION(eventlog_notify_worker) {
    runtime::notify_at_commit(runtime::Notice::targets_changed);
    PG_RETURN_VOID();
}

EVENTLOG_FUNCTION(eventlog_in_flight) {
    Oid server = PG_GETARG_OID(0);
    int requests = pg::call([server] { return runtime::in_flight(server); });
    if (requests < 0) PG_RETURN_NULL();
    PG_RETURN_INT32(requests);
}
