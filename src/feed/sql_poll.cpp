// eventlog.lease_next, which implements eventlog.poll.
#include "feed/poll.h"
#include "pg/boundary.h"
#include "pg/datum.h"

namespace {

using namespace eventlog;

constexpr int kDefaultRows = 100;
constexpr int kMostRows = 10000;
constexpr int64_t kLongestWaitMs = 3600 * 1000;
constexpr int64_t kLongestLeaseMs = int64_t{366} * 24 * kLongestWaitMs;

struct Arguments {
    feed::LeaseRequest request;
    TimestampTz deadline;
};

// Returns the interval in milliseconds, with its months counted from `now`. Returns -1 for a negative
// interval.
int64_t milliseconds(Interval* interval, TimestampTz now) {
    TimestampTz end = DatumGetTimestampTz(
        DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(now), IntervalPGetDatum(interval)));
    if (TIMESTAMP_NOT_FINITE(end)) return end < now ? -1 : std::numeric_limits<int64_t>::max();
    if (end <= now) return end == now ? 0 : -1;
    return std::max<int64_t>((end - now) / 1000, 1);
}

void refuse_range(const char* name, const char* limits, const char* found) {
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s is out of range", name),
            errdetail("The limits are %s; found %s.", limits, found),
            err_generic_string(PG_DIAG_COLUMN_NAME, name));
}

const char* text_of(Interval* interval) {
    return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)));
}

Arguments read_arguments(FunctionCallInfo fcinfo) {
    static constexpr const char* kNames[] = {"name", "max_rows", "wait", "lease"};
    for (int i : {0, 2, 3})
        if (PG_ARGISNULL(i))
            ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", kNames[i]),
                    err_generic_string(PG_DIAG_COLUMN_NAME, kNames[i]));
    const int max_rows = PG_ARGISNULL(1) ? kDefaultRows : PG_GETARG_INT32(1);
    Interval* wait = PG_GETARG_INTERVAL_P(2);
    Interval* lease = PG_GETARG_INTERVAL_P(3);
    const TimestampTz now = GetCurrentTimestamp();
    const int64_t wait_ms = milliseconds(wait, now);
    const int64_t lease_ms = milliseconds(lease, now);
    if (max_rows < 1 || max_rows > kMostRows)
        refuse_range(kNames[1], psprintf("1 and %d", kMostRows), psprintf("%d", max_rows));
    if (wait_ms < 0 || wait_ms > kLongestWaitMs) refuse_range(kNames[2], "0 and 1 hour", text_of(wait));
    if (lease_ms < 1 || lease_ms > kLongestLeaseMs)
        refuse_range(kNames[3], "1 millisecond and 366 days", text_of(lease));
    return {{pg::text_view(PG_GETARG_DATUM(0)), static_cast<size_t>(max_rows), lease, wait_ms > 0},
            now + wait_ms * 1000};
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_lease_next) {
    Arguments arguments = pg::call([fcinfo] {
        Arguments read = read_arguments(fcinfo);
        feed::require_pollable();
        return read;
    });
    std::vector<ids::Uuid> ids = feed::poll(arguments.request, arguments.deadline);
    return pg::call([&] {
        if (!ids.empty()) return pg::uuid_array_datum(ids);
        fcinfo->isnull = true;
        return (Datum)0;
    });
}
