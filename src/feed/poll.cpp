#include "feed/poll.h"

#include "pg/boundary.h"
#include "pg/clock.h"
#include "pg/wait_event.h"
#include "runtime/commit_signal.h"
#include "settings.h"
#include "store/catalog.h"
#include "store/maintenance.h"

namespace eventlog::feed {
namespace {

using rules::Rule;
using rules::with;

constexpr long kShortestPauseMs = 20;  // where what was to be given out again is locked
constexpr long kFirstPauseMs = 50;     // without preloading
constexpr long kLongestPauseMs = 250;
constexpr int kFreeWakes = 1;
constexpr int kLongestNapMs = 20;

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

}  // namespace

void require_pollable() {
    PreventCommandDuringRecovery("eventlog.poll()");
    PreventCommandIfReadOnly("eventlog.poll()");
    PreventCommandIfParallelMode("eventlog.poll()");
    if (IsolationUsesXactSnapshot())
        pg::refuse<Rule::poll_isolation>(
            {}, with<"found">(IsolationIsSerializable() ? "SERIALIZABLE" : "REPEATABLE READ"));
    // A restored log has no numbers of transactions to compare before it is adopted.
    if (!store::catalog().adopted) store::make_ready(pg::unix_millis_now());
}

std::vector<ids::Uuid> poll(const LeaseRequest& request, TimestampTz deadline) {
    Waiting waiting(deadline);
    ConditionVariable* signal = runtime::commit_signal();
    while (true) {
        follow::Snapshot before;
        if (request.may_wait && signal != nullptr) before = ended_by_now();
        LeasedPiece piece = lease_next(request);
        if (!piece.ids.empty() || piece.moved || !waiting.in_time()) return std::move(piece.ids);
        const auto lease_ends = piece.lease_ends;
        if (signal == nullptr) {
            pg::call([&] { waiting.sleep(lease_ends); });
            continue;
        }
        // The end of the look's subtransaction would end a sleep prepared before it: what has been committed
        // since is seen by the snapshot.
        pg::call([signal] { ConditionVariablePrepareToSleep(signal); });
        const bool changed = ended_by_now() != before;
        pg::call([&] { changed ? waiting.nap() : waiting.listen(signal, lease_ends); });
        pg::call([] { ConditionVariableCancelSleep(); });
    }
}

}  // namespace eventlog::feed
