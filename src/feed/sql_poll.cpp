// eventlog.poll, and lease_next, by which it was implemented up to release 0.2.0.
#include "feed/piece_rows.h"
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

std::vector<ids::Uuid> poll(FunctionCallInfo fcinfo) {
    Arguments arguments = pg::call([fcinfo] {
        Arguments read = read_arguments(fcinfo);
        feed::require_pollable();
        return read;
    });
    return feed::poll(arguments.request, arguments.deadline);
}

// Puts the rows into the set that the SQL function returns.
void return_rows(ReturnSetInfo* set, std::span<const ids::Uuid> ids) {
    PushActiveSnapshot(GetLatestSnapshot());
    feed::read_rows(ids, {[](void* sink, const ids::Uuid&, TupleTableSlot* row) {
                              feed::put_row(static_cast<ReturnSetInfo*>(sink), row);
                              return true;
                          },
                          set});
    PopActiveSnapshot();
}

// Ids of rows that have been found.
struct FoundIds {
    ids::Uuid* ids;
    size_t count;
    size_t most;
};

// Returns those of the ids whose rows are in the log, in order, `most` at most.
Datum ids_in_log(Datum array, size_t most) {
    Datum* elements = nullptr;
    int count = 0;
    deconstruct_array(DatumGetArrayTypeP(array), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &elements, nullptr,
                      &count);
    const auto size = sizeof(ids::Uuid) * (static_cast<size_t>(count) + 1);
    auto* ids = static_cast<ids::Uuid*>(palloc(size));
    for (int i = 0; i < count; i++) ids[i] = pg::uuid_of(elements[i]);
    std::sort(ids, ids + count);
    FoundIds found{static_cast<ids::Uuid*>(palloc(size)), 0, most};
    feed::read_rows({ids, static_cast<size_t>(count)}, {[](void* sink, const ids::Uuid& id, TupleTableSlot*) {
                                                            auto* found = static_cast<FoundIds*>(sink);
                                                            found->ids[found->count++] = id;
                                                            return found->count < found->most;
                                                        },
                                                        &found});
    return pg::uuid_array_datum({found.ids, found.count});
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_poll) {
    auto* set = pg::call([fcinfo] {
        InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
        return reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    });
    std::vector<ids::Uuid> ids = poll(fcinfo);
    pg::call([&] { return_rows(set, ids); });
    return (Datum)0;
}

EVENTLOG_FUNCTION(eventlog_lease_next) {
    std::vector<ids::Uuid> ids = poll(fcinfo);
    return pg::call([&] {
        if (!ids.empty()) return pg::uuid_array_datum(ids);
        fcinfo->isnull = true;
        return (Datum)0;
    });
}

EVENTLOG_FUNCTION(eventlog_ids_in_log) {
    return pg::call(
        [fcinfo] { return ids_in_log(PG_GETARG_DATUM(0), static_cast<size_t>(PG_GETARG_INT32(1))); });
}
