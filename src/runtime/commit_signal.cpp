#include "runtime/commit_signal.h"

#include "runtime/worker_slots.h"

namespace eventlog::runtime {
namespace {

constexpr int kSignals = 16;

struct CommitSignals {
    CommitSignals() {
        for (ConditionVariable& signal : signals) ConditionVariableInit(&signal);
    }
    ConditionVariable signals[kSignals];
};

Shared<CommitSignals> commit_signals{"eventlog commit signals"};

Notice pending = Notice::nothing;  // of the current transaction

void wake_worker(Notice notice) {
    WorkerSlot* slot = worker_slots->find(MyDatabaseId);
    if (notice == Notice::targets_changed) {
        if (slot != nullptr) slot->target_changes.fetch_add(1);
        if (slot == nullptr || slot->latch.load() == nullptr) request_worker(MyDatabaseId);
    }
    if (slot == nullptr) return;
    auto interest = static_cast<Interest>(slot->interest.load(std::memory_order_relaxed));
    bool wanted = notice == Notice::targets_changed || interest == Interest::all ||
                  (interest == Interest::flagged && notice == Notice::flagged_events);
    Latch* latch = slot->latch.load();
    if (wanted && latch != nullptr) SetLatch(latch);
}

// Usually no session waits, and this can be seen without the lock. A session that starts to wait at this
// moment looks at the log afterwards.
void broadcast() {
    if (!proclist_is_empty(&commit_signal()->wakeup)) ConditionVariableBroadcast(commit_signal());
}

void on_transaction_end(XactEvent event, void*) {
    if (event == XACT_EVENT_COMMIT && pending != Notice::nothing && is_preloaded()) {
        wake_worker(pending);
        broadcast();
    }
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
        pending = Notice::nothing;
}

}  // namespace

void notify_at_commit(Notice notice) {
    pending = std::max(pending, notice);
}

ConditionVariable* commit_signal() {
    return commit_signals ? &commit_signals->signals[MyDatabaseId % kSignals] : nullptr;
}

void request_commit_signals() {
    commit_signals.request();
}

void watch_commits() {
    RegisterXactCallback(on_transaction_end, nullptr);
}

}  // namespace eventlog::runtime
