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

// A wait until something happens: a commit, the end of a lease or the deadline.
class Waiting {
  public:
    explicit Waiting(TimestampTz deadline) : deadline_(deadline) {}

    bool in_time() const { return GetCurrentTimestamp() < deadline_; }

    // Sleeps for a while, if the library is not preloaded. May ereport.
    void sleep(std::optional<TimestampTz> lease_ends) {
        sleep_for(std::min(due_in_ms(lease_ends), pause_ms_), WL_LATCH_SET);
        pause_ms_ = std::min(pause_ms_ * 2, kLongestPauseMs);
    }

    // Waits for the commit signal. The caller prepared for the signal before it saw that nothing had been
    // committed. The commit of a prepared transaction does not signal, so the wait ends after
    // eventlog.poll_interval at the latest. May ereport.
    void listen(ConditionVariable* signal, std::optional<TimestampTz> lease_ends) {
        const long most_ms = std::min<long>(due_in_ms(lease_ends), settings::poll_interval);
        if (!ConditionVariableTimedSleep(signal, most_ms, pg::wait_event(pg::Wait::poll))) nap();
    }

    // Sleeps briefly after repeated wake-ups, so that commits of events for others do not keep this consumer
    // busy. May ereport.
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
        // The sleep is prepared after the look, because the end of the look's subtransaction would cancel it.
        // The snapshot shows what has been committed in the meantime.
        pg::call([signal] { ConditionVariablePrepareToSleep(signal); });
        const bool changed = ended_by_now() != before;
        pg::call([&] { changed ? waiting.nap() : waiting.listen(signal, lease_ends); });
        pg::call([] { ConditionVariableCancelSleep(); });
    }
}

}  // namespace eventlog::feed
