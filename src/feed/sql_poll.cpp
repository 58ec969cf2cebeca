// eventlog_internal.lease_next, which implements eventlog.poll.
#include "feed/poll.h"
#include "pg/boundary.h"
#include "pg/datum.h"

namespace {

using namespace eventlog;
using rules::Rule;
using rules::with;

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

const char* text_of(Interval* interval) {
    return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)));
}

Arguments read_arguments(FunctionCallInfo fcinfo) {
    static constexpr const char* kNames[] = {"name", "max_rows", "wait", "lease"};
    for (int i : {0, 2, 3})
        if (PG_ARGISNULL(i)) pg::refuse<Rule::argument_null>(kNames[i]);
    const int max_rows = PG_ARGISNULL(1) ? kDefaultRows : PG_GETARG_INT32(1);
    Interval* wait = PG_GETARG_INTERVAL_P(2);
    Interval* lease = PG_GETARG_INTERVAL_P(3);
    const TimestampTz now = GetCurrentTimestamp();
    const int64_t wait_ms = milliseconds(wait, now);
    const int64_t lease_ms = milliseconds(lease, now);
    if (max_rows < 1 || max_rows > kMostRows)
        pg::refuse<Rule::poll_max_rows_range>(kNames[1], with<"least">(1), with<"most">(kMostRows),
                                              with<"found">(max_rows));
    if (wait_ms < 0 || wait_ms > kLongestWaitMs)
        pg::refuse<Rule::wait_range>(kNames[2], with<"least">(0), with<"most">("1 hour"),
                                     with<"found">(text_of(wait)));
    if (lease_ms < 1 || lease_ms > kLongestLeaseMs)
        pg::refuse<Rule::lease_range>(kNames[3], with<"least">("1 millisecond"), with<"most">("366 days"),
                                      with<"found">(text_of(lease)));
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
