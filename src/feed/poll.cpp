// eventlog.lease_next: what eventlog.poll is made of, and its waiting.
#include "pg/boundary.h"
#include "pg/clock.h"

#include "feed/take.h"
#include "pg/datum.h"
#include "pg/wait_event.h"
#include "settings.h"
#include "runtime/commit_signal.h"
#include "store/catalog.h"
#include "store/maintenance.h"

namespace {

using namespace eventlog;

constexpr int kDefaultRows = 100;
constexpr int kMostRows = 10000;
constexpr int64_t kLongestWaitMs = 3600 * 1000;
constexpr int64_t kLongestLeaseMs = int64_t{366} * 24 * kLongestWaitMs;

constexpr long kShortestPauseMs = 20;  // where what was to be given out again is locked
constexpr long kFirstPauseMs = 50;     // without preloading
constexpr long kLongestPauseMs = 250;
constexpr int kFreeWakes = 1;
constexpr int kLongestNapMs = 20;

struct Request {
    feed::Wanted wanted;
    TimestampTz deadline;
};

// The argument as milliseconds from now; months are those from now on.
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

Request read_arguments(FunctionCallInfo fcinfo) {
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

// Refuses where a lease cannot be stored, or what is new not be seen.
void require_writable() {
    PreventCommandDuringRecovery("eventlog.poll()");
    PreventCommandIfReadOnly("eventlog.poll()");
    PreventCommandIfParallelMode("eventlog.poll()");
    if (IsolationUsesXactSnapshot())
        ereport(
            ERROR, errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
            errmsg("eventlog.poll() must not be called in a transaction that sees one snapshot"),
            errdetail("Under REPEATABLE READ and SERIALIZABLE it would not see what is committed meanwhile."),
            errhint("Poll under READ COMMITTED."));
    // A restored log has no numbers of transactions to compare before it is adopted.
    if (!store::catalog().adopted) store::make_ready(pg::unix_millis_now());
}

void sleep_for(long ms, uint32 events) {
    (void)WaitLatch(MyLatch, events | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms, pg::wait_event(pg::Wait::poll));
    if ((events & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
}

// A wait for something to happen: a commit, the end of a lease, the deadline.
class Waiting {
  public:
    explicit Waiting(TimestampTz deadline) : deadline_(deadline) {}

    bool in_time() const { return GetCurrentTimestamp() < deadline_; }

    // Without preloading: sleeps for a while. May ereport.
    void sleep(std::optional<TimestampTz> lease_ends) {
        sleep_for(std::min(due_in_ms(lease_ends), pause_ms_), WL_LATCH_SET);
        pause_ms_ = std::min(pause_ms_ * 2, kLongestPauseMs);
    }

    // Waits for the commit signal, for which the caller had prepared before it saw that nothing had been
    // committed. The commit of a prepared transaction signals nobody. May ereport.
    void listen(ConditionVariable* signal, std::optional<TimestampTz> lease_ends) {
        const long most_ms = std::min<long>(due_in_ms(lease_ends), settings::poll_interval);
        if (!ConditionVariableTimedSleep(signal, most_ms, pg::wait_event(pg::Wait::poll))) nap();
    }

    // Commits of events that are not for the consumer must not keep it busy. May ereport.
    void nap() {
        if (++wakes_ > kFreeWakes) sleep_for(std::min(wakes_, kLongestNapMs), 0);
    }

  private:
    long due_in_ms(std::optional<TimestampTz> lease_ends) const {
        const TimestampTz due = std::min(deadline_, lease_ends.value_or(deadline_));
        return std::max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), due), kShortestPauseMs);
    }

    TimestampTz deadline_;
    long pause_ms_ = kFirstPauseMs;
    int wakes_ = 0;
};

feed::Taken take_or_wait(const Request& request) {
    Waiting waiting(request.deadline);
    ConditionVariable* signal = runtime::commit_signal();
    while (true) {
        follow::Snapshot before;
        if (request.wanted.waits && signal != nullptr) before = feed::ended_by_now();
        feed::Taken taken = feed::take(request.wanted);
        if (!taken.ids.empty() || taken.moved || !waiting.in_time()) return taken;
        const auto lease_ends = taken.lease_ends;
        if (signal == nullptr) {
            pg::call([&] { waiting.sleep(lease_ends); });
            continue;
        }
        // The end of the look's subtransaction would end a sleep prepared before it: what has been committed
        // since is seen by the snapshot.
        pg::call([signal] { ConditionVariablePrepareToSleep(signal); });
        const bool changed = feed::ended_by_now() != before;
        pg::call([&] { changed ? waiting.nap() : waiting.listen(signal, lease_ends); });
        pg::call([] { ConditionVariableCancelSleep(); });
    }
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_lease_next) {
    Request request = pg::call([fcinfo] {
        Request read = read_arguments(fcinfo);
        require_writable();
        return read;
    });
    feed::Taken taken = take_or_wait(request);
    return pg::call([&] {
        if (!taken.ids.empty()) return pg::uuid_array_datum(taken.ids);
        fcinfo->isnull = true;
        return (Datum)0;
    });
}
