// The SQL function eventlog.wait_for_forward.
#include "pg/boundary.h"

#include "forward/wait_for_forward.h"

namespace {

using namespace eventlog;
using forward::Awaited;

Awaited read_arguments(FunctionCallInfo fcinfo) {
    static constexpr const char* kNames[] = {"event_id", "target", "timeout"};
    for (int i = 0; i < 3; i++)
        if (PG_ARGISNULL(i)) pg::refuse<rules::Rule::argument_null>(kNames[i]);
    Datum now = TimestampTzGetDatum(GetCurrentTimestamp());
    Datum deadline = DirectFunctionCall2(timestamptz_pl_interval, now, PG_GETARG_DATUM(2));
    return {PG_GETARG_DATUM(1), PG_GETARG_DATUM(0), DatumGetTimestampTz(deadline)};
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_wait_for_forward) {
    Awaited awaited = pg::call([fcinfo] { return read_arguments(fcinfo); });
    PG_RETURN_BOOL(forward::wait_for_forward(awaited));
}
